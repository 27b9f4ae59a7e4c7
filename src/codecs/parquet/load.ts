/**
 * Brings bytes of a file into memory such that what is aligned in the file is aligned there.
 * @module
 */
import type { Span } from './plan.ts'
import type { ByteSource } from './types.ts'

/** Files up to this size are read synchronously unless told: from the page cache that is faster than any queue. */
const SYNC_BYTES = 4_194_304

/** Memory that reads go to, used again; belongs to one reader. */
export interface LoadBuffer {
  bytes: Uint8Array
}

/** Is the file read synchronously, or in memory? */
export function isSync(source: ByteSource): boolean {
  return source.bytes !== undefined || (source.sync ?? source.size <= SYNC_BYTES)
}

/** Room for a span in the buffer, which grows as needed. */
function roomFor(span: Span, buffer: LoadBuffer): Uint8Array {
  const lead = span.start % 8
  const length = span.end - span.start
  if (buffer.bytes.length < lead + length) {
    buffer.bytes = new Uint8Array(Math.max(lead + length, 2 * buffer.bytes.length))
  }
  return buffer.bytes.subarray(lead, lead + length)
}

/** Reads a span; the result is valid until the buffer is used again. */
export function loadSync(source: ByteSource, span: Span, buffer: LoadBuffer): Uint8Array {
  if (source.bytes !== undefined) return source.bytes.subarray(span.start, span.end)
  const room = roomFor(span, buffer)
  source.readSync(room, span.start)
  return room
}

/** Reads a span without blocking; the result is valid until the buffer is used again. */
export async function load(source: ByteSource, span: Span, buffer: LoadBuffer): Promise<Uint8Array> {
  const room = roomFor(span, buffer)
  await source.read(room, span.start)
  return room
}
