/**
 * marketlake: market data from any provider, checked, kept as open Parquet, handed out as Apache Arrow with its proof.
 *
 * Not exported on purpose: the codecs, the commit protocol, the page pipeline and the layout of the store.
 * They may change in any release; the files they write are plain Parquet.
 * @module
 */
export { createDataClient } from './client.ts'
export type {
  BatchOptions, BatchProgress, BatchResult, BoundKey, BoundQuery, Collectable, DataClient, ListFilter, SeriesClient,
  SeriesEntry, StoreMaintenance,
} from './client/data-client.ts'
export type { ProbeResult, ProviderStatus, SelectionCandidate, SelectionExplanation } from './client/selection.ts'
export type { HttpClientOptions } from './client/http-options.ts'
export type { DataClientOptions, SelectionOptions } from './client/options.ts'
export type { LocalStorageOptions } from './client/storage-options.ts'

export { columnsOf, coverageOf, formatTable, rowsOf, snapshotOf } from './query/table.ts'
export type { BarColumns, FormatOptions, PlainColumns, PlainValues, Row, RowsOptions, SnapshotReference } from './query/table.ts'

export { formatHealth } from './health/format-health.ts'
export type { HealthOptions, HealthReport, HealthTotals, SeriesHealth, StaleAfter } from './health/report.ts'
export { createTracker } from './health/tracker.ts'
export { type GapDetectorOptions, createGapDetector } from './gaps/index.ts'
export { createMemoryStorage } from './storage/memory.ts'
export { createLocalStorage } from './storage/local/index.ts'

export {
  ConfigError, DataClientError, DataError, ERROR_CODES, ProviderError, StorageError, hasCode, isDataClientError, isRetryable,
} from './contract/errors.ts'
export type { ErrorCode, ErrorCodeFacts, ErrorFacts, Issue } from './contract/errors.ts'
export { INTERVALS } from './contract/interval.ts'
export type { Interval, IntervalFacts } from './contract/interval.ts'
export { SCHEMAS } from './contract/schema.ts'
export type { ColumnFacts, ColumnType, SchemaFacts, SchemaName } from './contract/schema.ts'
export type { AssetClass, Series } from './contract/series.ts'
export type { EpochMs, TimeInput } from './contract/time.ts'
export type { Range } from './contract/range.ts'
export type { CoverageReason, CoverageRecord, CoverageState, Missing, MissingKind } from './contract/coverage.ts'
export type { Column, Columns, DictionaryColumn, NullableColumn, PlainColumn } from './contract/columns.ts'
export { EVENT_NAMES } from './contract/events.ts'
export type {
  ClientEvents, CommitEvent, Emit, EventName, GapEvent, PageEvent, ProgressEvent, RejectEvent, RetryEvent, RevisionEvent,
  WarningEvent,
} from './contract/events.ts'
export type {
  Adjust, CoverageReport, FillMethod, FillOptions, Operation, Plan, PlanReason, PlannedRequest, Query, TableView, UpdateReport,
} from './contract/query.ts'
export type { Logger, Runtime } from './contract/runtime.ts'
export type { Classify, Http, HttpRequest, HttpResponse, ProviderHealth } from './contract/http.ts'
export type {
  Basis, FetchContext, FetchRequest, Page, PageColumns, Provider, ProviderCapabilities, RateLimit,
} from './contract/provider.ts'
export type {
  CatalogEntry, Cause, Change, HistoryEntry, MaintainReport, MaintainTask, Partition, Pin, ReadBuffers, ReadRequest,
  Snapshot, SnapshotMeta, Storage, StorageCapabilities, StoredColumn, TableName, VerifyIssue, VerifyReport,
} from './contract/storage.ts'
export type { Gap, GapDetector, GapInput, GapReport } from './contract/gap-detector.ts'
export type { AskRecord, MetadataTracker, SeriesStatus, TrackerSummary, UpdateRecord } from './contract/metadata-tracker.ts'
export type { Calendar, Session, Sessions } from './contract/calendar.ts'
