/**
 * Rows of a file as pages of bars: those of one symbol, by time, with what they prove.
 * @module
 */
import { type Column, bitmap, isNullable, isValid, takeColumn, valueAt } from '../../contract/columns.ts'
import { ProviderError } from '../../contract/errors.ts'
import { INTERVALS, type Interval, isLabelled } from '../../contract/interval.ts'
import type { Page, PageColumns } from '../../contract/provider.ts'
import { type Range, intersect } from '../../contract/range.ts'
import { type StampRules, closeOf, openingsOf } from './openings.ts'
import { type FileTable, numbersOf } from './read.ts'

/** Columns that a file may hold beside open, high, low, close and volume. */
export const EXTRA_COLUMNS = ['adj_close', 'trade_count', 'vwap', 'quote_volume', 'taker_buy_volume'] as const

const NUMBERS = ['open', 'high', 'low', 'close', 'volume', ...EXTRA_COLUMNS] as const

/** Rows of a page. */
const PAGE_ROWS = 50_000
/** Rows nearer than this share of the interval asked for are bars of a shorter one. */
const NEAREST = 0.9

/** What was asked, and how times are meant. */
export interface BarRules extends StampRules {
  readonly symbol: string
  /** The file, for messages. */
  readonly path: string
}

/** Bars of one symbol in a file. */
export interface FileBars {
  /** Columns of bars, of all rows of the file. */
  readonly columns: ReadonlyMap<string, Column>
  /** Opening of each row of the file, epoch milliseconds; `NaN` where it has no time. */
  readonly opens: Float64Array
  /** Rows of the symbol by opening; equal ones in the order of the file. */
  readonly rows: Int32Array
  /** Rows of the symbol without a time. */
  readonly untimed: Int32Array
}

/**
 * Finds the bars that were asked for.
 * @throws {ProviderError} `provider/not-found` for a symbol that is not in the file, `provider/units` for rows nearer
 *   than the interval, or dates asked for as intraday bars
 */
export function barsOf(table: FileTable, rules: BarRules): FileBars {
  const opens = openingsOf(table.times, rules)
  const own = rowsOfSymbol(table, rules)
  const rows = sortedRows(own, opens)
  checkSpacing(table, rows, rules)
  return { columns: barColumns(table, rules.path), opens, rows, untimed: own.filter((row) => Number.isNaN(opens[row])) }
}

/** Pages of the bars in a range, by time; together they prove it as far as the file reaches. */
export function* pagesOf(bars: FileBars, interval: Interval, range: Range): Generator<Page, void, undefined> {
  const { opens, rows, untimed } = bars
  const [first, last] = [opens[rows[0] ?? -1], opens[rows.at(-1) ?? -1]]
  const isEmpty = first === undefined || last === undefined
  const held = isEmpty ? null : intersect({ startMs: first, endMs: closeOf(interval, last) }, range)
  if (held === null) {
    yield { columns: pageColumns(bars, untimed), proven: { startMs: range.startMs, endMs: range.startMs } }
    return
  }
  const asked = rows.filter((row) => (opens[row] as number) >= held.startMs && (opens[row] as number) < held.endMs)
  let { startMs } = held
  for (let at = 0; startMs < held.endMs; at += PAGE_ROWS) {
    const next = asked[at + PAGE_ROWS]
    const endMs = next === undefined ? held.endMs : Math.max(startMs, opens[next] as number)
    const own = asked.subarray(at, at + PAGE_ROWS)
    // Rows without a time go along once, to be counted and kept as rejects.
    yield { columns: pageColumns(bars, at === 0 ? joined(own, untimed) : own), proven: { startMs, endMs } }
    startMs = endMs
  }
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

/** Rows of the asked symbol; all rows where the file has no column that tells. */
function rowsOfSymbol(table: FileTable, { symbol, path }: BarRules): Int32Array {
  const column = table.fields.symbol === undefined ? undefined : table.columns[table.fields.symbol]
  const all = Int32Array.from({ length: table.rows }, (_, row) => row)
  if (column === undefined || table.rows === 0) return all
  const chosen = all.filter((row) => valueAt(column, row) === symbol)
  if (chosen.length > 0) return chosen
  const some = [...new Set(Array.from(all.subarray(0, 1000), (row) => String(valueAt(column, row))))]
    .slice(0, 5)
    .join(', ')
  const held = `${path}: column ${table.fields.symbol} holds ${some}, not ${symbol}`
  const message = `${held}; columns: { symbol: false } takes all rows`
  throw new ProviderError('provider/not-found', message, { symbol, path })
}

/** Rows by opening, those without a time left out; equal ones stay in the order of the file. */
function sortedRows(rows: Int32Array, opens: Float64Array): Int32Array {
  const timed = rows.filter((row) => !Number.isNaN(opens[row]))
  const isSorted = timed.every(
    (row, i) => i === 0 || (opens[timed[i - 1] as number] as number) <= (opens[row] as number),
  )
  return isSorted ? timed : timed.toSorted((a, b) => (opens[a] as number) - (opens[b] as number) || a - b)
}

/** Bars of a minute asked for as bars of an hour would be stored as hours: that is refused. */
function checkSpacing({ times }: FileTable, rows: Int32Array, { interval, path }: BarRules): void {
  const wrong = (why: string): never => {
    throw new ProviderError(
      'provider/units',
      `${path}: ${why}, so they are no bars of ${interval}: ask for the interval of the file`,
      { path },
    )
  }
  if (times.isDates && rows.length > 0 && !isLabelled(interval)) wrong('its times are dates')
  const ascending = Float64Array.from(rows, (row) => times.wallMs[row] as number).sort()
  const steps = ascending
    .subarray(1)
    .map((ms, i) => ms - (ascending[i] as number))
    .filter((step) => step > 0)
    .sort()
  const median = steps[steps.length >> 1]
  if (median !== undefined && median < NEAREST * INTERVALS[interval].ms) wrong(`its rows are ${median / 1000} s apart`)
}

/** Columns of bars out of the file's; text where a number is expected is refused. */
function barColumns({ fields, columns }: FileTable, path: string): ReadonlyMap<string, Column> {
  const out = new Map<string, Column>()
  for (const field of NUMBERS) {
    const name = fields[field]
    const column = name === undefined ? undefined : columns[name]
    if (name !== undefined && column !== undefined) out.set(field, numbersOf(column, name, path))
  }
  return out
}

function pageColumns({ columns, opens }: FileBars, rows: Int32Array): PageColumns {
  const out: Record<string, Column> = {}
  for (const [field, column] of columns) out[field] = nanAtNulls(takeColumn(column, rows))
  out['volume'] ??= { values: new Float64Array(rows.length).fill(Number.NaN), valid: bitmap(rows.length, false) }
  return { timestamp: Float64Array.from(rows, (row) => opens[row] as number), ...out } as PageColumns
}

/** What a null holds never shows as a number. */
function nanAtNulls(column: Column): Column {
  if (!isNullable(column) || !(column.values instanceof Float64Array)) return column
  for (let row = 0; row < column.values.length; row++) if (!isValid(column, row)) column.values[row] = Number.NaN
  return column
}
