/**
 * The public face of a client.
 * @module
 */
import type { Table } from 'apache-arrow'
import type { ClientEvents, EventName, ProgressEvent } from '../contract/events.ts'
import type { GapReport } from '../contract/gap-detector.ts'
import type { SeriesStatus } from '../contract/metadata-tracker.ts'
import type { CoverageReport, Operation, Plan, Query, UpdateReport } from '../contract/query.ts'
import type { SchemaName } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { HistoryEntry, MaintainReport, Partition, Pin, Snapshot, VerifyReport } from '../contract/storage.ts'
import type { HealthOptions, HealthReport } from '../health/report.ts'
import type { ProbeResult, ProviderStatus, SelectionExplanation } from './selection.ts'

/** Keys that a bound client has fixed. */
export type BoundKey = 'symbol' | 'interval' | 'schema' | 'provider' | 'assetClass'

/** A query without what a bound client has fixed. */
export type BoundQuery = Omit<Query, BoundKey>

/** Batches of a scan: an async iterable that can also be collected into one list. */
export interface Collectable<T> extends AsyncIterable<T> {
  /** Reads everything to the end. */
  collect(): Promise<T[]>
}

/** What became of one query of a batch. */
export type BatchResult =
  | {
      readonly query: Query
      readonly ok: true
      readonly table: Table | null
      readonly report: UpdateReport | null
      readonly error: null
    }
  | { readonly query: Query; readonly ok: false; readonly table: null; readonly report: null; readonly error: unknown }

/** Options of a batch. */
export interface BatchOptions {
  /** What is done with each query. `update` yields reports, the others tables. @default 'get' */
  readonly operation?: Operation | 'read'
  /** Queries worked on at once. @default the client's `concurrency` */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: BatchProgress) => void
}

/** How far a batch is. */
export interface BatchProgress {
  readonly done: number
  readonly total: number
  readonly failed: number
  /** Rows received so far by all of its runs. */
  readonly rows: number
  readonly seriesPerSecond: number
  /** Milliseconds left at the present rate; null while unknown. */
  readonly timeLeftMs: number | null
  /** The progress of one run inside the batch; null where a whole query ended. */
  readonly series: ProgressEvent | null
}

/** Which series are listed. Absent keys match everything. */
export interface ListFilter {
  readonly provider?: string
  readonly schema?: SchemaName
  readonly symbol?: string
  readonly interval?: string
}

/** One line of the catalogue. */
export interface SeriesEntry {
  readonly series: Series
  readonly version: number
  readonly rows: number
  /** First and last timestamp, epoch milliseconds; null without rows. */
  readonly firstMs: number | null
  readonly lastMs: number | null
  readonly sizeBytes: number
  readonly updatedAtMs: number
}

/** Maintenance of the store. Everything that changes files takes `dryRun`, which explains and does nothing. */
export interface StoreMaintenance {
  /** Checks hashes, sizes and checksums; `deep` also reads every row. */
  verify(options?: {
    readonly query?: Query
    readonly deep?: boolean
    readonly signal?: AbortSignal
  }): Promise<VerifyReport>
  /** Writes the files of a series anew, one a partition, also into another partitioning. Loses nothing and can be repeated. */
  compact(
    query: Query,
    options?: { readonly partition?: Partition; readonly dryRun?: boolean },
  ): Promise<MaintainReport>
  /** Mends a series: view, broken newest version, lost log. */
  repair(query: Query, options?: { readonly dryRun?: boolean }): Promise<MaintainReport>
  /** Removes what no kept version needs. */
  collect(options?: {
    readonly query?: Query
    readonly graceMs?: number
    readonly dryRun?: boolean
  }): Promise<MaintainReport>
  /** Removes a series with all its versions; refused while one is pinned. */
  drop(query: Query): Promise<void>
}

/** The methods that take a query, with the series bound. */
export interface SeriesClient {
  get(query?: BoundQuery): Promise<Table>
  load(query?: BoundQuery): Promise<Table>
  update(query?: BoundQuery): Promise<UpdateReport>
  read(query?: BoundQuery): Promise<Table>
  scan(query?: BoundQuery & { readonly batchRows?: number }): Collectable<Table>
  plan(query?: BoundQuery, operation?: Operation): Promise<Plan>
  coverage(query?: BoundQuery): Promise<CoverageReport>
  gaps(query?: BoundQuery): Promise<GapReport>
  status(): Promise<SeriesStatus>
  history(): Promise<readonly HistoryEntry[]>
  revisions(query?: BoundQuery): Promise<Table>
  rejects(query?: BoundQuery): Promise<Table>
  files(query?: BoundQuery): Promise<string[]>
  pin(name: string, query?: BoundQuery): Promise<Pin>
  unpin(name: string): Promise<void>
}

/** Gets market data, checks it, stores it, keeps it current, and hands it out with proof of its coverage. */
export interface DataClient {
  /**
   * Cache first: reads what coverage proves, fetches only the rest, stores it, returns the range.
   * @throws {ConfigError} `config/*` · {ProviderError} `provider/*`, after storing what was proven · {StorageError} `storage/*`
   */
  get(query: Query): Promise<Table>
  /** Fetches the whole range again, stores what differs, returns it. Never deletes; repeated, it changes nothing. */
  load(query: Query): Promise<Table>
  /**
   * Brings a series current: heals old holes and provisional bars, compares the recent past, appends what is new.
   * Never changes the provider. A bar that the source withdraws stays and is marked. It begins where coverage does, or at an
   * earlier `start`, so that what lies between two ranges that were asked is fetched too: `plan(query, 'update')` tells.
   * @throws {ConfigError} `config/not-loaded` for a series that is not stored, unless a `start` is given
   */
  update(query: Query): Promise<UpdateReport>
  /**
   * The store only, never the network.
   * @throws {ConfigError} `config/not-loaded`
   */
  read(query: Query): Promise<Table>
  /** The same rows in batches, in bounded memory: the next batch is read when it is asked for. */
  scan(query: Query & { /** @default 65_536 */ readonly batchRows?: number }): Collectable<Table>
  /** What an operation would ask. No network. @default operation 'get' */
  plan(query: Query, operation?: Operation): Promise<Plan>
  /** What is known of a range. */
  coverage(query: Query): Promise<CoverageReport>
  /** What is missing in a range, and why. */
  gaps(query: Query): Promise<GapReport>
  /**
   * Many series; one failure never stops the others. All routes are checked before the first request. Results come as they
   * end, not in the order of the queries.
   */
  batch(queries: readonly Query[], options?: BatchOptions): Collectable<BatchResult>
  /** The same methods with the series bound. */
  of(key: Pick<Query, BoundKey>): SeriesClient
  list(filter?: ListFilter): Promise<SeriesEntry[]>
  /**
   * The last 100 runs over a series, errors and what is asked again when.
   * @throws {ConfigError} `config/not-loaded`, as everything that is asked about a series which is not stored
   */
  status(query: Query): Promise<SeriesStatus>
  /**
   * What was written when and why, newest first.
   * @throws {ConfigError} `config/not-loaded`
   */
  history(query: Query): Promise<readonly HistoryEntry[]>
  /** Which stored final values the source changed or withdrew. */
  revisions(query: Query): Promise<Table>
  /** Rows that rules rejected. */
  rejects(query: Query): Promise<Table>
  /** Totals, by asset class and per stored series. */
  health(options?: HealthOptions): Promise<HealthReport>
  /** Who would be asked for a query, and why not the others. No network. */
  explainSelection(query: Query): Promise<SelectionExplanation>
  /** The configured sources: keys, limits, success rate, latency, breaker, quota. */
  providers(): Promise<ProviderStatus[]>
  /** Asks a source for one bar that it must have. Stores nothing. */
  probe(provider: string, options?: { readonly signal?: AbortSignal }): Promise<ProbeResult>
  /** The live files of one version, for DuckDB, Polars, pandas. */
  files(query: Query): Promise<string[]>
  /** Keeps the version that this query reads under a name; `read({ version: name })`. */
  pin(query: Query, name: string): Promise<Pin>
  unpin(query: Query, name: string): Promise<void>
  readonly store: StoreMaintenance
  /** Listens to an event; returns how to stop. */
  on<Name extends EventName>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void
  /** Waits for running commits. The client is not used after it. */
  close(): Promise<void>
}

/** One version of a series as the public face shows it. */
export type { Snapshot }
