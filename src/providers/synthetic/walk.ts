/**
 * A random walk in continuous time that can be asked anywhere: the same instant gives the same value, whatever was
 * asked before. Only additions, multiplications and square roots are used, so every engine gives the same bits.
 * @module
 */
import type { EpochMs } from '../../contract/time.ts'

/** The walk is one Brownian bridge over 2^42 ms from the epoch, halved again and again. */
const LEVELS = 32
const ROOT_MS = 2 ** 42

const MS_PER_YEAR = 365.25 * 86_400_000

/** Mixes 32-bit words into one (the finaliser of MurmurHash3 by Austin Appleby, public domain, after each word). */
export function hash32(a: number, b: number, c: number): number {
  let h = 0x9e37_79b9
  for (const word of [a, b, c]) {
    h = Math.imul(h ^ word, 0x85eb_ca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
    h ^= h >>> 16
  }
  return h >>> 0
}

/** Hash of a text, to seed a walk with. */
export function hashText(text: string, seed: number): number {
  let h = hash32(seed | 0, Math.floor(seed / 4_294_967_296) | 0, text.length)
  for (const character of text) h = hash32(h, character.codePointAt(0) as number, 1)
  return h
}

/** A value of mean 0 and variance 1, near to normal: the sum of four even ones (Irwin and Hall). */
function normal(key: number, level: number, index: number): number {
  const a = hash32(key, level, index | 0)
  const b = hash32(a, level, index | 0)
  const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16)
  return (sum / 65_536 - 2) * Math.sqrt(3)
}

/** Logarithm of the price, relative to the value at the epoch. Fastest when instants are asked in ascending order. */
export type Walk = (ms: EpochMs) => number

/**
 * Makes a walk.
 * @param key what it depends on
 * @param volatility standard deviation of one year's logarithmic return
 */
export function createWalk(key: number, volatility: number): Walk {
  // The path from the root to the cell that was asked last; neighbours share most of it.
  const left = new Float64Array(LEVELS + 1)
  const right = new Float64Array(LEVELS + 1)
  const index = new Float64Array(LEVELS + 1).fill(-1)
  const cellMs = Float64Array.from({ length: LEVELS + 1 }, (_, level) => ROOT_MS / 2 ** level)
  const spread = cellMs.map((ms) => (volatility * Math.sqrt(ms / MS_PER_YEAR)) / 2)
  index[0] = 0
  right[0] = 2 * (spread[0] as number) * normal(key, 0, 0)

  return (ms) => {
    let level = LEVELS
    while (level > 0 && index[level] !== Math.floor(ms / (cellMs[level] as number))) level--
    for (; level < LEVELS; level++) {
      const child = Math.floor(ms / (cellMs[level + 1] as number))
      const [l, r] = [left[level] as number, right[level] as number]
      const middle = (l + r) / 2 + (spread[level] as number) * normal(key, level + 1, index[level] as number)
      const isLeft = child === 2 * (index[level] as number)
      left[level + 1] = isLeft ? l : middle
      right[level + 1] = isLeft ? middle : r
      index[level + 1] = child
    }
    const share = ms / (cellMs[LEVELS] as number) - (index[LEVELS] as number)
    return (left[LEVELS] as number) * (1 - share) + (right[LEVELS] as number) * share
  }
}

/** e^x as (1 + x/1024)^1024, which is the same everywhere; Math.exp is not. */
export function growth(x: number): number {
  let value = Math.max(0, 1 + x / 1024)
  for (let i = 0; i < 10; i++) value *= value
  return value
}
