/**
 * Decodes the hybrid of run lengths and bit-packed groups that dictionary indices and levels are written in.
 *
 * https://github.com/apache/parquet-format/blob/master/Encodings.md (RLE)
 * @module
 */
import { corrupt } from './faults.ts'
import { UNPACK_DOUBLES } from './unpack-doubles.ts'

/** One run: `count` values, all the same, or packed from byte `at` on. */
interface Run {
  count: number
  packed: boolean
  value: number
  at: number
  /** Position after the run. */
  end: number
}

/** Memory that is used again from page to page; belongs to one reader. */
export interface Scratch {
  words: Uint32Array
}

const NO_WORDS = new Uint32Array(0)

/** Fresh scratch memory. */
export function createScratch(): Scratch {
  return { words: NO_WORDS }
}

/** Reads the run that starts at `at`; `left` values are still to come. */
function readRun(bytes: Uint8Array, at: number, width: number, left: number, run: Run): void {
  let head = 0
  let next = at
  for (let unit = 1; ; unit *= 128) {
    const byte = bytes[next++]
    if (byte === undefined || unit >= 2 ** 35) throw corrupt('a run of a page is cut short')
    head += (byte & 0x7f) * unit
    if (byte < 0x80) break
  }
  run.packed = head % 2 === 1
  run.at = next
  const claimed = Math.floor(head / 2)
  if (run.packed) {
    run.count = Math.min(left, claimed * 8)
    if (next + Math.ceil((run.count * width) / 8) > bytes.length) throw corrupt('a packed run is longer than its page')
    run.end = Math.min(bytes.length, next + claimed * width)
    return
  }
  run.count = Math.min(left, claimed)
  run.end = next + ((width + 7) >> 3)
  if (run.end > bytes.length) throw corrupt('a run is longer than its page')
  run.value = 0
  for (let i = run.end - 1; i >= next; i--) run.value = run.value * 256 + (bytes[i] as number)
}

function emptyRun(): Run {
  return { count: 0, packed: false, value: 0, at: 0, end: 0 }
}

/** Packed values as words: those of the page where they are aligned and whole, else a copy with a word to spare. */
function wordsOf(bytes: Uint8Array, at: number, count: number, width: number, scratch: Scratch): Uint32Array {
  const size = Math.ceil((count * width) / 8)
  const start = bytes.byteOffset + at
  if (start % 4 === 0 && count % 32 === 0) return new Uint32Array(bytes.buffer, start, size >> 2)
  const needed = (size >> 2) + 3
  if (scratch.words.length < needed) scratch.words = new Uint32Array(needed + (needed >> 2))
  const words = scratch.words
  words.fill(0, size >> 2, needed)
  new Uint8Array(words.buffer).set(bytes.subarray(at, at + size))
  return words
}

/** Index `i` of a packed run of at most 32 bits a value. */
function indexAt(words: Uint32Array, i: number, width: number): number {
  const bit = i * width
  const at = Math.floor(bit / 32)
  const shift = bit & 31
  let index = (words[at] as number) >>> shift
  if (shift + width > 32) index |= (words[at + 1] as number) << (32 - shift)
  return width === 32 ? index >>> 0 : index & ((1 << width) - 1)
}

/**
 * Decodes `count` values of `width` bits from `bytes` into `out` from `at` on.
 * @throws {StorageError} `storage/corrupt` where a value is not below `bound`
 */
export function decodeHybrid(
  bytes: Uint8Array,
  width: number,
  count: number,
  bound: number,
  out: Int32Array,
  at: number,
  scratch: Scratch,
): void {
  const run = emptyRun()
  for (let row = at, end = at + count; row < end; row += run.count) {
    readRun(bytes, run.end, width, end - row, run)
    let bad = 0
    if (run.packed && width > 0) {
      const words = wordsOf(bytes, run.at, run.count, width, scratch)
      for (let i = 0; i < run.count; i++) {
        const index = indexAt(words, i, width)
        if (index >= bound) bad++
        out[row + i] = index
      }
    } else if (run.count > 0) {
      if (run.packed) run.value = 0
      if (run.value >= bound) bad++
      out.fill(run.value, row, row + run.count)
    }
    if (bad > 0) throw corrupt(`a page refers to dictionary entries beyond the ${bound} that there are`)
  }
}

/**
 * Decodes the `count` dictionary indices of a data page, whose first byte is their width, into looked-up doubles.
 * @throws {StorageError} `storage/corrupt`
 */
export function decodeDictionaryDoubles(
  bytes: Uint8Array,
  count: number,
  dictionary: Float64Array,
  out: Float64Array,
  at: number,
  scratch: Scratch,
): void {
  const width = indexWidth(bytes)
  const last = dictionary.length - 1
  const unpack = UNPACK_DOUBLES[width]
  const run = emptyRun()
  run.end = 1
  for (let row = at, end = at + count; row < end; row += run.count) {
    readRun(bytes, run.end, width, end - row, run)
    let bad = 0
    if (run.packed && width > 0) {
      const whole = unpack === undefined ? 0 : run.count & ~31
      if (unpack !== undefined && whole > 0) {
        const words = wordsOf(bytes, run.at, whole, width, scratch)
        bad = unpack(words, dictionary, last, out, row, row + whole)
      }
      if (whole < run.count) {
        const rest = wordsOf(bytes, run.at + (whole * width) / 8, run.count - whole, width, scratch)
        for (let i = whole; i < run.count; i++) {
          const index = indexAt(rest, i - whole, width)
          if (index > last) bad = -1
          else out[row + i] = dictionary[index] as number
        }
      }
    } else if (run.count > 0) {
      if (run.packed) run.value = 0
      if (run.value > last) bad = -1
      else out.fill(dictionary[run.value] as number, row, row + run.count)
    }
    if (bad < 0) throw corrupt(`a page refers to dictionary entries beyond the ${last + 1} that there are`)
  }
}

/**
 * Width of the indices of a data page, its first byte.
 * @throws {StorageError} `storage/corrupt`
 */
export function indexWidth(bytes: Uint8Array): number {
  const width = bytes[0]
  if (width === undefined || width > 32) throw corrupt('a page has no width of dictionary indices')
  return width
}

/**
 * Decodes definition levels of a flat column into a bitmap, one bit a row, 1 = has a value.
 * @returns how many rows have a value
 * @throws {StorageError} `storage/corrupt`
 */
export function decodeLevels(bytes: Uint8Array, count: number, bits: Uint8Array): number {
  const run = emptyRun()
  bits.fill(0)
  let valid = 0
  for (let row = 0; row < count; row += run.count) {
    readRun(bytes, run.end, 1, count - row, run)
    if (run.packed) valid += putPacked(bits, row, bytes, run)
    else if (run.value > 1) throw corrupt(`a definition level is ${run.value}`)
    else if (run.value === 1) {
      putOnes(bits, row, row + run.count)
      valid += run.count
    }
  }
  return valid
}

function putPacked(bits: Uint8Array, row: number, bytes: Uint8Array, run: Run): number {
  const shift = row & 7
  let valid = 0
  for (let i = 0; i < run.count; i += 8) {
    let byte = bytes[run.at + (i >> 3)] as number
    if (run.count - i < 8) byte &= (1 << (run.count - i)) - 1
    valid += ONES[byte] as number
    const at = (row + i) >> 3
    bits[at] = (bits[at] as number) | (byte << shift)
    if (shift > 0 && byte >>> (8 - shift) > 0) bits[at + 1] = (bits[at + 1] as number) | (byte >>> (8 - shift))
  }
  return valid
}

/** Number of ones in each byte. */
const ONES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/** Sets bits `[start, end)`. */
export function putOnes(bits: Uint8Array, start: number, end: number): void {
  let row = start
  for (; row < end && (row & 7) !== 0; row++) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
  const whole = end & ~7
  if (row < whole) {
    bits.fill(0xff, row >> 3, whole >> 3)
    row = whole
  }
  for (; row < end; row++) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
}
