/**
 * Applies the history rule: removes old versions, and then the files that no version names any more.
 *
 * The log stays contiguous: below the lowest version of the last unbroken run of kept ones, each is removed, or renamed
 * where it is kept, in ascending order. A version to remove first loses its name, then the pins are read, then it goes:
 * so a pin either is seen, or finds its version gone.
 * @module
 */
import { dataPath } from './data-file.ts'
import { isCode, removeFile } from './fs-port.ts'
import { versionsToKeep, type VersionFacts } from './history-rule.ts'
import { type DataFile, dataName, goneName, keptName, versionName } from './layout.ts'
import { findVersion, listLog, readGone, readVersion } from './log.ts'
import { pinsOf } from './pins.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import type { Desk, LocalStore } from './store.ts'

/** What the rule removed, or would remove. */
export interface HistoryOutcome {
  readonly versions: readonly number[]
  readonly files: readonly DataFile[]
  /** Is there a version that cannot be read, so that nothing was removed? */
  readonly blocked: boolean
}

const NOTHING: HistoryOutcome = Object.freeze({ versions: [], files: [], blocked: false })

interface Entry {
  readonly version: number
  readonly snapshot: LocalSnapshot | null
  readonly facts: VersionFacts
}

/** Applies the rule to one series. */
export async function applyHistory(
  store: LocalStore,
  desk: Desk,
  head: LocalSnapshot,
  dryRun = false,
): Promise<HistoryOutcome> {
  const { fs, options } = store
  const { log } = desk.paths
  const listing = await listLog(store, desk)
  const entries = readEntries(
    store,
    desk,
    [...listing.kept, ...listing.live].toSorted((a, b) => a - b),
  )
  if (entries === null) return { ...NOTHING, blocked: true }
  const pinned = new Set((await pinsOf(store, desk.series)).map(({ version }) => version))
  const keep = versionsToKeep(
    entries.map(({ facts }) => facts),
    pinned,
    store.now(),
    options.history,
  )
  const lowest = lowestOfRun(listing.live, keep)
  const doomed = entries.filter(({ version }) => !keep.has(version) && version < lowest)
  if (dryRun)
    return { versions: doomed.map(({ version }) => version), files: unnamed(entries, doomed, head), blocked: false }

  const kept = new Set(listing.kept)
  const moved: Entry[] = []
  for (const entry of entries) {
    const { version } = entry
    if (version >= lowest) continue
    const from = `${log}/${kept.has(version) ? keptName(version) : versionName(version)}`
    if (!keep.has(version)) {
      if (await moveName(store, from, `${log}/${goneName(version)}`)) moved.push(entry)
    } else if (!kept.has(version)) await moveName(store, from, `${log}/${keptName(version)}`)
  }
  // No file goes before the names that lead to it are gone for good.
  if (moved.length > 0) await fs.fsyncFolder(log)
  const pinnedNow = new Set((await pinsOf(store, desk.series)).map(({ version }) => version))
  const removed: Entry[] = []
  const restored = listing.gone.filter((version) => pinnedNow.has(version)).map((version) => readGone(store, desk, version))
  for (const version of new Set([...listing.gone, ...moved.map((entry) => entry.version)])) {
    const gone = `${log}/${goneName(version)}`
    if (pinnedNow.has(version)) await moveName(store, gone, `${log}/${keptName(version)}`)
    else if (await removeFile(fs, gone)) removed.push(...moved.filter((entry) => entry.version === version))
  }
  const needed = new Set(restored.flatMap(filesOf).map(dataName))
  const files = unnamed(entries, removed, head).filter((file) => !needed.has(dataName(file)))
  for (const file of files) await removeData(store, desk, file)
  await removeReleased(store, desk)
  return { versions: removed.map(({ version }) => version), files, blocked: false }
}

/** All versions, ascending; null where one cannot be read and no later one replaces it. */
function readEntries(store: LocalStore, desk: Desk, versions: readonly number[]): Entry[] | null {
  const repaired = new Set<number>()
  const entries: Entry[] = []
  for (const version of versions.toReversed()) {
    const path = findVersion(store, desk, version)
    const sizeBytes = path === null ? 0 : (store.fs.factsSync(path)?.sizeBytes ?? 0)
    let snapshot: LocalSnapshot | null = null
    try {
      snapshot = readVersion(store, desk, version) ?? readGone(store, desk, version)
    } catch (error) {
      if (!repaired.has(version)) {
        store.log.warn({ version, cause: String(error) }, 'a version cannot be read: history is left alone')
        return null
      }
    }
    for (const old of snapshot?.repairs ?? []) repaired.add(old)
    const files = new Map(filesOf(snapshot).map((file) => [dataName(file), file.sizeBytes]))
    entries.push({
      version,
      snapshot,
      facts: { version, committedAtMs: snapshot?.committedAtMs ?? 0, sizeBytes, files },
    })
  }
  return entries.toReversed()
}

const filesOf = (snapshot: LocalSnapshot | null): DataFile[] =>
  snapshot === null ? [] : Object.values(snapshot.files).flat()

/** The lowest version of the unbroken run of kept ones that ends in the head. */
function lowestOfRun(live: readonly number[], keep: ReadonlySet<number>): number {
  let lowest = live.at(-1) ?? 0
  for (const version of live.toReversed().slice(1)) {
    if (version !== lowest - 1 || !keep.has(version)) break
    lowest = version
  }
  return lowest
}

/** Files that only removed versions name. */
function unnamed(entries: readonly Entry[], removed: readonly Entry[], head: LocalSnapshot): DataFile[] {
  const gone = new Set(removed)
  const named = new Set(filesOf(head).map(dataName))
  for (const entry of entries) if (!gone.has(entry)) for (const name of entry.facts.files.keys()) named.add(name)
  const files = removed.flatMap(({ snapshot }) => filesOf(snapshot)).filter((file) => !named.has(dataName(file)))
  return [...new Map(files.map((file) => [dataName(file), file])).values()]
}

async function moveName(store: LocalStore, from: string, to: string): Promise<boolean> {
  try {
    await store.fs.rename(from, to)
    return true
  } catch (error) {
    // Another process was faster.
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Removes a file of rows, or remembers to while a read of this process needs it. */
export async function removeData(store: LocalStore, desk: Desk, file: DataFile): Promise<void> {
  const name = dataName(file)
  if (desk.held.has(name)) {
    desk.doomed.add(name)
    return
  }
  desk.doomed.delete(name)
  const path = dataPath(desk, file)
  store.verified.delete(path)
  store.footers.delete(path)
  await removeFile(store.fs, path)
}

async function removeReleased(store: LocalStore, desk: Desk): Promise<void> {
  for (const name of desk.doomed) {
    if (desk.held.has(name)) continue
    desk.doomed.delete(name)
    await removeFile(store.fs, `${desk.paths.data}/${name}`)
  }
}
