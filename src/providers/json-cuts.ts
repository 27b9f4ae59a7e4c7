/**
 * JSON of which some values are read by other means: they are cut out of the bytes, and the rest is parsed.
 * @module
 */

/** Place of a value in the bytes of an answer, end exclusive. */
export interface Cut {
  readonly start: number
  readonly end: number
}

/** Stands for a value that was cut out, with its number behind: letters alone, so that escapes of it are known. */
const MARK = 'cutoutvalue'
const ESCAPED_LETTER = /\\u00[67]/i

/** Number of the cut whose mark this is, or -1. */
export function cutOf(value: unknown): number {
  return typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : -1
}

/**
 * What stands around the cuts, which are values, ascending: in the place of each stands a text that {@link cutOf} knows.
 * Undefined where it is no JSON, or where a text of the answer could be taken for such a mark.
 */
export function parseAround(bytes: Uint8Array, cuts: readonly Cut[]): unknown {
  const encoder = new TextEncoder()
  const parts: Uint8Array[] = []
  let done = 0
  for (const [i, { start, end }] of cuts.entries()) {
    parts.push(bytes.subarray(done, start), encoder.encode(`"${MARK}${i}"`))
    done = end
  }
  parts.push(bytes.subarray(done))
  const text = new TextDecoder().decode(joined(parts))
  if (text.split(MARK).length - 1 !== cuts.length || ESCAPED_LETTER.test(text)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** In one piece, because a decoder drops a mark of byte order in front of each. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
