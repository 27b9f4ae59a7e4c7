/**
 * Undoes LZ4's block format.
 *
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 * @module
 */
import { copyLiteral, copyWithin } from './decompress-snappy.ts'
import { corrupt } from './faults.ts'

const MIN_MATCH = 4

/**
 * Decompresses one block into exactly `size` bytes.
 * @throws {StorageError} `storage/corrupt`
 */
export function decompressLz4(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  const cursor = { at: 0 }
  let filled = 0
  while (cursor.at < bytes.length) {
    const token = bytes[cursor.at++] as number
    const literal = longLength(bytes, cursor, token >> 4)
    if (cursor.at + literal > bytes.length || filled + literal > size) throw fault()
    copyLiteral(bytes, cursor.at, out, filled, literal)
    cursor.at += literal
    filled += literal
    if (cursor.at === bytes.length) break
    if (cursor.at + 2 > bytes.length) throw fault()
    const offset = (bytes[cursor.at] as number) + (bytes[cursor.at + 1] as number) * 256
    cursor.at += 2
    const length = longLength(bytes, cursor, token & 15) + MIN_MATCH
    if (offset === 0 || offset > filled || filled + length > size) throw fault()
    copyWithin(out, filled - offset, filled, length)
    filled += length
  }
  if (filled !== size) throw fault()
  return out
}

/** A length whose first four bits are known; 15 goes on in the next bytes. */
function longLength(bytes: Uint8Array, cursor: { at: number }, start: number): number {
  let length = start
  if (start < 15) return length
  for (;;) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw fault()
    length += byte
    if (byte < 255) return length
  }
}

function fault(): Error {
  return corrupt('an lz4 block contradicts itself')
}
