/**
 * Options of a client: what may be given, and what stands for what is not.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import type { GapDetector } from '../contract/gap-detector.ts'
import type { MetadataTracker } from '../contract/metadata-tracker.ts'
import { checkOptions } from '../contract/options.ts'
import type { Provider } from '../contract/provider.ts'
import { type Logger, type Runtime, SILENT } from '../contract/runtime.ts'
import type { Storage } from '../contract/storage.ts'
import type { GapDetectorOptions } from '../gaps/index.ts'
import type { OnInvalid, Quality } from '../ingest/check.ts'
import { type SelectionRules, checkRules } from '../select/rules.ts'
import { checkCalendars, checkGapDetector, checkProviders } from './given-rooms.ts'
import { type HttpClientOptions, type ResolvedHttp, resolveHttp } from './http-options.ts'
import { checkMethods, choice, numberOr, refuse } from '../contract/option-values.ts'
import { resolveRuntime } from './platform.ts'
import { type LocalStorageOptions, checkStorage } from './storage-options.ts'

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
  /** What becomes of rows that break a rule; the share of them, 0 to 1, above which an answer is refused. @default 'quarantine', 0.01 */
  readonly quality?: { readonly onInvalid?: OnInvalid; readonly maxInvalidShare?: number }
  /** Series worked on at once, a whole number of 1 to 1000. @default 4 */
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
  readonly http: ResolvedHttp
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

/**
 * Checks the options of a client and fills in the defaults.
 * @throws {ConfigError} `config/option` naming the key, the value and the remedy
 */
export function resolveOptions(options: DataClientOptions): ResolvedOptions {
  checkOptions(options, KEYS, 'createDataClient')
  const runtime = resolveRuntime(options.runtime ?? {})
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
    gapDetector: checkGapDetector(options.gapDetector ?? {}),
    metadata: checkMethods('metadata', options.metadata, ['record', 'status', 'summary']),
    calendars: checkCalendars(options.calendars ?? {}),
    selection: options.selection ?? {},
    quality: resolveQuality(options.quality ?? {}),
    concurrency: numberOr('concurrency', options.concurrency, 4, { low: 1, high: 1000, whole: true }),
    http: resolveHttp(options.http ?? {}),
    logger: checkMethods('logger', options.logger, ['debug', 'info', 'warn', 'error']) ?? SILENT,
    runtime,
  })
}

function resolveQuality(quality: NonNullable<DataClientOptions['quality']>): Quality {
  checkOptions(quality, ['onInvalid', 'maxInvalidShare'], 'quality')
  const { onInvalid = 'quarantine', maxInvalidShare } = quality
  return {
    onInvalid: choice('quality.onInvalid', onInvalid, ['quarantine', 'keep', 'reject']),
    maxInvalidShare: numberOr('quality.maxInvalidShare', maxInvalidShare, 0.01, { low: 0, high: 1 }),
  }
}
