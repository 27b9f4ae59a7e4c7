/**
 * Options of the local store, checked and with their defaults.
 * @module
 */
import { resolve } from 'node:path'
import { refuse } from '../../contract/option-values.ts'
import { checkStoreOptions, given } from '../../contract/store-options.ts'
import { DAY_MS, HOUR_MS } from '../../contract/time.ts'
import type { LocalStorageOptions } from './index.ts'
import type { StoreOptions } from './store.ts'

const DEFAULTS = { lockTimeoutMs: 30_000, partition: 'auto', compression: 'none', io: 'auto', graceMs: DAY_MS } as const

const HISTORY_DEFAULTS = { everyMs: HOUR_MS, hourlyMs: DAY_MS, dailyMs: 30 * DAY_MS, last: 20 }

/**
 * Resolves options; what is undefined takes its default.
 * @throws {ConfigError} `config/option` naming the field, the value and the remedy
 */
export function resolveStoreOptions(options: LocalStorageOptions): StoreOptions {
  const { root, lockTimeoutMs, partition, compression, io, graceMs, history = {} } = options
  if (typeof root !== 'string' || root.length === 0) refuse('root', root, 'give the path of a folder')
  checkStoreOptions(options)
  return {
    ...DEFAULTS,
    ...given({ lockTimeoutMs, partition, compression, io, graceMs }),
    root: resolve(root).replaceAll('\\', '/'),
    history: { ...HISTORY_DEFAULTS, ...given(history) },
  } as StoreOptions
}
