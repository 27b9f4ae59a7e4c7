/**
 * What a run over one series needs: the rooms it uses through their interfaces, and the job itself.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import type { Missing } from '../contract/coverage.ts'
import type { Emit, ProgressEvent } from '../contract/events.ts'
import type { GapDetector } from '../contract/gap-detector.ts'
import type { Http } from '../contract/http.ts'
import type { MetadataTracker } from '../contract/metadata-tracker.ts'
import type { Provider } from '../contract/provider.ts'
import type { Operation } from '../contract/query.ts'
import type { Range } from '../contract/range.ts'
import type { Logger, Runtime } from '../contract/runtime.ts'
import type { AssetClass, Series } from '../contract/series.ts'
import type { Snapshot, Storage } from '../contract/storage.ts'
import type { Quality } from './check.ts'

/** The rooms that a run uses. */
export interface IngestRooms {
  readonly storage: Storage
  readonly tracker: MetadataTracker
  readonly detector: GapDetector
  readonly quality: Quality
  readonly emit: Emit
  readonly log: Logger
  readonly runtime: Runtime
  httpFor(provider: Provider): Http
  /** Aborts when the rooms are closed. */
  readonly closing?: AbortSignal
}

/** One operation on one series. */
export interface IngestJob {
  readonly series: Series
  readonly provider: Provider
  readonly calendar: Calendar
  readonly assetClass: AssetClass
  readonly operation: Operation
  readonly range: Range
  readonly lookbackDays?: number
  readonly fillGaps: boolean
  readonly signal: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
  /** Is another source asked where this one refuses before its first row? */
  readonly mayFailOver?: boolean
  /** Why this source answers, where another was meant to; for the record. */
  readonly selection?: string
}

/** Counts of a run, added up over its commits. */
export interface RunCounts {
  requests: number
  rows: number
  added: number
  changed: number
  revised: number
  withdrawn: number
  rejected: number
  nullRows: number
  readonly warnings: Record<string, number>
}

/** What a run ended with. */
export interface RunResult {
  readonly head: Snapshot | null
  readonly versionBefore: number | null
  readonly counts: RunCounts
  /** Ranges that were asked and not answered. */
  readonly failed: readonly Range[]
  /** Slots that must exist and have no row, as far as runs have found them. */
  readonly holes: readonly Missing[]
  /** The failure of the provider, if it failed. */
  readonly error: unknown
  readonly durationMs: number
}

/**
 * A fresh id of 16 hexadecimal digits. Not of the injected random: two operations with one id would be taken for one,
 * and a stub that always gives the same number would lose commits.
 */
export function newId(): string {
  // Its first and last eight digits are random; those between say what kind of id it is.
  const id = globalThis.crypto.randomUUID()
  return id.slice(0, 8) + id.slice(-8)
}
