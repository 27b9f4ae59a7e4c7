/**
 * Turns a page as a provider sent it into rows as the store keeps them: typed, inside the range, closed, sorted, once each.
 * @module
 */
import {
  type Column,
  type Columns,
  columnLength,
  isDictionary,
  isNullable,
  isValid,
  rowCount,
  takeColumns,
  valuesOf,
  withoutBitmap,
} from '../contract/columns.ts'
import { msOf, ticksFromMs, ticksOf, timestampsMs } from '../contract/ticks.ts'
import { DataError, ProviderError } from '../contract/errors.ts'
import type { PageColumns } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { SCHEMAS, columnFacts } from '../contract/schema.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import { EARLIEST_MS, type EpochMs, LATEST_MS } from '../contract/time.ts'

/** Rows of one page, ready to be checked. */
export interface NormalPage {
  /** Sorted by timestamp; one row a timestamp unless the schema keeps equal ones. */
  readonly rows: Columns
  /** Openings of rows whose prices were all null, ascending. */
  readonly nullMs: readonly EpochMs[]
  /** Rows without a timestamp, put at the start of the range; null without. */
  readonly untimed: Columns | null
  readonly outside: number
  readonly forming: number
  readonly duplicates: number
}

/** What decides which rows of a page are bars. */
export interface NormaliseContext {
  readonly series: Series
  readonly range: Range
  /** Is the bar that opens here closed now? */
  isClosed(openMs: EpochMs): boolean
}

const PRICES = ['open', 'high', 'low', 'close'] as const

/**
 * Normalises one page.
 * @throws {DataError} `data/schema-mismatch` where a column has another type than its schema says
 * @throws {ProviderError} `provider/units` where a timestamp lies outside the years 1900 to 2099
 */
export function normalisePage(page: PageColumns, context: NormaliseContext): NormalPage {
  const { schema } = context.series
  const unit = SCHEMAS[schema].timeUnit
  const columns = typedColumns(page, context.series)
  const rows = rowCount(columns)
  const { timestamp } = columns
  const times =
    unit === 'us' ? timestampsMs(timestamp, unit) : Float64Array.from(timestamp, (ticks) => msOf(ticks, unit))
  const keep = new Int32Array(rows)
  let kept = 0
  const nullMs: EpochMs[] = []
  const counts = { outside: 0, forming: 0 }
  const untimed: number[] = []
  const isNull = nullRowTest(columns, context.series)
  const { startMs, endMs } = context.range
  for (let row = 0; row < rows; row++) {
    const ms = Math.floor(times[row] as number)
    if (!(ms >= EARLIEST_MS && ms < LATEST_MS)) {
      if (timestamp[row] !== UNTIMED) throw wrongUnits(context.series, timestamp[row] as bigint)
      untimed.push(row)
    } else if (ms < startMs || ms >= endMs) counts.outside++
    else if (!context.isClosed(ms)) counts.forming++
    else if (isNull !== null && isNull(row)) nullMs.push(ms)
    else keep[kept++] = row
  }
  const keys = unit === 'us' ? times : timestamp
  const { chosen, duplicates } = inOrder(keep.subarray(0, kept), keys, SCHEMAS[schema].identity === 'timestamp')
  const isWhole = isFirst(chosen, rows)
  const normal = isWhole ? columns : takeColumns(columns, chosen)
  return {
    rows: compact(normal),
    nullMs: [...new Set(nullMs)].toSorted((a, b) => a - b),
    duplicates,
    untimed: untimedRows(columns, untimed, ticksOf(startMs, unit)),
    ...counts,
  }
}

/** What rows are compared by: milliseconds, exact to the microsecond, or nanoseconds. */
type Keys = Float64Array | BigInt64Array

function untimedRows(columns: Columns, rows: readonly number[], ticks: bigint): Columns | null {
  if (rows.length === 0) return null
  return { ...takeColumns(columns, Int32Array.from(rows)), timestamp: new BigInt64Array(rows.length).fill(ticks) }
}

/** Stands for a timestamp that is no number: no instant of any unit in the bounds comes near it. */
const UNTIMED = -(2n ** 63n)

function wrongUnits(series: Series, ticks: bigint): ProviderError {
  const message = `${seriesKey(series)}: a timestamp of ${ticks} lies outside the years 1900 to 2099, so the units are wrong`
  return new ProviderError('provider/units', message, { provider: series.provider, symbol: series.symbol })
}

function typedColumns(page: PageColumns, series: Series): Columns {
  const out: Record<string, Column> = { timestamp: timestampTicks(page.timestamp, series) }
  const rows = page.timestamp.length
  for (const [name, column] of Object.entries(page)) {
    if (name === 'timestamp') continue
    if (columnLength(column) !== rows)
      throw mismatch(series, name, `has ${columnLength(column)} rows where timestamp has ${rows}`)
    requireType(series, name, column)
    // Without nulls the plain values are all there is, and every rule runs over them alone.
    out[name] = withoutBitmap(column)
  }
  for (const facts of rows === 0 ? [] : SCHEMAS[series.schema].columns) {
    if (facts.optional || facts.nullable || Object.hasOwn(out, facts.name)) continue
    throw mismatch(series, facts.name, 'is missing in the answer')
  }
  return out as unknown as Columns
}

function timestampTicks(timestamp: PageColumns['timestamp'], series: Series): BigInt64Array {
  if (timestamp instanceof BigInt64Array) return timestamp
  const unit = SCHEMAS[series.schema].timeUnit
  let isUsual = true
  for (let row = 0; row < timestamp.length; row++) isUsual &&= Math.abs(timestamp[row] as number) < 1e14
  if (isUsual) return ticksFromMs(timestamp, unit)
  const far = timestamp.find((ms) => Number.isFinite(ms) && Math.abs(ms) >= 1e14)
  if (far !== undefined) throw wrongUnits(series, BigInt(Math.trunc(far)))
  const ticks = ticksFromMs(
    timestamp.map((ms) => (Number.isFinite(ms) ? ms : 0)),
    unit,
  )
  return ticks.map((tick, row) => (Number.isFinite(timestamp[row]) ? tick : UNTIMED))
}

function requireType(series: Series, name: string, column: Column): void {
  const facts = columnFacts(series.schema, name)
  if (facts === undefined) return
  const values = valuesOf(column)
  const fits = {
    timestamp: values instanceof BigInt64Array,
    int64: values instanceof BigInt64Array,
    float64: values instanceof Float64Array,
    int32: values instanceof Int32Array,
    uint8: values instanceof Uint8Array,
    string: isDictionary(values),
  }[facts.type]
  if (!fits) throw mismatch(series, name, `must hold ${facts.type}`)
}

function mismatch(series: Series, name: string, why: string): DataError {
  return new DataError('data/schema-mismatch', `${seriesKey(series)}: column ${name} ${why}`, {
    field: name,
    provider: series.provider,
    symbol: series.symbol,
  })
}

/** A row of bars without any price is a slot that the source has not filled yet, no bar. */
function nullRowTest(columns: Columns, series: Series): ((row: number) => boolean) | null {
  if (series.schema !== 'ohlcv' || rowCount(columns) === 0) return null
  const prices = PRICES.map((name) => columns[name] as Column)
  if (!prices.every(isNullable)) return null
  return (row) => prices.every((column) => !isValid(column, row))
}

/** Rows in the order of their keys; of equal ones the last of the answer alone, where `isOnce`. */
function inOrder(rows: Int32Array, keys: Keys, isOnce: boolean): { chosen: Int32Array; duplicates: number } {
  const order = isSorted(rows, keys) ? rows : sorted(rows, keys)
  if (!isOnce) return { chosen: order, duplicates: 0 }
  const chosen = new Int32Array(order.length)
  let count = 0
  for (let i = 0; i < order.length; i++) {
    const isLast = i + 1 === order.length || keys[order[i + 1] as number] !== keys[order[i] as number]
    if (isLast) chosen[count++] = order[i] as number
  }
  return { chosen: chosen.subarray(0, count), duplicates: order.length - count }
}

/** Are these the first `count` rows in their own order? */
function isFirst(rows: Int32Array, count: number): boolean {
  if (rows.length !== count) return false
  for (let i = 0; i < count; i++) if (rows[i] !== i) return false
  return true
}

function isSorted(rows: Int32Array, keys: Keys): boolean {
  for (let i = 1; i < rows.length; i++)
    if (!((keys[rows[i] as number] as number) >= (keys[rows[i - 1] as number] as number))) return false
  return true
}

/** Of equal timestamps the later in the answer stays the later. */
function sorted(rows: Int32Array, keys: Keys): Int32Array {
  return rows.toSorted((a, b) => {
    const [x, y] = [keys[a] as number | bigint, keys[b] as number | bigint]
    return x < y ? -1 : x > y ? 1 : a - b
  })
}

/** Drops bitmaps that mark nothing and columns that hold nothing, so that equal rows are equal columns. */
function compact(columns: Columns): Columns {
  const out: Record<string, Column> = {}
  for (const [name, column] of Object.entries(columns)) out[name] = withoutBitmap(column)
  return out as unknown as Columns
}

/** The closed end of the range that a page proves, cut to what was asked. */
export function provenPart(proven: Range, asked: Range): Range {
  const startMs = Math.max(proven.startMs, asked.startMs)
  return { startMs, endMs: Math.max(startMs, Math.min(proven.endMs, asked.endMs)) }
}
