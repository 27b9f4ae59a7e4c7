/**
 * Options of the local store, checked and with their defaults.
 * @module
 */
import { resolve } from 'node:path'
import { type Bounds, choice, numberIn, numberOr, refuse } from '../../contract/option-values.ts'
import { checkOptions } from '../../contract/options.ts'
import type { LocalStorageOptions } from './index.ts'
import type { HistoryOptions, StoreOptions } from './store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const ANY: Bounds = { low: 0, high: Number.MAX_SAFE_INTEGER }

const HISTORY: Readonly<Record<keyof HistoryOptions, Bounds>> = {
  everyMs: ANY,
  hourlyMs: ANY,
  dailyMs: ANY,
  last: { low: 1, high: 1_000_000, whole: true },
  historyBytes: ANY,
}

const HISTORY_DEFAULTS: StoreOptions['history'] = {
  everyMs: HOUR_MS,
  hourlyMs: DAY_MS,
  dailyMs: 30 * DAY_MS,
  last: 20,
}

/**
 * Resolves options; what is undefined takes its default.
 * @throws {ConfigError} `config/option` naming the field, the value and the remedy
 */
export function resolveStoreOptions(options: LocalStorageOptions): StoreOptions {
  const { root, partition = 'auto', compression = 'none', io = 'auto' } = options
  if (typeof root !== 'string' || root.length === 0) refuse('root', root, 'give the path of a folder')
  return {
    root: resolve(root).replaceAll('\\', '/'),
    lockTimeoutMs: numberOr('lockTimeoutMs', options.lockTimeoutMs, 30_000, { low: 0, high: DAY_MS }),
    partition: choice('partition', partition, ['auto', 'all', 'year', 'quarter', 'month', 'day']),
    compression: choice('compression', compression, ['none', 'zstd']),
    history: resolveHistory(options.history ?? {}),
    io: choice('io', io, ['auto', 'sync', 'async']),
    graceMs: numberOr('graceMs', options.graceMs, DAY_MS, ANY),
  }
}

function resolveHistory(history: HistoryOptions): StoreOptions['history'] {
  checkOptions(history, Object.keys(HISTORY), 'history')
  const given = Object.entries(history).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) numberIn(`history.${name}`, value, HISTORY[name as keyof HistoryOptions])
  return { ...HISTORY_DEFAULTS, ...Object.fromEntries(given) }
}
