/**
 * What a client tells while it works.
 * @module
 */
import type { Missing } from './coverage.ts'
import type { Range } from './range.ts'
import type { Series } from './series.ts'

/** How far a run is. */
export interface ProgressEvent {
  readonly series: Series
  readonly operation: string
  /** Requests done and planned; the plan may grow while it runs. */
  readonly done: number
  readonly total: number
  /** Rows received so far. */
  readonly rows: number
  readonly rowsPerSecond: number
  /** Milliseconds left at the present rate; null while unknown. */
  readonly timeLeftMs: number | null
}

/** One page came from a provider. */
export interface PageEvent {
  readonly series: Series
  readonly requestId: string
  readonly rows: number
  readonly proven: Range
  /** Rows in which every price was null: no bars, their ranges are not final. */
  readonly nullRows: number
  readonly condition?: string
}

/** A request is tried again. */
export interface RetryEvent {
  readonly provider: string
  readonly attempt: number
  readonly delayMs: number
  readonly code: string
  readonly message: string
}

/** A new version of a series exists. */
export interface CommitEvent {
  readonly series: Series
  readonly version: number
  readonly rows: number
  readonly added: number
  readonly changed: number
}

/** A source changed or withdrew final values. */
export interface RevisionEvent {
  readonly series: Series
  readonly revised: number
  readonly withdrawn: number
}

/** Rules rejected rows; they are kept beside the series. */
export interface RejectEvent {
  readonly series: Series
  readonly rows: number
  /** Rule id -> rows. */
  readonly rules: Readonly<Record<string, number>>
}

/** A range without data was found. */
export interface GapEvent {
  readonly series: Series
  readonly gaps: readonly Missing[]
}

/** Something a person should know; the run goes on. */
export interface WarningEvent {
  /** `failover`, `disk-low` …: docs/concepts.md says of each what happened and what to do. */
  readonly code: string
  readonly message: string
  readonly series?: Series
  readonly provider?: string
}

/** Event name -> payload. */
export interface ClientEvents {
  readonly progress: ProgressEvent
  readonly page: PageEvent
  readonly retry: RetryEvent
  readonly commit: CommitEvent
  readonly revision: RevisionEvent
  readonly reject: RejectEvent
  readonly gap: GapEvent
  readonly warning: WarningEvent
}

/** Name of an event. */
export type EventName = keyof ClientEvents

/** Every event name. */
export const EVENT_NAMES: readonly EventName[] = [
  'progress', 'page', 'retry', 'commit', 'revision', 'reject', 'gap', 'warning',
]

/** Sends an event to whoever listens. Listeners that throw never stop a run. */
export type Emit = <Name extends EventName>(name: Name, event: ClientEvents[Name]) => void
