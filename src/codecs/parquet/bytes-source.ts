/**
 * A file that lies in memory.
 * @module
 */
import { corrupt } from './faults.ts'
import type { ByteSource } from './types.ts'

/** Serves bytes that never change from now on; columns read from it may be views of them. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  const readSync = (target: Uint8Array, position: number): void => {
    if (position < 0 || position + target.length > bytes.length) throw corrupt(`read beyond the end, at ${position}`)
    target.set(bytes.subarray(position, position + target.length))
  }
  return { size: bytes.length, bytes, readSync, read: async (target, position) => readSync(target, position) }
}
