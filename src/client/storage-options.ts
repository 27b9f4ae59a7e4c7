/**
 * Options of the local Parquet store, as a client takes them.
 * @module
 */
import { checkOptions } from '../contract/options.ts'
import type { Partition, Storage } from '../contract/storage.ts'
import { checkStoreOptions, given } from '../contract/store-options.ts'

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

/**
 * Checks the options of the local store; a store of the caller's own passes as it is. What was not given is left out, so
 * that the store's own defaults hold.
 * @throws {ConfigError} `config/option`
 */
export function checkStorage(storage: Storage | LocalStorageOptions): Storage | LocalStorageOptions {
  if (typeof storage === 'object' && storage !== null && 'commit' in storage) return storage
  checkOptions(storage, KEYS, 'storage')
  checkStoreOptions(storage, 'storage.')
  const { history } = storage
  return given(history === undefined ? storage : { ...storage, history: given(history) })
}
