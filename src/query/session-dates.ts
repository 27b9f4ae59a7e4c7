/**
 * Session dates of rows, and the closes of sessions.
 * @module
 */
import type { Calendar, Sessions } from '../contract/calendar.ts'
import { type Column, type Columns, rowCount, takeColumn } from '../contract/columns.ts'
import { timestampsMs } from '../contract/ticks.ts'
import { type Interval, barOpen, isLabelled } from '../contract/interval.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import type { Closes } from './adjust.ts'

/**
 * Session date at 00:00 UTC of each opening. Labels are dates already; an intraday row outside every session belongs to
 * the session that is nearer, so that trading before and after hours keeps its day.
 */
export function sessionDates(calendar: Calendar, openMs: Float64Array, interval: Interval): Float64Array {
  if (isLabelled(interval) || openMs.length === 0) return openMs
  const [first, last] = [openMs[0] as number, openMs.at(-1) as number]
  const sessions = sessionsAround(calendar, first, last)
  if (sessions === null || sessions.n === 0) return openMs.map((ms) => barOpen('1d', ms))
  const knownMs = sessions.open[0] as number
  let at = 0
  return openMs.map((ms) => {
    // Before the years that the calendar knows, a UTC day is the session.
    if (ms < knownMs && barOpen('1d', ms) < calendar.valid.startMs) return barOpen('1d', ms)
    while (at + 1 < sessions.n && (sessions.open[at + 1] as number) <= ms) at++
    const close = sessions.close[at] as number
    const next = at + 1 < sessions.n ? (sessions.open[at + 1] as number) : Infinity
    const isNextNearer = ms >= close && next - ms < ms - close
    return sessions.session[isNextNearer ? at + 1 : at] as number
  })
}

function sessionsAround(calendar: Calendar, firstMs: EpochMs, lastMs: EpochMs): Sessions | null {
  const startMs = Math.max(calendar.valid.startMs, barOpen('1d', firstMs) - 5 * DAY_MS)
  const endMs = Math.min(calendar.valid.endMs, barOpen('1d', lastMs) + 6 * DAY_MS)
  return startMs < endMs ? calendar.sessions({ start: new Date(startMs), end: new Date(endMs) }) : null
}

/**
 * The last close of each session of some bars of a day or shorter.
 * @param coveredToMs end of what is proven, exclusive: up to there these are all closes there are
 */
export function sessionCloses(
  calendar: Calendar,
  bars: Columns,
  interval: Interval,
  coveredToMs: EpochMs,
): Closes | undefined {
  const rows = rowCount(bars)
  if (rows === 0) return undefined
  const dates = sessionDates(calendar, timestampsMs(bars.timestamp, 'us'), interval)
  const last: number[] = []
  for (let row = 0; row < rows; row++) if (row + 1 === rows || dates[row] !== dates[row + 1]) last.push(row)
  const sessionDateMs = Float64Array.from(last, (row) => dates[row] as number)
  return {
    sessionDateMs,
    close: takeColumn(bars['close'] as Column, Int32Array.from(last)),
    range: {
      startMs: sessionDateMs[0] as number,
      endMs: Math.max((sessionDateMs.at(-1) as number) + DAY_MS, coveredDay(coveredToMs)),
    },
  }
}

/** Label of the day after the last one that is proven whole. */
function coveredDay(coveredToMs: EpochMs): EpochMs {
  return Number.isFinite(coveredToMs) ? barOpen('1d', coveredToMs - 1) + DAY_MS : -Infinity
}
