/**
 * Options of the local Parquet store, as a client takes them.
 * @module
 */
import { checkOptions } from '../contract/options.ts'
import type { Partition, Storage } from '../contract/storage.ts'
import { type Bounds, choice, numberIn } from '../contract/option-values.ts'

/** Options of the local Parquet store. */
export interface LocalStorageOptions {
  /** Milliseconds to wait for another writer before going on without the lock, 0 to 86_400_000. @default 30_000 */
  readonly lockTimeoutMs?: number
  /** How rows are cut into files. @default 'auto': by the rows that a series will have */
  readonly partition?: Partition | 'auto'
  /** @default 'none' */
  readonly compression?: 'none' | 'zstd'
  /** How much of the past is kept. */
  readonly history?: {
    /** Bytes that old versions may take. @default the larger of 1 MB and 20 % of the live bytes */
    readonly historyBytes?: number
  }
  /** `sync`: files are read without a turn of the event loop · `async`: never. @default 'auto' */
  readonly io?: 'auto' | 'sync' | 'async'
}

const KEYS: readonly (keyof LocalStorageOptions)[] = ['lockTimeoutMs', 'partition', 'compression', 'history', 'io']

/** Bounds of what says how much of the past is kept. */
const HISTORY: Readonly<Record<string, Bounds>> = {
  everyMs: { low: 0, high: Number.MAX_SAFE_INTEGER },
  hourlyMs: { low: 0, high: Number.MAX_SAFE_INTEGER },
  dailyMs: { low: 0, high: Number.MAX_SAFE_INTEGER },
  last: { low: 1, high: 1_000_000, whole: true },
  historyBytes: { low: 0, high: Number.MAX_SAFE_INTEGER },
}

/**
 * Checks the options of the local store; a store of the caller's own passes as it is. What was not given is left out, so
 * that the store's own defaults hold.
 * @throws {ConfigError} `config/option`
 */
export function checkStorage(storage: Storage | LocalStorageOptions): Storage | LocalStorageOptions {
  if (typeof storage === 'object' && storage !== null && 'commit' in storage) return storage
  checkOptions(storage, KEYS, 'storage')
  const { lockTimeoutMs, partition, compression, io, history } = storage
  if (lockTimeoutMs !== undefined) numberIn('storage.lockTimeoutMs', lockTimeoutMs, { low: 0, high: 86_400_000 })
  if (partition !== undefined)
    choice('storage.partition', partition, ['auto', 'all', 'year', 'quarter', 'month', 'day'])
  if (compression !== undefined) choice('storage.compression', compression, ['none', 'zstd'])
  if (io !== undefined) choice('storage.io', io, ['auto', 'sync', 'async'])
  if (history === undefined) return given(storage)
  checkOptions(history, Object.keys(HISTORY), 'storage.history')
  for (const [name, value] of Object.entries(given(history)))
    numberIn(`storage.history.${name}`, value, HISTORY[name] as Bounds)
  return given({ ...storage, history: given(history) })
}

/** Without the keys whose value is undefined: spread over defaults they would undo them. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
