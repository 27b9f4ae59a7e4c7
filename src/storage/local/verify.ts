/**
 * Looks whether everything is as it was written. Changes nothing.
 * @module
 */
import { type Columns, lowerBound, rowCount } from '../../contract/columns.ts'
import { ticksOf } from '../../contract/ticks.ts'
import type { Series } from '../../contract/series.ts'
import type { VerifyIssue, VerifyReport } from '../../contract/storage.ts'
import { dataPath, openDataFile } from './data-file.ts'
import { DamagedDataFile, MissingDataFile } from './file-bytes.ts'
import { type DataFile, dataName, findSeries, keptName, versionName } from './layout.ts'
import { listLog, readVersion } from './log.ts'
import { readFiles } from './read-files.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import { type Desk, type LocalStore, deskOf } from './store.ts'
import { checkView } from './view.ts'

/** What is verified. */
export interface VerifyRequest {
  /** @default all series */
  readonly series?: Series
  /** Also reads every file: checksum, rows, order, bounds, coverage. @default false */
  readonly deep?: boolean
  readonly signal?: AbortSignal
}

type Say = (path: string, message: string) => void

/** Verifies one or all series: the chain of versions, the files that they name, and the view. */
export async function verifyStore(
  store: LocalStore,
  { series, deep = false, signal }: VerifyRequest,
): Promise<VerifyReport> {
  const all = series === undefined ? await findSeries(store.fs, store.options.root) : [series]
  const issues: VerifyIssue[] = []
  const total = { series: 0, files: 0, rows: 0, bytes: 0 }
  for (const one of all) {
    const desk = deskOf(store, one)
    const say: Say = (path, message) => void issues.push({ series: desk.series, path, message })
    const versions = await verifyLog(store, desk, say)
    const [head] = versions
    if (head === undefined) continue
    total.series += 1
    total.rows += head.rows
    const files = new Map(
      versions.flatMap((version) => Object.values(version.files).flat()).map((file) => [dataName(file), file]),
    )
    for (const file of files.values()) {
      signal?.throwIfAborted()
      total.files += 1
      total.bytes += file.sizeBytes
      await verifyFile(store, desk, file, head, deep, say)
    }
    await verifyView(store, desk, head, say)
  }
  return { ok: issues.length === 0, ...total, issues }
}

/** Readable versions, newest first. */
async function verifyLog(store: LocalStore, desk: Desk, say: Say): Promise<LocalSnapshot[]> {
  const { live, kept } = await listLog(store, desk)
  const readable: LocalSnapshot[] = []
  const repaired = new Set<number>()
  let above: LocalSnapshot | null = null
  for (const version of live.toReversed()) {
    const path = `${desk.paths.log}/${versionName(version)}`
    try {
      const snapshot = readVersion(store, desk, version)
      if (snapshot === null) continue
      for (const old of snapshot.repairs) repaired.add(old)
      verifyLink(snapshot, above, repaired, path, say)
      above = snapshot
      readable.push(snapshot)
    } catch (error) {
      if (!repaired.has(version)) say(path, (error as Error).message)
    }
  }
  for (const version of kept.toReversed()) {
    try {
      const snapshot = readVersion(store, desk, version)
      if (snapshot !== null) readable.push(snapshot)
    } catch (error) {
      say(`${desk.paths.log}/${keptName(version)}`, (error as Error).message)
    }
  }
  return readable
}

/** The version above names the hash of this one, unless it replaces versions that cannot be read. */
function verifyLink(
  snapshot: LocalSnapshot,
  above: LocalSnapshot | null,
  repaired: ReadonlySet<number>,
  path: string,
  say: Say,
): void {
  if (above === null || above.parent === snapshot.hash) return
  const between = Array.from({ length: above.version - snapshot.version - 1 }, (_, i) => snapshot.version + 1 + i)
  const missing = between.filter((version) => !repaired.has(version))
  if (missing.length > 0) say(path, `versions ${missing.join(', ')} above it are missing`)
  else if (above.parent !== null) say(path, `version ${above.version} names another parent`)
}

async function verifyFile(
  store: LocalStore,
  desk: Desk,
  file: DataFile,
  head: LocalSnapshot,
  deep: boolean,
  say: Say,
): Promise<void> {
  const path = dataPath(desk, file)
  try {
    if (!deep) {
      const facts = store.fs.factsSync(path)
      if (facts === null) throw new MissingDataFile(file)
      if (facts.sizeBytes !== file.sizeBytes)
        throw new DamagedDataFile(file, `is ${facts.sizeBytes} bytes long, not ${file.sizeBytes}`)
      return
    }
    await openDataFile(store, desk, file, { again: true, keep: false })
    verifyRows(desk, await readFiles(store, desk, [file]), file, head, (message) => say(path, message))
  } catch (error) {
    say(path, (error as Error).message)
  }
}

function verifyRows(
  desk: Desk,
  rows: Columns,
  file: DataFile,
  head: LocalSnapshot,
  say: (message: string) => void,
): void {
  const { timestamp } = rows
  if (rowCount(rows) !== file.rows) say(`holds ${rowCount(rows)} rows, not ${file.rows}`)
  if (timestamp[0] !== file.first || timestamp.at(-1) !== file.last) say('has other bounds than its version says')
  for (let i = 1; i < timestamp.length; i++) {
    if ((timestamp[i - 1] as bigint) <= (timestamp[i] as bigint)) continue
    say(`is not sorted at row ${i}`)
    break
  }
  if (!head.files.rows.includes(file)) return
  for (const { state, startMs, endMs } of head.coverage) {
    if (state !== 'empty') continue
    const found =
      lowerBound(timestamp, ticksOf(endMs, desk.timeUnit)) - lowerBound(timestamp, ticksOf(startMs, desk.timeUnit))
    if (found > 0) say(`has ${found} rows in a range that is proven empty`)
  }
}

async function verifyView(store: LocalStore, desk: Desk, head: LocalSnapshot, say: Say): Promise<void> {
  if (store.said.has('no-view')) return
  const { remove, link } = await checkView(store, desk, head)
  for (const name of remove) say(`${desk.paths.folder}/${name}`, 'is in the view, but no part of the newest version')
  for (const [name] of link) say(`${desk.paths.folder}/${name}`, 'does not show the newest version')
}
