/**
 * Reads a list of JSON numbers straight from its bytes, to the bit as `JSON.parse` does and in less time.
 * @module
 */
import { type Column, bitmap, setBit } from '../contract/columns.ts'
import { quotient } from './decimal-quotient.ts'

/** A list that was read. */
export interface ScannedList {
  /** Its numbers, nulls in a bitmap. */
  readonly column: Column
  /** Place after the closing bracket. */
  readonly end: number
}

const [COMMA, MINUS, POINT, ZERO, LIST_END] = [44, 45, 46, 48, 93] as const
const NULL = [110, 117, 108, 108] as const
/** Digits that fit an int32, and a double with room for the next digit. */
const [MOST_INT_DIGITS, MOST_WHOLE_DIGITS] = [9, 15] as const
/** Most digits of the lower part of a fraction. */
const MOST_LOW_DIGITS = 8
/** Bytes that may be read ahead of a point, four at a time. */
const AHEAD_BYTES = 12

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i
const MOST_NUMBER_BYTES = 2048

/** The number of four digits, or -1 where one of the four bytes is no digit. */
function fourDigits(view: DataView, at: number): number {
  const bytes = view.getInt32(at, true)
  const highNibbles = (bytes & 0xf0f0f0f0) | (((bytes + 0x06060606) & 0xf0f0f0f0) >>> 4)
  if ((highNibbles | 0) !== 0x33333333) return -1
  const pairs = (Math.imul(bytes & 0x0f0f0f0f, 0xa01) >>> 8) & 0x00ff00ff
  return Math.imul(pairs, 0x640001) >>> 16
}

/** A number of any form, by the platform: NaN where it is no JSON number that ends at a comma or bracket. */
function readSlowly(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let text = ''
  let end = start
  for (; end < bytes.length && end - start < MOST_NUMBER_BYTES; end++) {
    const byte = bytes[end] as number
    if (byte === COMMA || byte === LIST_END) break
    text += String.fromCharCode(byte)
  }
  return { value: JSON_NUMBER.test(text) ? Number(text) : Number.NaN, end }
}

function isNull(bytes: Uint8Array, at: number): boolean {
  return NULL.every((letter, i) => bytes[at + i] === letter)
}

function columnOf(values: Float64Array, nulls: readonly number[]): Column {
  if (nulls.length === 0) return values
  const valid = bitmap(values.length, true)
  for (const row of nulls) setBit(valid, row, false)
  return { values, valid }
}

/**
 * Reads the list whose bracket opens before `start`; undefined where it holds anything but numbers and nulls, or a
 * space. `capacity` is the expected number of values.
 */
export function scanNumbers(bytes: Uint8Array, start: number, capacity: number): ScannedList | undefined {
  if (bytes[start] === LIST_END) return { column: new Float64Array(0), end: start + 1 }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const lastAhead = bytes.length - AHEAD_BYTES
  let values = new Float64Array(Math.max(16, capacity))
  const nulls: number[] = []
  let rows = 0
  let at = start
  for (;;) {
    const numberAt = at
    const isNegative = bytes[at] === MINUS
    if (isNegative) at++
    const wholeAt = at
    let digit = (bytes[at] as number) - ZERO
    const isZero = digit === 0
    let int = 0
    for (; digit >= 0 && digit <= 9 && at - wholeAt < MOST_INT_DIGITS; digit = (bytes[++at] as number) - ZERO)
      int = (int * 10 + digit) | 0
    let size = int
    if (digit >= 0 && digit <= 9)
      for (; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - ZERO) size = size * 10 + digit
    const wholeDigits = at - wholeAt
    if (wholeDigits === 0 || wholeDigits > MOST_WHOLE_DIGITS || (isZero && wholeDigits > 1)) size = Number.NaN

    if (digit === POINT - ZERO) {
      const fractionAt = ++at
      let low = 0
      let lowAt = at
      if (at <= lastAhead) {
        const first = fourDigits(view, at)
        const second = first < 0 ? -1 : fourDigits(view, at + 4)
        if (second >= 0) {
          size = size * 1e8 + (Math.imul(first, 10_000) + second)
          lowAt = at += 8
          const third = fourDigits(view, at)
          if (third >= 0) {
            low = third
            at += 4
          }
        } else if (first >= 0) {
          size = size * 10_000 + first
          lowAt = at += 4
        }
      }
      digit = (bytes[at] as number) - ZERO
      for (; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - ZERO) low = (low * 10 + digit) | 0
      const lowDigits = at - lowAt
      const isShort = lowDigits <= MOST_LOW_DIGITS && at > fractionAt
      size = isShort ? quotient(size, low, lowDigits, at - fractionAt) : Number.NaN
    }
    let byte = bytes[at] as number
    if (size !== size || (byte !== COMMA && byte !== LIST_END)) {
      if (isNull(bytes, numberAt)) {
        nulls.push(rows)
        size = Number.NaN
        at = numberAt + NULL.length
      } else {
        const { value, end } = readSlowly(bytes, numberAt)
        if (value !== value) return undefined
        size = isNegative ? -value : value
        at = end
      }
      byte = bytes[at] as number
    }
    if (rows === values.length) {
      const grown = new Float64Array(2 * rows)
      grown.set(values)
      values = grown
    }
    values[rows++] = isNegative ? -size : size
    at++
    if (byte === COMMA) continue
    if (byte !== LIST_END) return undefined
    return { column: columnOf(rows === values.length ? values : values.slice(0, rows), nulls), end: at }
  }
}
