/**
 * Distinct texts of a column, numbered in order of appearance over all files that it is read from.
 * @module
 */
import { corrupt } from './faults.ts'

/** Numbers texts. */
export interface TextPool {
  readonly codes: Map<string, number>
  readonly decoder: InstanceType<typeof TextDecoder>
}

/** A pool without texts. */
export function createTextPool(): TextPool {
  return { codes: new Map(), decoder: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }) }
}

/**
 * Number of the text that `bytes[start, end)` spell in UTF-8.
 * @throws {TypeError} where they are no UTF-8
 */
export function codeOf(pool: TextPool, bytes: Uint8Array, start: number, end: number): number {
  const text = pool.decoder.decode(bytes.subarray(start, end))
  const known = pool.codes.get(text)
  if (known !== undefined) return known
  pool.codes.set(text, pool.codes.size)
  return pool.codes.size - 1
}

/**
 * Numbers of `count` texts, each after its length in four bytes, into `out` from `at` on.
 * @throws {StorageError} `storage/corrupt`
 */
export function decodePlainTexts(bytes: Uint8Array, count: number, out: Int32Array, at: number, pool: TextPool): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let position = 0
  for (let i = 0; i < count; i++) {
    const start = position + 4
    const end = start <= bytes.length ? start + view.getUint32(position, true) : Infinity
    if (end > bytes.length) throw corrupt('a text is longer than its page')
    out[at + i] = codeOf(pool, bytes, start, end)
    position = end
  }
}
