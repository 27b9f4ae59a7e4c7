/**
 * Makes a version from the files of rows alone, when no version can be read. Each file says in its footer where it belongs.
 * Of files whose rows overlap the one that was written last is taken. What was known to be complete is not in the files:
 * everything is unknown, and the next update fetches it again.
 * @module
 */
import { crc32 } from 'node:zlib'
import type { Partition, StoredColumn } from '../../contract/storage.ts'
import { seriesKey } from '../../contract/series.ts'
import { unionShapes } from '../column-shape.ts'
import { conflict, nextFacts } from '../next-version.ts'
import { NONE } from '../row-edits.ts'
import { ORIGIN_KEY, type Origin, dataPath } from './data-file.ts'
import { codeOf, isCode, listFolder, readSmall, writeDurably } from './fs-port.ts'
import { type DataFile, parseDataName } from './layout.ts'
import type { SnapshotContent } from './snapshot-format.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'
import { NO_LINKS } from './view.ts'

/** Larger files cannot be held in memory. */
const MAX_BYTES = 2 ** 31

interface Found {
  readonly file: DataFile
  readonly origin: Origin
  readonly columns: readonly StoredColumn[]
}

/** The next version as the files tell it; null where there are none. `above` is the highest number that was ever used. */
export async function rebuildContent(
  store: LocalStore,
  desk: Desk,
  above: number,
  unreadable: readonly number[],
  opId: string,
  dryRun: boolean,
): Promise<SnapshotContent | null> {
  const names = await listFolder(store.fs, desk.paths.data)
  const found = names.flatMap((name) => inspect(store, desk, name)).toSorted(newestFirst)
  const [newest] = found
  if (newest === undefined) return null
  const partition = newest.origin.partition as Partition
  const taken: Found[] = []
  for (const one of found) {
    const isCutSo = one.file.table !== 'rows' || one.origin.partition === partition
    if (isCutSo && !taken.some((other) => overlap(one.file, other.file))) taken.push(one)
  }
  // The first number may be given to a first commit at this moment; it is given once.
  const version = Math.max(above, newest.origin.version === 1 ? 0 : newest.origin.version) + 1
  const own = dryRun
    ? taken
    : await Promise.all(taken.map(async (one) => ({ ...one, file: await underOwnName(store, desk, one.file, opId) })))
  await store.fs.fsyncFolder(desk.paths.data)
  const { schema } = desk.series
  const shapeOf = (table: 'rows' | 'rejects'): readonly StoredColumn[] =>
    own
      .filter(({ file }) => file.table === table)
      .reduce<readonly StoredColumn[]>((shape, { columns }) => unionShapes(schema, table, shape, columns), [])
  const filesOf = (table: DataFile['table']): DataFile[] =>
    own
      .map(({ file }) => file)
      .filter((file) => file.table === table)
      .toSorted((a, b) => (a.first < b.first ? -1 : 1))
  return {
    ...nextFacts(null, { opId, coverage: [], meta: newest.origin.meta, cause: { operation: 'repair' } }, NONE),
    version,
    series: desk.series,
    committedAtMs: Math.trunc(store.now()),
    columns: shapeOf('rows'),
    rejectColumns: shapeOf('rejects'),
    partition,
    files: { rows: filesOf('rows'), revisions: filesOf('revisions'), rejects: filesOf('rejects') },
    repairs: unreadable,
  }
}

/**
 * Gives a file a second name, or copies it: the first may be that of a writer who is about to remove it.
 * @throws {StorageError} `storage/conflict` where it was removed
 */
async function underOwnName(store: LocalStore, desk: Desk, file: DataFile, opId: string): Promise<DataFile> {
  const own = { ...file, id: freshId(store) }
  try {
    await store.fs.link(dataPath(desk, file), dataPath(desk, own))
    return own
  } catch (error) {
    if (!isCode(error, ...NO_LINKS, 'ENOENT')) throw error
  }
  const bytes = readSmall(store.fs, dataPath(desk, file), MAX_BYTES)
  if (bytes === null) throw conflict(desk.series, opId, 'a file went while the log was made anew')
  await writeDurably(store.fs, dataPath(desk, own), [bytes])
  return own
}

function newestFirst(a: Found, b: Found): number {
  return (
    b.origin.version - a.origin.version || b.origin.sequence - a.origin.sequence || (a.file.id < b.file.id ? 1 : -1)
  )
}

const overlap = (a: DataFile, b: DataFile): boolean => a.table === b.table && a.first <= b.last && b.first <= a.last

function inspect(store: LocalStore, desk: Desk, name: string): Found[] {
  const parsed = parseDataName(name)
  if (parsed === null) return []
  try {
    const bytes = readSmall(store.fs, `${desk.paths.data}/${name}`, MAX_BYTES)
    if (bytes === null) return []
    const { bytesSource, readFooter } = store.codec.parquet
    const footer = readFooter(bytesSource(bytes))
    const origin = JSON.parse(footer.metadata[ORIGIN_KEY] ?? 'null') as Origin | null
    const [first, last] = [footer.groups[0]?.span?.first, footer.groups.at(-1)?.span?.last]
    if (origin === null || first === undefined || last === undefined || !belongs(desk, parsed, origin)) return []
    const facts = { sizeBytes: bytes.length, crc32: crc32(bytes), rows: footer.rows, first, last }
    return [{ file: { ...parsed, ...facts }, origin, columns: footer.columns }]
  } catch (error) {
    // What the disk did not give this time is not lost: to leave it out would be a guess.
    if (codeOf(error)?.startsWith('E') === true) throw error
    store.log.warn({ name, cause: String(error) }, `${seriesKey(desk.series)}: a file cannot be read and is left out`)
    return []
  }
}

function belongs(desk: Desk, { table, part }: Pick<DataFile, 'table' | 'part'>, origin: Origin): boolean {
  const isSame = seriesKey(origin as unknown as Desk['series']) === seriesKey(desk.series)
  return isSame && origin.table === table && origin.part === part && Number.isSafeInteger(origin.version)
}
