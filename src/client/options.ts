/**
 * Options of a client: what may be given, and what stands for what is not.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { ConfigError } from '../contract/errors.ts'
import type { GapDetector } from '../contract/gap-detector.ts'
import type { MetadataTracker } from '../contract/metadata-tracker.ts'
import { checkOptions } from '../contract/options.ts'
import type { Provider } from '../contract/provider.ts'
import type { Logger, Runtime } from '../contract/runtime.ts'
import { SILENT } from '../contract/runtime.ts'
import type { Partition, Storage } from '../contract/storage.ts'
import type { GapDetectorOptions } from '../gaps/index.ts'
import type { OnInvalid, Quality } from '../ingest/check.ts'
import { type SelectionRules, checkRules } from '../select/rules.ts'

/** Options of the local Parquet store. */
export interface LocalStorageOptions {
  /** Milliseconds to wait for another writer before going on without the lock. @default 30_000 */
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
  /** `sync`: small files are read without a turn of the event loop · `async`: never. @default 'auto' */
  readonly io?: 'auto' | 'sync' | 'async'
}

/** Options of the network. */
export interface HttpClientOptions {
  /** Milliseconds for one request. @default 30_000 */
  readonly timeoutMs?: number
  /** Largest decoded body in bytes. @default 8_388_608 */
  readonly maxBodyBytes?: number
  readonly userAgent?: string
  /** @default 'memory' */
  readonly cache?: 'memory' | 'none'
  /** @default attempts 4, minMs 1_000, maxMs 30_000; full jitter */
  readonly retry?: { readonly attempts?: number; readonly minMs?: number; readonly maxMs?: number }
  /** @default failures 3, recoveryMs 300_000, successes 1 */
  readonly breaker?: { readonly failures?: number; readonly recoveryMs?: number; readonly successes?: number }
}

/** Options of {@link createDataClient}. */
export interface DataClientOptions {
  /** Folder of the store. @default `MARKETLAKE_ROOT`, else `./market-data` */
  readonly root?: string
  /** A store of your own, or options of the local one. @default the local Parquet store at `root` */
  readonly storage?: Storage | LocalStorageOptions
  /** @default every keyless provider, and each keyed one whose variable is set */
  readonly providers?: readonly Provider[]
  /** @default the detector by calendar and coverage, tolerance 0.1 of the interval */
  readonly gapDetector?: GapDetector | GapDetectorOptions
  /** @default a JSON record per series */
  readonly metadata?: MetadataTracker
  /** Calendars by name: one of a built-in name replaces that one, one of an ISO 10383 code (`XASX`) holds for that exchange's listings. */
  readonly calendars?: Readonly<Record<string, Calendar>>
  readonly selection?: SelectionOptions
  readonly quality?: { readonly onInvalid?: OnInvalid; readonly maxInvalidShare?: number }
  /** Series worked on at once. @default 4 */
  readonly concurrency?: number
  readonly http?: HttpClientOptions
  /** @default silent */
  readonly logger?: Logger
  /** @default the platform's */
  readonly runtime?: Partial<Runtime>
}

/** Who is asked first for which kind of instrument, and the quote of bare coins. */
export type SelectionOptions = SelectionRules

/** Options with everything filled in. */
export interface ResolvedOptions {
  readonly root: string
  readonly storage: Storage | LocalStorageOptions
  readonly providers: readonly Provider[] | undefined
  readonly gapDetector: GapDetector | GapDetectorOptions
  readonly metadata: MetadataTracker | undefined
  readonly calendars: Readonly<Record<string, Calendar>>
  readonly selection: SelectionOptions
  readonly quality: Quality
  readonly concurrency: number
  readonly http: {
    readonly timeoutMs: number
    readonly maxBodyBytes: number
    readonly cache: 'memory' | 'none'
    readonly userAgent: string
    readonly retry: { readonly attempts: number; readonly minMs: number; readonly maxMs: number }
    readonly breaker: { readonly failures: number; readonly recoveryMs: number; readonly successes: number }
  }
  readonly logger: Logger
  readonly runtime: Runtime
}

const KEYS: readonly (keyof DataClientOptions)[] = [
  'root',
  'storage',
  'providers',
  'gapDetector',
  'metadata',
  'calendars',
  'selection',
  'quality',
  'concurrency',
  'http',
  'logger',
  'runtime',
]

const DEFAULTS = {
  concurrency: 4,
  quality: { onInvalid: 'quarantine', maxInvalidShare: 0.01 },
  http: {
    timeoutMs: 30_000,
    maxBodyBytes: 8_388_608,
    userAgent: 'marketlake',
    cache: 'memory',
    retry: { attempts: 4, minMs: 1_000, maxMs: 30_000 },
    breaker: { failures: 3, recoveryMs: 300_000, successes: 1 },
  },
} as const

/**
 * Checks the options of a client and fills in the defaults.
 * @throws {ConfigError} `config/option` naming the key, the value and the remedy
 */
export function resolveOptions(options: DataClientOptions): ResolvedOptions {
  checkOptions(options, KEYS, 'createDataClient')
  const runtime = resolveRuntime(options.runtime ?? {})
  const { quality = {}, http = {} } = options
  checkOptions(quality, ['onInvalid', 'maxInvalidShare'], 'quality')
  checkOptions(http, ['timeoutMs', 'maxBodyBytes', 'userAgent', 'cache', 'retry', 'breaker'], 'http')
  checkOptions(http.retry ?? {}, ['attempts', 'minMs', 'maxMs'], 'http.retry')
  checkOptions(http.breaker ?? {}, ['failures', 'recoveryMs', 'successes'], 'http.breaker')
  if (options.selection !== undefined) {
    checkOptions(options.selection, ['rules', 'quote'], 'selection')
    checkRules(options.selection)
  }
  const root = options.root ?? runtime.env['MARKETLAKE_ROOT'] ?? './market-data'
  if (typeof root !== 'string' || root.length === 0) refuse('root', options.root, 'use the path of a folder')
  if (/^~(?=$|[/\\])/.test(root))
    refuse('root', root, 'only a shell knows ~: write the folder out, or use homedir() of node:os')
  return Object.freeze({
    root,
    storage: checkStorage(options.storage ?? {}),
    providers: checkProviders(options.providers),
    gapDetector: options.gapDetector ?? {},
    metadata: options.metadata,
    calendars: checkCalendars(options.calendars ?? {}),
    selection: options.selection ?? {},
    quality: {
      onInvalid: choice('quality.onInvalid', quality.onInvalid ?? DEFAULTS.quality.onInvalid, [
        'quarantine',
        'keep',
        'reject',
      ]),
      maxInvalidShare: within(
        'quality.maxInvalidShare',
        quality.maxInvalidShare ?? DEFAULTS.quality.maxInvalidShare,
        0,
        1,
      ),
    },
    concurrency: Math.floor(within('concurrency', options.concurrency ?? DEFAULTS.concurrency, 1, 1000)),
    http: {
      timeoutMs: within('http.timeoutMs', http.timeoutMs ?? DEFAULTS.http.timeoutMs, 1, 86_400_000),
      maxBodyBytes: within('http.maxBodyBytes', http.maxBodyBytes ?? DEFAULTS.http.maxBodyBytes, 1, 2 ** 31),
      userAgent: http.userAgent ?? DEFAULTS.http.userAgent,
      cache: choice('http.cache', http.cache ?? DEFAULTS.http.cache, ['memory', 'none']),
      retry: { ...DEFAULTS.http.retry, ...http.retry },
      breaker: { ...DEFAULTS.http.breaker, ...http.breaker },
    },
    logger: options.logger ?? SILENT,
    runtime,
  })
}

function resolveRuntime(given: Partial<Runtime>): Runtime {
  checkOptions(given, ['now', 'sleep', 'random', 'fetch', 'env'], 'runtime')
  for (const [name, value] of Object.entries(given)) {
    if (name !== 'env' && value !== undefined && typeof value !== 'function')
      refuse(`runtime.${name}`, value, 'use a function')
  }
  const { now } = given
  return Object.freeze({
    // Versions, coverage and requests count whole milliseconds.
    now: now === undefined ? Date.now : () => Math.trunc(now()),
    sleep: given.sleep ?? sleep,
    random: given.random ?? Math.random,
    fetch: given.fetch ?? platformFetch,
    env: given.env ?? platformEnv(),
  })
}

/** One function for all clients: limits are shared by those that send through the same one. */
const platformFetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)

function platformEnv(): Readonly<Record<string, string | undefined>> {
  return typeof process === 'object' && process !== null ? process.env : {}
}

/** Waits, and stops waiting when aborted; the listener goes with the wait. */
function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

function checkStorage(storage: Storage | LocalStorageOptions): Storage | LocalStorageOptions {
  if ('commit' in storage) return storage
  const { partition = 'auto', compression = 'none', io = 'auto', history = {} } = storage
  choice('storage.partition', partition, ['auto', 'all', 'year', 'quarter', 'month', 'day'])
  choice('storage.compression', compression, ['none', 'zstd'])
  choice('storage.io', io, ['auto', 'sync', 'async'])
  checkOptions(history, ['everyMs', 'hourlyMs', 'dailyMs', 'last', 'historyBytes'], 'storage.history')
  return storage
}

function checkCalendars(calendars: Readonly<Record<string, Calendar>>): Readonly<Record<string, Calendar>> {
  if (Array.isArray(calendars))
    refuse(
      'calendars',
      calendars.map((one) => one?.name),
      'use an object, such as { XASX: sydney }',
    )
  for (const [name, given] of Object.entries(calendars)) {
    if (typeof given?.sessions !== 'function')
      refuse(`calendars.${name}`, given, 'use what defineCalendar or calendar returns')
  }
  return calendars
}

function checkProviders(providers: readonly Provider[] | undefined): readonly Provider[] | undefined {
  if (providers === undefined) return undefined
  if (!Array.isArray(providers)) refuse('providers', providers, 'use a list, such as [binance(), yahoo()]')
  const names = new Set<string>()
  for (const provider of providers) {
    if (typeof provider === 'function') refuse('providers', provider, 'call the factory: binance() instead of binance')
    const isProvider =
      typeof provider === 'object' &&
      provider !== null &&
      typeof provider.fetch === 'function' &&
      typeof provider.name === 'string'
    const isDescribed =
      isProvider && Array.isArray(provider.capabilities?.schemas) && Array.isArray(provider.capabilities.assetClasses)
    if (!isDescribed) refuse('providers', provider, 'each entry needs name, capabilities and fetch')
    if (!/^[a-z0-9-]{1,32}$/.test(provider.name))
      refuse('providers', provider.name, 'a name is 1 to 32 of a-z, 0-9 and -')
    if (names.has(provider.name))
      refuse('providers', provider.name, 'two providers have this name: give one of them another')
    names.add(provider.name)
  }
  return providers
}

function refuse(field: string, value: unknown, remedy: string): never {
  const shown = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
  throw new ConfigError('config/option', `${field}: ${shown} is not understood: ${remedy}`, { field, value })
}

function choice<T extends string>(field: string, value: T, known: readonly T[]): T {
  return known.includes(value) ? value : refuse(field, value, `use ${known.join(', ')}`)
}

function within(field: string, value: number, low: number, high: number): number {
  const isInside = typeof value === 'number' && value >= low && value <= high
  return isInside ? value : refuse(field, value, `use a number between ${low} and ${high}`)
}
