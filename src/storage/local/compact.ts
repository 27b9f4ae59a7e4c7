/**
 * Folds the files of each part of time into one, or cuts a series anew. Lossless by construction: what was written is
 * read back and compared to the bit before the version that names it is put.
 * @module
 */
import { createHash } from 'node:crypto'
import { type Columns, rowCount } from '../../contract/columns.ts'
import { msOf, ticksOf } from '../../contract/ticks.ts'
import { hasCode } from '../../contract/errors.ts'
import { seriesKey } from '../../contract/series.ts'
import type { Partition, TableName } from '../../contract/storage.ts'
import { nextFacts } from '../next-version.ts'
import { NONE } from '../row-edits.ts'
import { dataPath, writeDataFile } from './data-file.ts'
import { corruptFile } from './faults.ts'
import { removeFile } from './fs-port.ts'
import type { DataFile } from './layout.ts'
import { readHead } from './log.ts'
import { type Part, partAt } from './partition.ts'
import { publish } from './publish.ts'
import { readFiles } from './read-files.ts'
import { type Report, counted, noteRemoved, noteWritten } from './report.ts'
import { sameRows } from './same-rows.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'

/** Files that become one: the rows of the sources that lie in `[start, end)` ticks. */
interface Fold {
  readonly table: TableName
  readonly part: string
  readonly sources: readonly DataFile[]
  readonly start: bigint
  readonly end: bigint
}

/** Compacts one series. The caller holds the desk's commits. */
export async function compactSeries(
  store: LocalStore,
  desk: Desk,
  wanted: Partition | undefined,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const head = await readHead(store, desk)
  if (head === null) return
  const partition = wanted ?? head.partition
  const folds = planFolds(desk, head, partition)
  const isCut = partition !== head.partition
  if (folds.length === 0 && !isCut) return
  explain(desk, head, partition, folds, report)
  if (report.dryRun) return
  const written: DataFile[] = []
  try {
    report.version = await swap(store, desk, head, partition, folds, written, report, signal)
  } catch (error) {
    // A version whose outcome is unknown may need them.
    if (!hasCode(error, 'storage/unknown-outcome'))
      await Promise.all(written.map((file) => removeFile(store.fs, dataPath(desk, file)).catch(() => false)))
    throw error
  }
}

function planFolds(desk: Desk, head: LocalSnapshot, partition: Partition): Fold[] {
  const beside = (['revisions', 'rejects'] as const).flatMap((table) => {
    const sources = head.files[table]
    return sources.length < 2 ? [] : [foldOf(desk, table, partAt('all', 0), sources)]
  })
  const { rows } = head.files
  if (partition === head.partition) {
    const byPart = Map.groupBy(rows, ({ part }) => part)
    const folds = [...byPart].filter(([, files]) => files.length > 1)
    return [
      ...folds.map(([, files]) => foldOf(desk, 'rows', partOfFile(desk, partition, files[0] as DataFile), files)),
      ...beside,
    ]
  }
  return [...partsWithin(desk, partition, rows).map((part) => foldOf(desk, 'rows', part, rows)), ...beside]
}

function foldOf(desk: Desk, table: TableName, part: Part, files: readonly DataFile[]): Fold {
  const [start, end] = [ticksOf(part.startMs, desk.timeUnit), ticksOf(part.endMs, desk.timeUnit)]
  return {
    table,
    part: part.name,
    sources: files.filter(({ first, last }) => first < end && last >= start),
    start,
    end,
  }
}

const partOfFile = (desk: Desk, partition: Partition, file: DataFile): Part =>
  partAt(partition, msOf(file.first, desk.timeUnit))

/** Every part that files may have rows in, ascending. */
function partsWithin(desk: Desk, partition: Partition, files: readonly DataFile[]): Part[] {
  const found = new Map<string, Part>()
  for (const file of files) {
    let part = partOfFile(desk, partition, file)
    found.set(part.name, part)
    while (ticksOf(part.endMs, desk.timeUnit) <= file.last) {
      part = partAt(partition, part.endMs)
      found.set(part.name, part)
    }
  }
  return [...found.values()].toSorted((a, b) => a.startMs - b.startMs)
}

function explain(desk: Desk, head: LocalSnapshot, partition: Partition, folds: readonly Fold[], report: Report): void {
  const key = seriesKey(desk.series)
  if (partition !== head.partition) {
    const files = counted(head.files.rows.length, 'file')
    report.actions.push(`${key}: cut ${head.rows} rows by ${partition} instead of ${head.partition} (${files} now)`)
    return
  }
  for (const { table, part, sources } of folds) {
    const rows = sources.reduce((sum, file) => sum + file.rows, 0)
    report.actions.push(
      `${key}: fold ${counted(sources.length, 'file')} of ${table === 'rows' ? part : table} with ${rows} rows into one`,
    )
  }
}

async function swap(
  store: LocalStore,
  desk: Desk,
  head: LocalSnapshot,
  partition: Partition,
  folds: readonly Fold[],
  written: DataFile[],
  report: Report,
  signal: AbortSignal | undefined,
): Promise<number> {
  const opId = `compact-${freshId(store)}`
  const keys = { before: createHash('sha256'), after: createHash('sha256') }
  for (const fold of folds) {
    signal?.throwIfAborted()
    const source = await readFiles(store, desk, fold.sources, { range: fold })
    if (rowCount(source) === 0) continue
    const origin = {
      ...desk.series,
      table: fold.table,
      part: fold.part,
      partition,
      version: head.version + 1,
      opId,
      sequence: written.length,
      meta: head.meta,
    }
    const file = await writeDataFile(store, desk, source, origin)
    written.push(file)
    noteWritten(report, file.sizeBytes)
    const copy = await readFiles(store, desk, [file])
    if (!sameRows(source, copy))
      throw corruptFile(desk.series, dataPath(desk, file), 'reads back other than it was written: nothing was changed')
    keys.before.update(keyBytes(source))
    keys.after.update(keyBytes(copy))
  }
  const replaced = new Set(folds.flatMap(({ sources }) => sources))
  const files = {
    rows: nextFiles(head, 'rows', replaced, written),
    revisions: nextFiles(head, 'revisions', replaced, written),
    rejects: nextFiles(head, 'rejects', replaced, written),
  }
  for (const table of Object.keys(files) as TableName[]) {
    const [before, after] = [rowsIn(head.files[table]), rowsIn(files[table])]
    if (before !== after)
      throw corruptFile(
        desk.series,
        desk.paths.folder,
        `has ${before} rows of ${table}, compacted ${after}: nothing was changed`,
      )
  }
  if (keys.before.digest('hex') !== keys.after.digest('hex')) {
    throw corruptFile(desk.series, desk.paths.folder, 'has other timestamps when compacted: nothing was changed')
  }
  await store.fs.fsyncFolder(desk.paths.data)
  const content = {
    ...nextFacts(head, { opId, coverage: head.coverage, cause: { operation: 'compact' } }, NONE),
    series: desk.series,
    committedAtMs: Math.trunc(store.now()),
    columns: head.columns,
    rejectColumns: head.rejectColumns,
    partition,
    files,
    repairs: [],
  }
  const { version } = await publish(store, desk, content, head, opId)
  noteRemoved(
    report,
    replaced.size,
    [...replaced].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  )
  return version
}

const keyBytes = ({ timestamp: { buffer, byteOffset, byteLength } }: Columns): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const rowsIn = (files: readonly DataFile[]): number => files.reduce((sum, { rows }) => sum + rows, 0)

function nextFiles(
  head: LocalSnapshot,
  table: TableName,
  replaced: ReadonlySet<DataFile>,
  written: readonly DataFile[],
): DataFile[] {
  const stay = head.files[table].filter((file) => !replaced.has(file))
  return [...stay, ...written.filter((file) => file.table === table)].toSorted((a, b) => (a.first < b.first ? -1 : 1))
}
