/**
 * Times as doubles of the same bits.
 *
 * A double whose bits, read as an integer, are below 2^53 is that integer times 2^-1074 (IEEE 754: the subnormal numbers
 * and the first binade after them lie at one distance). So these doubles compare and add exactly as the integers do, in
 * one step a row; a bigint a row takes ten times as long, two halves with a carry three times.
 * @module
 */

/** Ticks below it have a double of the same bits that counts as they do. Microseconds reach it in the year 2255. */
export const MOST_TICKS: number = 2 ** 53

/** What the upper half of 64 bits counts. */
export const TWO_32 = 4_294_967_296

/** Memory of ticks seen as doubles; no value is copied. */
export function asDoubles(ticks: BigInt64Array): Float64Array {
  return new Float64Array(ticks.buffer, ticks.byteOffset, ticks.length)
}

const LEAST: Float64Array = asDoubles(BigInt64Array.of(1n))

/**
 * Does arithmetic keep numbers as small as these? Native code of other packages may have told the processor to take them
 * for 0 (compilers do so for `-ffast-math`), at any time: ask before each use.
 */
export function keepsTicks(): boolean {
  const least = LEAST[0] as number
  return least + least > 0
}

/** The double whose bits are this whole number from 0 to below {@link MOST_TICKS}, where {@link keepsTicks}. */
export function doubleOf(ticks: number): number {
  return ticks * Number.MIN_VALUE
}

/**
 * Does each of these times lie after the one before, all of them from 1970 on? False may also mean that some are earlier.
 *
 * Doubles from 0 on are ordered as their bits are, whatever they stand for.
 */
export function isRising(ticks: BigInt64Array): boolean {
  const [first] = ticks
  if (first === undefined || first < 0n) return first === undefined
  const doubles = asDoubles(ticks)
  let before = doubles[0] as number
  for (let i = 1; i < doubles.length; i++) {
    const next = doubles[i] as number
    if (!(next > before)) return false
    before = next
  }
  return true
}
