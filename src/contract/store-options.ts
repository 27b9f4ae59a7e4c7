/**
 * Options of a store on disk: which values they take, for whoever makes one.
 * @module
 */
import { type Bounds, choice, numberIn } from './option-values.ts'
import { checkOptions } from './options.ts'
import type { Partition } from './storage.ts'
import { DAY_MS } from './time.ts'

/** Options that need a look; those that are absent or undefined take their defaults. */
export interface StoreOptionValues {
  /** Milliseconds, 0 to 86_400_000. */
  readonly lockTimeoutMs?: number
  /** Milliseconds, at least 0. */
  readonly graceMs?: number
  /** Bytes, at least 0. */
  readonly cacheBytes?: number
  readonly partition?: Partition | 'auto'
  readonly compression?: 'none' | 'zstd'
  readonly io?: 'auto' | 'sync' | 'async'
  readonly history?: object
}

const ANY: Bounds = { low: 0, high: Number.MAX_SAFE_INTEGER }

const NUMBERS = { lockTimeoutMs: { low: 0, high: DAY_MS }, graceMs: ANY, cacheBytes: ANY } as const

const CHOICES = {
  partition: ['auto', 'all', 'year', 'quarter', 'month', 'day'],
  compression: ['none', 'zstd'],
  io: ['auto', 'sync', 'async'],
} as const

/** Bounds of what says how much of the past is kept. */
const HISTORY: Readonly<Record<string, Bounds>> = {
  everyMs: ANY,
  hourlyMs: ANY,
  dailyMs: ANY,
  last: { low: 1, high: 1_000_000, whole: true },
  historyBytes: ANY,
}

/**
 * Checks the values of store options. Unknown keys of `history` are refused; those of the options are the caller's to check.
 * @param prefix what stands before the names in messages
 * @throws {ConfigError} `config/option` naming the field, the value and the remedy
 */
export function checkStoreOptions(options: StoreOptionValues, prefix = ''): void {
  for (const [name, bounds] of Object.entries(NUMBERS)) {
    const value = options[name as keyof typeof NUMBERS]
    if (value !== undefined) numberIn(`${prefix}${name}`, value, bounds)
  }
  for (const [name, known] of Object.entries(CHOICES)) {
    const value: string | undefined = options[name as keyof typeof CHOICES]
    if (value !== undefined) choice<string>(`${prefix}${name}`, value, known)
  }
  const { history } = options
  if (history === undefined) return
  checkOptions(history, Object.keys(HISTORY), `${prefix}history`)
  for (const [name, value] of Object.entries(history))
    if (value !== undefined) numberIn(`${prefix}history.${name}`, value, HISTORY[name] as Bounds)
}

/** Without the keys whose value is undefined: spread over defaults they would undo them. */
export function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
