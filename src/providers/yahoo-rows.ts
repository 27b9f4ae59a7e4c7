/**
 * Rows of a Yahoo chart as bars: which belong together, and under which time they stand.
 * @module
 */
import { type Column, isValid, takeColumn, valueAt, withoutBitmap } from '../contract/columns.ts'
import { type Interval, INTERVALS, barOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import type { EpochMs } from '../contract/time.ts'
import { floatColumn } from './columns.ts'
import { type Chart, type QuoteName, liveRowOf } from './yahoo-chart.ts'
import { sessionDates } from './yahoo-dates.ts'
import { intradayRows } from './yahoo-sessions.ts'

const PRICES = ['open', 'high', 'low', 'close'] as const

function hasPrice(chart: Chart, row: number): boolean {
  return PRICES.some((name) => {
    const column = chart.quote[name]
    return column !== undefined && isValid(column, row)
  })
}

/** Rows that stand for bars, and for the bars that came in parts all of their rows. */
interface Grouped {
  readonly labels: Float64Array
  /** The row of every bar, of one in parts the first; undefined where every row is a bar. */
  readonly rows: Int32Array | undefined
  /** Bar -> all of its rows, where there are several: the live row of a running week or month comes apart. */
  readonly parts: ReadonlyMap<number, readonly number[]>
}

type IsAsked = (labelMs: EpochMs, row: number) => boolean

function groupRows(chart: Chart, interval: Interval, isAsked: IsAsked): Grouped {
  const dates = sessionDates(chart.times, chart.clock, liveRowOf(chart))
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

const FOLDS: readonly (readonly [QuoteName, Fold])[] = [
  ['open', 'first'],
  ['high', 'max'],
  ['low', 'min'],
  ['close', 'last'],
  ['volume', 'sum'],
]

function fold(column: Column, rows: readonly number[], how: Fold): number | null {
  const numbers = rows.map((row) => valueAt(column, row) as number | null).filter((value) => value !== null)
  if (numbers.length === 0) return null
  if (how === 'first') return numbers[0] as number
  if (how === 'last') return numbers.at(-1) as number
  if (how === 'max') return Math.max(...numbers)
  return how === 'min' ? Math.min(...numbers) : numbers.reduce((sum, value) => sum + value, 0)
}

/** The column of these rows, all null where the vendor sent none. */
function rowsColumn(column: Column | undefined, length: number, rows: Int32Array | undefined): Column {
  if (column === undefined) return floatColumn(length, () => null)
  return rows === undefined ? column : withoutBitmap(takeColumn(column, rows))
}

function barColumn(column: Column | undefined, { labels, rows, parts }: Grouped, how: Fold): Column {
  if (column === undefined || rows === undefined || parts.size === 0) return rowsColumn(column, labels.length, rows)
  return floatColumn(labels.length, (bar) => {
    const several = parts.get(bar)
    return several === undefined ? valueAt(column, rows[bar] as number) : fold(column, several, how)
  })
}

/**
 * Bars of a chart. Rows without any price keep their slot with all prices null.
 * Labelled intervals are cut to `range`, whose neighbours the request had to include; rows at or after `period2Ms` are
 * the latest price that Yahoo appends to any answer, never a part of it.
 */
export function chartColumns(chart: Chart, interval: Interval, range: Range, period2Ms: EpochMs): PageColumns {
  const { times } = chart
  const columns: Record<string, Column> = {}
  if (!isLabelled(interval)) {
    const rows = intradayRows(chart, interval, period2Ms)
    const timestamp = rows === undefined ? times : Float64Array.from(rows, (row) => times[row] as number)
    for (const [name] of FOLDS) columns[name] = rowsColumn(chart.quote[name], timestamp.length, rows)
    return { timestamp, ...columns }
  }
  const isAsked: IsAsked = (labelMs, row) =>
    labelMs >= range.startMs && labelMs < range.endMs && (times[row] as number) < period2Ms
  const grouped = groupRows(chart, interval, isAsked)
  for (const [name, how] of FOLDS) columns[name] = barColumn(chart.quote[name], grouped, how)
  if (chart.adjusted !== undefined) columns['adj_close'] = barColumn(chart.adjusted, grouped, 'last')
  return { timestamp: grouped.labels, ...columns }
}
