/**
 * Encodes values that repeat as indices into a list of the distinct ones.
 * @module
 */
import { PACK_INDICES } from './pack-indices.ts'

/** Most entries of a dictionary: indices take 16 bits at most. */
export const MAX_ENTRIES = 65_536

/** A dictionary pays where it and its indices take at most this share of the plain values. */
const WORTH = 0.7

/** Slots of the hash table at first; it grows with the entries. */
const FIRST_SLOTS = 65_536
/** Slots an entry: at fewer, a second look is needed so often that the processor guesses wrong. */
const SPARSITY = 8
/** Rows that are looked up before those without an entry get one. */
const BLOCK = 64
/** A column is taken for one without repetition where so many of its first rows are this distinct. */
const TRIAL = { rows: 8192, share: 0.98 } as const

/** Memory that is used again from column to column; belongs to one encoding run. */
export interface Workshop {
  /** Entry by hash; 0 also where there is none. */
  readonly slots: Uint16Array
  /** Rows of one block without an entry. */
  readonly missed: Int32Array
  readonly entries: Float64Array
  readonly indices: Uint16Array
}

/** Below this many values plain ones are read faster than they could be kept smaller. */
export const FEWEST_VALUES = 4096

/** Fresh memory for columns of at most `rows` rows. */
export function createWorkshop(rows: number): Workshop {
  const most = SPARSITY * (Math.min(rows, MAX_ENTRIES) + BLOCK)
  const slots = rows < FEWEST_VALUES ? 0 : Math.max(FIRST_SLOTS, 1 << (32 - Math.clz32(most)))
  return {
    slots: new Uint16Array(slots),
    missed: new Int32Array(BLOCK + 1),
    entries: new Float64Array(Math.min(rows, MAX_ENTRIES)),
    indices: new Uint16Array(rows + 32),
  }
}

/** Distinct values of a column, and how the rows refer to them. */
export interface Dictionary {
  /** A view of the workshop: copy it before the next column. */
  readonly entries: Float64Array
  readonly page: PackedPage
}

/** A data page of indices: their width, then one bit-packed run. */
export interface PackedPage {
  readonly bytes: Uint8Array
  /** Where the packed words begin. */
  readonly wordsAt: number
}

/**
 * Encodes doubles by their bits, so that -0 and the payloads of NaN survive.
 * @returns undefined where a dictionary does not pay
 */
export function encodeDictionary(values: Float64Array, workshop: Workshop): Dictionary | undefined {
  const rows = values.length
  if (rows < FEWEST_VALUES) return undefined
  const found = distinct(values, workshop)
  if (found === undefined) return undefined
  const width = widthOf(found)
  if (8 * found + (rows * width) / 8 > WORTH * 8 * rows) return undefined
  return { entries: workshop.entries.subarray(0, found), page: packIndices(workshop.indices, rows, width) }
}

/** Where the hash table of one column stands. */
interface Table {
  readonly words: Int32Array
  /** Words of the entries. */
  readonly known: Int32Array
  readonly slots: Uint16Array
  mask: number
  /** Slot of entry 0, which no other 0 stands for. */
  home: number
  found: number
}

/**
 * Numbers the distinct bit patterns in order of appearance; undefined where there are too many to pay.
 * Rows are first looked up without a decision a row, then those that need one are gone through.
 */
function distinct(values: Float64Array, { slots, missed, entries, indices }: Workshop): number | undefined {
  const rows = values.length
  const most = Math.min(MAX_ENTRIES, Math.floor(WORTH * rows))
  const words = new Int32Array(values.buffer, values.byteOffset, rows * 2)
  const known = new Int32Array(entries.buffer)
  known[0] = words[0] as number
  known[1] = words[1] as number
  const table: Table = { words, known, slots, mask: FIRST_SLOTS - 1, home: 0, found: 1 }
  place(table)
  for (let start = 0; start < rows; start += BLOCK) {
    const end = Math.min(rows, start + BLOCK)
    const misses = lookUp(words, start, end, slots, known, table.mask, indices, missed)
    for (let i = 0; i < misses; i++) indices[missed[i] as number] = enter(table, missed[i] as number)
    if (table.found > most) return undefined
    if (end === TRIAL.rows && table.found > TRIAL.share * TRIAL.rows) return undefined
  }
  return table.found
}

/** Looks rows up where their entry would stand first; lists those where another, or none, stands. */
function lookUp(
  words: Int32Array,
  start: number,
  end: number,
  slots: Uint16Array,
  known: Int32Array,
  mask: number,
  indices: Uint16Array,
  missed: Int32Array,
): number {
  let misses = 0
  for (let row = start; row < end; row++) {
    const low = words[2 * row] as number
    const high = words[2 * row + 1] as number
    const entry = slots[hash(low, high) & mask] as number
    indices[row] = entry
    missed[misses] = row
    if ((((known[2 * entry] as number) ^ low) | ((known[2 * entry + 1] as number) ^ high)) !== 0) misses++
  }
  return misses
}

/** Entry of a row, made where there is none. */
function enter(table: Table, row: number): number {
  const { words, known, slots } = table
  const low = words[2 * row] as number
  const high = words[2 * row + 1] as number
  let slot = hash(low, high) & table.mask
  for (;;) {
    const entry = slots[slot] as number
    if (entry === 0 && slot !== table.home) break
    if (known[2 * entry] === low && known[2 * entry + 1] === high) return entry
    slot = (slot + 1) & table.mask
  }
  if (table.found >= MAX_ENTRIES || 2 * table.found >= known.length) {
    table.found = MAX_ENTRIES + 1
    return 0
  }
  const entry = table.found++
  slots[slot] = entry
  known[2 * entry] = low
  known[2 * entry + 1] = high
  if (SPARSITY * table.found > table.mask) {
    table.mask = 2 * table.mask + 1
    place(table)
  }
  return entry
}

/** Puts all entries into the emptied slots. */
function place(table: Table): void {
  const { known, slots, mask, found } = table
  slots.fill(0, 0, mask + 1)
  table.home = hash(known[0] as number, known[1] as number) & mask
  for (let entry = 1; entry < found; entry++) {
    let slot = hash(known[2 * entry] as number, known[2 * entry + 1] as number) & mask
    while (slots[slot] !== 0 || slot === table.home) slot = (slot + 1) & mask
    slots[slot] = entry
  }
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

/** Packs indices as a data page. `indices` has room for 31 more than `rows`. */
export function packIndices(indices: Uint16Array, rows: number, width: number): PackedPage {
  const groups = Math.ceil(rows / 8)
  const padded = (rows + 31) & ~31
  indices.fill(0, rows, padded)
  const head = [width]
  let rest = groups * 2 + 1
  for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128)
  head.push(rest)
  // The head is moved to the right so that the packed words behind it are aligned.
  const lead = -head.length & 3
  const buffer = new ArrayBuffer(lead + head.length + (padded / 32) * width * 4)
  PACK_INDICES[width]?.(indices, new Uint32Array(buffer, lead + head.length), padded)
  const page = new Uint8Array(buffer, lead, head.length + groups * width)
  page.set(head)
  return { bytes: page, wordsAt: head.length }
}
