/**
 * Where series are kept: the Storage interface. A change is logical and never speaks of files.
 * @module
 */
import type { Columns, PlainColumn } from './columns.ts'
import type { CoverageRecord } from './coverage.ts'
import type { Basis } from './provider.ts'
import type { Range } from './range.ts'
import type { ColumnType } from './schema.ts'
import type { Series } from './series.ts'
import type { EpochMs } from './time.ts'

/** A column as a series holds it. */
export interface StoredColumn {
  readonly name: string
  readonly type: ColumnType
}

/** Facts of a series that are no rows; each commit may change some, the rest stays. */
export interface SnapshotMeta {
  readonly assetClass?: string
  /** How prices are adjusted, and when that was so. */
  readonly basis?: { readonly kind: Basis; readonly asOfMs: EpochMs }
  /** Version of the `actions` series that adjusted views of this snapshot use. */
  readonly actionsVersion?: number
  /** Calendar by which it was checked. */
  readonly calendar?: { readonly name: string; readonly version: string }
  /** When the series got its first version. */
  readonly createdAtMs?: EpochMs
  /** Earliest instant that the source serves, as far as it said so. */
  readonly historyStartMs?: EpochMs
}

/** Why a version exists. */
export interface Cause {
  /** `get`, `load`, `update`, `compact`, `repair`, … */
  readonly operation: string
  readonly requestIds: readonly string[]
  readonly added: number
  readonly changed: number
  readonly removed: number
}

/** One immutable version of one series. */
export interface Snapshot {
  readonly series: Series
  /** Counts up from 1 without holes. */
  readonly version: number
  /** Hash of this version, which names the hash of its parent. */
  readonly hash: string
  /** Hash of the version before; null for the first. */
  readonly parent: string | null
  readonly committedAtMs: EpochMs
  readonly rows: number
  /** Timestamps of the first and the last row, in ticks of the schema; null without rows. */
  readonly span: { readonly first: bigint; readonly last: bigint } | null
  /** Columns in order, `timestamp` first. Empty without rows. */
  readonly columns: readonly StoredColumn[]
  /** Sorted and disjoint. */
  readonly coverage: readonly CoverageRecord[]
  /** Rows in the tables beside the series. */
  readonly revisions: number
  readonly rejects: number
  /** Operation ids of the last commits, newest last, at most 64. */
  readonly opIds: readonly string[]
  readonly cause: Cause
  readonly meta: SnapshotMeta
  /** Bytes of its live files; 0 where a store has none. */
  readonly sizeBytes: number
  /** How its rows are cut into files; `all` where a store has none. */
  readonly partition: Partition
}

/** How rows are cut into files. */
export type Partition = 'all' | 'year' | 'quarter' | 'month' | 'day'

/** What a commit does, all or nothing. */
export interface Change {
  /** A change with an id that the series has already seen is not applied again. */
  readonly opId: string
  /** Rows sorted by timestamp, one a timestamp: replace rows of the same timestamp, else are added. */
  readonly upsert?: Columns
  /** Each drops the rows in its range and puts its own rows there, sorted, equal timestamps allowed. */
  readonly replace?: readonly { readonly range: Range; readonly rows: Columns }[]
  /** The whole coverage after the change. */
  readonly coverage: readonly CoverageRecord[]
  /** Rows added to the table of revisions; columns as `REVISION_COLUMNS`. */
  readonly revisions?: Columns
  /** Rows added to the table of rejects; `REJECT_COLUMNS`, then columns of the schema, nullable. */
  readonly rejects?: Columns
  readonly meta?: SnapshotMeta
  readonly cause?: Partial<Cause>
  /** Rows a year that the series will have, for the cut into files; read only at its first commit. */
  readonly rowsPerYear?: number
}

/** Which of a series' tables is read. */
export type TableName = 'rows' | 'revisions' | 'rejects'

/** Which rows and columns are read. */
export interface ReadRequest {
  /** Rows whose timestamp lies in it. @default all rows */
  readonly range?: Range
  /** Columns in the order wanted; `timestamp` always comes first. @default all columns */
  readonly columns?: readonly string[]
  /** @default 'rows' */
  readonly table?: TableName
}

/** Buffers of the caller that take the values, by column name; each at least as long as the rows read. */
export type ReadBuffers = Readonly<Record<string, Exclude<PlainColumn, { readonly indices: Int32Array }>>>

/** What a series is called in the catalogue. */
export interface CatalogEntry {
  readonly series: Series
  readonly head: Snapshot
}

/** One line of a series' history. */
export interface HistoryEntry {
  readonly version: number
  readonly hash: string
  readonly committedAtMs: EpochMs
  readonly rows: number
  readonly cause: Cause
  /** Names of the pins that keep it. */
  readonly pins: readonly string[]
}

/** A named snapshot that is kept until unpinned. */
export interface Pin {
  readonly name: string
  readonly series: Series
  readonly version: number
  readonly hash: string
  readonly pinnedAtMs: EpochMs
}

/** One task of maintenance. */
export type MaintainTask =
  | { readonly kind: 'compact'; readonly series: Series; readonly partition?: Partition; readonly dryRun?: boolean }
  | { readonly kind: 'repair'; readonly series: Series; readonly dryRun?: boolean }
  | { readonly kind: 'collect'; readonly series?: Series; readonly graceMs?: number; readonly dryRun?: boolean }

/** What maintenance did, or would do. */
export interface MaintainReport {
  readonly kind: MaintainTask['kind']
  readonly dryRun: boolean
  /** One sentence an action. */
  readonly actions: readonly string[]
  readonly filesWritten: number
  readonly filesRemoved: number
  readonly bytesWritten: number
  readonly bytesRemoved: number
  /** Version that the task made; null where it made none. */
  readonly version: number | null
}

/** One fault found by verification. */
export interface VerifyIssue {
  readonly series: Series
  readonly path: string
  readonly message: string
}

/** What verification found. */
export interface VerifyReport {
  readonly ok: boolean
  readonly series: number
  readonly files: number
  readonly rows: number
  readonly bytes: number
  readonly issues: readonly VerifyIssue[]
}

/** What a store can do; the contract tests are chosen by it. */
export interface StorageCapabilities {
  /** Does an acknowledged commit survive the process? */
  readonly durable: boolean
  /** May several processes write one series? */
  readonly concurrentProcesses: boolean
  /** Are there files that other tools read? */
  readonly files: boolean
}

/** A place that keeps series. */
export interface Storage {
  readonly capabilities: StorageCapabilities
  /** All series that hold a version. */
  list(): Promise<readonly CatalogEntry[]>
  /**
   * The newest version, or null where the series has none.
   * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
   */
  head(series: Series): Promise<Snapshot | null>
  /**
   * One version, by number, hash or name of a pin.
   * @throws {StorageError} `storage/snapshot-expired`
   */
  snapshot(series: Series, version: number | string): Promise<Snapshot>
  /**
   * Rows in one contiguous set, allocated once.
   * @throws {StorageError} `storage/snapshot-expired`, `storage/corrupt`
   */
  read(
    snapshot: Snapshot,
    request: ReadRequest,
    options?: { readonly into?: ReadBuffers; readonly signal?: AbortSignal },
  ): Promise<Columns>
  /** The same rows in batches, in bounded memory: the next batch is read when it is asked for. */
  scan(
    snapshot: Snapshot,
    request: ReadRequest & { readonly batchRows?: number },
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<Columns>
  /**
   * Puts the next version, if `base` is still the newest (`null` = the series has none). All or nothing.
   * @returns the new version, or the one that already holds `change.opId`
   * @throws {StorageError} `storage/conflict` where another commit was faster; `storage/full`, `storage/read-only`,
   *   `storage/unknown-outcome` with the operation id
   */
  commit(series: Series, base: Snapshot | null, change: Change): Promise<Snapshot>
  /** Versions that still exist, newest first. */
  history(series: Series): Promise<readonly HistoryEntry[]>
  /** Live files of one version, for other tools; empty where a store has none. */
  files(snapshot: Snapshot): Promise<readonly string[]>
  pin(series: Series, version: number, name: string): Promise<Pin>
  unpin(series: Series, name: string): Promise<void>
  maintain(task: MaintainTask, options?: { readonly signal?: AbortSignal }): Promise<MaintainReport>
  verify(options?: { readonly series?: Series; readonly deep?: boolean; readonly signal?: AbortSignal }): Promise<VerifyReport>
  /** Removes a series with all its versions. Pinned versions make it refuse. */
  drop(series: Series): Promise<void>
  /** A small text beside a series whose loss costs nothing; null where there is none. Written whole or not at all. */
  readNote(series: Series, name: string): Promise<string | null>
  writeNote(series: Series, name: string, text: string): Promise<void>
  /**
   * Runs `work` while this process, and if possible every other, leaves the series alone.
   * Saves work only: correctness never depends on it.
   */
  exclusive<T>(series: Series, work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Waits for running commits. */
  close(): Promise<void>
}
