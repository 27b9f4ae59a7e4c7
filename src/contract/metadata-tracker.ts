/**
 * What was done to each series: the MetadataTracker interface.
 * @module
 */
import type { Range } from './range.ts'
import type { Series } from './series.ts'
import type { EpochMs } from './time.ts'

/** A range that a source did not have, with the schedule of asking again. */
export interface AskRecord extends Range {
  readonly firstAskMs: EpochMs
  readonly lastAskMs: EpochMs
  /** Not asked again before; `Infinity` is written as null: never again. */
  readonly nextAskMs: EpochMs | null
  readonly count: number
}

/** One run over one series. */
export interface UpdateRecord {
  readonly series: Series
  readonly operation: string
  readonly startedAtMs: EpochMs
  readonly durationMs: number
  readonly outcome: 'ok' | 'failed' | 'aborted'
  /** Error code and message of a run that failed. */
  readonly code?: string
  readonly message?: string
  readonly requests: number
  readonly rows: number
  readonly added: number
  readonly changed: number
  /** Version after the run; null where the series has none. */
  readonly version: number | null
  /** The ranges to ask again, replacing those known; absent = unchanged. */
  readonly asks?: readonly AskRecord[]
  /** The recent past was compared with the source at this time; absent = it was not. */
  readonly recheckedAtMs?: EpochMs
  /** The whole series was looked through for holes at this time; absent = it was not. */
  readonly scannedAtMs?: EpochMs
  /** Why this source answered, where another was meant to. */
  readonly selection?: string
}

/** What is known of one series. */
export interface SeriesStatus {
  readonly series: Series
  /** Newest first, at most 100. */
  readonly updates: readonly Omit<UpdateRecord, 'asks' | 'series'>[]
  /** Runs that failed, ever. */
  readonly errors: number
  readonly lastError: { readonly atMs: EpochMs; readonly code: string; readonly message: string } | null
  readonly lastOkMs: EpochMs | null
  readonly recheckedAtMs: EpochMs | null
  /** Absent where a tracker does not keep it: then `recheckedAtMs` stands for it. */
  readonly scannedAtMs?: EpochMs | null
  readonly asks: readonly AskRecord[]
}

/** Totals over all series. */
export interface TrackerSummary {
  readonly series: number
  readonly updates: number
  readonly errors: number
  readonly lastError: SeriesStatus['lastError']
}

/** Remembers runs. Losing its record costs nothing but a re-ask. */
export interface MetadataTracker {
  record(event: UpdateRecord): Promise<void>
  status(series: Series): Promise<SeriesStatus>
  summary(): Promise<TrackerSummary>
}
