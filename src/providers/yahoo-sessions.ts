/**
 * Which rows of an intraday Yahoo chart are bars.
 * @module
 */
import { type Interval, INTERVALS } from '../contract/interval.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { numberOf } from './columns.ts'
import { type Chart, liveRowOf } from './yahoo-chart.ts'

/** Regular trading hours that came with the answer, as `[start, end)` in milliseconds. */
type Hours = readonly (readonly [EpochMs, EpochMs])[]

function tradingHours(meta: Chart['meta']): Hours {
  // Instruments without hours before and after the market need no filter, and their list is not exact.
  if (meta['instrumentType'] !== 'EQUITY' && meta['instrumentType'] !== 'ETF') return []
  const periods = meta['tradingPeriods']
  const lists = Array.isArray(periods) ? periods : (periods as { regular?: unknown } | undefined)?.regular
  if (!Array.isArray(lists)) return []
  return (lists.flat() as { start?: unknown; end?: unknown }[]).flatMap((period) => {
    const [start, end] = [numberOf(period?.start), numberOf(period?.end)]
    return start === null || end === null ? [] : [[start * 1000, end * 1000] as const]
  })
}

/** Does an instant lie in these hours or those before or after them? */
function isWithin(hours: Hours, at: number, ms: EpochMs): boolean {
  for (let i = Math.max(0, at - 1); i <= at + 1 && i < hours.length; i++) {
    const [start, end] = hours[i] as readonly [EpochMs, EpochMs]
    if (start <= ms && ms < end) return true
  }
  return false
}

/** Is the latest price stamped beside the grid of its neighbours and of the listed hours? */
function isLiveOffGrid({ times }: Chart, live: number, hours: Hours, step: number): boolean {
  const phase = (times[live] as number) % step
  if (hours.length === 0 && times.length < 2) return false
  const isOnGrid = (ms: EpochMs, row: number): boolean => row !== live && ms % step === phase
  return !hours.some(([start]) => start % step === phase) && !times.some(isOnGrid)
}

/** Tells of instants whether hours are listed for their day; asks the clock at the first question. */
function dayTest(hours: Hours, { clock }: Chart): (ms: EpochMs) => boolean {
  const dayOf = (ms: EpochMs): number => Math.floor((ms + clock.offsetMs(ms)) / DAY_MS)
  let listed: ReadonlySet<number> | undefined
  return (ms) => {
    listed ??= new Set(hours.map(([start]) => dayOf(start)))
    return listed.has(dayOf(ms))
  }
}

/**
 * Rows that are bars: on the grid of their neighbours, inside the listed hours of their day and before `endMs`;
 * undefined where all of them are.
 */
export function intradayRows(chart: Chart, interval: Interval, endMs: EpochMs): Int32Array | undefined {
  const { times, meta } = chart
  const hours = tradingHours(meta)
  const live = liveRowOf(chart)
  const dropped = live >= 0 && isLiveOffGrid(chart, live, hours, INTERVALS[interval].ms) ? live : -1
  const isListedDay = dayTest(hours, chart)
  const keep = new Int32Array(times.length)
  let kept = 0
  let at = 0
  let [openMs, closeMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let row = 0; row < times.length; row++) {
    const ms = times[row] as number
    if (row === dropped || !(ms < endMs)) continue
    // Nearly every row lies in the hours of the one before.
    if (ms >= openMs && ms < closeMs) {
      keep[kept++] = row
      continue
    }
    while (at < hours.length - 1 && (hours[at] as readonly [number, number])[1] <= ms) at++
    if (hours.length > 0 && !isWithin(hours, at, ms) && isListedDay(ms)) continue
    keep[kept++] = row
    ;[openMs, closeMs] = hours[at] ?? [openMs, closeMs]
  }
  return kept === times.length ? undefined : keep.subarray(0, kept)
}
