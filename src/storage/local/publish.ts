/**
 * Puts a version whose files are written, then brings the view and the history up to date.
 * @module
 */
import { storageFault } from './faults.ts'
import { RULE_EVERY_COMMITS } from './history-rule.ts'
import { applyHistory } from './history.ts'
import { versionName } from './layout.ts'
import { putVersion } from './put-version.ts'
import type { LocalSnapshot, SnapshotContent } from './snapshot-format.ts'
import type { Desk, LocalStore } from './store.ts'
import { syncView } from './view.ts'

/**
 * Puts a version. Its data files must be on the disk, with their names.
 * @throws {StorageError} `storage/conflict`, `storage/unknown-outcome`, `storage/full`, `storage/read-only`
 */
export async function publish(
  store: LocalStore,
  desk: Desk,
  content: SnapshotContent,
  base: LocalSnapshot | null,
  opId: string,
): Promise<LocalSnapshot> {
  const snapshot = await putVersion(store, desk, content, opId)
  // The version stands: what fails from here on is said, and mended by the next writer.
  await afterwards(store, desk, 'view', () => syncView(store, desk, snapshot, base))
  await afterwards(store, desk, 'history', async () => {
    desk.historyRoom -= base === null ? 0 : bytesOutlived(store, desk, base, snapshot)
    if (snapshot.version % RULE_EVERY_COMMITS !== 0 && desk.historyRoom >= 0) return
    // Where the rule cannot be applied it waits for its turn: to try costs what the log is long.
    desk.historyRoom = Infinity
    await applyHistory(store, desk)
  })
  return snapshot
}

/** Bytes that are history since the newest version: its forerunner, and the files that only that one names. */
function bytesOutlived(store: LocalStore, desk: Desk, base: LocalSnapshot, snapshot: LocalSnapshot): number {
  const live = new Set(Object.values(snapshot.files).flatMap((files) => files.map(({ id }) => id)))
  const own = store.fs.factsSync(`${desk.paths.log}/${versionName(base.version)}`)?.sizeBytes ?? 0
  return Object.values(base.files)
    .flat()
    .reduce((sum, { id, sizeBytes }) => sum + (live.has(id) ? 0 : sizeBytes), own)
}

async function afterwards(store: LocalStore, desk: Desk, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    desk.viewed = 0
    const fault = storageFault(error, `bring the ${what} up to date`, desk.series, desk.paths.folder)
    store.warn({ code: `${what}-behind`, message: fault.message, series: desk.series })
  }
}
