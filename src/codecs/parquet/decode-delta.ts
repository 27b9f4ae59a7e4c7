/**
 * Decodes DELTA_BINARY_PACKED integers.
 *
 * Works on two 32-bit lanes a value with explicit carries: exact for every 64-bit integer, wrap-around included, and
 * without a bigint a row. https://github.com/apache/parquet-format/blob/master/Encodings.md (DELTA_BINARY_PACKED)
 * @module
 */
import { MOST_TICKS, TWO_32, doubleOf, keepsTicks } from '../../contract/tick-doubles.ts'
import { corrupt } from './faults.ts'

/** Where a decoder is, and the last number that it read, as two lanes. */
interface Cursor {
  at: number
  low: number
  high: number
}

/** A distance as a double of the same bits, kept from block to block: to make one is slow on most processors. */
interface Pace {
  step: number
  distance: number
}

/** Bytes after the payload that the unpacking loops may touch. */
const SLACK = 16

/**
 * Decodes `count` integers from the start of `bytes` into `out` from row `at` on.
 * @returns the position after them
 * @throws {StorageError} `storage/corrupt`
 */
export function decodeDelta(bytes: Uint8Array, count: number, out: BigInt64Array, at: number): number {
  const padded = new Uint8Array(bytes.length + SLACK)
  padded.set(bytes)
  const view = new DataView(padded.buffer)
  const cursor: Cursor = { at: 0, low: 0, high: 0 }
  const blockSize = unsigned(padded, cursor, 'block size')
  const miniblocks = unsigned(padded, cursor, 'number of miniblocks')
  const total = unsigned(padded, cursor, 'number of values')
  const perMiniblock = blockSize / miniblocks
  if (blockSize % 128 !== 0 || perMiniblock % 32 !== 0 || !(perMiniblock >= 32) || miniblocks > 512) {
    throw corrupt(`a delta page has blocks of ${blockSize} values in ${miniblocks} miniblocks`)
  }
  if (total !== count) throw corrupt(`a delta page claims ${total} values instead of ${count}`)
  signed(padded, cursor)
  const lanes = new Int32Array(out.buffer, out.byteOffset + at * 8, count * 2)
  const doubles = new Float64Array(lanes.buffer, lanes.byteOffset, count)
  if (count > 0) {
    lanes[0] = cursor.low
    lanes[1] = cursor.high
  }
  const pace: Pace = { step: 0, distance: 0 }
  let row = 1
  while (row < count) {
    signed(padded, cursor)
    const widths = cursor.at
    cursor.at += miniblocks
    for (let i = 0; i < miniblocks && row < count; i++) {
      const width = padded[widths + i] as number
      const end = Math.min(count, row + perMiniblock)
      if (width > 64) throw corrupt(`a delta page has integers of ${width} bits`)
      if (cursor.at + Math.ceil(((end - row) * width) / 8) > bytes.length) throw corrupt('a delta page is cut short')
      if (width === 0) addConstant(doubles, lanes, row, end, cursor, pace)
      else if (width <= 32) addNarrow(view, cursor.at, width, lanes, row, end, cursor.low, cursor.high)
      else addWide(view, cursor.at, width, lanes, row, end, cursor.low, cursor.high)
      cursor.at += (perMiniblock * width) / 8
      row = end
    }
  }
  return Math.min(cursor.at, bytes.length)
}

/** Rows that follow each other at one distance, as on a clock. */
function addConstant(
  doubles: Float64Array,
  lanes: Int32Array,
  start: number,
  end: number,
  { low: stepLow, high: stepHigh }: Cursor,
  pace: Pace,
): void {
  let low = lanes[2 * start - 2] as number
  let high = lanes[2 * start - 1] as number
  const step = stepHigh * TWO_32 + (stepLow >>> 0)
  const before = high * TWO_32 + (low >>> 0)
  if (before >= 0 && step >= 0 && before + (end - start) * step < MOST_TICKS && keepsTicks()) {
    if (step !== pace.step) {
      pace.step = step
      pace.distance = doubleOf(step)
    }
    const { distance } = pace
    let value = doubles[start - 1] as number
    for (let row = start; row < end; row++) doubles[row] = value += distance
    return
  }
  for (let row = start; row < end; row++) {
    low = (low + stepLow) | 0
    high = (high + stepHigh + (low >>> 0 < stepLow >>> 0 ? 1 : 0)) | 0
    lanes[2 * row] = low
    lanes[2 * row + 1] = high
  }
}

function addNarrow(
  view: DataView,
  at: number,
  width: number,
  lanes: Int32Array,
  start: number,
  end: number,
  stepLow: number,
  stepHigh: number,
): void {
  const mask = width === 32 ? -1 : (1 << width) - 1
  let low = lanes[2 * start - 2] as number
  let high = lanes[2 * start - 1] as number
  for (let row = start, bit = 0; row < end; row++, bit += width) {
    const byte = at + (bit >>> 3)
    const shift = bit & 7
    let extra = view.getUint32(byte, true) >>> shift
    if (shift + width > 32) extra |= view.getUint8(byte + 4) << (32 - shift)
    const step = ((extra & mask) + stepLow) | 0
    const carry = step >>> 0 < stepLow >>> 0 ? 1 : 0
    low = (low + step) | 0
    high = (high + stepHigh + carry + (low >>> 0 < step >>> 0 ? 1 : 0)) | 0
    lanes[2 * row] = low
    lanes[2 * row + 1] = high
  }
}

function addWide(
  view: DataView,
  at: number,
  width: number,
  lanes: Int32Array,
  start: number,
  end: number,
  stepLow: number,
  stepHigh: number,
): void {
  const mask = width === 64 ? -1 : (1 << (width - 32)) - 1
  let low = lanes[2 * start - 2] as number
  let high = lanes[2 * start - 1] as number
  for (let row = start, bit = 0; row < end; row++, bit += width) {
    const byte = at + (bit >>> 3)
    const shift = bit & 7
    const middle = view.getUint32(byte + 4, true)
    const last = view.getUint8(byte + 8)
    const extraLow =
      shift === 0 ? view.getInt32(byte, true) : (view.getUint32(byte, true) >>> shift) | (middle << (32 - shift))
    const extraHigh = (shift === 0 ? middle : (middle >>> shift) | (last << (32 - shift))) & mask
    const step = (extraLow + stepLow) | 0
    const carry = step >>> 0 < stepLow >>> 0 ? 1 : 0
    low = (low + step) | 0
    high = (high + stepHigh + extraHigh + carry + (low >>> 0 < step >>> 0 ? 1 : 0)) | 0
    lanes[2 * row] = low
    lanes[2 * row + 1] = high
  }
}

/** A variable-length integer below 2^31. */
function unsigned(bytes: Uint8Array, cursor: Cursor, what: string): number {
  let result = 0
  for (let unit = 1; unit < 2 ** 35; unit *= 128) {
    const byte = bytes[cursor.at++] ?? 0
    result += (byte & 0x7f) * unit
    if (byte < 0x80 && result < 2 ** 31) return result
  }
  throw corrupt(`the ${what} of a delta page is no number`)
}

/** A zigzag integer of at most 64 bits, left in the cursor. */
function signed(bytes: Uint8Array, cursor: Cursor): void {
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) break
    const bits = byte & 0x7f
    if (shift < 32) low |= bits << shift
    if (shift >= 32) high |= bits << (shift - 32)
    else if (shift > 25) high |= bits >>> (32 - shift)
    if (byte < 0x80) {
      const sign = -(low & 1)
      cursor.low = ((low >>> 1) | (high << 31)) ^ sign
      cursor.high = (high >>> 1) ^ sign
      return
    }
  }
  throw corrupt('a delta page holds a number of more than 64 bits')
}
