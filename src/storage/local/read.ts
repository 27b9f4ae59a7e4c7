/**
 * Reading a version: whole ranges in one contiguous set, or batches in bounded memory. Never takes a lock.
 * @module
 */
import type { ReadPart } from '../../codecs/parquet/index.ts'
import { type Columns } from '../../contract/columns.ts'
import { ticksOf } from '../../contract/ticks.ts'
import { REVISION_COLUMNS } from '../../contract/schema.ts'
import type { ReadBuffers, ReadRequest, Snapshot, StoredColumn } from '../../contract/storage.ts'
import { chooseColumns, projectColumns } from '../column-shape.ts'
import { fileFault } from './damage.ts'
import { openDataFile } from './data-file.ts'
import { type DataFile, dataName } from './layout.ts'
import { localSnapshot } from './local-snapshot.ts'
import { type TickRange, partOf, readFiles, readParts } from './read-files.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import { type Desk, type LocalStore, deskOf } from './store.ts'

interface ReadPlan {
  readonly desk: Desk
  readonly snapshot: LocalSnapshot
  readonly files: readonly DataFile[]
  readonly columns: readonly StoredColumn[]
  readonly range?: TickRange
}

function planRead(store: LocalStore, given: Snapshot, request: ReadRequest): ReadPlan {
  const snapshot = localSnapshot(store, given)
  const desk = deskOf(store, snapshot.series)
  const table = request.table ?? 'rows'
  const stored = {
    rows: snapshot.columns,
    revisions: snapshot.revisions === 0 ? [] : REVISION_COLUMNS,
    rejects: snapshot.rejectColumns,
  }[table]
  const columns = chooseColumns(desk.series.schema, table, stored, request.columns)
  const all = snapshot.files[table]
  if (request.range === undefined) return { desk, snapshot, columns, files: all }
  const range = {
    start: ticksOf(request.range.startMs, desk.timeUnit),
    end: ticksOf(request.range.endMs, desk.timeUnit),
  }
  const files = all.filter(({ first, last }) => first < range.end && last >= range.start)
  return { desk, snapshot, columns, files, range }
}

/** Keeps files from being removed by this process while `work` reads them. */
function hold({ held }: Desk, files: readonly DataFile[]): () => void {
  const names = files.map(dataName)
  for (const name of names) held.set(name, (held.get(name) ?? 0) + 1)
  return () => {
    for (const name of names) {
      const left = (held.get(name) ?? 1) - 1
      if (left === 0) held.delete(name)
      else held.set(name, left)
    }
  }
}

/**
 * Rows in one contiguous set.
 * @throws {StorageError} `storage/snapshot-expired`, `storage/corrupt`; {ConfigError} `config/option` for an unknown column
 */
export async function readSnapshot(
  store: LocalStore,
  given: Snapshot,
  request: ReadRequest,
  { into, signal }: { readonly into?: ReadBuffers; readonly signal?: AbortSignal } = {},
): Promise<Columns> {
  signal?.throwIfAborted()
  const { desk, snapshot, files, columns, range } = planRead(store, given, request)
  if (files.length === 0) return projectColumns(null, columns)
  const release = hold(desk, files)
  try {
    return await readFiles(store, desk, files, {
      columns,
      ...(range === undefined ? {} : { range }),
      ...(into === undefined ? {} : { into }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw await fileFault(store, desk, snapshot, error, files)
  } finally {
    release()
  }
}

/** Rows that a batch has at least, where the caller names no size: whole row groups are joined up to it. */
const BATCH_ROWS = 32_768

/** The same rows in batches; the next is read when it is asked for. Nothing stays open between two batches. */
export async function* scanSnapshot(
  store: LocalStore,
  given: Snapshot,
  request: ReadRequest & { readonly batchRows?: number },
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Columns, void, undefined> {
  signal?.throwIfAborted()
  const { desk, snapshot, files, columns, range } = planRead(store, given, request)
  const release = hold(desk, files)
  try {
    const options = { columns, ...(signal === undefined ? {} : { signal }) }
    const bytesPerRow = 8 * columns.length
    let unrested = 0
    for await (const parts of batchesOf(store, desk, files, range, request.batchRows)) {
      await turn()
      unrested += rowsOf(parts) * bytesPerRow
      if (unrested > REST_BYTES) {
        await rest()
        unrested = 0
      }
      signal?.throwIfAborted()
      yield await readParts(store, desk, parts, options)
    }
  } catch (error) {
    if (signal?.aborted) throw error
    throw await fileFault(store, desk, snapshot, error, files)
  } finally {
    release()
  }
}

/**
 * Batches are made faster than the collector frees those that were used. A turn for each and a rest after so many bytes
 * keep the garbage near 100 MB, for a sixth of the speed.
 */
const REST_BYTES = 16 * 2 ** 20
const REST_MS = 6

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, REST_MS))

const rowsOf = (parts: readonly ReadPart[]): number =>
  parts.reduce((sum, { startRow, endRow }) => sum + endRow - startRow, 0)

/** Groups the rows of files into batches: of exactly `batchRows` if given, else of whole row groups. */
async function* batchesOf(
  store: LocalStore,
  desk: Desk,
  files: readonly DataFile[],
  range: TickRange | undefined,
  batchRows: number | undefined,
): AsyncGenerator<ReadPart[], void, undefined> {
  const target = Math.max(1, Math.trunc(batchRows ?? BATCH_ROWS))
  let batch: ReadPart[] = []
  let rows = 0
  for (const file of files) {
    const opened = await openDataFile(store, desk, file, { keep: false })
    const whole = partOf(store, opened, range)
    const borders = batchRows === undefined ? opened.footer.groups.map((group) => group.startRow + group.rows) : []
    let { startRow } = whole
    while (startRow < whole.endRow) {
      const border = borders.find((row) => row > startRow) ?? startRow + target - rows
      const endRow = Math.min(border, whole.endRow)
      batch.push({ ...whole, startRow, endRow })
      rows += endRow - startRow
      startRow = endRow
      if (rows >= target) {
        yield batch
        batch = []
        rows = 0
      }
    }
  }
  if (batch.length > 0) yield batch
}
