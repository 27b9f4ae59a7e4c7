/**
 * Reads a small file at once and finds the columns that need no decoding at all.
 * @module
 */
import { viewChunk, type DecodeContext } from './decode-chunk.ts'
import type { Leaf } from './layout.ts'
import { isSync, loadSync } from './load.ts'
import { spansOf, tasksOf, type Span } from './plan.ts'
import type { ReadOptions, ReadPart } from './types.ts'

/** A view keeps the whole file in memory: views together must be at least this share of it. */
const WORTH = 0.5
const NO_BYTES = new Uint8Array(0)

/** Bytes of a file, and which of the wanted columns are views of them. */
export interface Views {
  readonly span: Span
  readonly bytes: Uint8Array
  readonly columns: readonly (Float64Array | BigInt64Array | undefined)[]
}

/**
 * Tries to serve a part by views of its file's bytes, which nobody writes to again; not where the caller
 * has room of its own.
 * @returns undefined, with nothing read or kept, where that cannot be or would waste memory
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function readViews(
  part: ReadPart,
  leaves: readonly (Leaf | undefined)[],
  options: Pick<ReadOptions, 'into' | 'allocate'>,
  context: DecodeContext,
): Views | undefined {
  if (options.into !== undefined || !isSync(part.source)) return undefined
  const tasks = tasksOf(part, leaves, 0)
  const [span, ...others] = spansOf(tasks)
  const first = tasks[0]
  if (span === undefined || first === undefined || others.length > 0) return undefined
  if (tasks.some(({ window }) => window !== first.window)) return undefined
  const { startRow, endRow, rows } = first.window
  const size = (endRow - startRow) * 8
  const candidates = tasks.filter(({ chunk, leaf }) => !leaf.optional && chunk.length >= rows * 8)
  if (candidates.length * size < WORTH * (span.end - span.start)) return undefined
  const room = part.source.bytes === undefined ? roomFor(span, options.allocate) : NO_BYTES
  const bytes = loadSync(part.source, span, { bytes: room })
  const columns: (Float64Array | BigInt64Array | undefined)[] = leaves.map(() => undefined)
  let viewed = 0
  for (const { chunk, leaf, column } of candidates) {
    const start = chunk.start - span.start
    const view = viewChunk(bytes.subarray(start, start + chunk.length), leaf, chunk, rows, context)
    if (view === undefined) continue
    columns[column] = view.subarray(startRow, endRow)
    viewed += size
  }
  return viewed >= WORTH * bytes.length
    ? { span, bytes, columns }
    : { span, bytes, columns: leaves.map(() => undefined) }
}

function roomFor({ start, end }: Span, allocate: ReadOptions['allocate']): Uint8Array {
  const size = end - start + (start % 8)
  return allocate === undefined ? new Uint8Array(size) : new Uint8Array(allocate(size), 0, size)
}
