/**
 * Digits over a power of ten as the nearest double, without the platform's reader of text.
 * @module
 */

const EXACT = 2 ** 53

// Powers of ten up to 22 are exact doubles, and read as such by every engine.
// The halves of each make products whose error is known.
const POWERS: Float64Array = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const RECIPROCALS: Float64Array = POWERS.map((power) => 1 / power)
const SPLITTER = 2 ** 27 + 1
const HIGH_HALVES: Float64Array = POWERS.map((power) => power * SPLITTER - (power * SPLITTER - power))
const LOW_HALVES: Float64Array = POWERS.map((power, exponent) => power - (HIGH_HALVES[exponent] as number))
/** Multiples of `10 ** index` below this are exact doubles, because they are multiples of `2 ** index`. */
const EXACT_MULTIPLES: Float64Array = POWERS.map((_, exponent) => 2 ** (53 + exponent))
/** Far more than the error of a correction, far less than any that decides over the last bit. */
const DOUBT = 1e-12

/**
 * `(high * 10 ** lowDigits + low) / 10 ** places`, rounded once; NaN where that cannot be told, or `high` is beyond 2^53.
 * `high` and `low` are whole numbers, `low` below `10 ** lowDigits`.
 * Source: T. J. Dekker, "A floating-point technique for extending the available precision", 1971, for products with
 * their error; A. Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit", 1991,
 * for asking whether the error could matter.
 */
export function quotient(high: number, low: number, lowDigits: number, places: number): number {
  const power = POWERS[places] as number
  const shifted = high * (POWERS[lowDigits] as number)
  const digits = shifted + low
  if (digits < EXACT) return digits / power
  if (shifted >= (EXACT_MULTIPLES[lowDigits] as number)) return Number.NaN
  const lost = low - (digits - shifted)
  const reciprocal = RECIPROCALS[places] as number
  const near = digits * reciprocal
  const split = near * SPLITTER
  const nearHigh = split - (split - near)
  const nearLow = near - nearHigh
  const powerHigh = HIGH_HALVES[places] as number
  const powerLow = LOW_HALVES[places] as number
  const product = near * power
  const error = nearHigh * powerHigh - product + nearHigh * powerLow + nearLow * powerHigh + nearLow * powerLow
  const correction = (digits - product - error + lost) * reciprocal
  const value = near + correction * (1 + DOUBT)
  return value === near + correction * (1 - DOUBT) ? value : Number.NaN
}
