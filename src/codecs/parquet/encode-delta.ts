/**
 * Encodes integers as DELTA_BINARY_PACKED: blocks of 128 in four miniblocks.
 *
 * https://github.com/apache/parquet-format/blob/master/Encodings.md (DELTA_BINARY_PACKED)
 * @module
 */

const BLOCK = 128
const MINIBLOCK = 32
const MINIBLOCKS = BLOCK / MINIBLOCK
const WORD = 4_294_967_296
/** Numbers hold twice a distance below this to the last digit, as the zigzag form needs. */
const EXACT = 2 ** 52

/** What one encoding run writes to; `deltas` and `rest` hold one block. */
interface Output {
  readonly bytes: Uint8Array
  at: number
  readonly words: Uint32Array
  readonly deltas: Float64Array
}

/**
 * Encodes all values.
 * @returns undefined where the result is longer than `limit` bytes
 */
export function encodeDelta(values: BigInt64Array, limit: number): Uint8Array | undefined {
  const count = values.length
  const lanes = new Int32Array(values.buffer, values.byteOffset, count * 2)
  const words = new Uint32Array(2 * MINIBLOCK)
  const out: Output = { bytes: new Uint8Array(limit + 8 * BLOCK + 64), at: 0, words, deltas: new Float64Array(BLOCK) }
  for (const number of [BLOCK, MINIBLOCKS, count]) putUnsigned(out, number)
  putSignedBig(out, values[0] ?? 0n)
  for (let start = 1; start < count; start += BLOCK) {
    const rows = Math.min(BLOCK, count - start)
    if (!putBlock(out, lanes, start, rows)) putBlockBig(out, values, start, rows)
    if (out.at > limit) return undefined
  }
  return out.bytes.slice(0, out.at)
}

/** Do these rows follow each other at one distance? */
function isSteady(lanes: Int32Array, start: number, rows: number): boolean {
  const low = ((lanes[2 * start] as number) - (lanes[2 * start - 2] as number)) | 0
  let first = 0
  for (let at = 2 * start, end = 2 * (start + rows); at < end; at += 2) {
    const next = lanes[at] as number
    const before = lanes[at - 2] as number
    if (((next - before) | 0) !== low) return false
    const high = (lanes[at + 1] as number) - (lanes[at - 1] as number) - (next >>> 0 < before >>> 0 ? 1 : 0)
    if (at === 2 * start) first = high
    else if (high !== first) return false
  }
  return true
}

/** Writes one block by plain numbers; false, with nothing written, where a distance is too long for them. */
function putBlock(out: Output, lanes: Int32Array, start: number, rows: number): boolean {
  const { deltas } = out
  let least = Infinity
  let most = -Infinity
  const looked = isSteady(lanes, start, rows) ? 1 : rows
  for (let i = 0, at = 2 * start; i < looked; i++, at += 2) {
    const high = (lanes[at + 1] as number) - (lanes[at - 1] as number)
    const delta = high * WORD + (((lanes[at] as number) >>> 0) - ((lanes[at - 2] as number) >>> 0))
    deltas[i] = delta
    if (delta < least) least = delta
    if (delta > most) most = delta
  }
  if (least <= -EXACT || most >= EXACT || most - least >= EXACT) return false
  putUnsigned(out, least < 0 ? -2 * least - 1 : 2 * least)
  const widths = out.at
  out.at += MINIBLOCKS
  out.bytes.fill(0, widths, out.at)
  if (most === least) return true
  for (let m = 0; m * MINIBLOCK < rows; m++) {
    const end = Math.min(rows, (m + 1) * MINIBLOCK)
    let largest = 0
    for (let i = m * MINIBLOCK; i < end; i++) largest = Math.max(largest, (deltas[i] as number) - least)
    const width = bits(largest)
    out.bytes[widths + m] = width
    if (width === 0) continue
    out.words.fill(0, 0, width)
    for (let i = m * MINIBLOCK, bit = 0; i < end; i++, bit += width) {
      const rest = (deltas[i] as number) - least
      putBits(out.words, bit, rest, Math.floor(rest / WORD), width)
    }
    flush(out, width)
  }
  return true
}

/** Writes one block whose distances need all 64 bits; they wrap around, as the format says. */
function putBlockBig(out: Output, values: BigInt64Array, start: number, rows: number): void {
  const deltas = Array.from({ length: rows }, (_, i) => {
    return BigInt.asIntN(64, (values[start + i] as bigint) - (values[start + i - 1] as bigint))
  })
  const least = deltas.reduce((a, b) => (a < b ? a : b))
  putSignedBig(out, least)
  const widths = out.at
  out.at += MINIBLOCKS
  out.bytes.fill(0, widths, out.at)
  for (let m = 0; m * MINIBLOCK < rows; m++) {
    const rests = deltas.slice(m * MINIBLOCK, (m + 1) * MINIBLOCK).map((delta) => BigInt.asUintN(64, delta - least))
    const largest = rests.reduce((a, b) => (a > b ? a : b))
    const width = largest === 0n ? 0 : largest.toString(2).length
    out.bytes[widths + m] = width
    out.words.fill(0, 0, width)
    for (const [i, rest] of rests.entries())
      putBits(out.words, i * width, Number(rest & 0xffff_ffffn), Number(rest >> 32n), width)
    flush(out, width)
  }
}

/** Bits that a whole number below 2^53 takes. */
function bits(value: number): number {
  return value < WORD ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / WORD))
}

/** Puts `width` bits of a number, given as its two words, at a bit position of zeroed words. */
function putBits(words: Uint32Array, bit: number, low: number, high: number, width: number): void {
  const at = bit >>> 5
  const shift = bit & 31
  words[at] = (words[at] as number) | (low << shift)
  if (shift > 0 && shift + width > 32)
    words[at + 1] = (words[at + 1] as number) | (low >>> (32 - shift)) | (high << shift)
  else if (shift === 0 && width > 32) words[at + 1] = high
  if (shift > 0 && shift + width > 64) words[at + 2] = high >>> (32 - shift)
}

/** Moves a miniblock of `width` words to the output. */
function flush(out: Output, width: number): void {
  out.bytes.set(new Uint8Array(out.words.buffer, 0, 4 * width), out.at)
  out.at += 4 * width
}

/** Variable-length form of a whole number below 2^53. */
function putUnsigned(out: Output, value: number): void {
  let rest = value
  while (rest >= 128) {
    out.bytes[out.at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  out.bytes[out.at++] = rest
}

function putSignedBig(out: Output, value: bigint): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  while (rest >= 128n) {
    out.bytes[out.at++] = Number(rest & 127n) | 128
    rest >>= 7n
  }
  out.bytes[out.at++] = Number(rest)
}
