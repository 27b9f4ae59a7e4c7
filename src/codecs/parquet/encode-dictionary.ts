/**
 * Encodes values that repeat as indices into a list of the distinct ones.
 * @module
 */
import { PACK_INDICES } from './pack-indices.ts'

/** Most entries of a dictionary: indices take 16 bits at most. */
export const MAX_ENTRIES = 65_536

/** A dictionary pays where it and its indices take at most this share of the plain values. */
const WORTH = 0.7

/** Memory that is used again from column to column; belongs to one encoding run. */
export interface Workshop {
  readonly slots: Int32Array
  readonly entries: Float64Array
  readonly indices: Uint16Array
}

/** Fresh memory for columns of at most `rows` rows. */
export function createWorkshop(rows: number): Workshop {
  return {
    slots: new Int32Array(2 * MAX_ENTRIES),
    entries: new Float64Array(Math.min(rows, MAX_ENTRIES)),
    indices: new Uint16Array(rows + 32),
  }
}

/** Distinct values of a column, and how the rows refer to them. */
export interface Dictionary {
  /** A view of the workshop: copy it before the next column. */
  readonly entries: Float64Array
  /** The data page: index width, then one bit-packed run. */
  readonly page: Uint8Array
}

/**
 * Encodes doubles by their bits, so that -0 and the payloads of NaN survive.
 * @returns undefined where a dictionary does not pay
 */
export function encodeDictionary(values: Float64Array, workshop: Workshop): Dictionary | undefined {
  const rows = values.length
  const found = distinct(values, workshop)
  if (found === undefined) return undefined
  const width = widthOf(found)
  if (8 * found + (rows * width) / 8 > WORTH * 8 * rows) return undefined
  return { entries: workshop.entries.subarray(0, found), page: packIndices(workshop.indices, rows, width) }
}

/** Numbers the distinct bit patterns in order of appearance; undefined where there are too many to pay. */
function distinct(values: Float64Array, { slots, entries, indices }: Workshop): number | undefined {
  const rows = values.length
  const words = new Int32Array(values.buffer, values.byteOffset, rows * 2)
  const known = new Int32Array(entries.buffer)
  const most = Math.min(MAX_ENTRIES, Math.floor(WORTH * rows))
  const size = 1 << (32 - Math.clz32(2 * Math.min(rows, MAX_ENTRIES) - 1))
  const mask = size - 1
  slots.fill(-1, 0, size)
  let found = 0
  let last = -1
  let lastLow = 0
  let lastHigh = 0
  for (let row = 0; row < rows; row++) {
    const low = words[2 * row] as number
    const high = words[2 * row + 1] as number
    if (low === lastLow && high === lastHigh && last >= 0) {
      indices[row] = last
      continue
    }
    let slot = hash(low, high) & mask
    let entry = slots[slot] as number
    while (entry >= 0 && (known[2 * entry] !== low || known[2 * entry + 1] !== high)) {
      slot = (slot + 1) & mask
      entry = slots[slot] as number
    }
    if (entry < 0) {
      if (found >= most) return undefined
      entry = found++
      slots[slot] = entry
      known[2 * entry] = low
      known[2 * entry + 1] = high
    }
    indices[row] = entry
    last = entry
    lastLow = low
    lastHigh = high
  }
  return found
}

/** Spreads the two words of a double over 32 bits; the constants are odd and have no pattern. */
function hash(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e37_79b1), 0x85eb_ca6b)
  return mixed ^ (mixed >>> 15)
}

/** Bits of an index into so many entries; at least 1, since some readers mistrust 0. */
export function widthOf(entries: number): number {
  return Math.max(1, 32 - Math.clz32(entries - 1))
}

/** A data page of indices: their width, then one bit-packed run. `indices` has room for 31 more than `rows`. */
export function packIndices(indices: Uint16Array, rows: number, width: number): Uint8Array {
  const groups = Math.ceil(rows / 8)
  const padded = (rows + 31) & ~31
  indices.fill(0, rows, padded)
  const words = new Uint32Array((padded / 32) * width)
  PACK_INDICES[width]?.(indices, words, padded)
  const head = [width]
  let rest = groups * 2 + 1
  for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128)
  head.push(rest)
  const page = new Uint8Array(head.length + groups * width)
  page.set(head)
  page.set(new Uint8Array(words.buffer, 0, groups * width), head.length)
  return page
}
