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
import { type HistoryIndex, type NamedFile, historyIndex } from './history-index.ts'
import { RULE_EVERY_COMMITS, bytesAllowed, lastUpTo, versionsToKeep } from './history-rule.ts'
import { type DataFile, dataName, goneName, keptName, versionName } from './layout.ts'
import { type LogListing, listLog } from './log.ts'
import { pinsOf } from './pins.ts'
import type { Desk, LocalStore } from './store.ts'

/** What the rule removed, or would remove. */
export interface HistoryOutcome {
  readonly versions: readonly number[]
  readonly files: readonly DataFile[]
  /** Is there a version that cannot be read, so that nothing was removed? */
  readonly blocked: boolean
}

const NOTHING: HistoryOutcome = Object.freeze({ versions: [], files: [], blocked: false })

/** Applies the rule to one series. */
export async function applyHistory(store: LocalStore, desk: Desk, dryRun = false): Promise<HistoryOutcome> {
  const listing = await listLog(store, desk)
  const index = await historyIndex(store, desk, listing)
  // Files of a version that cannot be read are unknown, unless a later one took its place.
  if ([...index.unreadable].some((version) => !index.repaired.has(version))) return { ...NOTHING, blocked: true }
  const versions = [...index.versions.values()].toSorted((a, b) => a.version - b.version)
  const liveBytes = [...index.live.values()].reduce((sum, { file }) => sum + file.sizeBytes, 0)
  const oldFiles = index.lost.map(({ file, first, last }) => ({ sizeBytes: file.sizeBytes, first, last }))
  const pinned = await pinnedVersions(store, desk)
  const keep = versionsToKeep(
    { versions, oldFiles, liveBytes, pinned, comingCommits: RULE_EVERY_COMMITS },
    store.now(),
    store.options.history,
  )
  const lowest = lowestOfRun(listing.live, keep)
  const doomed = versions.map(({ version }) => version).filter((version) => version < lowest && !keep.has(version))
  if (dryRun) return { versions: doomed, files: unnamed(index, doomed).map(({ file }) => file), blocked: false }
  const removed = await removeVersions(store, desk, listing, keep, lowest)
  const lost = unnamed(index, removed)
  await Promise.all(lost.map(({ file }) => removeData(store, desk, file)))
  await removeReleased(store, desk)
  for (const version of removed) index.versions.delete(version)
  const left = [...index.versions.keys()].toSorted((a, b) => a - b)
  index.lost = index.lost.filter((one) => isNamed(left, one))
  desk.historyRoom = roomLeft(store, index, liveBytes)
  return { versions: removed, files: lost.map(({ file }) => file), blocked: false }
}

/** Bytes that may still be added to history; beyond measure where not even what is always kept fits. */
function roomLeft(store: LocalStore, { versions, lost, top }: HistoryIndex, liveBytes: number): number {
  const logBytes = [...versions.values()].reduce(
    (sum, one) => sum + (one.version === top.version ? 0 : one.sizeBytes),
    0,
  )
  const fileBytes = lost.reduce((sum, { file }) => sum + file.sizeBytes, 0)
  const room = bytesAllowed(store.options.history, liveBytes) - logBytes - fileBytes
  return room > 0 ? room : Infinity
}

async function pinnedVersions(store: LocalStore, desk: Desk): Promise<Set<number>> {
  return new Set((await pinsOf(store, desk.series)).map(({ version }) => version))
}

/** Removes versions below `lowest`, or renames those that are kept. @returns those that this process removed */
async function removeVersions(
  store: LocalStore,
  desk: Desk,
  listing: LogListing,
  keep: ReadonlySet<number>,
  lowest: number,
): Promise<number[]> {
  const { fs } = store
  const { log } = desk.paths
  const kept = new Set(listing.kept)
  const moved = new Set<number>()
  for (const version of [...listing.kept, ...listing.live].toSorted((a, b) => a - b)) {
    if (version >= lowest) continue
    const from = `${log}/${kept.has(version) ? keptName(version) : versionName(version)}`
    if (!keep.has(version)) {
      if (await moveName(store, from, `${log}/${goneName(version)}`)) moved.add(version)
    } else if (!kept.has(version)) await moveName(store, from, `${log}/${keptName(version)}`)
  }
  // No file goes before the names that lead to it are gone for good.
  if (moved.size > 0) await fs.fsyncFolder(log)
  const pinned = await pinnedVersions(store, desk)
  const removed: number[] = []
  for (const version of new Set([...listing.gone, ...moved])) {
    const gone = `${log}/${goneName(version)}`
    if (pinned.has(version)) await moveName(store, gone, `${log}/${keptName(version)}`)
    else if ((await removeFile(fs, gone)) && moved.has(version)) removed.push(version)
  }
  return removed
}

/** The lowest version of the unbroken run of kept ones that ends in the newest. */
function lowestOfRun(live: readonly number[], keep: ReadonlySet<number>): number {
  let lowest = live.at(-1) ?? 0
  for (const version of live.toReversed().slice(1)) {
    if (version !== lowest - 1 || !keep.has(version)) break
    lowest = version
  }
  return lowest
}

/** Files that only removed versions name. */
function unnamed({ versions, lost }: HistoryIndex, removed: readonly number[]): HistoryIndex['lost'] {
  const gone = removed.toSorted((a, b) => a - b)
  const isGone = new Set(gone)
  const left = [...versions.keys()].filter((version) => !isGone.has(version)).toSorted((a, b) => a - b)
  return lost.filter((one) => isNamed(gone, one) && !isNamed(left, one))
}

/** Is one of these versions, ascending, among those that name the file? */
function isNamed(versions: readonly number[], { first, last }: NamedFile): boolean {
  return (lastUpTo(versions, last) ?? 0) >= first
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
