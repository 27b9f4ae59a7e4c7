/**
 * The times of a file as openings of bars: time zone, date labels, stamps at the close.
 * @module
 */
import type { TimeColumn } from '../../codecs/csv/index.ts'
import { ConfigError } from '../../contract/errors.ts'
import { INTERVALS, type Interval, barOpen, isLabelled, shiftOpen } from '../../contract/interval.ts'
import { DAY_MS } from '../../contract/time.ts'
import { zoneClock } from '../zone.ts'

/** How the times of a file are meant. */
export interface StampRules {
  readonly interval: Interval
  /** Where clocks without an offset stand. */
  readonly timeZone: string
  /** Which end of its bar a time names. */
  readonly stamp: 'open' | 'close'
}

/**
 * Checks an IANA time zone.
 * @throws {ConfigError} `config/option`
 */
export function checkZone(timeZone: string): void {
  try {
    zoneClock(timeZone)
  } catch {
    const message = `timeZone: ${JSON.stringify(timeZone)} is no IANA time zone such as "America/New_York" or "UTC"`
    throw new ConfigError('config/option', message, { field: 'timeZone', value: timeZone })
  }
}

/** Openings in epoch milliseconds; `NaN` where the file has no time. Digits below a millisecond are kept. */
export function openingsOf(times: TimeColumn, rules: StampRules): Float64Array {
  if (isLabelled(rules.interval)) return labels(times, rules)
  const instants = instantsOf(times, rules.timeZone)
  if (rules.stamp === 'open') return instants
  return instants.map((ms) => ms - INTERVALS[rules.interval].ms)
}

/** Epoch milliseconds. A clock without offset stands in the zone: of two hours the earlier, a skipped one the later. */
function instantsOf(times: TimeColumn, timeZone: string): Float64Array {
  const clock = zoneClock(timeZone)
  return times.wallMs.map((wall, row) => {
    const offset = times.offsetMs[row] as number
    const ms = Number.isNaN(offset) && !Number.isNaN(wall) ? clock.utcMs(wall) : wall - offset
    return ms + (times.nanos?.[row] ?? 0) / 1e6
  })
}

/**
 * Labels of bars of a day and longer: the date as the file writes it. An instant without date of its own (an epoch
 * number, or UTC) has the date that the zone's clock shows then, unless it is 00:00 UTC, which is a label already.
 */
function labels(times: TimeColumn, rules: StampRules): Float64Array {
  const clock = zoneClock(rules.timeZone)
  return times.wallMs.map((wall, row) => {
    if (Number.isNaN(wall)) return wall
    const isLabel = wall % DAY_MS === 0
    const local = times.offsetMs[row] === 0 && !isLabel ? wall + clock.offsetMs(wall) : wall
    const date = Math.floor(local / DAY_MS) * DAY_MS
    // A date alone is the session of a daily bar, whichever end a time would name.
    if (rules.stamp === 'open' || (rules.interval === '1d' && times.isDates)) return date
    // A month's end and the 1st after it, a Friday and the Monday after it close the same bar: that of the day before.
    return barOpen(rules.interval, local - 1)
  })
}

/** Where the bar that opens here ends, also if it opens beside the grid. */
export function closeOf(interval: Interval, openMs: number): number {
  return Math.max(shiftOpen(interval, barOpen(interval, openMs), 1), openMs + 1)
}
