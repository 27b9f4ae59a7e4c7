/**
 * What must hold of a store after whatever happened to it. Each broken promise is one sentence.
 * @module
 */
import { crc32 } from 'node:zlib'
import { bytesSource, readColumns, readFooter } from '../../src/codecs/parquet/index.ts'
import { sameCoverage } from '../../src/contract/coverage.ts'
import { dataName, parseLogName, parseViewName } from '../../src/storage/local/layout.ts'
import { type LocalSnapshot, decodeSnapshot } from '../../src/storage/local/snapshot-format.ts'
import type { SimFs } from './sim-fs.ts'
import { type Expected, PATHS, type Rows, SERIES, type World, rowsOfColumns } from './world.ts'

/** A disk to look at: a simulated one, or a real folder in its place. */
export type Disk = Pick<SimFs, 'peek' | 'paths'>

const inFolder = (sim: Disk, folder: string): string[] =>
  sim.paths().filter((path) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/'))

/** Rows of files already decoded, by length and checksum: crashes leave the same few files again and again. */
const decoded = new Map<string, Promise<readonly number[]>>()

async function timesIn(bytes: Uint8Array): Promise<readonly number[]> {
  const key = `${bytes.length}/${crc32(bytes)}`
  const known = decoded.get(key)
  if (known !== undefined) return await known
  const work = (async () => {
    const source = bytesSource(bytes)
    const footer = readFooter(source)
    const columns = await readColumns([{ source, footer, startRow: 0, endRow: footer.rows }], footer)
    return rowsOfColumns(columns).map(([ms]) => ms)
  })()
  if (decoded.size > 5_000) decoded.clear()
  decoded.set(key, work)
  return await work
}

/** What a plain listing shows: bars by the number of files that hold them, and files that cannot be read. */
export async function listView(sim: Disk): Promise<{ times: Map<number, number>; broken: string[] }> {
  const times = new Map<number, number>()
  const broken: string[] = []
  for (const path of inFolder(sim, PATHS.folder)) {
    const name = path.slice(PATHS.folder.length + 1)
    if (!name.endsWith('.parquet') || name.startsWith('.')) continue
    if (parseViewName(name) === null) broken.push(`${name} is no name of the view`)
    try {
      for (const ms of await timesIn(sim.peek(path) as Uint8Array)) times.set(ms, (times.get(ms) ?? 0) + 1)
    } catch (error) {
      broken.push(`${name}: ${String(error)}`)
    }
  }
  return { times, broken }
}

/** A plain listing shows no row twice and no broken file. */
export async function checkView(sim: Disk): Promise<string[]> {
  const { times, broken } = await listView(sim)
  const twice = [...times].filter(([, count]) => count > 1)
  return [
    ...broken.map((what) => `view: ${what}`),
    ...(twice.length === 0
      ? []
      : [`view: ${twice.length} rows are shown twice, first ${new Date(twice[0]?.[0] ?? 0).toISOString()}`]),
  ]
}

/** A plain listing shows exactly these rows. */
export async function checkViewShows(sim: Disk, rows: Rows): Promise<string[]> {
  const { times } = await listView(sim)
  const missing = [...rows.keys()].filter((ms) => !times.has(ms)).length
  const extra = [...times.keys()].filter((ms) => !rows.has(ms)).length
  return [
    ...(await checkView(sim)),
    ...(missing + extra === 0 ? [] : [`view: misses ${missing} rows and shows ${extra} that are gone`]),
  ]
}

/** Versions on the disk are sound, chained and contiguous below the head, and all their files are there. */
export function checkLog(
  sim: Disk,
  { keepLast = 20, damaged = false }: { keepLast?: number; damaged?: boolean } = {},
): string[] {
  const broken: string[] = []
  const unreadable: string[] = []
  const live = new Map<number, LocalSnapshot>()
  const all: LocalSnapshot[] = []
  for (const path of inFolder(sim, PATHS.log)) {
    const name = parseLogName(path.slice(PATHS.log.length + 1))
    if (name === null || name.kind === 'gone') continue
    try {
      const snapshot = decodeSnapshot(sim.peek(path) as Uint8Array, SERIES, name.version, path)
      all.push(snapshot)
      if (name.kind === 'live') live.set(name.version, snapshot)
    } catch (error) {
      unreadable.push(`log: version ${name.version} cannot be read: ${String(error)}`)
    }
  }
  // What was damaged before is replaced by a later version, and old versions may still name what is gone.
  if (damaged) all.splice(0, all.length, ...all.filter(({ version }) => version === Math.max(...live.keys())))
  else broken.push(...unreadable)
  const head = Math.max(0, ...live.keys())
  for (let version = head; version > Math.max(0, head - keepLast) && !damaged; version--) {
    if (!live.has(version)) broken.push(`log: version ${version} is missing below head ${head}`)
  }
  const hashes = new Map(all.map(({ version, hash }) => [version, hash]))
  for (const { version, parent, cause } of all) {
    const below = hashes.get(version - 1)
    if (below !== undefined && below !== parent)
      broken.push(`log: version ${version} does not name the hash of ${version - 1}`)
    if (version > 1 && parent === null && cause.operation !== 'repair')
      broken.push(`log: version ${version} has no parent`)
  }
  for (const { version, files } of all) {
    for (const file of Object.values(files).flat()) {
      const name = dataName(file)
      const bytes = sim.peek(`${PATHS.data}/${name}`)
      if (bytes === null) broken.push(`log: version ${version} of ${head} names ${name}, which is missing`)
      else if (bytes.length !== file.sizeBytes || crc32(bytes) !== file.crc32)
        broken.push(`log: ${name} of version ${version} is damaged`)
    }
  }
  return broken
}

function compareRows(what: string, found: readonly (readonly [number, number])[], wanted: Rows): string[] {
  const broken: string[] = []
  const seen = new Map<number, number>()
  let twice = 0
  for (const [ms, close] of found) {
    if (seen.has(ms)) twice++
    seen.set(ms, close)
  }
  const lost = [...wanted.keys()].filter((ms) => !seen.has(ms)).length
  const extra = [...seen.keys()].filter((ms) => !wanted.has(ms)).length
  const wrong = [...wanted].filter(([ms, close]) => seen.has(ms) && seen.get(ms) !== close).length
  if (lost + extra + wrong + twice > 0)
    broken.push(`${what}: ${lost} rows lost, ${twice} duplicated, ${extra} unexpected, ${wrong} with another value`)
  if (found.some(([ms], i) => i > 0 && ms < (found[i - 1]?.[0] ?? 0))) broken.push(`${what}: rows do not ascend`)
  return broken
}

/** The store holds exactly this. */
export async function checkHolds({ storage }: World, wanted: Expected): Promise<string[]> {
  const head = await storage.head(SERIES)
  if (head === null)
    return wanted.rows.size + wanted.coverage.length === 0 ? [] : [`holds nothing, not ${wanted.rows.size} rows`]
  const broken = compareRows('rows', rowsOfColumns(await storage.read(head, {})), wanted.rows)
  if (head.rows !== wanted.rows.size) broken.push(`head counts ${head.rows} rows, not ${wanted.rows.size}`)
  if (!sameCoverage(head.coverage, wanted.coverage)) {
    broken.push(`coverage is ${JSON.stringify(head.coverage)}, not ${JSON.stringify(wanted.coverage)}`)
  }
  for (const table of ['revisions', 'rejects'] as const) {
    const rows = (await storage.read(head, { table })).timestamp.length
    if (rows !== wanted[table]) broken.push(`${table}: ${rows} rows, not ${wanted[table]}`)
  }
  for (const [name, rows] of wanted.pins) {
    const pinned = await storage.snapshot(SERIES, name)
    broken.push(...compareRows(`pin ${name}`, rowsOfColumns(await storage.read(pinned, {})), rows))
  }
  return broken
}
