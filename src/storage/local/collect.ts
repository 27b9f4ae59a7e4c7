/**
 * Removes what no version needs: old versions by the history rule, files that no version names, and temporary names.
 * @module
 */
import { hasCode } from '../../contract/errors.ts'
import { seriesKey } from '../../contract/series.ts'
import { isCode, listFolder, removeFile } from './fs-port.ts'
import { applyHistory, removeData } from './history.ts'
import { dataName, parseDataName, trashFolder } from './layout.ts'
import { listLog, readGone, readHead, readVersion } from './log.ts'
import { type Report, counted, noteRemoved } from './report.ts'
import type { Desk, LocalStore } from './store.ts'

/** Collects one series. The caller holds the desk's commits. */
export async function collectSeries(store: LocalStore, desk: Desk, graceMs: number, report: Report): Promise<void> {
  const key = seriesKey(desk.series)
  const head = await readHead(store, desk)
  if (head !== null) {
    const { versions, files, blocked } = await applyHistory(store, desk, report.dryRun)
    if (blocked) report.actions.push(`${key}: keep everything, since a version cannot be read: run store.repair first`)
    if (blocked) return
    if (versions.length > 0)
      report.actions.push(
        `${key}: remove ${counted(versions.length, 'old version')} and ${counted(files.length, 'file')}`,
      )
    noteRemoved(
      report,
      files.length,
      files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    )
  }
  await removeOrphans(store, desk, graceMs, report)
  await removeTemporary(store, desk, graceMs, report)
}

/** Files that a commit left which never came to be. */
async function removeOrphans(store: LocalStore, desk: Desk, graceMs: number, report: Report): Promise<void> {
  // Names first, versions then: a version that comes meanwhile names no file of this list, but younger ones.
  const names = await listFolder(store.fs, desk.paths.data)
  const named = await namedFiles(store, desk)
  for (const name of names) {
    const parsed = parseDataName(name)
    const facts = store.fs.factsSync(`${desk.paths.data}/${name}`)
    if (parsed === null || named.has(name) || facts === null || facts.modifiedMs > store.now() - graceMs) continue
    // A read of this process may still need a file that history gave up.
    if (desk.held.has(name)) continue
    report.actions.push(`${seriesKey(desk.series)}: remove ${name}, which no version names`)
    noteRemoved(report, 1, facts.sizeBytes)
    if (!report.dryRun)
      await removeData(store, desk, { ...parsed, sizeBytes: 0, crc32: 0, rows: 0, first: 0n, last: 0n })
  }
}

/**
 * Names of the files that any version needs, also one on its way out: a pin may bring it back.
 * @throws where a version cannot be read that no later one replaces
 */
async function namedFiles(store: LocalStore, desk: Desk): Promise<Set<string>> {
  const named = new Set<string>()
  const repaired = new Set<number>()
  const { live, kept, gone } = await listLog(store, desk)
  for (const version of [...new Set([...kept, ...live, ...gone])].toSorted((a, b) => b - a)) {
    try {
      const snapshot = readVersion(store, desk, version) ?? readGone(store, desk, version)
      for (const old of snapshot?.repairs ?? []) repaired.add(old)
      for (const file of snapshot === null ? [] : Object.values(snapshot.files).flat()) named.add(dataName(file))
    } catch (error) {
      if (!hasCode(error, 'storage/corrupt') || !repaired.has(version)) throw error
    }
  }
  return named
}

async function removeTemporary(store: LocalStore, desk: Desk, graceMs: number, report: Report): Promise<void> {
  const { folder, data, log } = desk.paths
  for (const place of [folder, data, log]) {
    for (const name of await listFolder(store.fs, place)) {
      if (!(name.startsWith('.') && name.endsWith('.tmp')) && !name.endsWith('.claim')) continue
      const path = `${place}/${name}`
      const facts = store.fs.factsSync(path)
      if (facts === null || facts.modifiedMs > store.now() - graceMs) continue
      report.actions.push(`${seriesKey(desk.series)}: remove ${name}, left by a writer that was stopped`)
      noteRemoved(report, 1, facts.links > 1 ? 0 : facts.sizeBytes)
      if (!report.dryRun) await removeFile(store.fs, path)
    }
  }
}

/** Removes what is left of dropped series. */
export async function emptyTrash(store: LocalStore, report: Report): Promise<void> {
  const trash = trashFolder(store.options.root)
  for (const name of await listFolder(store.fs, trash)) {
    report.actions.push(`remove what is left of a dropped series (${name})`)
    if (!report.dryRun) await removeTree(store, `${trash}/${name}`, report)
  }
}

/** Removes a folder with all below it. */
export async function removeTree(store: LocalStore, path: string, report: Report): Promise<void> {
  let names: readonly string[]
  try {
    names = await store.fs.list(path)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    if (!isCode(error, 'ENOTDIR')) throw error
    noteRemoved(report, 1, store.fs.factsSync(path)?.sizeBytes ?? 0)
    await removeFile(store.fs, path)
    return
  }
  for (const name of names) await removeTree(store, `${path}/${name}`, report)
  await store.fs.removeFolder(path).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error
  })
}
