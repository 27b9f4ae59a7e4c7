/**
 * Pins: named versions that are kept until unpinned. One small file each, below the root.
 * @module
 */
import { createHash } from 'node:crypto'
import { StorageError } from '../../contract/errors.ts'
import { type Series, parseSeries, seriesKey } from '../../contract/series.ts'
import type { Pin } from '../../contract/storage.ts'
import { checkName, expired, pinTaken } from '../next-version.ts'
import { dataPath } from './data-file.ts'
import { ensureFolder, isCode, listFolder, readSmall, removeFile, syncPath, writeDurably } from './fs-port.ts'
import { pinsFolder } from './layout.ts'
import { readVersion } from './log.ts'
import { type Desk, type LocalStore, deskOf, freshId } from './store.ts'
import { folderOfSymbol } from './symbol-folder.ts'

/** No pin is longer. */
const MAX_BYTES = 65_536

/** Eight digits that tell the pins of one series from those of others under the same name. */
const tagOf = (series: Series): string => createHash('sha256').update(seriesKey(series)).digest('hex').slice(0, 8)

const pinPath = (store: LocalStore, series: Series, name: string): string =>
  `${pinsFolder(store.options.root)}/${folderOfSymbol(name)}.${tagOf(series)}.json`

function parsePin(path: string, bytes: Uint8Array): Pin {
  try {
    const { name, series, version, hash, pinnedAtMs } = JSON.parse(new TextDecoder().decode(bytes)) as Pin
    checkName('name', name)
    if (!Number.isSafeInteger(version) || typeof hash !== 'string' || !Number.isFinite(pinnedAtMs))
      throw new TypeError('fields')
    return Object.freeze({ name, series: parseSeries(series), version, hash, pinnedAtMs })
  } catch (cause) {
    throw new StorageError('storage/corrupt', `${path} is no pin: remove it, and pin again what it named`, {
      path,
      cause,
    })
  }
}

/**
 * One pin, or null where there is none of that name.
 * @throws {StorageError} `storage/corrupt`
 */
export function readPin(store: LocalStore, series: Series, name: string): Pin | null {
  const path = pinPath(store, series, checkName('name', name))
  const bytes = readSmall(store.fs, path, MAX_BYTES)
  return bytes === null ? null : parsePin(path, bytes)
}

/**
 * All pins of a series.
 * @throws {StorageError} `storage/corrupt`
 */
export async function pinsOf(store: LocalStore, series: Series): Promise<Pin[]> {
  const folder = pinsFolder(store.options.root)
  const names = (await listFolder(store.fs, folder)).filter((name) => name.endsWith(`.${tagOf(series)}.json`))
  return names.flatMap((name) => {
    const bytes = readSmall(store.fs, `${folder}/${name}`, MAX_BYTES)
    const pin = bytes === null ? null : parsePin(`${folder}/${name}`, bytes)
    return pin !== null && seriesKey(pin.series) === seriesKey(series) ? [pin] : []
  })
}

/**
 * Names a version.
 * @throws {StorageError} `storage/snapshot-expired` where it is not kept any more; {ConfigError} `config/option` where the
 *   name stands for another version
 */
export async function pinVersion(store: LocalStore, series: Series, version: number, name: string): Promise<Pin> {
  const desk = deskOf(store, series)
  const snapshot = readVersion(store, desk, version)
  if (snapshot === null) throw expired(desk.series, version)
  const old = readPin(store, desk.series, name)
  if (old !== null) {
    if (old.hash !== snapshot.hash) throw pinTaken(desk.series, name, old.version)
    // Its writer may not have lived to sync its name.
    await syncPins(store)
    return old
  }
  const pin: Pin = Object.freeze({
    name,
    series: desk.series,
    version,
    hash: snapshot.hash,
    pinnedAtMs: Math.trunc(store.now()),
  })
  await writePin(store, desk, pin)
  // History reads the pins after it took a version away: either it saw this one, or the version is gone by now.
  if (!(await stays(store, desk, version))) {
    await removeFile(store.fs, pinPath(store, desk.series, name))
    throw expired(desk.series, version)
  }
  return pin
}

async function writePin(store: LocalStore, desk: Desk, pin: Pin): Promise<void> {
  const folder = pinsFolder(store.options.root)
  const path = pinPath(store, desk.series, pin.name)
  const temporary = `${folder}/.${freshId(store)}.tmp`
  await ensureFolder(store.fs, folder)
  await writeDurably(store.fs, temporary, [new TextEncoder().encode(`${JSON.stringify(pin)}\n`)])
  await store.fs.rename(temporary, path)
  await syncPins(store)
}

async function syncPins({ fs, options: { root }, vouched }: LocalStore): Promise<void> {
  await syncPath(fs, root, pinsFolder(root), pinsFolder(root), vouched)
}

/** Is the version there with all its files, and does it stay a moment? */
async function stays(store: LocalStore, desk: Desk, version: number): Promise<boolean> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const snapshot = readVersion(store, desk, version)
    const files = snapshot === null ? [] : Object.values(snapshot.files).flat()
    if (snapshot !== null && files.every((file) => store.fs.factsSync(dataPath(desk, file)) !== null)) return true
    await store.sleep(20)
  }
  return false
}

/** Forgets a name; its version may go with the next run of the history rule. */
export async function unpinVersion(store: LocalStore, series: Series, name: string): Promise<void> {
  const path = pinPath(store, series, checkName('name', name))
  if (!(await removeFile(store.fs, path))) return
  await store.fs.fsyncFolder(pinsFolder(store.options.root)).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error
  })
}
