/**
 * What callers ask for, and the reports they get.
 * @module
 */
import type { CoverageRecord, Missing } from './coverage.ts'
import type { ProgressEvent } from './events.ts'
import type { Interval } from './interval.ts'
import type { Range } from './range.ts'
import type { SchemaName } from './schema.ts'
import type { AssetClass, Series } from './series.ts'
import type { TimeInput } from './time.ts'

/** A basis to view prices in: as stored, unadjusted, for splits, or for splits and dividends. */
export type Adjust = 'source' | 'none' | 'splits' | 'all'

/** How empty slots are shown. `backward` and `interpolate` look ahead: never use them in a backtest. */
export type FillMethod = 'forward' | 'backward' | 'interpolate' | 'zero'

/** A fill view. */
export interface FillOptions {
  readonly method: FillMethod
  /** Longest run of empty slots to fill; longer runs stay empty. @default the slots of one session */
  readonly maxRun?: number
  /** With `zero`, put 0 in prices too. @default false */
  readonly zeroPrices?: boolean
}

/** What a call is about. */
export interface Query {
  readonly symbol: string
  /** Needed for schemas that have one. */
  readonly interval?: Interval
  /** @default 'ohlcv' */
  readonly schema?: SchemaName
  /** @default the stored source, else the first of the rule that can serve it */
  readonly provider?: string
  readonly assetClass?: AssetClass
  /** Inclusive. An update begins no later than coverage does. @default the first stored row */
  readonly start?: TimeInput
  /** Exclusive. @default now; of reads without `start`, the end of what is stored */
  readonly end?: TimeInput
  /** Columns in the order wanted; `timestamp` always comes first. One that the source never sent is null. @default all columns */
  readonly columns?: readonly string[]
  /** @default 'source' */
  readonly adjust?: Adjust
  readonly fill?: FillMethod | FillOptions | false
  /** Reject if a bar is missing that is closed, by calendar and coverage. @default false */
  readonly complete?: boolean
  /** Cut bars off that can still change. @default false */
  readonly final?: boolean
  /** A version number, a hash, or the name of a pin. @default the newest */
  readonly version?: number | string
  /** `stored`: a failing provider does not reject; the answer says what failed. @default 'throw' */
  readonly onError?: 'throw' | 'stored'
  /** Days before now that an update compares with the source; 0 = off. @default 7, at most once a day */
  readonly lookbackDays?: number
  /** Are old holes asked again? @default 'refetch' */
  readonly fillGaps?: 'refetch' | false
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
}

/** What an operation does with the network. */
export type Operation = 'get' | 'load' | 'update'

/** Why a request is in a plan. */
export type PlanReason = 'unfetched' | 'provisional' | 'provider-missing' | 'unavailable' | 'recheck' | 'reload' | 'rebase'

/** One request of a plan. */
export interface PlannedRequest {
  readonly range: Range
  readonly reasons: readonly PlanReason[]
  /** Rows of an unbroken answer. */
  readonly expectedRows: number
}

/** What an operation would ask, as a value. */
export interface Plan {
  readonly series: Series
  readonly operation: Operation
  readonly range: Range
  /** Oldest first. */
  readonly requests: readonly PlannedRequest[]
  readonly expectedRows: number
  /** Weight against the provider's limit. */
  readonly weight: number
  /** Shortest time that the limit allows. */
  readonly minimumMs: number
  /** The part of the range that is older than what the source keeps; null if none. */
  readonly clipped: Range | null
}

/** What an update did. */
export interface UpdateReport {
  readonly series: Series
  readonly operation: Operation
  readonly range: Range
  readonly requests: number
  readonly rows: number
  readonly added: number
  readonly changed: number
  readonly revised: number
  readonly withdrawn: number
  readonly rejected: number
  /** Rows in which every price was null. */
  readonly nullRows: number
  /** Rows that broke a rule of severity `warn`, by rule; `duplicate`: rows before the last one of the same time. */
  readonly warnings: Readonly<Record<string, number>>
  /** Version before and after; equal where nothing changed. */
  readonly versionBefore: number | null
  readonly version: number | null
  readonly durationMs: number
  readonly missing: readonly Missing[]
  readonly provisional: readonly Range[]
}

/** How rows are shown, as far as that is not how they are stored: what of a query a version does not say. */
export interface TableView {
  /** Absent where prices are in the basis of the source. */
  readonly adjust?: Exclude<Adjust, 'source'>
  /** Absent where nothing is filled. */
  readonly fill?: FillOptions
  /** As the query named them; absent where all are shown. */
  readonly columns?: readonly string[]
}

/** Proof of what a table holds. */
export interface CoverageReport extends TableView {
  readonly requested: Range
  /** Proven, final or not. */
  readonly covered: readonly Range[]
  readonly missing: readonly Missing[]
  /** Covered, but not final. */
  readonly provisional: readonly Range[]
  /** Rows in the range that rules rejected. */
  readonly rejected: number
  /** The provider. */
  readonly source: string
  readonly series: Series
  readonly version: number
  readonly hash: string
  /** Version of the actions that an adjusted view used; null without. */
  readonly actions: number | null
  readonly records: readonly CoverageRecord[]
}
