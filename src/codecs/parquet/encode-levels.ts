/**
 * Writes which rows have a value, as definition levels of a flat column.
 *
 * https://github.com/apache/parquet-format/blob/master/Encodings.md (RLE)
 * @module
 */

/** Whole bytes of equal levels from which on a run length is shorter than the bits. */
const RUN_BYTES = 8

/**
 * Encodes the first `rows` bits of a bitmap as runs and bit-packed groups, with their length in four bytes before them.
 */
export function encodeLevels(valid: Uint8Array, rows: number): Uint8Array {
  const size = Math.ceil(rows / 8)
  const bits = valid.slice(0, size)
  if ((rows & 7) !== 0) bits[size - 1] = (bits[size - 1] as number) & ((1 << (rows & 7)) - 1)
  const out = new Uint8Array(4 + size + 10 * (Math.ceil(size / RUN_BYTES) + 1))
  let at = 4
  let start = 0
  const literal = (end: number): void => {
    if (end === start) return
    at = putHead(out, at, (end - start) * 2 + 1)
    out.set(bits.subarray(start, end), at)
    at += end - start
  }
  for (let byte = 0; byte < size;) {
    const value = bits[byte] as number
    let end = byte + 1
    if (value === 0 || value === 0xff) while (end < size && bits[end] === value) end++
    if (end - byte >= RUN_BYTES) {
      literal(byte)
      at = putHead(out, at, (Math.min(end * 8, rows) - byte * 8) * 2)
      out[at++] = value & 1
      start = end
    }
    byte = end
  }
  literal(size)
  new DataView(out.buffer).setUint32(0, at - 4, true)
  return out.slice(0, at)
}

function putHead(out: Uint8Array, start: number, head: number): number {
  let at = start
  let rest = head
  for (; rest >= 128; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 128
  out[at++] = rest
  return at
}
