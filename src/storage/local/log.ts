/**
 * The log of a series: immutable versions with contiguous numbers. The highest one is the head.
 *
 * Below the contiguous run that ends in the head, versions are only removed or renamed in ascending order. So a version
 * that still has its name proves that none above it was removed, and finding the head is one probe.
 * @module
 */
import type { Series } from '../../contract/series.ts'
import { corruptFile } from './faults.ts'
import { listFolder, readSmall } from './fs-port.ts'
import { goneName, keptName, parseLogName, versionName } from './layout.ts'
import { type LocalSnapshot, decodeSnapshot } from './snapshot-format.ts'
import type { Desk, LocalStore } from './store.ts'

/** No version is longer: 100,000 files, with room. */
const MAX_BYTES = 64 * 2 ** 20

/** Versions that exist, ascending. */
export interface LogListing {
  readonly live: readonly number[]
  /** Old versions that outlive their neighbours. */
  readonly kept: readonly number[]
  /** Versions on their way out. */
  readonly gone: readonly number[]
  /** Names that are no versions. */
  readonly others: readonly string[]
}

/** Lists the log. */
export async function listLog(store: LocalStore, desk: Desk): Promise<LogListing> {
  const out = { live: [] as number[], kept: [] as number[], gone: [] as number[], others: [] as string[] }
  for (const name of await listFolder(store.fs, desk.paths.log)) {
    const parsed = parseLogName(name)
    if (parsed === null) out.others.push(name)
    else out[parsed.kind].push(parsed.version)
  }
  for (const versions of [out.live, out.kept, out.gone]) versions.sort((a, b) => a - b)
  return out
}

/** Path of a version, or null where it does not exist. */
export function findVersion(store: LocalStore, desk: Desk, version: number): string | null {
  const paths = [`${desk.paths.log}/${versionName(version)}`, `${desk.paths.log}/${keptName(version)}`]
  return paths.find((path) => store.fs.factsSync(path) !== null) ?? null
}

const isLive = (store: LocalStore, desk: Desk, version: number): boolean =>
  store.fs.factsSync(`${desk.paths.log}/${versionName(version)}`) !== null

/** Number of the newest version; 0 where there is none. */
export async function headVersion(store: LocalStore, desk: Desk): Promise<number> {
  if (desk.hint === 0 || !isLive(store, desk, desk.hint)) desk.hint = (await listLog(store, desk)).live.at(-1) ?? 0
  while (isLive(store, desk, desk.hint + 1)) desk.hint++
  return desk.hint
}

/**
 * The newest version, or null where there is none.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export async function readHead(store: LocalStore, desk: Desk): Promise<LocalSnapshot | null> {
  const known = knownHead(store, desk)
  if (known !== null) return known
  // A head that goes away between the two steps was overtaken, or its series was dropped: ask again.
  for (let attempt = 0; attempt < 8; attempt++) {
    const version = await headVersion(store, desk)
    if (version === 0) return null
    const snapshot = readVersion(store, desk, version)
    if (snapshot !== null) return snapshot
    desk.hint = 0
  }
  throw corruptFile(desk.series, desk.paths.log, 'changes faster than it can be read')
}

/**
 * The version that was the head before, where it still is and was parsed: two probes. The next one is looked for first,
 * so that a name that is there afterwards proves that it was the newest.
 */
function knownHead(store: LocalStore, desk: Desk): LocalSnapshot | null {
  if (desk.hint === 0 || isLive(store, desk, desk.hint + 1)) return null
  const path = `${desk.paths.log}/${versionName(desk.hint)}`
  const cached = store.snapshots.get(path)
  const facts = cached === undefined ? null : store.fs.factsSync(path)
  const isSame = facts !== null && cached?.inode === facts.inode && cached.modifiedMs === facts.modifiedMs
  return isSame ? cached.snapshot : null
}

/**
 * One version, or null where it does not exist.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function readVersion(store: LocalStore, desk: Desk, version: number): LocalSnapshot | null {
  // Its name may change between the two steps, once or twice.
  for (let attempt = 0; attempt < 3; attempt++) {
    const path = findVersion(store, desk, version)
    const snapshot = path === null ? null : readVersionFile(store, desk.series, version, path)
    if (path === null || snapshot !== null) return snapshot
  }
  return null
}

/**
 * A version on its way out, or null where it is gone.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function readGone(store: LocalStore, desk: Desk, version: number): LocalSnapshot | null {
  return readVersionFile(store, desk.series, version, `${desk.paths.log}/${goneName(version)}`)
}

function readVersionFile(store: LocalStore, series: Series, version: number, path: string): LocalSnapshot | null {
  const facts = store.fs.factsSync(path)
  if (facts === null) return null
  const cached = store.snapshots.get(path)
  if (cached?.inode === facts.inode && cached.modifiedMs === facts.modifiedMs) return cached.snapshot
  const bytes = readSmall(store.fs, path, MAX_BYTES)
  if (bytes === null) return null
  const snapshot = decodeSnapshot(bytes, series, version, path)
  rememberVersion(store, path, snapshot, bytes.length)
  return snapshot
}

/** Keeps a parsed version for the next reader. */
export function rememberVersion(store: LocalStore, path: string, snapshot: LocalSnapshot, bytes: number): void {
  const facts = store.fs.factsSync(path)
  if (facts === null) return
  // Parsed, a version takes about four times its text.
  store.snapshots.set(path, { snapshot, inode: facts.inode, modifiedMs: facts.modifiedMs }, 4 * bytes + 1_000)
}
