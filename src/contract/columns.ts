/**
 * What travels between rooms: equal-length typed arrays by name, with a validity bitmap where a value may be null.
 * @module
 */

/** Text with few distinct values: an index a row into a list. */
export interface DictionaryColumn {
  readonly indices: Int32Array
  readonly dictionary: readonly string[]
}

/** A column without nulls. */
export type PlainColumn = BigInt64Array | Float64Array | Int32Array | Uint8Array | DictionaryColumn

/** A column in which single values may be null. What `values` holds at a null is unspecified. */
export interface NullableColumn {
  readonly values: PlainColumn
  /** One bit a row, least significant first; 1 = valid. */
  readonly valid: Uint8Array
}

/** One column of equal length with its neighbours. */
export type Column = PlainColumn | NullableColumn

/** Columns by name. `timestamp` counts microseconds (bars) or nanoseconds (ticks) after the epoch. */
export interface Columns {
  readonly timestamp: BigInt64Array
  readonly [name: string]: Column
}

/** Numbers of one width. */
export type NumberArray = BigInt64Array | Float64Array | Int32Array | Uint8Array

/** Is this a column with a validity bitmap? */
export function isNullable(column: Column): column is NullableColumn {
  return 'valid' in column
}

/** Is this a column of text? */
export function isDictionary(column: Column): column is DictionaryColumn {
  return 'indices' in column
}

/** The column without its validity bitmap. */
export function valuesOf(column: Column): PlainColumn {
  return isNullable(column) ? column.values : column
}

/** The validity bitmap, or undefined where all rows are valid. */
export function validityOf(column: Column): Uint8Array | undefined {
  return isNullable(column) ? column.valid : undefined
}

/** Number of rows of one column. */
export function columnLength(column: Column): number {
  const values = valuesOf(column)
  return isDictionary(values) ? values.indices.length : values.length
}

/** Number of rows. */
export function rowCount(columns: Columns): number {
  return columns.timestamp.length
}

/** Has row `row` a value? */
export function isValid(column: Column, row: number): boolean {
  return !isNullable(column) || (((column.valid[row >> 3] as number) >> (row & 7)) & 1) === 1
}

/** Value of one row: number, bigint, text, or null. For edges and messages; not for loops over columns. */
export function valueAt(column: Column, row: number): number | bigint | string | null {
  if (!isValid(column, row)) return null
  const values = valuesOf(column)
  if (isDictionary(values)) return values.dictionary[values.indices[row] as number] ?? null
  return values[row] as number | bigint
}

/** A bitmap for `rows` rows, all valid or all null. */
export function bitmap(rows: number, valid: boolean): Uint8Array {
  return new Uint8Array((rows + 7) >> 3).fill(valid ? 0xff : 0)
}

/** Marks one row in a bitmap. */
export function setBit(bits: Uint8Array, row: number, valid: boolean): void {
  const mask = 1 << (row & 7)
  if (valid) bits[row >> 3] = (bits[row >> 3] as number) | mask
  else bits[row >> 3] = (bits[row >> 3] as number) & ~mask
}

/** Number of null rows in a column. */
export function nullCount(column: Column): number {
  if (!isNullable(column)) return 0
  const rows = columnLength(column)
  let valid = 0
  for (let at = 0; at < rows >> 3; at++) valid += ONES[column.valid[at] as number] as number
  if ((rows & 7) !== 0) valid += ONES[(column.valid[rows >> 3] as number) & ((1 << (rows & 7)) - 1)] as number
  return rows - valid
}

/** Ones in each byte: a bitmap is counted eight rows at a time. */
const ONES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1
  return ones
})

/** The column without a bitmap if every row is valid. */
export function withoutBitmap(column: Column): Column {
  return isNullable(column) && nullCount(column) === 0 ? column.values : column
}

function mapArrays(values: PlainColumn, change: (array: NumberArray) => NumberArray): PlainColumn {
  if (isDictionary(values)) return { indices: change(values.indices) as Int32Array, dictionary: values.dictionary }
  return change(values) as PlainColumn
}

function sliceBits(bits: Uint8Array, start: number, end: number): Uint8Array {
  if ((start & 7) === 0) return bits.slice(start >> 3, (end + 7) >> 3)
  const out = new Uint8Array((end - start + 7) >> 3)
  for (let row = start; row < end; row++) {
    if (((bits[row >> 3] as number) >> (row & 7)) & 1) out[(row - start) >> 3]! |= 1 << ((row - start) & 7)
  }
  return out
}

/** Rows `[start, end)` of one column; values are views, no copies. */
export function sliceColumn(column: Column, start: number, end: number): Column {
  const values = mapArrays(valuesOf(column), (array) => array.subarray(start, end))
  return isNullable(column) ? { values, valid: sliceBits(column.valid, start, end) } : values
}

/** Rows `[start, end)` of all columns; values are views, no copies. */
export function sliceColumns(columns: Columns, start: number, end: number): Columns {
  return mapColumns(columns, (column) => sliceColumn(column, start, end))
}

/** Applies a change to every column, keeping names and order. */
export function mapColumns(columns: Columns, change: (column: Column, name: string) => Column): Columns {
  const out: Record<string, Column> = {}
  for (const [name, column] of Object.entries(columns)) out[name] = change(column, name)
  return out as unknown as Columns
}

/** The chosen rows of one column, in the order of `rows`; always copies. */
export function takeColumn(column: Column, rows: Int32Array): Column {
  const values = mapArrays(valuesOf(column), (array) => takeArray(array, rows))
  if (!isNullable(column)) return values
  const valid = new Uint8Array((rows.length + 7) >> 3)
  for (let i = 0; i < rows.length; i++) if (isValid(column, rows[i] as number)) setBit(valid, i, true)
  return { values, valid }
}

function takeArray(array: NumberArray, rows: Int32Array): NumberArray {
  if (array instanceof BigInt64Array) {
    const out = new BigInt64Array(rows.length)
    for (let i = 0; i < rows.length; i++) out[i] = array[rows[i] as number] as bigint
    return out
  }
  const out = new (array.constructor as Float64ArrayConstructor)(rows.length)
  for (let i = 0; i < rows.length; i++) out[i] = array[rows[i] as number] as number
  return out
}

/** The chosen rows of all columns, in the order of `rows`; always copies. */
export function takeColumns(columns: Columns, rows: Int32Array): Columns {
  return mapColumns(columns, (column) => takeColumn(column, rows))
}

const SAME = new Float64Array(2)
const SAME_BITS = new BigInt64Array(SAME.buffer)

/** Are two values the same to the bit? Null equals only null; NaN payloads and the sign of zero count. */
export function sameValue(a: Column, rowA: number, b: Column, rowB: number): boolean {
  const [x, y] = [valueAt(a, rowA), valueAt(b, rowB)]
  if (typeof x !== 'number' || typeof y !== 'number') return x === y
  SAME[0] = x
  SAME[1] = y
  return SAME_BITS[0] === SAME_BITS[1]
}

/** Index of the first row whose timestamp is `>= value`; the row count if there is none. Rows must be sorted. */
export function lowerBound(timestamp: BigInt64Array, value: bigint): number {
  let low = 0
  let high = timestamp.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timestamp[middle] as bigint) < value) low = middle + 1
    else high = middle
  }
  return low
}
