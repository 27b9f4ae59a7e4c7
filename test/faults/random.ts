/**
 * Numbers that look random and come again with the same seed.
 * @module
 */

/** Numbers in `[0, 1)` from a seed. */
export type Random = () => number

/** Makes a source of numbers from a seed (Mulberry32, Tommy Ettinger 2017). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One number for several parts (FNV-1a over their text). */
export function seedOf(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const character of parts.join('/')) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193)
  return hash >>> 0
}

/** A whole number in `[low, high)`. */
export const between = (random: Random, low: number, high: number): number => low + Math.floor(random() * (high - low))

/** One of a list. */
export const oneOf = <T>(random: Random, list: readonly T[]): T => list[between(random, 0, list.length)] as T
