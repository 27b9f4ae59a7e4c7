/**
 * Undoes Snappy's raw format.
 *
 * https://github.com/google/snappy/blob/main/format_description.txt
 * @module
 */
import { corrupt } from './faults.ts'

/**
 * Decompresses one block into exactly `size` bytes.
 * @throws {StorageError} `storage/corrupt`
 */
export function decompressSnappy(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  let at = 0
  let claimed = 0
  for (let unit = 1; ; unit *= 128) {
    const byte = bytes[at++] ?? 0
    claimed += (byte & 0x7f) * unit
    if (byte < 0x80) break
    if (unit > 2 ** 28) throw fault()
  }
  if (claimed !== size) throw corrupt(`a snappy block holds ${claimed} bytes, its page says ${size}`)
  let filled = 0
  while (at < bytes.length) {
    const tag = bytes[at++] as number
    const kind = tag & 3
    let length = (tag >> 2) + 1
    let offset = 0
    if (kind === 0) {
      if (length > 60) {
        const extra = length - 60
        length = little(bytes, at, extra) + 1
        at += extra
      }
      if (at + length > bytes.length || filled + length > size) throw fault()
      copyLiteral(bytes, at, out, filled, length)
      at += length
      filled += length
      continue
    }
    if (kind === 1) {
      length = ((tag >> 2) & 7) + 4
      offset = (tag >> 5) * 256 + little(bytes, at, 1)
    } else offset = little(bytes, at, kind === 2 ? 2 : 4)
    at += kind === 3 ? 4 : kind
    if (offset === 0 || offset > filled || filled + length > size) throw fault()
    copyWithin(out, filled - offset, filled, length)
    filled += length
  }
  if (filled !== size) throw fault()
  return out
}

/** A little-endian number of 1 to 4 bytes. */
function little(bytes: Uint8Array, at: number, size: number): number {
  if (at + size > bytes.length) throw fault()
  let value = 0
  for (let i = at + size - 1; i >= at; i--) value = value * 256 + (bytes[i] as number)
  return value
}

function fault(): Error {
  return corrupt('a snappy block contradicts itself')
}

/** Lengths from which on a call of the platform is faster than a loop. */
const LONG = 32

/** Copies bytes between arrays. */
export function copyLiteral(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  if (length >= LONG) to.set(from.subarray(start, start + length), at)
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number
}

/** Repeats earlier bytes; where both stretches overlap, bytes just written are repeated. */
export function copyWithin(bytes: Uint8Array, start: number, at: number, length: number): void {
  if (length >= LONG && start + length <= at) bytes.copyWithin(at, start, start + length)
  else for (let i = 0; i < length; i++) bytes[at + i] = bytes[start + i] as number
}
