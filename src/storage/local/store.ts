/**
 * What the parts of the local store share: the port, the options, the caches, and a desk for each series.
 * @module
 */
import { Mutex } from 'async-mutex'
import type * as Parquet from '../../codecs/parquet/index.ts'
import type { WarningEvent } from '../../contract/events.ts'
import { SCHEMAS } from '../../contract/schema.ts'
import { type Series, parseSeries, seriesKey } from '../../contract/series.ts'
import type { Partition } from '../../contract/storage.ts'
import type { Logger } from '../../contract/runtime.ts'
import type { ByteCache } from '../../contract/byte-cache.ts'
import type { FsPort } from './fs-port.ts'
import type { HistoryIndex } from './history-index.ts'
import { type SeriesPaths, pathsOf } from './layout.ts'
import type { LocalSnapshot } from './snapshot-format.ts'

/** Which old versions are kept. */
export interface HistoryOptions {
  /** Every version younger than this is kept. @default 3_600_000 */
  readonly everyMs?: number
  /** Beyond it, the last version of each hour is kept for this long. @default 86_400_000 */
  readonly hourlyMs?: number
  /** Beyond it, the last version of each UTC day is kept for this long. @default 2_592_000_000 */
  readonly dailyMs?: number
  /** So many of the last versions are kept in any case. @default 20 */
  readonly last?: number
  /** Most bytes that only old versions need; the oldest unpinned go first. @default the larger of 1 MB and a fifth of the live bytes */
  readonly historyBytes?: number
}

/** Options of the local store, resolved. */
export interface StoreOptions {
  readonly root: string
  readonly lockTimeoutMs: number
  readonly partition: 'auto' | Partition
  readonly compression: 'none' | 'zstd'
  readonly history: Required<Omit<HistoryOptions, 'historyBytes'>> & Pick<HistoryOptions, 'historyBytes'>
  readonly io: 'auto' | 'sync' | 'async'
  /** Files younger than this that no version names are left alone by collection. */
  readonly graceMs: number
}

/** The codec of files of rows, loaded when a store first needs it: whoever only makes a client does not pay for it. */
export interface LazyCodec {
  load(): Promise<void>
  /** Only after {@link LazyCodec.load}. */
  readonly parquet: typeof Parquet
}

/** Makes a codec that is not loaded yet. */
export function lazyCodec(): LazyCodec {
  let loaded: typeof Parquet | undefined
  return {
    async load() {
      loaded ??= await import('../../codecs/parquet/index.ts')
    },
    get parquet() {
      if (loaded === undefined) throw new Error('the codec was used before it was loaded')
      return loaded
    },
  }
}

/** Everything that a part of the store needs. */
export interface LocalStore {
  readonly options: StoreOptions
  readonly fs: FsPort
  now(): number
  random(): number
  sleep(ms: number): Promise<void>
  readonly log: Logger
  warn(event: WarningEvent): void
  readonly compressors: Parquet.Compressors
  /** The codec of files of rows, which every work on them loads first. */
  readonly codec: LazyCodec
  /** By path, with the facts of the file that it was read from. */
  readonly snapshots: ByteCache<CachedSnapshot>
  /** By path. */
  readonly footers: ByteCache<Parquet.ParquetFooter>
  /** Inodes of folders above series, by path, whose names this process brought to the disk: only a person removes them. */
  readonly vouched: Map<string, number>
  /** Memory for one synchronous pass over a file. */
  readonly passes: Uint8Array
  /** Memory of reads that have ended. */
  readonly scratches: Parquet.ReadScratch[]
  /** Paths of files whose checksum was found right by this process. */
  readonly verified: Set<string>
  /** By key of the series. */
  readonly desks: Map<string, Desk>
  /** Room on the disk when it was last looked for. */
  readonly disk: { freeBytes: number; seenAtMs: number }
  /** What was said once already. */
  readonly said: Set<string>
}

/** A parsed version, and the inode and time of the file that said it: a dropped series may come again. */
export interface CachedSnapshot {
  readonly snapshot: LocalSnapshot
  readonly inode: number
  readonly modifiedMs: number
}

/** What this process knows of one series. */
export interface Desk {
  readonly series: Series
  readonly paths: SeriesPaths
  readonly timeUnit: 'us' | 'ns'
  /** One commit at a time. */
  readonly commits: Mutex
  /** One exclusive work at a time. */
  readonly work: Mutex
  /** A version that existed; 0 = none known. */
  hint: number
  /** Version whose files the view was last seen to show; 0 = unknown. */
  viewed: number
  /** Files that reads in this process still need, with the number of reads. */
  readonly held: Map<string, number>
  /** Files that history gave up while they were held. */
  readonly doomed: Set<string>
  /** Bytes that may be added to history before the rule is applied again, though it is not its turn. */
  historyRoom: number
  /** What the history rule knows; null = nothing yet. */
  history: HistoryIndex | null
  /** The disk failed to keep what was written: this process writes the series no more. */
  poison: Error | null
}

/**
 * The desk of a series.
 * @throws {ConfigError} `config/*` naming the part of the series that is wrong
 */
export function deskOf(store: LocalStore, series: Series): Desk {
  const key = seriesKey(series)
  const known = store.desks.get(key)
  if (known !== undefined) return known
  const parsed = parseSeries(series)
  const desk: Desk = {
    series: parsed,
    paths: pathsOf(store.options.root, parsed),
    timeUnit: SCHEMAS[parsed.schema].timeUnit,
    commits: new Mutex(),
    work: new Mutex(),
    hint: 0,
    viewed: 0,
    held: new Map(),
    doomed: new Set(),
    historyRoom: Infinity,
    history: null,
    poison: null,
  }
  store.desks.set(key, desk)
  return desk
}

/** A name that no other file has: the time, then 80 random bits. */
export function freshId(store: LocalStore): string {
  const random = (): string =>
    Math.floor(store.random() * 2 ** 40)
      .toString(36)
      .padStart(8, '0')
  return `${Math.max(0, Math.trunc(store.now())).toString(36)}-${random()}${random()}`
}

/** Says something once in the life of this store. */
export function warnOnce(store: LocalStore, key: string, event: WarningEvent): void {
  if (store.said.has(key)) return
  store.said.add(key)
  store.warn(event)
}
