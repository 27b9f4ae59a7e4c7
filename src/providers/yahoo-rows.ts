/**
 * Rows of a Yahoo chart as bars: which rows are bars, which belong to another one, and under which time they stand.
 * @module
 */
import type { Column } from '../contract/columns.ts'
import { type Interval, INTERVALS, barOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { floatColumn, listColumn, malformed, numberOf } from './columns.ts'
import { type ZoneClock, zoneClock } from './zone.ts'

/** The parts of a chart that decide about rows; every list is as long as `timestamp`, or absent. */
export interface Chart {
  readonly meta: Readonly<Record<string, unknown>>
  /** Epoch milliseconds as sent. */
  readonly times: Float64Array
  readonly quote: Readonly<Record<string, readonly unknown[] | undefined>>
  readonly adjusted: readonly unknown[] | undefined
  /** Of the exchange. */
  readonly clock: ZoneClock
}

const HOUR_MS = 3_600_000
const PRICES = ['open', 'high', 'low', 'close'] as const

/** The clock of the exchange. `gmtoffset` holds for the moment of the request only, so it is the last resort. */
export function clockOf(meta: Readonly<Record<string, unknown>>): ZoneClock {
  const zone = meta['exchangeTimezoneName']
  if (typeof zone === 'string' && zone !== '') return zoneClock(zone)
  const offset = numberOf(meta['gmtoffset'])
  if (offset === null) throw malformed('meta.exchangeTimezoneName', zone, 'a time zone')
  return {
    offsetMs: () => offset * 1000,
    offsetsMs: (ms) => new Float64Array(ms.length).fill(offset * 1000),
    utcMs: (wallMs) => wallMs - offset * 1000,
  }
}

/**
 * Session dates of stamps, at 00:00 UTC. Stamps are the opening on the wall clock, and around a change of the clock
 * some come an hour early, at 23:00 of the day before: late evening counts for the next day. The live row carries the
 * time of the last trade, which is on its own day whatever the hour.
 */
export function sessionDates(times: Float64Array, clock: ZoneClock, liveRow: number): Float64Array {
  const dates = datesOfAnyOffset(times, clock)
  if (dates !== null) return dates
  const offsets = clock.offsetsMs(times)
  return times.map((ms, row) => {
    const wall = ms + (offsets[row] as number)
    const early = row !== liveRow && timeOfDay(wall) >= LATE_MS
    return Math.floor((early ? wall + DAY_MS - LATE_MS : wall) / DAY_MS) * DAY_MS
  })
}

const LATE_MS = 22 * HOUR_MS
const timeOfDay = (wallMs: EpochMs): number => wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS

/**
 * The dates of stamps around the middle of the day, which are the same whatever the clock was set to; null where one
 * of them is not. Spares thousands of questions for the offset, which are slow.
 */
function datesOfAnyOffset(times: Float64Array, clock: ZoneClock): Float64Array | null {
  if (times.length < 50) return null
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const row of [0, times.length >> 1, times.length - 1]) {
    const year = new Date(times[row] as number).getUTCFullYear()
    for (const month of [0, 6]) {
      const offset = clock.offsetMs(Date.UTC(year, month, 1))
      least = Math.min(least, offset)
      most = Math.max(most, offset)
    }
  }
  const out = new Float64Array(times.length)
  for (let row = 0; row < times.length; row++) {
    // No clock is set further than an hour beyond what it shows in January and July.
    const [early, late] = [(times[row] as number) + least - HOUR_MS, (times[row] as number) + most + HOUR_MS]
    const day = Math.floor(early / DAY_MS)
    // Late on the same day, and not so late that it would be counted for the next.
    if (!(late - day * DAY_MS < LATE_MS)) return null
    out[row] = day * DAY_MS
  }
  return out
}

/** Index of the last row if it is the latest price, stamped with the time of the last trade; else -1. */
export function liveRowOf({ meta, times }: Chart): number {
  const last = times.length - 1
  return last >= 0 && times[last] === (numberOf(meta['regularMarketTime']) ?? Number.NaN) * 1000 ? last : -1
}

/** Regular trading hours that came with the answer, as `[start, end)` in milliseconds. */
function tradingHours(meta: Chart['meta']): readonly (readonly [EpochMs, EpochMs])[] {
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
function isWithin(hours: readonly (readonly [EpochMs, EpochMs])[], at: number, ms: EpochMs): boolean {
  for (let i = Math.max(0, at - 1); i <= at + 1 && i < hours.length; i++) {
    const [start, end] = hours[i] as readonly [EpochMs, EpochMs]
    if (start <= ms && ms < end) return true
  }
  return false
}

/** Which rows of an intraday chart are bars: on the grid of their neighbours and inside the listed hours. */
function intradayRows(chart: Chart, interval: Interval, clock: ZoneClock): Int32Array {
  const { times, meta } = chart
  const step = INTERVALS[interval].ms
  const live = liveRowOf(chart)
  const hours = tradingHours(meta)
  const dayOf = (ms: EpochMs): number => Math.floor((ms + clock.offsetMs(ms)) / DAY_MS)
  const listedDays = new Set(hours.map(([start]) => dayOf(start)))
  const grid = new Set<number>(hours.map(([start]) => start % step))
  // The grid judges the latest price alone.
  for (let row = 0; live >= 0 && row < times.length; row++) if (row !== live) grid.add((times[row] as number) % step)
  const keep: number[] = []
  let at = 0
  for (let row = 0; row < times.length; row++) {
    const ms = times[row] as number
    if (row === live && grid.size > 0 && !grid.has(ms % step)) continue
    while (at < hours.length - 1 && (hours[at] as readonly [number, number])[1] <= ms) at++
    if (hours.length > 0 && !isWithin(hours, at, ms) && listedDays.has(dayOf(ms))) continue
    keep.push(row)
  }
  return Int32Array.from(keep)
}

function hasPrice(chart: Chart, row: number): boolean {
  return PRICES.some((name) => numberOf(chart.quote[name]?.[row]) !== null)
}

/** Rows that stand for bars, and for the bars that came in parts all of their rows. */
interface Grouped {
  readonly labels: Float64Array
  /** The row of every bar, of one in parts the first; undefined where every row is a bar. */
  readonly rows: Int32Array | undefined
  /** Bar -> all of its rows, where there are several: the live row of a running week or month comes apart. */
  readonly parts: ReadonlyMap<number, readonly number[]>
}

function groupRows(
  chart: Chart,
  interval: Interval,
  clock: ZoneClock,
  isAsked: (labelMs: EpochMs, row: number) => boolean,
): Grouped {
  const dates = sessionDates(chart.times, clock, liveRowOf(chart))
  if (interval === '1d' && isAscending(dates) && dates.every(isAsked))
    return { labels: dates, rows: undefined, parts: new Map() }
  const labels: number[] = []
  const rows: number[] = []
  const parts = new Map<number, number[]>()
  for (let row = 0; row < dates.length; row++) {
    const labelMs = interval === '1d' ? (dates[row] as number) : barOpen(interval, dates[row] as number)
    if (!isAsked(labelMs, row)) continue
    const bar = labelMs > (labels.at(-1) ?? Number.NEGATIVE_INFINITY) ? -1 : labels.lastIndexOf(labelMs)
    if (bar < 0) {
      labels.push(labelMs)
      rows.push(row)
      continue
    }
    // A null row beside a price says nothing.
    if (!hasPrice(chart, row)) continue
    // A day that comes twice is the same day, the later row newer; of a week or month it is another part.
    if (INTERVALS[interval].kind === 'day' || !hasPrice(chart, rows[bar] as number)) rows[bar] = row
    else parts.set(bar, [...(parts.get(bar) ?? [rows[bar] as number]), row])
  }
  return { labels: Float64Array.from(labels), rows: Int32Array.from(rows), parts }
}

function isAscending(times: Float64Array): boolean {
  for (let row = 1; row < times.length; row++) if (!((times[row] as number) > (times[row - 1] as number))) return false
  return true
}

type Fold = 'first' | 'last' | 'max' | 'min' | 'sum'

function fold(values: readonly unknown[] | undefined, rows: readonly number[], how: Fold): number | null {
  const numbers = rows.map((row) => numberOf(values?.[row])).filter((value) => value !== null)
  if (numbers.length === 0) return null
  if (how === 'first') return numbers[0] as number
  if (how === 'last') return numbers.at(-1) as number
  if (how === 'max') return Math.max(...numbers)
  return how === 'min' ? Math.min(...numbers) : numbers.reduce((sum, value) => sum + value, 0)
}

function barColumn(values: readonly unknown[] | undefined, { labels, rows, parts }: Grouped, how: Fold): Column {
  if (rows === undefined || parts.size === 0) return listColumn(values, labels.length, rows)
  return floatColumn(labels.length, (bar) => {
    const several = parts.get(bar)
    return several === undefined ? values?.[rows[bar] as number] : fold(values, several, how)
  })
}

const FOLDS = [
  ['open', 'first'],
  ['high', 'max'],
  ['low', 'min'],
  ['close', 'last'],
  ['volume', 'sum'],
] as const

/**
 * Bars of a chart. Rows without any price keep their slot with all prices null.
 * Labelled intervals are cut to `range`, whose neighbours the request had to include; rows at or after `period2Ms` are
 * the latest price that Yahoo appends to any answer, never a part of it.
 */
export function chartColumns(chart: Chart, interval: Interval, range: Range, period2Ms: EpochMs): PageColumns {
  const { clock } = chart
  const columns: Record<string, Column> = {}
  if (!isLabelled(interval)) {
    const rows = intradayRows(chart, interval, clock).filter((row) => (chart.times[row] as number) < period2Ms)
    for (const [name] of FOLDS) columns[name] = listColumn(chart.quote[name], rows.length, rows)
    return { timestamp: Float64Array.from(rows, (row) => chart.times[row] as number), ...columns }
  }
  const isAsked = (labelMs: EpochMs, row: number): boolean =>
    labelMs >= range.startMs && labelMs < range.endMs && (chart.times[row] as number) < period2Ms
  const grouped = groupRows(chart, interval, clock, isAsked)
  for (const [name, how] of FOLDS) columns[name] = barColumn(chart.quote[name], grouped, how)
  if (chart.adjusted !== undefined) columns['adj_close'] = barColumn(chart.adjusted, grouped, 'last')
  return { timestamp: grouped.labels, ...columns }
}

/** Lengths of the steps inside days say what was sent, whatever the answer claims: is every one at least twice the asked one? */
export function isCoarserThan(interval: Interval, times: Float64Array): boolean {
  const step = INTERVALS[interval].ms
  let exact = 0
  for (let row = 1; row < times.length; row++) {
    const gap = (times[row] as number) - (times[row - 1] as number)
    if (gap > 0 && gap < 2 * step) return false
    if (gap === 2 * step) exact++
  }
  return exact >= 5
}
