/**
 * Where the rows of one column end up: one contiguous array over all parts.
 * @module
 */
import { bitmap, type Column, type PlainColumn } from '../../contract/columns.ts'
import { DataError } from '../../contract/errors.ts'
import type { ColumnType } from '../../contract/schema.ts'
import type { StoredColumn } from '../../contract/storage.ts'
import type { Values } from './decode-values.ts'
import { createTextPool, type TextPool } from './text-pool.ts'

/** A column that is being read. */
export interface Target {
  readonly name: string
  readonly type: ColumnType
  readonly rows: number
  /** Indices where the column is text. */
  values: Values
  /** Made at the first null. */
  valid: Uint8Array | undefined
  readonly texts: TextPool | undefined
}

const ARRAYS = {
  timestamp: BigInt64Array,
  int64: BigInt64Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  string: Int32Array,
} as const

/** What stands in place of a value at a null. */
const NULLS = { timestamp: 0, int64: 0, float64: Number.NaN, int32: 0, uint8: 0, string: 0 } as const

/**
 * Room for one column, in the caller's array where there is one.
 * @throws {DataError} `data/schema-mismatch` where the caller's array is too short or of another type
 */
export function createTarget(
  { name, type }: StoredColumn,
  rows: number,
  into: Values | undefined,
  allocate: ((bytes: number) => ArrayBuffer) | undefined,
): Target {
  const texts = type === 'string' ? createTextPool() : undefined
  const facts = { name, type, rows, valid: undefined, texts }
  const kind = ARRAYS[type]
  if (into === undefined || texts !== undefined) {
    const values = allocate === undefined ? new kind(rows) : new kind(allocate(rows * kind.BYTES_PER_ELEMENT), 0, rows)
    return { ...facts, values }
  }
  if (!(into instanceof kind) || into.length < rows) {
    const message = `into.${name}: ${rows} rows of ${type} do not fit into ${into.constructor.name}(${into.length})`
    throw new DataError('data/schema-mismatch', message, { field: `into.${name}` })
  }
  return { ...facts, values: into.subarray(0, rows) }
}

/** Makes rows `[start, end)` null. */
export function putNulls(target: Target, start: number, end: number): void {
  if (start >= end) return
  target.values.fill((target.values instanceof BigInt64Array ? 0n : NULLS[target.type]) as never, start, end)
  const valid = validOf(target)
  let row = start
  for (; row < end && (row & 7) !== 0; row++) clear(valid, row)
  const whole = end & ~7
  if (row < whole) {
    valid.fill(0, row >> 3, whole >> 3)
    row = whole
  }
  for (; row < end; row++) clear(valid, row)
}

/** Makes rows from `at` on null whose bit among `bits[start, end)` is 0; their values were set to {@link nullOf}. */
export function putValidity(target: Target, at: number, bits: Uint8Array, start: number, end: number): void {
  const valid = validOf(target)
  for (let i = start; i < end; i++) {
    if ((((bits[i >> 3] as number) >> (i & 7)) & 1) === 0) clear(valid, at + i - start)
  }
}

/** What stands in place of a value at a null of this column. */
export function nullOf(target: Target): number {
  return NULLS[target.type]
}

function validOf(target: Target): Uint8Array {
  return (target.valid ??= bitmap(target.rows, true))
}

function clear(bits: Uint8Array, row: number): void {
  bits[row >> 3] = (bits[row >> 3] as number) & ~(1 << (row & 7))
}

/** The finished column. */
export function columnOf({ values, valid, texts }: Target): Column {
  const plain = (
    texts === undefined ? values : { indices: values as Int32Array, dictionary: [...texts.codes.keys()] }
  ) as PlainColumn
  return valid === undefined ? plain : { values: plain, valid }
}
