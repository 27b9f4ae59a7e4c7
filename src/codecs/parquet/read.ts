/**
 * Reads rows of several files, one after another, into one contiguous set that is allocated once.
 * @module
 */
import type { Column, Columns } from '../../contract/columns.ts'
import { ConfigError } from '../../contract/errors.ts'
import { decodeChunk, type DecodeContext } from './decode-chunk.ts'
import { corrupt, unsupported } from './faults.ts'
import type { Leaf } from './layout.ts'
import { isSync, load, loadSync } from './load.ts'
import { createPace, type Pace } from './pace.ts'
import { spansOf, tasksOf, type Span, type Task } from './plan.ts'
import { readDirect } from './read-direct.ts'
import { createReadScratch, type ReadScratch } from './read-scratch.ts'
import { readViews } from './read-views.ts'
import { columnOf, createTarget, putNulls, type Target } from './target.ts'
import type { ReadOptions, ReadPart } from './types.ts'

const YIELD_AFTER_MS = 8
/** Longest stretch of a large file that is read at once; small enough to stay in the processor's cache. */
const PREFETCH_BYTES = 1_048_576

/** What one call of {@link readColumns} works with. */
interface Reader {
  readonly context: DecodeContext
  readonly pace: Pace
  readonly targets: readonly Target[]
  readonly loads: ReadScratch['loads']
}

/**
 * Decodes the parts' rows, one part after another, into one contiguous set. A column that a part lacks is null there.
 * A single small file whose pages are plain is handed out as views of its bytes.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 * @throws {DataError} `data/schema-mismatch` where a buffer of `into` does not fit
 * @throws the signal's reason when aborted
 */
export async function readColumns(parts: readonly ReadPart[], options: ReadOptions): Promise<Columns> {
  options.signal?.throwIfAborted()
  const leaves = parts.map((part) => leavesOf(part, options))
  const targets = await readTargets(parts, leaves, options)
  if (targets.some(({ name, valid }) => name === 'timestamp' && valid !== undefined)) {
    throw corrupt('column timestamp: a row has none')
  }
  const entries = targets.map((target): [string, Column] => [target.name, columnOf(target)])
  return Object.fromEntries(entries) as unknown as Columns
}

/** Columns to read, by name and type, without a unit of time. */
export type TargetOptions = Omit<ReadOptions, 'timeUnit'>

/**
 * Decodes the rows of all parts. `leaves` holds, for each part, its column for each one wanted, or undefined.
 * @throws as {@link readColumns}
 */
export async function readTargets(
  parts: readonly ReadPart[],
  leaves: readonly (readonly (Leaf | undefined)[])[],
  options: TargetOptions,
): Promise<readonly Target[]> {
  const { signal, compressors = {}, verify = false, yieldAfterMs = YIELD_AFTER_MS, now = monotonic } = options
  const { unpacking, loads } = options.scratch ?? createReadScratch()
  const context = { compressors, verify, scratch: unpacking }
  const only = parts.length === 1 ? parts[0] : undefined
  const views = only && readViews(only, leaves[0] ?? [], options, context)
  const rows = parts.reduce((sum, part) => sum + part.endRow - part.startRow, 0)
  const targets = roomFor(options, rows, views?.columns)
  const reader: Reader = {
    context,
    targets,
    pace: createPace(yieldAfterMs, now, signal),
    loads,
  }
  let at = 0
  for (const [i, part] of parts.entries()) {
    const size = part.endRow - part.startRow
    const wanted = leaves[i] ?? []
    for (const [column, target] of targets.entries()) {
      if (wanted[column] === undefined) putNulls(target, at, at + size)
    }
    const tasks = tasksOf(part, wanted, at)
    if (views !== undefined) {
      const rest = tasks.filter(({ column }) => views.columns[column] === undefined)
      await decodeSpan({ ...views.span, tasks: rest }, views.bytes, reader)
    } else if (isSync(part.source)) await readSmall(part, tasks, reader)
    else await readLarge(part, tasks, reader)
    at += size
  }
  return targets
}

function monotonic(): number {
  return performance.now()
}

/** The file's columns that are wanted, in the order wanted; undefined where it lacks one. */
function leavesOf({ footer, startRow, endRow }: ReadPart, { columns, timeUnit }: ReadOptions): (Leaf | undefined)[] {
  if (
    !(
      Number.isInteger(startRow) &&
      Number.isInteger(endRow) &&
      0 <= startRow &&
      startRow <= endRow &&
      endRow <= footer.rows
    )
  ) {
    const value = `[${startRow}, ${endRow})`
    throw new ConfigError('config/range', `rows: ${value} is no range within ${footer.rows} rows`, {
      field: 'rows',
      value,
    })
  }
  if (!footer.own) throw unsupported('the file holds columns that no series has: read it with file()')
  return columns.map((column) => {
    const leaf = footer.leaves.find((candidate) => candidate?.name === column.name)
    if (leaf === undefined) return undefined
    if (leaf.type !== column.type)
      throw corrupt(`column ${leaf.name}: stored as ${leaf.type} instead of ${column.type}`)
    if (leaf.type === 'timestamp' && leaf.timeUnit !== timeUnit) {
      throw corrupt(`column ${leaf.name}: stored in ${String(leaf.timeUnit)} instead of ${timeUnit}`)
    }
    return leaf
  })
}

function roomFor(
  options: TargetOptions,
  rows: number,
  views: readonly (Target['values'] | undefined)[] = [],
): Target[] {
  try {
    return options.columns.map((column, i) => {
      const view = views[i]
      const into = options.into?.[column.name]
      return createTarget(column, rows, view ?? into, view === undefined ? options.allocate : undefined)
    })
  } catch (error) {
    if (error instanceof RangeError) throw unsupported(`${rows} rows are more than memory holds: read them in batches`)
    throw error
  }
}

async function readSmall({ source }: ReadPart, tasks: readonly Task[], reader: Reader): Promise<void> {
  const rest = tasks.filter((task) => !readDirect(source, task, reader.targets[task.column] as Target, reader.context))
  for (const span of spansOf(rest)) await decodeSpan(span, loadSync(source, span, reader.loads[0]), reader)
}

/** Reads the next span while one is decoded. */
async function readLarge({ source }: ReadPart, tasks: readonly Task[], reader: Reader): Promise<void> {
  const spans = spansOf(tasks, PREFETCH_BYTES)
  const start = (i: number): Promise<Uint8Array> | undefined => {
    const span = spans[i]
    const bytes = span && load(source, span, reader.loads[i % 2 === 0 ? 0 : 1])
    // A read that fails while another span is decoded is reported when its turn comes.
    bytes?.catch(() => undefined)
    return bytes
  }
  let next = start(0)
  try {
    for (const [i, span] of spans.entries()) {
      const bytes = (await next) as Uint8Array
      next = start(i + 1)
      await decodeSpan(span, bytes, reader)
    }
  } finally {
    await next?.catch(() => undefined)
  }
}

async function decodeSpan(span: Span, bytes: Uint8Array, { context, pace, targets }: Reader): Promise<void> {
  for (const { leaf, chunk, window, column } of span.tasks) {
    const start = chunk.start - span.start
    const pages = bytes.subarray(start, start + chunk.length)
    for (const _ of decodeChunk(pages, leaf, chunk, window, targets[column] as Target, context)) {
      if (pace.isDue()) await pace.turn()
    }
  }
}
