/**
 * Columns of a table as plain arrays, for number crunching.
 * @module
 */
import { type Column, isDictionary, isNullable, isValid, nullCount, valueAt, valuesOf } from '../contract/columns.ts'
import { timestampsMs } from '../contract/ticks.ts'
import type { TableSource } from './table-source.ts'

/** Values of one column, one a row. */
export type PlainValues = BigInt64Array | Float64Array | Int32Array | Uint8Array | readonly (bigint | string | null)[]

/** Columns of any table by name. */
export interface PlainColumns {
  /** Microseconds (bars) or nanoseconds (ticks) after 1970-01-01T00:00:00Z. */
  readonly timestamp: BigInt64Array
  /** Milliseconds after 1970-01-01T00:00:00Z. */
  readonly timestampMs: Float64Array
  readonly [name: string]: PlainValues
}

/** Columns of bars. A column that the query left out is absent. */
export interface BarColumns extends PlainColumns {
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  /** `NaN` where it is not known. */
  readonly volume: Float64Array
}

/** All columns of a table; each is made when it is first asked for, then kept. */
export function plainColumns(source: TableSource): BarColumns {
  const out = {}
  define(out, 'timestamp', () => source.columns.timestamp)
  define(out, 'timestampMs', () => timestampsMs(source.columns.timestamp, source.timeUnit))
  for (const [name, column] of Object.entries(source.columns)) {
    if (name !== 'timestamp') define(out, name, () => plainValues(column))
  }
  return out as BarColumns
}

function define(target: object, name: string, make: () => PlainValues): void {
  let made: PlainValues | undefined
  Object.defineProperty(target, name, { get: () => (made ??= make()), enumerable: true })
}

function plainValues(column: Column): PlainValues {
  const values = valuesOf(column)
  if (isDictionary(values)) return Array.from(values.indices, (_, row) => valueAt(column, row) as string | null)
  if (!isNullable(column) || nullCount(column) === 0) return values
  if (values instanceof BigInt64Array) return Array.from(values, (value, row) => (isValid(column, row) ? value : null))
  const out = Float64Array.from(values)
  for (let row = 0; row < out.length; row++) if (!isValid(column, row)) out[row] = Number.NaN
  return out
}
