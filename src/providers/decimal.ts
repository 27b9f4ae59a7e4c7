/**
 * Numbers as vendors write them.
 * @module
 */

/**
 * Number of a value as vendors write it: a number, or a number as text. Null where there is none: null, absent, empty,
 * or text that is no number, such as `None` or `N/D`. An overflow such as `1e400` stays infinite and fails the checks.
 */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value === '') return null
  const number = decimalOf(value)
  return Number.isNaN(number) || (number === 0 && value.trim() === '') ? null : number
}

const POWERS: readonly number[] = Array.from({ length: 10 }, (_, exponent) => 10 ** exponent)
const MOST_DIGITS = 9
const ZERO = 48
const POINT = 46
const MINUS = 45
/** Letters of `0x10`, `0o7` and `0b1`, which the platform would read as numbers and no vendor means so. */
const OTHER_BASE = /[xob]/i

/**
 * Number of a plain decimal such as `42000.37000000`, to the bit the same as `Number(text)` and twice as fast: digits
 * and power of ten are exact doubles, so one division rounds as it should.
 * Source: W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990, section 3.
 */
export function decimalOf(text: string): number {
  const { length } = text
  const isNegative = text.charCodeAt(0) === MINUS
  const start = isNegative ? 1 : 0
  let at = start
  let whole = 0
  let fraction = 0
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) break
    whole = (whole * 10 + digit) | 0
  }
  const wholeDigits = at - start
  const pointAt = at
  if (at < length && text.charCodeAt(at) === POINT) {
    for (at++; at < length; at++) {
      const digit = text.charCodeAt(at) - ZERO
      if (digit < 0 || digit > 9) break
      fraction = (fraction * 10 + digit) | 0
    }
  }
  const places = Math.max(0, at - pointAt - 1)
  // Anything but a few digits around a point is read by the platform.
  if (at < length || wholeDigits === 0 || wholeDigits > MOST_DIGITS || places > MOST_DIGITS)
    return OTHER_BASE.test(text) ? Number.NaN : Number(text)
  const power = POWERS[places] as number
  const digits = whole * power + fraction
  if (digits > Number.MAX_SAFE_INTEGER) return Number(text)
  return isNegative ? -(digits / power) : digits / power
}
