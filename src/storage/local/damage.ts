/**
 * What happens when a file of rows is missing or is not what was written: it is set aside, what it held is unknown from
 * then on, and the next run fetches it again. Nothing is guessed.
 * @module
 */
import { msOf } from '../../contract/ticks.ts'
import { type CoverageRecord, forgetCoverage } from '../../contract/coverage.ts'
import { hasCode } from '../../contract/errors.ts'
import { nextOpen } from '../../contract/interval.ts'
import type { Range } from '../../contract/range.ts'
import { seriesKey } from '../../contract/series.ts'
import { expired, nextFacts } from '../next-version.ts'
import { NONE } from '../row-edits.ts'
import { dataPath, openDataFile } from './data-file.ts'
import { DamagedDataFile, MissingDataFile } from './file-bytes.ts'
import { corruptFile, storageFault } from './faults.ts'
import { ensureFolder, removeFile, writeDurably } from './fs-port.ts'
import { type DataFile, dataName } from './layout.ts'
import { readHead, readVersion } from './log.ts'
import { publish } from './publish.ts'
import type { LocalSnapshot, SnapshotContent } from './snapshot-format.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'

/**
 * The error of an operation on files, and what follows from it: a damaged file leaves the series.
 * @param snapshot the version that named the files; null where none did
 * @param files those that may be damaged, if the error does not say which
 * @returns `storage/snapshot-expired` where the version is no longer kept, `storage/corrupt` with the path where a file
 *   was damaged, else the error in its typed form
 */
export async function fileFault(
  store: LocalStore,
  desk: Desk,
  snapshot: LocalSnapshot | null,
  thrown: unknown,
  files: readonly DataFile[] = [],
): Promise<Error> {
  // A changed byte may also look like an encoding that nobody knows.
  const mayBeDamage = hasCode(thrown, 'storage/corrupt') || hasCode(thrown, 'storage/unsupported-format')
  const error = innermost(thrown) ?? (mayBeDamage ? await findDamage(store, desk, files) : null)
  if (error === null) return storageFault(thrown, 'use its files', desk.series, desk.paths.folder)
  const isMissing = error instanceof MissingDataFile
  if (isMissing && snapshot !== null && !isKept(store, desk, snapshot)) return expired(desk.series, snapshot.version)
  return await setAside(store, desk, [error.file], isMissing ? 'is missing' : error.message)
}

type FileError = MissingDataFile | DamagedDataFile

const isFileError = (error: unknown): error is FileError =>
  error instanceof MissingDataFile || error instanceof DamagedDataFile

/** The codec reports what a source threw as its own error, with the cause. */
function innermost(error: unknown): FileError | null {
  for (let inner = error; inner instanceof Error; inner = inner.cause) if (isFileError(inner)) return inner
  return null
}

/** A file may have changed after it was checked. */
async function findDamage(store: LocalStore, desk: Desk, files: readonly DataFile[]): Promise<FileError | null> {
  for (const file of files) {
    try {
      await openDataFile(store, desk, file, { again: true, keep: false })
    } catch (error) {
      if (isFileError(error)) return error
    }
  }
  return null
}

function isKept(store: LocalStore, desk: Desk, snapshot: LocalSnapshot): boolean {
  try {
    // A dropped series may have begun again, with the same numbers.
    return readVersion(store, desk, snapshot.version)?.hash === snapshot.hash
  } catch {
    return true
  }
}

/** Moves files to quarantine and commits a version without them. @returns the error for the reader */
async function setAside(store: LocalStore, desk: Desk, files: readonly DataFile[], why: string): Promise<Error> {
  const [file] = files as [DataFile]
  const path = dataPath(desk, file)
  const error = corruptFile(
    desk.series,
    path,
    `${why}: it was set aside, and its range is fetched again by the next update`,
  )
  try {
    await desk.commits.runExclusive(() => withoutFiles(store, desk, files, why))
  } catch (cause) {
    // A store that cannot be written, or another writer who was faster: the file is found again.
    store.log.warn({ path, cause: String(cause) }, `${seriesKey(desk.series)}: a damaged file could not be set aside`)
  }
  return error
}

/**
 * Commits a version without these files and sets them aside. The caller holds the desk's commits.
 * @returns the new version, or null where the head names none of them
 */
export async function withoutFiles(
  store: LocalStore,
  desk: Desk,
  files: readonly DataFile[],
  why: string,
): Promise<LocalSnapshot | null> {
  const head = await readHead(store, desk)
  const lost = new Set(files.map(dataName))
  const inHead =
    head === null
      ? []
      : Object.values(head.files)
          .flat()
          .filter((file) => lost.has(dataName(file)))
  let next: LocalSnapshot | null = null
  if (head !== null && inHead.length > 0) {
    const opId = `repair-${freshId(store)}`
    next = await publish(store, desk, contentWithout(store, desk, head, lost, opId), head, opId)
  }
  for (const file of files) await quarantine(store, desk, file, why)
  return next
}

function contentWithout(
  store: LocalStore,
  desk: Desk,
  head: LocalSnapshot,
  lost: ReadonlySet<string>,
  opId: string,
): SnapshotContent {
  const isLost = (file: DataFile): boolean => lost.has(dataName(file))
  const removed = head.files.rows.filter(isLost)
  const coverage = removed.reduce<readonly CoverageRecord[]>(
    (left, file) => forgetCoverage(left, rangeOf(desk, file)),
    head.coverage,
  )
  const counts = { ...NONE, removed: removed.reduce((sum, { rows }) => sum + rows, 0) }
  return {
    ...nextFacts(head, { opId, coverage, cause: { operation: 'repair' } }, counts),
    series: desk.series,
    committedAtMs: Math.trunc(store.now()),
    columns: head.columns,
    rejectColumns: head.rejectColumns,
    partition: head.partition,
    files: {
      rows: head.files.rows.filter((file) => !isLost(file)),
      revisions: head.files.revisions.filter((file) => !isLost(file)),
      rejects: head.files.rejects.filter((file) => !isLost(file)),
    },
    repairs: [],
  }
}

/** From the first row of a file to the end of its last bar. */
function rangeOf({ series, timeUnit }: Desk, file: DataFile): Range {
  const lastMs = msOf(file.last, timeUnit)
  const endMs = series.interval === undefined ? lastMs + 1 : nextOpen(series.interval, lastMs)
  return { startMs: msOf(file.first, timeUnit), endMs }
}

async function quarantine(store: LocalStore, desk: Desk, file: DataFile, why: string): Promise<void> {
  const { fs } = store
  const path = dataPath(desk, file)
  store.verified.delete(path)
  store.footers.delete(path)
  if (fs.factsSync(path) === null) return
  const name = dataName(file)
  await ensureFolder(fs, desk.paths.quarantine)
  const reason = `${JSON.stringify({ file: name, why, foundAtMs: Math.trunc(store.now()) })}\n`
  await removeFile(fs, `${desk.paths.quarantine}/${name}.json`)
  await writeDurably(fs, `${desk.paths.quarantine}/${name}.json`, [new TextEncoder().encode(reason)])
  await fs.rename(path, `${desk.paths.quarantine}/${name}`)
}
