/**
 * What is there: the series of a store, and the versions of a series.
 * @module
 */
import { hasCode } from '../../contract/errors.ts'
import { seriesKey } from '../../contract/series.ts'
import type { CatalogEntry, HistoryEntry } from '../../contract/storage.ts'
import { checkName, expired } from '../next-version.ts'
import { findSeries } from './layout.ts'
import { listLog, readHead, readVersion } from './log.ts'
import { pinsOf, readPin } from './pins.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import { type Desk, type LocalStore, deskOf } from './store.ts'
import { createTurns } from './turns.ts'

/** All series that hold a version. One whose head cannot be read is listed by its newest readable version, and said. */
export async function listHeads(store: LocalStore): Promise<CatalogEntry[]> {
  const entries: CatalogEntry[] = []
  const turns = createTurns()
  for (const series of await findSeries(store.fs, store.options.root)) {
    await turns()
    const desk = deskOf(store, series)
    const head = await readableHead(store, desk)
    if (head !== null) entries.push({ series: desk.series, head })
  }
  return entries
}

async function readableHead(store: LocalStore, desk: Desk): Promise<LocalSnapshot | null> {
  try {
    return await readHead(store, desk)
  } catch (error) {
    if (!hasCode(error, 'storage/corrupt') && !hasCode(error, 'storage/unsupported-format')) throw error
    const message = `${seriesKey(desk.series)}: ${(error as Error).message}: run store.repair`
    store.warn({ code: 'corrupt-head', message, series: desk.series })
    const versions = await readableVersions(store, desk)
    return versions[0] ?? null
  }
}

/** Versions that exist and can be read, newest first. */
export async function readableVersions(store: LocalStore, desk: Desk): Promise<LocalSnapshot[]> {
  const { live, kept } = await listLog(store, desk)
  return [...new Set([...live, ...kept])]
    .toSorted((a, b) => b - a)
    .flatMap((version) => {
      try {
        return readVersion(store, desk, version) ?? []
      } catch {
        return []
      }
    })
}

/**
 * One version, by number, hash or name of a pin.
 * @throws {StorageError} `storage/snapshot-expired`, `storage/corrupt`
 */
export async function findSnapshot(store: LocalStore, desk: Desk, version: number | string): Promise<LocalSnapshot> {
  if (typeof version === 'number') {
    const found = Number.isSafeInteger(version) && version > 0 ? readVersion(store, desk, version) : null
    if (found === null) throw expired(desk.series, version)
    return found
  }
  const pin = readPin(store, desk.series, checkName('version', version))
  const found = pin === null ? undefined : readVersion(store, desk, pin.version)
  if (found?.hash === pin?.hash && found != null) return found
  const byHash = /^[0-9a-f]{32}$/.test(version)
    ? (await readableVersions(store, desk)).find(({ hash }) => hash === version)
    : undefined
  if (byHash === undefined) throw expired(desk.series, version)
  return byHash
}

/** Versions that still exist, newest first. */
export async function historyOf(store: LocalStore, desk: Desk): Promise<HistoryEntry[]> {
  const pins = await pinsOf(store, desk.series)
  return (await readableVersions(store, desk)).map(({ version, hash, committedAtMs, rows, cause }) => ({
    version,
    hash,
    committedAtMs,
    rows,
    cause,
    pins: pins.filter((pin) => pin.hash === hash).map(({ name }) => name),
  }))
}
