/**
 * Smallest and largest value of a column chunk, by which readers skip it.
 *
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (ColumnOrder, Statistics)
 * @module
 */
import { isRising } from '../../contract/tick-doubles.ts'
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
  const last = values.length - 1
  if (last < 0) return { bounds: {}, ascending: true }
  if (isAscending(values))
    return { bounds: { min_value: values[0] as bigint, max_value: values[last] as bigint }, ascending: true }
  let least = values[0] as bigint
  let most = least
  for (let i = 1; i <= last; i++) {
    const value = values[i] as bigint
    if (value < least) least = value
    if (value > most) most = value
  }
  return { bounds: { min_value: least, max_value: most }, ascending: false }
}

function isAscending(values: BigInt64Array): boolean {
  if (isRising(values)) return true
  const lanes = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  let low = 0
  let high = -0x8000_0000
  for (let i = 0; i < lanes.length; i += 2) {
    const nextLow = lanes[i] as number
    const nextHigh = lanes[i + 1] as number
    if (nextHigh < high || (nextHigh === high && nextLow >>> 0 < low >>> 0)) return false
    low = nextLow
    high = nextHigh
  }
  return true
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
