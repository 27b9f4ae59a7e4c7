/**
 * Decodes texts whose lengths, or shared beginnings, are written as deltas.
 *
 * https://github.com/apache/parquet-format/blob/master/Encodings.md (DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY)
 * @module
 */
import { decodeDelta } from './decode-delta.ts'
import { corrupt } from './faults.ts'
import { codeOf, type TextPool } from './text-pool.ts'

/** Lengths below 2^31 from the start of a page, and the position after them. */
function lengths(bytes: Uint8Array, count: number): { readonly sizes: Float64Array; readonly end: number } {
  const raw = new BigInt64Array(count)
  const end = decodeDelta(bytes, count, raw, 0)
  const sizes = Float64Array.from(raw, Number)
  if (sizes.some((size) => size < 0 || size > bytes.length * 65_536)) throw corrupt('a text has an impossible length')
  return { sizes, end }
}

/**
 * Numbers of `count` texts, all lengths first, into `out` from `at` on.
 * @throws {StorageError} `storage/corrupt`
 */
export function decodeDeltaLengthTexts(
  bytes: Uint8Array,
  count: number,
  out: Int32Array,
  at: number,
  pool: TextPool,
): void {
  const { sizes, end } = lengths(bytes, count)
  let position = end
  for (let i = 0; i < count; i++) {
    const next = position + (sizes[i] as number)
    if (next > bytes.length) throw corrupt('a text is longer than its page')
    out[at + i] = codeOf(pool, bytes, position, next)
    position = next
  }
}

/** Longest text, and longest sum of all texts of a page, that beginnings of others are put together to. */
const MAX_TEXT_BYTES = 1 << 20
const MAX_PAGE_BYTES = 1 << 28

/**
 * Numbers of `count` texts, each the beginning of the one before and an end of its own, into `out` from `at` on.
 * @throws {StorageError} `storage/corrupt`
 */
export function decodeDeltaTexts(bytes: Uint8Array, count: number, out: Int32Array, at: number, pool: TextPool): void {
  const prefixes = lengths(bytes, count)
  const rest = bytes.subarray(prefixes.end)
  const suffixes = lengths(rest, count)
  let position = suffixes.end
  let text = new Uint8Array(256)
  let length = 0
  let sum = 0
  for (let i = 0; i < count; i++) {
    const shared = prefixes.sizes[i] as number
    const own = suffixes.sizes[i] as number
    if (shared > length || position + own > rest.length) throw corrupt('a text is longer than its page')
    sum += shared + own
    if (shared + own > MAX_TEXT_BYTES || sum > MAX_PAGE_BYTES) throw corrupt(`the texts of a page have ${sum} bytes`)
    if (shared + own > text.length) {
      const wider = new Uint8Array(2 * (shared + own))
      wider.set(text.subarray(0, shared))
      text = wider
    }
    text.set(rest.subarray(position, position + own), shared)
    length = shared + own
    out[at + i] = codeOf(pool, text, 0, length)
    position += own
  }
}
