/**
 * Where data comes from: the Provider interface, its table of capabilities, and the pages it yields.
 * @module
 */
import type { Columns, Column } from './columns.ts'
import type { Http } from './http.ts'
import type { Interval } from './interval.ts'
import type { Range } from './range.ts'
import type { Logger } from './runtime.ts'
import type { SchemaName } from './schema.ts'
import type { AssetClass, Series } from './series.ts'

/** How prices are adjusted: not at all, for splits, or for splits and dividends. */
export type Basis = 'raw' | 'splits' | 'all'

/** A limit as the vendor counts it: at most `weight` in any `perMs`. */
export interface RateLimit {
  readonly weight: number
  readonly perMs: number
  /** `rolling` counts any stretch of `perMs`, `bucket` refills evenly. @default 'rolling' */
  readonly kind?: 'rolling' | 'bucket'
  /** Counts only requests of this scope; a request of a scope counts nowhere else. @default requests without scope */
  readonly scope?: string
}

/** What a provider can do, as a table that the planner, the limiter, selection, the docs and the tests read. */
export interface ProviderCapabilities {
  readonly schemas: readonly SchemaName[]
  readonly assetClasses: readonly AssetClass[]
  /** Ours -> the vendor's spelling. An interval that is absent is not served. */
  readonly intervals: Readonly<Partial<Record<Interval, string>>>
  /** Most rows in one answer. */
  readonly rowsPerRequest: number
  /** Widest range of one request in milliseconds, per interval; absent = no bound but the rows. */
  readonly spanMsPerRequest?: Readonly<Partial<Record<Interval, number>>>
  /** How far back from now the source reaches, per interval; absent = unbounded. */
  readonly historyMs?: Readonly<Partial<Record<Interval, number>>>
  /** The same for schemas whose reach is not that of the bars. @default `historyMs` */
  readonly schemaHistoryMs?: Readonly<Partial<Record<SchemaName, number>>>
  /** Limits of the vendor, all of which hold at once; empty = none known. */
  readonly rateLimits: readonly RateLimit[]
  /** Weight of one request for data. @default 1 */
  readonly requestWeight?: number
  /** Environment variables that hold its keys; each entry lists the accepted names of one key. Empty = keyless. */
  readonly keys: readonly (readonly string[])[]
  /** Does a request cost money? Such a provider is never used unless named. */
  readonly metered: boolean
  /** After its close a bar may still change for this long. */
  readonly finalityLagMs: number
  /** Does the source send bars for slots without trades? */
  readonly barsWithoutTrades: 'emitted' | 'omitted' | 'unknown'
  /** How its prices are adjusted, for intraday bars and for bars of a day and longer. */
  readonly basis: { readonly intraday: Basis; readonly daily: Basis }
  /** Are intraday bars anchored to the UTC clock or to the opening of the session? */
  readonly anchor: 'clock' | 'session'
  /** Where its days begin: at 00:00 UTC, or by the session of the exchange. */
  readonly dayBoundary: 'utc' | 'session'
  /** Name of the calendar of all its symbols, where it has one, such as `24/7`. Absent = by the symbol. */
  readonly calendar?: string
  /** Optional columns that it adds to its bars. */
  readonly columns: readonly string[]
  /** Does it make its data up? Such a source is never preferred to a real one. @default false */
  readonly invented?: boolean
  /** A cheap thing to ask, to see whether the source answers. Absent = it cannot be probed. */
  readonly probe?: { readonly symbol: string; readonly interval: Interval }
  /** Does it send splits and dividends beside its bars? @default false */
  readonly actions?: boolean
  /** Which of these facts were seen in a recording, and which are only documented; for the docs. */
  readonly verified?: string
}

/** Columns of a page: like {@link Columns}, but `timestamp` may also be epoch milliseconds. */
export type PageColumns = { readonly timestamp: BigInt64Array | Float64Array } & Readonly<Record<string, Column>>

/** One answer of a source. */
export interface Page {
  /** Rows in any order. A row whose prices are all null is no bar: its range stays open. */
  readonly columns: PageColumns
  /** The range that this answer proves complete; nothing else becomes coverage. May be empty (`startMs === endMs`). */
  readonly proven: Range
  /** Splits and dividends that came along, as columns of the schema `actions` (without `first_seen`, `superseded`). */
  readonly actions?: PageColumns
  /** What the provider says of the quality of this range. */
  readonly condition?: string
  /** The range before this instant is older than what the source keeps or lists. */
  readonly historyStartMs?: number
}

/** One thing asked of a provider. */
export interface FetchRequest {
  readonly series: Series
  readonly range: Range
}

/** What a provider may use while it fetches. */
export interface FetchContext {
  readonly signal: AbortSignal
  readonly http: Http
  now(): number
  readonly log: Logger
}

/** A source of market data. */
export interface Provider {
  /** 1 to 32 of `a-z`, `0-9` and `-`. */
  readonly name: string
  readonly capabilities: ProviderCapabilities
  /** Is every key that it needs there? Absent = it needs none. */
  readonly ready?: boolean
  /**
   * Yields pages in any order; ends when the range is exhausted.
   * @throws {ProviderError} any `provider/*` code; rejects with `signal.reason` when aborted
   */
  fetch(request: FetchRequest, context: FetchContext): AsyncIterable<Page>
  /** The same provider with the keys that it lacks taken from variables of the environment. Absent = it needs none. */
  withEnv?(env: Readonly<Record<string, string | undefined>>): Provider
  /** The vendor's spelling of a canonical symbol. Absent = the same. */
  vendorSymbol?(symbol: string, assetClass?: AssetClass): string
  /** The canonical symbol of a vendor's spelling. Absent = the same. */
  canonicalSymbol?(vendorSymbol: string): string
}

/** Columns of rows as a store keeps them. */
export type Rows = Columns
