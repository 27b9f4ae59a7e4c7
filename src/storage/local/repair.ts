/**
 * Brings a damaged series back to work: a head that cannot be read, a lost log, lost or changed files, a view behind.
 * @module
 */
import { StorageError, hasCode } from '../../contract/errors.ts'
import { seriesKey } from '../../contract/series.ts'
import { conflict } from '../next-version.ts'
import { withoutFiles } from './damage.ts'
import { openDataFile } from './data-file.ts'
import { DamagedDataFile, MissingDataFile } from './file-bytes.ts'
import { ensureFolder, folderOf, syncPath } from './fs-port.ts'
import { type DataFile, dataName } from './layout.ts'
import { listLog, readVersion } from './log.ts'
import { publish } from './publish.ts'
import { putVersion } from './put-version.ts'
import { rebuildContent } from './rebuild.ts'
import type { Report } from './report.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'
import { checkView, syncView } from './view.ts'

/** Repairs one series. The caller holds the desk's commits. */
export async function repairSeries(store: LocalStore, desk: Desk, report: Report, signal?: AbortSignal): Promise<void> {
  // The disk may have been mended since.
  if (!report.dryRun) desk.poison = null
  desk.hint = 0
  const head = await readableHead(store, desk, report)
  if (head === null) return
  const bad = await badFiles(store, desk, head, signal)
  for (const { file, why } of bad) {
    report.actions.push(
      `${seriesKey(desk.series)}: set ${dataName(file)} aside, which ${why}; its range is fetched again`,
    )
  }
  let current: LocalSnapshot = head
  if (bad.length > 0 && !report.dryRun) {
    const files = bad.map(({ file }) => file)
    current = (await withoutFiles(store, desk, files, bad.map(({ why }) => why).join('; '))) ?? head
    report.version = current.version
  }
  // An earlier repair may have put the version and not lived to sync its name.
  if (!report.dryRun) {
    const { folder, log } = desk.paths
    await syncPath(store.fs, store.options.root, log, folderOf(folder), store.vouched)
  }
  await repairView(store, desk, current, report)
}

/** The head, or after a repair the version that stands for it; null where there is none or in a dry run. */
async function readableHead(store: LocalStore, desk: Desk, report: Report): Promise<LocalSnapshot | null> {
  const { live } = await listLog(store, desk)
  const unreadable: number[] = []
  let valid: LocalSnapshot | null = null
  for (const version of live.toReversed()) {
    try {
      valid = readVersion(store, desk, version)
    } catch (error) {
      if (hasCode(error, 'storage/unsupported-format')) throw error
      unreadable.push(version)
    }
    if (valid !== null) break
  }
  if (valid !== null && unreadable.length === 0) return valid
  const top = live.at(-1) ?? 0
  return valid === null
    ? await rebuild(store, desk, top, unreadable, report)
    : await replaceHead(store, desk, valid, top, unreadable, report)
}

async function replaceHead(
  store: LocalStore,
  desk: Desk,
  valid: LocalSnapshot,
  top: number,
  unreadable: readonly number[],
  report: Report,
): Promise<LocalSnapshot | null> {
  report.actions.push(
    `${seriesKey(desk.series)}: version ${unreadable.toReversed().join(', ')} cannot be read: put version ${top + 1}, which holds what version ${valid.version} held`,
  )
  if (report.dryRun) return null
  const opId = `repair-${freshId(store)}`
  const cause = { operation: 'repair', requestIds: [], added: 0, changed: 0, removed: 0 }
  const content = {
    ...valid,
    version: top + 1,
    parent: valid.hash,
    committedAtMs: Math.trunc(store.now()),
    cause,
    repairs: unreadable,
    opIds: [...valid.opIds, opId].slice(-64),
  }
  const snapshot = await putVersion(store, desk, content, opId)
  report.version = snapshot.version
  return snapshot
}

async function rebuild(
  store: LocalStore,
  desk: Desk,
  top: number,
  unreadable: readonly number[],
  report: Report,
): Promise<LocalSnapshot | null> {
  const key = seriesKey(desk.series)
  const opId = `rebuild-${freshId(store)}`
  const content = await rebuildContent(store, desk, top, unreadable, opId, report.dryRun)
  // A version that came meanwhile is better than a guess.
  if ((await listLog(store, desk)).live.some((version) => !unreadable.includes(version)))
    throw conflict(desk.series, opId, 'versions came while the log was made anew')
  if (content === null) {
    if (unreadable.length === 0) return null
    throw new StorageError(
      'storage/corrupt',
      `${key}: no version and no file of it can be read: drop it and load it again`,
      {
        path: desk.paths.folder,
        symbol: desk.series.symbol,
      },
    )
  }
  const files = Object.values(content.files).flat().length
  report.actions.push(
    `${key}: no version can be read: put version ${content.version} from ${files} files; all of it is fetched again`,
  )
  if (report.dryRun) return null
  await ensureFolder(store.fs, desk.paths.log)
  const snapshot = await publish(store, desk, content, null, opId)
  report.version = snapshot.version
  return snapshot
}

async function badFiles(
  store: LocalStore,
  desk: Desk,
  head: LocalSnapshot,
  signal?: AbortSignal,
): Promise<{ file: DataFile; why: string }[]> {
  const bad: { file: DataFile; why: string }[] = []
  for (const file of Object.values(head.files).flat()) {
    signal?.throwIfAborted()
    try {
      await openDataFile(store, desk, file, { again: true, keep: false })
    } catch (error) {
      if (error instanceof MissingDataFile) bad.push({ file, why: 'is missing' })
      else if (error instanceof DamagedDataFile) bad.push({ file, why: error.message })
      else throw error
    }
  }
  return bad
}

async function repairView(store: LocalStore, desk: Desk, head: LocalSnapshot, report: Report): Promise<void> {
  const { remove, link } = await checkView(store, desk, head)
  if (remove.length + link.length === 0) return
  report.actions.push(
    `${seriesKey(desk.series)}: bring the view up to date (${link.length} to link, ${remove.length} to remove)`,
  )
  if (report.dryRun) return
  desk.viewed = 0
  await syncView(store, desk, head, null)
}
