/**
 * Reads the usual page of klines straight from its bytes into columns, in less time than `JSON.parse` alone takes.
 * Anything unusual is left to the ordinary way.
 * @module
 */
import type { PageColumns } from '../contract/provider.ts'

const [COMMA, QUOTE, MINUS, POINT, ZERO, OPEN, CLOSE] = [44, 34, 45, 46, 48, 91, 93] as const
/** Cells of a kline, and those that are kept. */
const CELLS = 12
const KEPT = [
  'timestamp',
  'open',
  'high',
  'low',
  'close',
  'volume',
  null,
  'quote_volume',
  'trade_count',
  'taker_buy_volume',
  null,
  null,
] as const
const SHORTEST_ROW_BYTES = 60
const MOST_DIGITS = 9
const POWERS: readonly number[] = Array.from({ length: MOST_DIGITS + 1 }, (_, exponent) => 10 ** exponent)

/** Where a scanner stands; a number that it cannot read moves it beyond the end. */
interface Place {
  at: number
}

const UNUSUAL = Number.POSITIVE_INFINITY

/** The number that stands here, quoted or bare, and its end. Digits are counted in whole numbers of at most nine. */
function scanNumber(bytes: Uint8Array, place: Place): number {
  let { at } = place
  const isQuoted = bytes[at] === QUOTE
  if (isQuoted) at++
  const isNegative = bytes[at] === MINUS
  if (isNegative) at++
  const start = at
  let high = 0
  let low = 0
  let digit = (bytes[at] as number) - ZERO
  for (; digit >= 0 && digit <= 9 && at - start < MOST_DIGITS; digit = (bytes[++at] as number) - ZERO)
    high = (high * 10 + digit) | 0
  const highDigits = at - start
  for (; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - ZERO) low = (low * 10 + digit) | 0
  const lowDigits = at - start - highDigits
  let fraction = 0
  let places = 0
  const hasPoint = bytes[at] === POINT
  if (hasPoint) {
    const pointAt = at++
    for (digit = (bytes[at] as number) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - ZERO)
      fraction = (fraction * 10 + digit) | 0
    places = at - pointAt - 1
  }
  const isEnded = isQuoted ? bytes[at++] === QUOTE : bytes[at] === COMMA
  // A bare number with zeros in front or a point behind is no JSON; an exponent, an empty text or too many digits are
  // for the ordinary way.
  const isNumber = isQuoted || ((highDigits === 1 || bytes[start] !== ZERO) && (places > 0 || !hasPoint))
  const isPlain = highDigits > 0 && lowDigits <= MOST_DIGITS && places <= MOST_DIGITS && isNumber
  const power = POWERS[places] as number
  const digits = (high * (POWERS[lowDigits] as number) + low) * power + fraction
  if (!isEnded || !isPlain || digits > Number.MAX_SAFE_INTEGER) {
    place.at = UNUSUAL
    return Number.NaN
  }
  place.at = at
  return isNegative ? -(digits / power) : digits / power
}

/** Columns of a page of klines, or undefined where it is written in any unusual way: errors, spaces, nulls, exponents. */
export function scanKlines(bytes: Uint8Array): PageColumns | undefined {
  if (bytes[0] !== OPEN || bytes[bytes.length - 1] !== CLOSE) return undefined
  const most = Math.ceil(bytes.length / SHORTEST_ROW_BYTES)
  const kept = KEPT.map((name) => (name === null ? null : new Float64Array(most)))
  const place: Place = { at: 1 }
  let rows = 0
  if (bytes.length > 2) {
    for (;;) {
      // A time is a bare number.
      if (rows === most || bytes[place.at++] !== OPEN || bytes[place.at] === QUOTE) return undefined
      for (let cell = 0; cell < CELLS; cell++) {
        if (cell > 0 && bytes[place.at++] !== COMMA) return undefined
        const value = scanNumber(bytes, place)
        if (place.at === UNUSUAL) return undefined
        const column = kept[cell]
        if (column !== null && column !== undefined) column[rows] = value
      }
      if (bytes[place.at++] !== CLOSE) return undefined
      rows++
      if (bytes[place.at] === CLOSE) break
      if (bytes[place.at++] !== COMMA) return undefined
    }
  }
  if (place.at !== bytes.length - 1) return undefined
  const columns: Record<string, Float64Array> = {}
  for (const [cell, name] of KEPT.entries())
    if (name !== null) columns[name] = (kept[cell] as Float64Array).slice(0, rows)
  return columns as unknown as PageColumns
}
