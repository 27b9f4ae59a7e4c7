/**
 * Where things lie: series to folders and back, and the names of files.
 * @module
 */
import { isInterval } from '../../contract/interval.ts'
import { isSchema } from '../../contract/schema.ts'
import { type Series, parseSeries } from '../../contract/series.ts'
import type { TableName } from '../../contract/storage.ts'
import { type FsPort, listFolder } from './fs-port.ts'
import { isPartName } from './partition.ts'
import { folderOfSymbol, symbolOfFolder } from './symbol-folder.ts'

/** The folders of one series. */
export interface SeriesPaths {
  readonly folder: string
  /** Immutable files. */
  readonly data: string
  /** Versions. */
  readonly log: string
  /** Files that failed a check. */
  readonly quarantine: string
  /** Says who works on the series. */
  readonly lock: string
}

/** Folder of pins, below the root. */
export const pinsFolder = (root: string): string => `${root}/_pins`
/** Folder of dropped series on their way out, below the root. */
export const trashFolder = (root: string): string => `${root}/_trash`

/**
 * The folders of a series.
 * @throws {ConfigError} `config/*` naming the part of the series that is wrong
 */
export function pathsOf(root: string, value: Series): SeriesPaths {
  const { schema, provider, interval, symbol } = parseSeries(value)
  const parts = [root, schema, `provider=${provider}`]
  if (interval !== undefined) parts.push(`interval=${interval}`)
  const folder = [...parts, `symbol=${folderOfSymbol(symbol)}`].join('/')
  return {
    folder,
    data: `${folder}/_data`,
    log: `${folder}/_log`,
    quarantine: `${folder}/_quarantine`,
    lock: `${folder}/_lock`,
  }
}

/** Every series that has a folder below the root. */
export async function findSeries(fs: FsPort, root: string): Promise<Series[]> {
  const found: Series[] = []
  for (const schema of await listFolder(fs, root)) {
    if (!isSchema(schema)) continue
    for (const provider of await namesAfter(fs, `${root}/${schema}`, 'provider=')) {
      const below = `${root}/${schema}/provider=${provider}`
      for (const interval of await namesAfter(fs, below, 'interval=')) {
        if (!isInterval(interval)) continue
        for (const symbol of await namesAfter(fs, `${below}/interval=${interval}`, 'symbol=')) {
          found.push({ provider, schema, symbol, interval })
        }
      }
      for (const symbol of await namesAfter(fs, below, 'symbol=')) found.push({ provider, schema, symbol })
    }
  }
  return found.flatMap(readable)
}

function readable(series: Series): Series[] {
  const symbol = symbolOfFolder(series.symbol)
  if (symbol === null) return []
  try {
    return [parseSeries({ ...series, symbol })]
  } catch {
    return []
  }
}

async function namesAfter(fs: FsPort, folder: string, prefix: string): Promise<string[]> {
  const names = await listFolder(fs, folder)
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .toSorted()
}

/** A file of rows, as a version names it. */
export interface DataFile {
  readonly table: TableName
  /** Part of time that its rows lie in; `all` for tables beside the rows. */
  readonly part: string
  readonly id: string
  readonly sizeBytes: number
  readonly crc32: number
  readonly rows: number
  /** Timestamps of the first and the last row, in ticks. */
  readonly first: bigint
  readonly last: bigint
}

/** Name of a file of rows. */
export function dataName({ table, part, id }: Pick<DataFile, 'table' | 'part' | 'id'>): string {
  return `${table === 'rows' ? part : table}.${id}.pq`
}

/** Reads the name of a file of rows; null for any other name. */
export function parseDataName(name: string): Pick<DataFile, 'table' | 'part' | 'id'> | null {
  const [head = '', id = '', end] = name.split('.')
  if (end !== 'pq' || name.split('.').length !== 3 || !/^[0-9a-z-]{1,64}$/.test(id)) return null
  if (head === 'revisions' || head === 'rejects') return { table: head, part: 'all', id }
  return isPartName(head) ? { table: 'rows', part: head, id } : null
}

/** Name under which other tools see the n-th file of a part. */
export function viewName(part: string, index: number): string {
  return index === 0 ? `${part}.parquet` : `${part}.${index}.parquet`
}

/** Reads a name of the view; null for any other name. */
export function parseViewName(name: string): { part: string; index: number } | null {
  const match = /^([^.]+)(?:\.([1-9]\d*))?\.parquet$/.exec(name)
  if (match === null || !isPartName(match[1] as string)) return null
  return { part: match[1] as string, index: Number(match[2] ?? 0) }
}

/** Name of a version in the log. */
export const versionName = (version: number): string => `${String(version).padStart(20, '0')}.json`
/** Name of an old version that outlives its neighbours. */
export const keptName = (version: number): string => `${String(version).padStart(20, '0')}.kept.json`
/** Name of a version on its way out. */
export const goneName = (version: number): string => `${String(version).padStart(20, '0')}.gone`

/** Reads a name in the log; null for any other name. */
export function parseLogName(name: string): { version: number; kind: 'live' | 'kept' | 'gone' } | null {
  const match = /^(\d{20})\.(json|kept\.json|gone)$/.exec(name)
  if (match === null) return null
  const version = Number(match[1])
  if (!Number.isSafeInteger(version) || version < 1) return null
  return { version, kind: match[2] === 'json' ? 'live' : match[2] === 'gone' ? 'gone' : 'kept' }
}
