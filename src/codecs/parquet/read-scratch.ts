/**
 * Memory that reads use again, one read at a time.
 * @module
 */
import { createScratch, type Scratch } from './decode-dictionary.ts'
import type { LoadBuffer } from './load.ts'

/** Memory that one read works with; the next may have it once that one has ended. */
export interface ReadScratch {
  readonly unpacking: Scratch
  /** Two, so that one is filled while the other is decoded. */
  readonly loads: readonly [LoadBuffer, LoadBuffer]
}

/** Fresh memory, of no size yet. */
export function createReadScratch(): ReadScratch {
  return { unpacking: createScratch(), loads: [emptyLoad(), emptyLoad()] }
}

/** Bytes that it holds. */
export function scratchBytes({ unpacking, loads }: ReadScratch): number {
  return loads.reduce((sum, { bytes }) => sum + bytes.length, unpacking.words.byteLength)
}

function emptyLoad(): LoadBuffer {
  return { bytes: new Uint8Array(0) }
}
