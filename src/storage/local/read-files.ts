/**
 * Rows of several files in one contiguous set.
 * @module
 */
import type { ReadPart } from '../../codecs/parquet/index.ts'
import type { Columns } from '../../contract/columns.ts'
import { hasCode } from '../../contract/errors.ts'
import type { ReadBuffers, StoredColumn } from '../../contract/storage.ts'
import { unionShapes } from '../column-shape.ts'
import { type OpenDataFile, openDataFile } from './data-file.ts'
import { DamagedDataFile } from './file-bytes.ts'
import type { DataFile } from './layout.ts'
import type { Desk, LocalStore } from './store.ts'
import { createTurns } from './turns.ts'

/** Rows in `[start, end)` ticks. */
export interface TickRange {
  /** Inclusive. */
  readonly start: bigint
  /** Exclusive. */
  readonly end: bigint
}

/** What is read of the files. */
export interface ReadFilesOptions {
  /** @default all rows */
  readonly range?: TickRange
  /** `timestamp` first. @default all columns of the files */
  readonly columns?: readonly StoredColumn[]
  readonly into?: ReadBuffers
  readonly signal?: AbortSignal
}

/** Bytes of whole files that one read keeps in memory beside its result. */
const MAX_HELD_BYTES = 256 * 2 ** 20
/** Memory that waits for the next read: a few pieces, none large. */
const MOST_SCRATCHES = 4
const MAX_SCRATCH_BYTES = 6 * 2 ** 20

/**
 * Reads rows of files, which are given in ascending order of time.
 * @throws {MissingDataFile} or {DamagedDataFile}
 */
export async function readFiles(
  store: LocalStore,
  desk: Desk,
  files: readonly DataFile[],
  options: ReadFilesOptions = {},
): Promise<Columns> {
  const parts: ReadPart[] = []
  let held = 0
  let shape: readonly StoredColumn[] = []
  const turns = createTurns()
  for (const file of files) {
    await turns()
    options.signal?.throwIfAborted()
    const opened = await openDataFile(store, desk, file)
    held += opened.whole?.length ?? 0
    parts.push(partOf(store, held > MAX_HELD_BYTES ? { ...opened, source: opened.onDemand } : opened, options.range))
    if (options.columns === undefined) shape = unionShapes(desk.series.schema, file.table, shape, opened.footer.columns)
  }
  return await readParts(store, desk, parts, { ...options, columns: options.columns ?? shape })
}

/** Reads rows of files that were opened. */
export async function readParts(
  store: LocalStore,
  desk: Desk,
  parts: readonly ReadPart[],
  { columns, into, signal }: ReadFilesOptions & { readonly columns: readonly StoredColumn[] },
): Promise<Columns> {
  const scratch = store.scratches.pop() ?? store.codec.parquet.createReadScratch()
  try {
    return await store.codec.parquet.readColumns(parts, {
      columns,
      timeUnit: desk.timeUnit,
      compressors: store.compressors,
      scratch,
      // Zeroing memory that is written whole costs as much as writing it.
      allocate: (bytes) => Buffer.allocUnsafeSlow(bytes).buffer,
      ...(into === undefined ? {} : { into }),
      ...(signal === undefined ? {} : { signal }),
    })
  } finally {
    const { scratches } = store
    if (scratches.length < MOST_SCRATCHES && store.codec.parquet.scratchBytes(scratch) <= MAX_SCRATCH_BYTES) {
      scratches.push(scratch)
    }
  }
}

/** The rows of a file that lie in a range. */
export function partOf(
  store: LocalStore,
  { file, source, footer }: OpenDataFile,
  range: TickRange | undefined,
): ReadPart {
  if (range === undefined || (range.start <= file.first && file.last < range.end)) {
    return { source, footer, startRow: 0, endRow: footer.rows }
  }
  try {
    return {
      source,
      footer,
      ...store.codec.parquet.findRows(source, footer, range.start, range.end, store.compressors),
    }
  } catch (error) {
    if (hasCode(error, 'storage/corrupt')) throw new DamagedDataFile(file, (error as Error).message)
    throw error
  }
}
