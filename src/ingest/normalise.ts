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
  msOf,
  rowCount,
  takeColumns,
  ticksFromMs,
  ticksOf,
  valuesOf,
  withoutBitmap,
} from '../contract/columns.ts'
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
  const [low, high] = [ticksOf(EARLIEST_MS, unit), ticksOf(LATEST_MS, unit)]
  const { timestamp } = columns
  const keep: number[] = []
  const nullMs: EpochMs[] = []
  const counts = { outside: 0, forming: 0 }
  const untimed: number[] = []
  const isNull = nullRowTest(columns, context.series)
  const { startMs, endMs } = context.range
  for (let row = 0; row < rows; row++) {
    const ticks = timestamp[row] as bigint
    if (ticks === UNTIMED) {
      untimed.push(row)
      continue
    }
    if (ticks < low || ticks >= high) throw wrongUnits(context.series, ticks)
    const ms = msOf(ticks, unit)
    if (ms < startMs || ms >= endMs) counts.outside++
    else if (!context.isClosed(ms)) counts.forming++
    else if (isNull(row)) nullMs.push(ms)
    else keep.push(row)
  }
  const order = sortRows(keep, timestamp)
  const { chosen, duplicates } =
    SCHEMAS[schema].identity === 'timestamp' ? lastOfEach(order, timestamp) : { chosen: order, duplicates: 0 }
  const isWhole = chosen.length === rows && chosen.every((row, i) => row === i)
  const normal = isWhole ? columns : takeColumns(columns, Int32Array.from(chosen))
  return {
    rows: compact(normal),
    nullMs: [...new Set(nullMs)].toSorted((a, b) => a - b),
    duplicates,
    untimed: untimedRows(columns, untimed, ticksOf(startMs, unit)),
    ...counts,
  }
}

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
  if (timestamp.every((ms) => Number.isFinite(ms) && Math.abs(ms) < 1e14)) return ticksFromMs(timestamp, unit)
  return BigInt64Array.from(timestamp, (ms) => {
    if (!Number.isFinite(ms)) return UNTIMED
    if (Math.abs(ms) >= 1e14) throw wrongUnits(series, BigInt(Math.trunc(ms)))
    return ticksOf(Math.trunc(ms), unit)
  })
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
function nullRowTest(columns: Columns, series: Series): (row: number) => boolean {
  if (series.schema !== 'ohlcv' || rowCount(columns) === 0) return () => false
  const prices = PRICES.map((name) => columns[name] as Column)
  if (!prices.every(isNullable)) return () => false
  return (row) => prices.every((column) => !isValid(column, row))
}

function sortRows(rows: readonly number[], timestamp: BigInt64Array): readonly number[] {
  for (let i = 1; i < rows.length; i++) {
    if ((timestamp[rows[i] as number] as bigint) >= (timestamp[rows[i - 1] as number] as bigint)) continue
    // Stable, so that of equal timestamps the later in the answer stays the later.
    return rows.toSorted((a, b) => {
      const [x, y] = [timestamp[a] as bigint, timestamp[b] as bigint]
      return x < y ? -1 : x > y ? 1 : 0
    })
  }
  return rows
}

function lastOfEach(
  rows: readonly number[],
  timestamp: BigInt64Array,
): { chosen: readonly number[]; duplicates: number } {
  const chosen = rows.filter((row, i) => {
    const next = rows[i + 1]
    return next === undefined || timestamp[next] !== timestamp[row]
  })
  return { chosen, duplicates: rows.length - chosen.length }
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
