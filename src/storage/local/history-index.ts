/**
 * What the history rule knows of a series: its versions, and since when and until when each file was named. A commit adds
 * what it changes, so that applying the rule costs what happened since the last time, not what is kept.
 * @module
 */
import type { VersionFacts } from './history-rule.ts'
import type { DataFile } from './layout.ts'
import { type LogListing, findVersion, readVersion } from './log.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import type { Desk, LocalStore } from './store.ts'
import { createTurns } from './turns.ts'

/** A file with the versions that name it, the first one known and the last one; both inclusive. */
export interface NamedFile {
  readonly file: DataFile
  readonly first: number
  readonly last: number
}

/** The versions and files of one series. */
export interface HistoryIndex {
  readonly versions: Map<number, VersionFacts>
  /** Files of the newest version, by id, with the first version that names each. */
  live: Map<string, { readonly file: DataFile; readonly first: number }>
  /** Files that the newest version does not name. */
  lost: NamedFile[]
  /** Versions that cannot be read. */
  readonly unreadable: Set<number>
  /** Versions that a later one replaces. */
  readonly repaired: Set<number>
  /** The newest version known. */
  top: { readonly version: number; readonly hash: string }
}

/** Brings the index of a desk up to what is in the log, from the beginning if it does not fit. */
export async function historyIndex(store: LocalStore, desk: Desk, listing: LogListing): Promise<HistoryIndex> {
  const there = [...new Set([...listing.kept, ...listing.live])].toSorted((a, b) => a - b)
  const known = desk.history
  const index = known !== null && fits(store, desk, known, there) ? known : emptyIndex()
  desk.history = index
  const present = new Set(there)
  for (const version of index.versions.keys()) if (!present.has(version)) index.versions.delete(version)
  const turns = createTurns()
  for (const version of there) {
    if (version <= index.top.version) continue
    advance(store, desk, index, version)
    await turns()
  }
  return index
}

function emptyIndex(): HistoryIndex {
  const top = { version: 0, hash: '' }
  return { versions: new Map(), live: new Map(), lost: [], unreadable: new Set(), repaired: new Set(), top }
}

/** Does an index speak of this log? A series may have been dropped and begun again by another process. */
function fits(
  store: LocalStore,
  desk: Desk,
  { top, versions, unreadable }: HistoryIndex,
  there: readonly number[],
): boolean {
  if (unreadable.size > 0 || !there.includes(top.version)) return false
  if (there.some((version) => version < top.version && !versions.has(version))) return false
  return readVersion(store, desk, top.version)?.hash === top.hash
}

function advance(store: LocalStore, desk: Desk, index: HistoryIndex, version: number): void {
  const path = findVersion(store, desk, version)
  const sizeBytes = path === null ? 0 : (store.fs.factsSync(path)?.sizeBytes ?? 0)
  let snapshot: LocalSnapshot | null
  try {
    snapshot = readVersion(store, desk, version)
  } catch (error) {
    store.log.warn({ version, cause: String(error) }, 'a version cannot be read')
    index.unreadable.add(version)
    index.versions.set(version, { version, committedAtMs: 0, sizeBytes })
    return
  }
  if (snapshot === null) return
  const live = new Map<string, { file: DataFile; first: number }>()
  for (const file of Object.values(snapshot.files).flat()) {
    live.set(file.id, { file, first: index.live.get(file.id)?.first ?? version })
  }
  for (const [id, { file, first }] of index.live) {
    if (!live.has(id)) index.lost.push({ file, first, last: index.top.version })
  }
  index.live = live
  index.versions.set(version, { version, committedAtMs: snapshot.committedAtMs, sizeBytes })
  for (const old of snapshot.repairs) index.repaired.add(old)
  index.top = { version, hash: snapshot.hash }
}
