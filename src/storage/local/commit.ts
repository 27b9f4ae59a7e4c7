/**
 * One commit: new files, then the next version that names them, then the view and the history rule.
 * @module
 */
import pLimit from 'p-limit'
import { rowCount } from '../../contract/columns.ts'
import { hasCode, isDataClientError } from '../../contract/errors.ts'
import type { Series } from '../../contract/series.ts'
import type { Change, Snapshot, SnapshotMeta, StoredColumn, TableName } from '../../contract/storage.ts'
import { shapeOf, unionShapes } from '../column-shape.ts'
import { alreadyCommitted, changesNothing, checkChange, conflict, nextFacts } from '../next-version.ts'
import { type Counts, type Edit, NONE, addCounts, applyEdits, editsOf, insertOf } from '../row-edits.ts'
import { fileFault } from './damage.ts'
import { type Origin, dataPath, writeDataFile } from './data-file.ts'
import { DamagedDataFile, MissingDataFile } from './file-bytes.ts'
import { warnIfDiskLow } from './disk-space.ts'
import { storageFault } from './faults.ts'
import { ensureFolder, folderOf, isCode, makeFolders, removeFile, syncPath } from './fs-port.ts'
import type { DataFile } from './layout.ts'
import { readHead } from './log.ts'
import { choosePartition } from './partition.ts'
import { publish } from './publish.ts'
import { confirmVersion } from './put-version.ts'
import { readFiles } from './read-files.ts'
import { type SegmentTask, planSegments } from './segments.ts'
import type { LocalSnapshot, SnapshotContent } from './snapshot-format.ts'
import { type Desk, type LocalStore, deskOf } from './store.ts'

/**
 * Puts the next version, if `base` is still the newest.
 * @throws {StorageError} `storage/conflict`, `storage/full`, `storage/read-only`, `storage/unknown-outcome`,
 *   `storage/corrupt`
 */
export async function commitChange(
  store: LocalStore,
  series: Series,
  base: Snapshot | null,
  change: Change,
): Promise<LocalSnapshot> {
  checkChange(change)
  const desk = deskOf(store, series)
  try {
    return await desk.commits.runExclusive(() => commitHeld(store, desk, base, change))
  } catch (error) {
    const fault = await fileFault(store, desk, base !== null && 'files' in base ? (base as LocalSnapshot) : null, error)
    // Others were so fast that the base went while its files were read.
    if (hasCode(fault, 'storage/snapshot-expired'))
      throw conflict(desk.series, change.opId, 'its base is no longer kept')
    throw fault
  }
}

async function commitHeld(
  store: LocalStore,
  desk: Desk,
  base: Snapshot | null,
  change: Change,
): Promise<LocalSnapshot> {
  if (desk.poison !== null) throw desk.poison
  const head = await readHead(store, desk)
  const done = alreadyCommitted(desk.series, head, base, change.opId)
  if (done !== null) return await confirmVersion(store, desk, done, change.opId)
  const written: DataFile[] = []
  try {
    const content = await prepare(store, desk, head, change, written)
    if (content === null) return await confirmVersion(store, desk, head as LocalSnapshot, change.opId)
    return await publish(store, desk, content, head, change.opId)
  } catch (error) {
    throw await failed(store, desk, change.opId, written, error)
  }
}

/** Writes the files of a change and says what the next version holds; null where the change changes nothing. */
async function prepare(
  store: LocalStore,
  desk: Desk,
  head: LocalSnapshot | null,
  change: Change,
  written: DataFile[],
): Promise<SnapshotContent | null> {
  const { series, timeUnit } = desk
  const { schema } = series
  const fixed =
    store.options.partition === 'auto' ? choosePartition(series, change.rowsPerYear) : store.options.partition
  const partition = head?.partition ?? fixed
  const writer: Writer = {
    store,
    desk,
    partition,
    opId: change.opId,
    version: (head?.version ?? 0) + 1,
    meta: { ...head?.meta, ...change.meta },
    written,
  }
  const edits = editsOf(change, timeUnit)
  const beside = (table: 'revisions' | 'rejects'): Edit[] =>
    [insertOf(table, change[table])].filter((edit) => edit !== null)
  const shapes = {
    rows: shapesOf(schema, 'rows', head?.columns, edits),
    rejects: shapesOf(schema, 'rejects', head?.rejectColumns, beside('rejects')),
  }
  shapesOf(schema, 'revisions', [], beside('revisions'))
  const bytes = [...edits, ...beside('revisions'), ...beside('rejects')].reduce((sum, edit) => sum + bytesOf(edit), 0)
  const { fs } = store
  const { root } = store.options
  for (const folder of [desk.paths.data, desk.paths.log]) {
    await (head === null ? makeFolders(fs, root, folder) : ensureFolder(fs, folder))
  }
  // A first version vouches for the folders above it, so that no later one has to.
  if (head === null) await syncPath(fs, root, desk.paths.log, folderOf(desk.paths.folder), store.vouched)
  await warnIfDiskLow(store, desk, bytes)

  const rows = await writeTable(writer, 'rows', head?.files.rows ?? [], edits)
  if (changesNothing(head, change, rows.counts) && head !== null) {
    await Promise.all(written.map((file) => removeFile(store.fs, dataPath(desk, file))))
    return null
  }
  const revisions = await writeTable(writer, 'revisions', head?.files.revisions ?? [], beside('revisions'))
  const rejects = await writeTable(writer, 'rejects', head?.files.rejects ?? [], beside('rejects'))
  if (written.length > 0) await store.fs.fsyncFolder(desk.paths.data)
  return {
    ...nextFacts(head, change, rows.counts),
    series,
    committedAtMs: Math.trunc(store.now()),
    columns: rows.files.length === 0 ? [] : shapes.rows,
    rejectColumns: shapes.rejects,
    partition,
    files: { rows: rows.files, revisions: revisions.files, rejects: rejects.files },
    repairs: [],
  }
}

function shapesOf(
  schema: Series['schema'],
  table: TableName,
  stored: readonly StoredColumn[] | undefined,
  edits: readonly Edit[],
): readonly StoredColumn[] {
  return edits
    .filter(({ rows }) => rowCount(rows) > 0)
    .reduce<readonly StoredColumn[]>(
      (shape, { rows }) => unionShapes(schema, table, shape, shapeOf(schema, table, rows)),
      stored ?? [],
    )
}

const bytesOf = ({ rows }: Edit): number => rowCount(rows) * Object.keys(rows).length * 8

interface Writer {
  readonly store: LocalStore
  readonly desk: Desk
  readonly partition: Snapshot['partition']
  readonly opId: string
  readonly version: number
  readonly meta: SnapshotMeta
  /** Files that exist but no version names yet. */
  readonly written: DataFile[]
}

/** Files of one commit that are written side by side: the months of a year. */
const FILES_AT_ONCE = 12

async function writeTable(
  writer: Writer,
  table: TableName,
  files: readonly DataFile[],
  edits: readonly Edit[],
): Promise<{ files: DataFile[]; counts: Counts }> {
  if (edits.length === 0) return { files: [...files], counts: NONE }
  const partition = table === 'rows' ? writer.partition : 'all'
  const { tasks, untouched } = planSegments(files, edits, partition, writer.desk.timeUnit)
  const out: DataFile[] = untouched
  let counts = NONE
  // While one file waits for the disk the next one is encoded.
  const limit = pLimit(FILES_AT_ONCE)
  const first = writer.written.length
  const runs = tasks.map((task, i) => limit(() => writeSegment(writer, table, task, first + i)))
  // A failed commit removes what it wrote: nothing may still be on its way then.
  const ends = await Promise.allSettled(runs)
  for (const end of ends) {
    if (end.status === 'rejected') throw end.reason
    out.push(...end.value.files)
    counts = addCounts(counts, end.value.counts)
  }
  return { files: out.toSorted((a, b) => (a.first < b.first ? -1 : 1)), counts }
}

async function writeSegment(
  writer: Writer,
  table: TableName,
  { part, sources, edits }: SegmentTask,
  sequence: number,
): Promise<{ files: readonly DataFile[]; counts: Counts }> {
  const { store, desk, written } = writer
  const stored = sources.length === 0 ? null : await readFiles(store, desk, sources)
  const { rows, counts } = applyEdits(stored, edits)
  const isSame = counts.added + counts.changed + counts.removed === 0
  if (isSame && sources.length <= 1) return { files: sources, counts }
  if (rows === null) return { files: [], counts }
  const file = await writeDataFile(store, desk, rows, originOf(writer, table, part, sequence))
  written.push(file)
  return { files: [file], counts }
}

function originOf(
  { desk, partition, version, opId, meta }: Writer,
  table: TableName,
  part: string,
  sequence: number,
): Origin {
  return { ...desk.series, table, part, partition, version, opId, sequence, meta }
}

/** What a failed commit leaves and says. Files that no version names are removed; of an unknown outcome, none. */
async function failed(
  store: LocalStore,
  desk: Desk,
  opId: string,
  written: readonly DataFile[],
  error: unknown,
): Promise<Error> {
  const isUnknown = isDataClientError(error) && error.code === 'storage/unknown-outcome'
  if (!isUnknown)
    await Promise.all(written.map((file) => removeFile(store.fs, dataPath(desk, file)).catch(() => false)))
  if (error instanceof DamagedDataFile || error instanceof MissingDataFile) return error
  // The folder went away: another process dropped the series.
  if (isCode(error, 'ENOENT')) return conflict(desk.series, opId, 'the series was dropped')
  const fault = storageFault(error, 'commit', desk.series, desk.paths.folder)
  if (isCode(error, 'EIO')) desk.poison = fault
  return fault
}
