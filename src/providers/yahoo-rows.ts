/**
 * Rows of a Yahoo chart as bars: which rows are bars, which belong to another one, and under which time they stand.
 * @module
 */
import { type Interval, INTERVALS, barOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { floatColumn, malformed, numberOf } from './columns.ts'
import { type ZoneClock, zoneClock } from './zone.ts'

/** The parts of a chart that decide about rows; every list is as long as `timestamp`, or absent. */
export interface Chart {
  readonly meta: Readonly<Record<string, unknown>>
  /** Epoch milliseconds as sent. */
  readonly times: Float64Array
  readonly quote: Readonly<Record<string, readonly unknown[] | undefined>>
  readonly adjusted: readonly unknown[] | undefined
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
  const offsets = clock.offsetsMs(times)
  return times.map((ms, row) => {
    const wall = ms + (offsets[row] as number)
    const early = row !== liveRow && ((wall % DAY_MS) + DAY_MS) % DAY_MS >= 22 * HOUR_MS
    return Math.floor((early ? wall + 2 * HOUR_MS : wall) / DAY_MS) * DAY_MS
  })
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

/** Which rows of an intraday chart are bars: on the grid of their neighbours and inside the listed hours. */
function intradayRows(chart: Chart, interval: Interval, clock: ZoneClock): Int32Array {
  const { times, meta } = chart
  const step = INTERVALS[interval].ms
  const live = liveRowOf(chart)
  const hours = tradingHours(meta)
  const dayOf = (ms: EpochMs): number => Math.floor((ms + clock.offsetMs(ms)) / DAY_MS)
  const listedDays = new Set(hours.map(([start]) => dayOf(start)))
  const grid = new Set<number>(hours.map(([start]) => start % step))
  for (let row = 0; row < times.length; row++) if (row !== live) grid.add((times[row] as number) % step)
  const keep: number[] = []
  let at = 0
  for (let row = 0; row < times.length; row++) {
    const ms = times[row] as number
    if (row === live && grid.size > 0 && !grid.has(ms % step)) continue
    while (at < hours.length - 1 && (hours[at] as readonly [number, number])[1] <= ms) at++
    const near = [hours[at - 1], hours[at], hours[at + 1]]
    const inside = near.some((period) => period !== undefined && period[0] <= ms && ms < period[1])
    if (hours.length > 0 && !inside && listedDays.has(dayOf(ms))) continue
    keep.push(row)
  }
  return Int32Array.from(keep)
}

/** Rows of one bar, first and last: the live row of a running week or month comes apart from the rest of it. */
interface Group {
  readonly labelMs: EpochMs
  readonly rows: number[]
}

function hasPrice(chart: Chart, row: number): boolean {
  return PRICES.some((name) => numberOf(chart.quote[name]?.[row]) !== null)
}

function labelledGroups(chart: Chart, interval: Interval, clock: ZoneClock): Group[] {
  const dates = sessionDates(chart.times, clock, liveRowOf(chart))
  const groups = new Map<EpochMs, Group>()
  for (const [row, date] of dates.entries()) {
    const labelMs = barOpen(interval, date)
    const group = groups.get(labelMs)
    if (group === undefined) groups.set(labelMs, { labelMs, rows: [row] })
    // A null row beside a price says nothing.
    else if (!hasPrice(chart, row)) continue
    else if (!hasPrice(chart, group.rows[0] as number)) group.rows.splice(0, 1, row)
    // A day that comes twice is the same day, the later row newer; of a week or month it is another part.
    else if (INTERVALS[interval].kind === 'day') group.rows.splice(0, group.rows.length, row)
    else group.rows.push(row)
  }
  return [...groups.values()]
}

function fold(
  values: readonly unknown[] | undefined,
  rows: readonly number[],
  how: 'first' | 'last' | 'max' | 'min' | 'sum',
): number | null {
  const numbers = rows.map((row) => numberOf(values?.[row])).filter((value) => value !== null)
  if (numbers.length === 0) return null
  if (how === 'first') return numbers[0] as number
  if (how === 'last') return numbers.at(-1) as number
  if (how === 'max') return Math.max(...numbers)
  return how === 'min' ? Math.min(...numbers) : numbers.reduce((sum, value) => sum + value, 0)
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
  const clock = clockOf(chart.meta)
  if (!isLabelled(interval)) {
    const rows = intradayRows(chart, interval, clock).filter((row) => (chart.times[row] as number) < period2Ms)
    const columns: Record<string, ReturnType<typeof floatColumn>> = {}
    for (const [name] of FOLDS) columns[name] = floatColumn(rows.length, (i) => chart.quote[name]?.[rows[i] as number])
    return { timestamp: Float64Array.from(rows, (row) => chart.times[row] as number), ...columns }
  }
  const groups = labelledGroups(chart, interval, clock)
    .map(({ labelMs, rows }) => ({ labelMs, rows: rows.filter((row) => (chart.times[row] as number) < period2Ms) }))
    .filter(({ labelMs, rows }) => rows.length > 0 && labelMs >= range.startMs && labelMs < range.endMs)
  const columns: Record<string, ReturnType<typeof floatColumn>> = {}
  for (const [name, how] of FOLDS)
    columns[name] = floatColumn(groups.length, (i) => fold(chart.quote[name], (groups[i] as Group).rows, how))
  if (chart.adjusted !== undefined) {
    columns['adj_close'] = floatColumn(groups.length, (i) => fold(chart.adjusted, (groups[i] as Group).rows, 'last'))
  }
  return { timestamp: Float64Array.from(groups, ({ labelMs }) => labelMs), ...columns }
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
