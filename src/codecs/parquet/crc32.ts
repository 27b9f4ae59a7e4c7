/**
 * CRC-32 of pages, for platforms that bring none.
 *
 * The polynomial of zlib, 0xEDB88320, four bytes a step: https://www.rfc-editor.org/rfc/rfc1952 (section 8)
 * @module
 */

const TABLES: readonly Uint32Array[] = tables()

function tables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb8_8320 : rest >>> 1
    return rest
  })
  const all = [first]
  for (let i = 1; i < 4; i++) {
    const before = all[i - 1] as Uint32Array
    all.push(before.map((value) => (value >>> 8) ^ (first[value & 0xff] as number)))
  }
  return all
}

/** CRC-32 of bytes, unsigned. `seed` is the result for the bytes before them. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  const [t0, t1, t2, t3] = TABLES as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]
  let crc = ~seed
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 0xff]!
  return ~crc >>> 0
}
