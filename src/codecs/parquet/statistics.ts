/**
 * Smallest and largest value of a column chunk, by which readers skip it.
 *
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (ColumnOrder, Statistics)
 * @module
 */
import type { Statistics } from 'hyparquet/src/types.js'

/** Bounds of a chunk; absent where none may be given. */
export type Bounds = Pick<Statistics, 'min_value' | 'max_value'>

/**
 * Bounds of doubles. None where a value is NaN, since readers disagree about its order; a zero bound covers both
 * zeros, as the format asks.
 */
export function boundsOfDoubles(values: Float64Array): Bounds {
  let least = Infinity
  let most = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (value < least) least = value
    if (value > most) most = value
    if (value !== value) return {}
  }
  if (values.length === 0) return {}
  return { min_value: least === 0 ? -0 : least, max_value: most === 0 ? 0 : most }
}

/** Bounds of 32-bit integers. */
export function boundsOfIntegers(values: Int32Array): Bounds {
  let least = values[0]
  let most = values[0]
  if (least === undefined || most === undefined) return {}
  for (const value of values) {
    if (value < least) least = value
    else if (value > most) most = value
  }
  return { min_value: least, max_value: most }
}

/** Bounds of 64-bit integers, and whether they ascend; on 32-bit lanes, since a bigint a row is slow. */
export function boundsOfBigs(values: BigInt64Array): { readonly bounds: Bounds; readonly ascending: boolean } {
  if (values.length === 0) return { bounds: {}, ascending: true }
  const lanes = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  let least = 0
  let most = 0
  let ascending = true
  for (let i = 1; i < values.length; i++) {
    if (isLess(lanes, i, i - 1)) ascending = false
    if (isLess(lanes, i, least)) least = i
    if (isLess(lanes, most, i)) most = i
  }
  return { bounds: { min_value: values[least] as bigint, max_value: values[most] as bigint }, ascending }
}

function isLess(lanes: Int32Array, a: number, b: number): boolean {
  const [highA, highB] = [lanes[2 * a + 1] as number, lanes[2 * b + 1] as number]
  return highA < highB || (highA === highB && (lanes[2 * a] as number) >>> 0 < (lanes[2 * b] as number) >>> 0)
}

/** Bounds of texts in UTF-8, byte by byte as the format orders them. */
export function boundsOfTexts(texts: readonly Uint8Array[]): Bounds {
  let least = texts[0]
  let most = texts[0]
  if (least === undefined || most === undefined) return {}
  for (const text of texts) {
    if (compareBytes(text, least) < 0) least = text
    if (compareBytes(text, most) > 0) most = text
  }
  return { min_value: least, max_value: most }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return a.length - b.length
}
