/**
 * Removes a series with all its versions.
 * @module
 */
import { stillPinned } from '../next-version.ts'
import { removeTree } from './collect.ts'
import { ensureFolder, isCode } from './fs-port.ts'
import { trashFolder } from './layout.ts'
import { pinsOf } from './pins.ts'
import { startReport } from './report.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'

/**
 * Removes a series: first its folder loses its name at one stroke, then its files go. Readers of its versions get
 * `storage/snapshot-expired`, a writer in between `storage/conflict`.
 * @throws {ConfigError} `config/option` while versions are pinned
 */
export async function dropSeries(store: LocalStore, desk: Desk): Promise<void> {
  const pins = await pinsOf(store, desk.series)
  if (pins.length > 0)
    throw stillPinned(
      desk.series,
      pins.map(({ name }) => name),
    )
  await desk.commits.runExclusive(() => dropHeld(store, desk))
}

async function dropHeld(store: LocalStore, desk: Desk): Promise<void> {
  const { fs } = store
  const { folder } = desk.paths
  const above = folder.slice(0, folder.lastIndexOf('/'))
  if (fs.factsSync(folder) === null) {
    // Whoever dropped it may not have lived to sync that.
    if (fs.factsSync(above) !== null) await fs.fsyncFolder(above)
    return
  }
  const trash = trashFolder(store.options.root)
  const dropped = `${trash}/${freshId(store)}`
  await ensureFolder(fs, trash)
  try {
    await fs.rename(folder, dropped)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  desk.hint = 0
  desk.viewed = 0
  desk.doomed.clear()
  desk.history = null
  desk.poison = null
  await fs.fsyncFolder(above)
  await removeTree(store, dropped, startReport(false))
  await fs.removeFolder(trash).catch(() => {})
}
