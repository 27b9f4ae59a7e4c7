/**
 * Which bytes of a file a read needs, in as few reads as pay.
 * @module
 */
import { corrupt } from './faults.ts'
import type { Chunk, Leaf } from './layout.ts'
import type { ChunkWindow } from './decode-chunk.ts'
import type { ReadPart } from './types.ts'

/** Bytes between two chunks that are read along: fewer cost less than another read. */
const GAP_BYTES = 32_768
/** Longest stretch read at once, unless one chunk is longer. */
const SPAN_BYTES = 4_194_304

/** One column of one row group that is to be decoded. */
export interface Task {
  /** Position of the column among those wanted. */
  readonly column: number
  readonly leaf: Leaf
  readonly chunk: Chunk
  readonly window: ChunkWindow
}

/** Neighbouring chunks that are read at once. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly tasks: readonly Task[]
}

/**
 * The chunks that hold rows of the part, in the order of the file. `leaves` are the wanted columns; those that the
 * file lacks are undefined. The part's first row goes to row `at` of the targets.
 */
export function tasksOf(
  { footer, startRow, endRow }: ReadPart,
  leaves: readonly (Leaf | undefined)[],
  at: number,
): Task[] {
  const tasks: Task[] = []
  for (const group of footer.groups) {
    const start = Math.max(startRow - group.startRow, 0)
    const end = Math.min(endRow - group.startRow, group.rows)
    if (start >= end) continue
    const window = { rows: group.rows, startRow: start, endRow: end, at: at + group.startRow + start - startRow }
    for (const [column, leaf] of leaves.entries()) {
      if (leaf === undefined) continue
      const chunk = group.chunks[leaf.index]
      if (chunk === undefined) throw corrupt(`column ${leaf.name}: a row group lacks it`)
      tasks.push({ column, leaf, chunk, window })
    }
  }
  return tasks.sort((a, b) => a.chunk.start - b.chunk.start)
}

/** Puts neighbouring chunks together. */
export function spansOf(tasks: readonly Task[], most: number = SPAN_BYTES): Span[] {
  const spans: { start: number; end: number; tasks: Task[] }[] = []
  for (const task of tasks) {
    const { start, length } = task.chunk
    const end = start + length
    const last = spans.at(-1)
    if (last !== undefined && start - last.end <= GAP_BYTES && end - last.start <= most) {
      last.end = Math.max(last.end, end)
      last.tasks.push(task)
    } else spans.push({ start, end, tasks: [task] })
  }
  return spans
}
