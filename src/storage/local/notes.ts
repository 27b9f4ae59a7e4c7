/**
 * Small texts beside a series, whose loss costs nothing.
 * @module
 */
import type { Series } from '../../contract/series.ts'
import { checkName } from '../next-version.ts'
import { storageFault } from './faults.ts'
import { makeFolders, readSmall, removeFile, writeAll } from './fs-port.ts'
import { type LocalStore, deskOf, freshId } from './store.ts'

const MAX_BYTES = 64 * 2 ** 20

const notePath = (store: LocalStore, series: Series, name: string): string =>
  `${deskOf(store, series).paths.folder}/_${checkName('name', name)}.json`

/** The text of a note, or null where there is none. */
export function readNote(store: LocalStore, series: Series, name: string): string | null {
  const path = notePath(store, series, name)
  try {
    const bytes = readSmall(store.fs, path, MAX_BYTES)
    return bytes === null ? null : new TextDecoder().decode(bytes)
  } catch (error) {
    throw storageFault(error, `read the note ${name}`, series, path)
  }
}

/**
 * Writes a note, whole or not at all. Not synced: after a power failure the old one may be back, or none.
 * @throws {StorageError} `storage/full`, `storage/read-only`
 */
export async function writeNote(store: LocalStore, series: Series, name: string, text: string): Promise<void> {
  const { fs } = store
  const { folder } = deskOf(store, series).paths
  const path = notePath(store, series, name)
  const temporary = `${folder}/.${freshId(store)}.tmp`
  try {
    await makeFolders(fs, store.options.root, folder)
    const file = await fs.open(temporary, 'create')
    try {
      await writeAll(fs, file, [new TextEncoder().encode(text)])
    } finally {
      await fs.close(file)
    }
    await fs.rename(temporary, path)
  } catch (error) {
    await removeFile(fs, temporary).catch(() => {})
    throw storageFault(error, `write the note ${name}`, series, path)
  }
}
