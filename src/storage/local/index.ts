/**
 * The local store: open Parquet files under a root folder, a log of immutable versions beside each series.
 *
 * An acknowledged commit survives a crash of the process and of the machine, a full disk, and other writers; a reader keeps
 * reading the version that it began with. Any number of processes may read and write one root.
 * @module
 */
import * as zlib from 'node:zlib'
import type { Compressors } from '../../codecs/parquet/index.ts'
import type { WarningEvent } from '../../contract/events.ts'
import { type Logger, SILENT } from '../../contract/runtime.ts'
import type { CatalogEntry, Partition, Storage } from '../../contract/storage.ts'
import { createByteCache } from '../../contract/byte-cache.ts'
import { findSnapshot, historyOf, listHeads } from './catalog.ts'
import { commitChange } from './commit.ts'
import { dataPath } from './data-file.ts'
import { dropSeries } from './drop.ts'
import { storageFault } from './faults.ts'
import { type FsPort, patientFs } from './fs-port.ts'
import { localSnapshot } from './local-snapshot.ts'
import { withLock } from './lock.ts'
import { readHead } from './log.ts'
import { maintain } from './maintain.ts'
import { nodeFs, queuedNodeFs } from './node-fs.ts'
import { resolveStoreOptions } from './options.ts'
import { readNote, writeNote } from './notes.ts'
import { pinVersion, unpinVersion } from './pins.ts'
import { readSnapshot, scanSnapshot } from './read.ts'
import { type Desk, type HistoryOptions, type LocalStore, deskOf, lazyCodec } from './store.ts'
import { verifyStore } from './verify.ts'

export type { FileFacts, FileHandle, FsPort } from './fs-port.ts'
export type { HistoryOptions } from './store.ts'
export { nodeFs } from './node-fs.ts'

/** Options of {@link createLocalStorage}. */
export interface LocalStorageOptions {
  /** Folder of the store; made at the first commit. */
  readonly root: string
  /** Milliseconds to wait for other work on a series before going on without its lock. @default 30_000 */
  readonly lockTimeoutMs?: number
  /** How a new series is cut into files; `auto` = by the rows a year that it expects. @default 'auto' */
  readonly partition?: 'auto' | Partition
  /** `zstd` makes files a fifth smaller and reads half as fast. @default 'none' */
  readonly compression?: 'none' | 'zstd'
  /** Which old versions are kept. */
  readonly history?: HistoryOptions
  /**
   * `auto` reads files up to 4 MB synchronously, larger ones asynchronously, and changes names synchronously; `sync` reads
   * larger ones likewise; `async`, for disks on a network, does nothing of this but reads of small facts: versions, footers,
   * the times among which a range begins or ends. @default 'auto'
   */
  readonly io?: 'auto' | 'sync' | 'async'
  /** Milliseconds for which collection leaves files alone that no version names: longer than any commit. @default 86_400_000 */
  readonly graceMs?: number
  /** Bytes of parsed versions and of footers kept in memory. @default 67_108_864 */
  readonly cacheBytes?: number
  /** @default the platform's */
  readonly fs?: FsPort
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** A number in `[0, 1)`. @default Math.random */
  readonly random?: () => number
  /** Waits so many milliseconds. @default a timer */
  readonly sleep?: (ms: number) => Promise<void>
  /** @default silent */
  readonly log?: Logger
  /** Told what a person should know: `disk-low`, `no-view`, `no-hard-links`, `view-behind`, `history-behind`, `corrupt-head`. */
  readonly onWarning?: (event: WarningEvent) => void
}

const PASS_BYTES = 65_536
const CACHE_BYTES = 64 * 2 ** 20

/** Compression and checksums of the platform; what an older runtime lacks is left out. */
const COMPRESSORS: Compressors = {
  ...(zlib.zstdCompressSync === undefined ? {} : { zstdCompress: (bytes) => zlib.zstdCompressSync(bytes) }),
  ...(zlib.zstdDecompressSync === undefined
    ? {}
    : { zstdDecompress: (bytes, size) => zlib.zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }) }),
  gunzip: (bytes, size) => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  brotliDecompress: (bytes, size) => zlib.brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  crc32: (bytes, seed) => zlib.crc32(bytes, seed),
}

function storeOf(options: LocalStorageOptions): LocalStore {
  const sleep = options.sleep ?? ((ms: number) => new Promise<void>((done) => setTimeout(done, ms)))
  const log = options.log ?? SILENT
  const cacheBytes = options.cacheBytes ?? CACHE_BYTES
  return {
    options: resolveStoreOptions(options),
    fs: patientFs(options.fs ?? (options.io === 'async' ? queuedNodeFs : nodeFs), sleep),
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    sleep,
    log,
    warn(event) {
      // What is told of stands, also where nobody can be told.
      try {
        log.warn(event, event.message)
        options.onWarning?.(event)
      } catch {}
    },
    compressors: COMPRESSORS,
    codec: lazyCodec(),
    snapshots: createByteCache(cacheBytes / 2),
    footers: createByteCache(cacheBytes / 2),
    passes: new Uint8Array(PASS_BYTES),
    scratches: [],
    vouched: new Map(),
    verified: new Set(),
    desks: new Map(),
    disk: { freeBytes: 0, seenAtMs: -Infinity },
    said: new Set(),
  }
}

async function loaded(store: LocalStore): Promise<LocalStore> {
  await store.codec.load()
  return store
}

/**
 * Opens a store of Parquet files. Touches no disk until it is used.
 *
 * A commit writes what it adds, at any length of the series: rows after the last one go to a small file of their own, or
 * into the last one while that has at most 1,024 rows.
 */
export function createLocalStorage(options: LocalStorageOptions): Storage {
  const store = storeOf(options)
  const running = new Set<Promise<unknown>>()
  const track = async <T>(work: Promise<T>): Promise<T> => {
    running.add(work)
    try {
      return await work
    } finally {
      running.delete(work)
    }
  }
  /** Gives what the file system throws its typed form. */
  const guard = async <T>(desk: Desk | null, doing: string, work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw storageFault(error, doing, desk?.series ?? null, desk?.paths.folder ?? store.options.root)
    }
  }
  return Object.freeze<Storage>({
    capabilities: Object.freeze({ durable: true, concurrentProcesses: true, files: true }),
    list: () => guard<readonly CatalogEntry[]>(null, 'list the series', () => listHeads(store)),
    async head(series) {
      const desk = deskOf(store, series)
      return guard(desk, 'find the newest version', () => readHead(store, desk))
    },
    async snapshot(series, version) {
      const desk = deskOf(store, series)
      return guard(desk, 'find the version', () => findSnapshot(store, desk, version))
    },
    async read(snapshot, request, readOptions) {
      await store.codec.load()
      return readSnapshot(store, snapshot, request, readOptions)
    },
    async *scan(snapshot, request, scanOptions) {
      await store.codec.load()
      yield* scanSnapshot(store, snapshot, request, scanOptions)
    },
    commit: (series, base, change) => track(store.codec.load().then(() => commitChange(store, series, base, change))),
    async history(series) {
      const desk = deskOf(store, series)
      return guard(desk, 'list the versions', () => historyOf(store, desk))
    },
    async files(snapshot) {
      const local = localSnapshot(store, snapshot)
      const desk = deskOf(store, local.series)
      return local.files.rows.map((file) => dataPath(desk, file))
    },
    async pin(series, version, name) {
      return track(guard(deskOf(store, series), 'pin', () => pinVersion(store, series, version, name)))
    },
    async unpin(series, name) {
      return track(guard(deskOf(store, series), 'unpin', () => unpinVersion(store, series, name)))
    },
    maintain: (task, { signal } = {}) =>
      track(guard(null, task.kind, async () => maintain(await loaded(store), task, signal))),
    verify: (request = {}) => guard(null, 'verify', async () => verifyStore(await loaded(store), request)),
    async drop(series) {
      return track(guard(deskOf(store, series), 'drop', () => dropSeries(store, deskOf(store, series))))
    },
    readNote: async (series, name) => readNote(store, series, name),
    writeNote: (series, name, text) => track(writeNote(store, series, name, text)),
    async exclusive(series, work, signal) {
      return withLock(store, deskOf(store, series), work, signal)
    },
    async close() {
      while (running.size > 0) await Promise.allSettled(running)
    },
  })
}
