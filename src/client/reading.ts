/**
 * Ways out of the store: tables with their proof, scans, and the tables beside a series.
 * @module
 */
import type { Table } from 'apache-arrow'
import { type Columns, lowerBound, sliceColumns } from '../contract/columns.ts'
import { msOf, ticksOf, timestampsMs } from '../contract/ticks.ts'
import { ConfigError, hasCode } from '../contract/errors.ts'
import { type GapReport, gapInput } from '../contract/gap-detector.ts'
import { labelRange, nextOpen } from '../contract/interval.ts'
import type { CoverageReport } from '../contract/query.ts'
import type { Range } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import type { Snapshot, TableName } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import { closedEnd } from '../ingest/finality.ts'
import {
  type ProofContext,
  type ProvenRows,
  cutProvisional,
  nothingStored,
  provisionalRanges,
  proveRange,
  readProven,
  requireComplete,
  storedRange,
  wantedColumns,
} from '../query/read.ts'
import { type ParsedQuery, labelled } from './query.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'
import { viewColumns } from './view.ts'

const MAX_TRIES = 5

type TableRooms = readonly [typeof import('../codecs/arrow/index.ts'), typeof import('../query/table.ts')]

/** Kept, since asking the platform for a module that is loaded already costs as much as reading a small file. */
let loadedTableRooms: TableRooms | undefined

async function tableRooms(): Promise<TableRooms> {
  return (loadedTableRooms ??= await Promise.all([import('../codecs/arrow/index.ts'), import('../query/table.ts')]))
}

/** Refuses a series of which nothing is stored. */
export function notLoaded(series: Series): ConfigError {
  const message = `${seriesKey(series)} is not stored: call get or load with a start first`
  return new ConfigError('config/not-loaded', message, {
    field: 'symbol',
    value: series.symbol,
    provider: series.provider,
    symbol: series.symbol,
  })
}

/** The version that a query reads; the newest where it names none. */
export async function chooseSnapshot(rooms: ClientRooms, route: Route, query: ParsedQuery): Promise<Snapshot> {
  if (query.version !== undefined) return rooms.storage.snapshot(route.series, query.version)
  const head = await rooms.storage.head(route.series)
  if (head === null) throw notLoaded(route.series)
  return head
}

/** The range that a query reads: all that is stored, where it gives none. */
export function readRange(query: ParsedQuery, route: Route, snapshot: Snapshot, nowMs: EpochMs): Range {
  const { interval } = route.series
  if (query.startMs !== undefined && query.endMs !== undefined)
    return labelled(interval, { startMs: query.startMs, endMs: query.endMs })
  const known = knownRange(snapshot, interval)
  const startMs = query.startMs ?? known?.startMs ?? query.endMs ?? nowMs
  const endMs = query.endMs ?? Math.max(known?.endMs ?? startMs + 1, query.startMs === undefined ? -Infinity : nowMs)
  return startMs < endMs ? labelRange(interval, { startMs, endMs }) : { startMs, endMs: startMs + 1 }
}

/** From the first row to the last, and the holes that the source left before and after them. */
function knownRange(snapshot: Snapshot, interval: Series['interval']): Range | null {
  const rows = storedRange(snapshot, (ms) => (interval === undefined ? ms + 1 : nextOpen(interval, ms)))
  const proven = snapshot.coverage.filter(
    ({ state, reason }) => state === 'data' || state === 'partial' || reason === 'provider-missing',
  )
  const [first, last] = [proven[0] ?? snapshot.coverage[0], proven.at(-1) ?? snapshot.coverage.at(-1)]
  if (rows === null || first === undefined || last === undefined)
    return rows ?? (first && last ? { startMs: first.startMs, endMs: last.endMs } : null)
  // Coverage may begin between two openings: what it adds to the rows are holes, and those have openings.
  return { startMs: Math.min(rows.startMs, first.startMs), endMs: Math.max(rows.endMs, last.endMs) }
}

/** What the proof of a route's ranges depends on. */
export function proofContext(
  rooms: ClientRooms,
  route: Route,
  failed: readonly Range[],
  signal?: AbortSignal,
): ProofContext {
  const nowMs = rooms.runtime.now()
  return {
    storage: rooms.storage,
    detector: rooms.detector,
    calendar: route.calendar,
    capabilities: route.capabilities,
    nowMs,
    closedEndMs: closedEnd({ series: route.series, calendar: route.calendar, capabilities: route.capabilities }, nowMs),
    failed,
    ...(signal === undefined ? {} : { signal }),
  }
}

/** What the caller of {@link readTable} knows beyond the query. */
interface ReadOptions {
  /** @default the range of the query */
  readonly range?: Range
  /** Ranges that were asked in this call and not answered. */
  readonly failed?: readonly Range[]
}

/**
 * Reads a range as a table with its proof. A version that was collected meanwhile is read anew, unless it was named.
 * @param options absent where nothing happened since the route was found: its version is still the one to read
 */
export async function readTable(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  options?: ReadOptions,
): Promise<Table> {
  for (let attempt = 1; ; attempt++) {
    try {
      const head = options === undefined && attempt === 1 && query.version === undefined ? route.head : null
      return await readOnce(rooms, route, query, head ?? (await chooseSnapshot(rooms, route, query)), options)
    } catch (error) {
      const mayRetry = hasCode(error, 'storage/snapshot-expired') && query.version === undefined && attempt < MAX_TRIES
      if (!mayRetry) throw error
    }
  }
}

async function readOnce(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  snapshot: Snapshot,
  options: ReadOptions = {},
): Promise<Table> {
  query.signal?.throwIfAborted()
  const context = proofContext(rooms, route, options.failed ?? [], query.signal)
  const range = options.range ?? readRange(query, route, snapshot, context.nowMs)
  const proven = await readProven(context, snapshot, range, columnsToRead(query))
  const cut = query.final ? cutToFinal(proven) : proven
  if (query.complete) requireComplete(cut.report, context)
  const viewed = await viewColumns(rooms, route, query, snapshot, cut)
  return toTable(route.series, viewed)
}

/** Views compute from prices and volume, so these are read even where they are not shown. */
function columnsToRead(query: ParsedQuery): readonly string[] | undefined {
  if (query.columns === undefined || (query.adjust === 'source' && query.fill === null)) return query.columns
  return [...new Set([...query.columns, 'open', 'high', 'low', 'close', 'volume'])]
}

function stoppable({ signal }: ParsedQuery): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

function cutToFinal({ columns, report }: ProvenRows): ProvenRows {
  const range = cutProvisional(columns, report)
  if (range.endMs === report.requested.endMs) return { columns, report }
  const end = lowerBound(columns.timestamp, ticksOf(range.endMs, SCHEMAS[report.series.schema].timeUnit))
  const inside = <T extends Range>(list: readonly T[]): T[] => list.filter((one) => one.startMs < range.endMs)
  return {
    columns: sliceColumns(columns, 0, end),
    report: {
      ...report,
      requested: range,
      covered: inside(report.covered),
      missing: inside(report.missing),
      provisional: [],
    },
  }
}

/** Columns and proof as an Arrow table; the first one loads apache-arrow. */
export async function toTable(series: Series, { columns, report }: ProvenRows): Promise<Table> {
  const [{ tableFromColumns }, { attachCoverage }] = await tableRooms()
  return attachCoverage(tableFromColumns(columns, { schema: series.schema }), report, columns)
}

/** An empty table for a series of which nothing is stored, with the proof that nothing is known. */
export async function emptyTable(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  range: Range,
  failed: readonly Range[],
): Promise<Table> {
  const context = proofContext(rooms, route, failed)
  const report = nothingStored(route.series, range, context.closedEndMs, failed)
  if (query.complete) requireComplete(report, context)
  return toTable(route.series, { columns: noRows(route.series, query.columns), report })
}

function noRows(series: Series, wanted: readonly string[] | undefined): Columns {
  const empty = {
    timestamp: () => new BigInt64Array(0),
    int64: () => new BigInt64Array(0),
    float64: () => new Float64Array(0),
    int32: () => new Int32Array(0),
    uint8: () => new Uint8Array(0),
    string: () => ({ indices: new Int32Array(0), dictionary: [] }),
  }
  const names = wantedColumns({ series, columns: [] }, wanted)
  const columns = SCHEMAS[series.schema].columns.filter(({ name, optional }) => names?.includes(name) ?? !optional)
  return Object.fromEntries(columns.map((column) => [column.name, empty[column.type]()])) as unknown as Columns
}

/** Batches of a range, each a table with the proof of its own stretch. */
export async function* scanTables(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  batchRows: number | undefined,
): AsyncGenerator<Table, void, undefined> {
  if (query.fill !== null) {
    const message = 'fill: a batch does not know its neighbours: use read, or fill after collecting'
    throw new ConfigError('config/option', message, { field: 'fill', value: query.fill.method })
  }
  if (batchRows !== undefined && !(Number.isSafeInteger(batchRows) && batchRows > 0)) {
    throw new ConfigError('config/option', `batchRows: ${String(batchRows)} is no number of rows: use 1 or more`, {
      field: 'batchRows',
      value: batchRows,
    })
  }
  const context = proofContext(rooms, route, [], query.signal)
  const snapshot = await chooseSnapshot(rooms, route, query)
  const whole = readRange(query, route, snapshot, context.nowMs)
  if (query.complete) requireComplete(await proveWhole(context, snapshot, whole), context)
  const range = query.final ? cutRange(snapshot, whole) : whole
  const wanted = wantedColumns(snapshot, columnsToRead(query))
  const request = {
    range,
    ...(wanted === undefined ? {} : { columns: wanted }),
    ...(batchRows === undefined ? {} : { batchRows }),
  }
  let { startMs } = range
  let waiting: Columns | null = null
  const emit = async (columns: Columns, endMs: EpochMs): Promise<Table> => {
    const proof = await proveRange(context, snapshot, { startMs, endMs }, columns.timestamp)
    startMs = endMs
    return toTable(route.series, await viewColumns(rooms, route, query, snapshot, { columns, report: proof }))
  }
  // One batch behind: where a batch's stretch ends is known when the next one begins.
  for await (const columns of rooms.storage.scan(snapshot, request, stoppable(query))) {
    query.signal?.throwIfAborted()
    if (waiting !== null)
      yield await emit(waiting, msOf(columns.timestamp[0] as bigint, SCHEMAS[route.series.schema].timeUnit))
    waiting = columns
  }
  if (waiting !== null) yield await emit(waiting, range.endMs)
}

async function proveWhole(context: ProofContext, snapshot: Snapshot, range: Range): Promise<CoverageReport> {
  const { timestamp } = await context.storage.read(snapshot, { range, columns: ['timestamp'] })
  return proveRange(context, snapshot, range, timestamp)
}

function cutRange(snapshot: Snapshot, range: Range): Range {
  const [first] = provisionalRanges(snapshot, range)
  return first === undefined ? range : { startMs: range.startMs, endMs: first.startMs }
}

/** The proof of a range without its rows. */
export async function reportCoverage(rooms: ClientRooms, route: Route, query: ParsedQuery): Promise<CoverageReport> {
  const context = proofContext(rooms, route, [], query.signal)
  const snapshot = await chooseSnapshot(rooms, route, query)
  return proveWhole(context, snapshot, readRange(query, route, snapshot, context.nowMs))
}

/** What is missing in a range, slot by slot of the calendar. */
export async function reportGaps(rooms: ClientRooms, route: Route, query: ParsedQuery): Promise<GapReport> {
  if (route.series.interval === undefined) {
    const message = `interval: ${route.series.schema} has no slots, so it has no gaps: ask coverage instead`
    throw new ConfigError('config/interval', message, { field: 'schema', value: route.series.schema })
  }
  const snapshot = await chooseSnapshot(rooms, route, query)
  const nowMs = rooms.runtime.now()
  const range = readRange(query, route, snapshot, nowMs)
  const unit = SCHEMAS[route.series.schema].timeUnit
  const rows = await rooms.storage.read(snapshot, { range, columns: ['timestamp'] }, stoppable(query))
  const rejects = await rooms.storage.read(snapshot, { range, table: 'rejects', columns: ['timestamp'] })
  const input = gapInput(rows.timestamp, unit, {
    series: route.series,
    range,
    coverage: snapshot.coverage,
    rejectedMs: timestampsMs(rejects.timestamp, unit).toSorted(),
    calendar: route.calendar,
    capabilities: route.capabilities,
    nowMs,
  })
  const report = rooms.detector.detect(input)
  if (report.gaps.length > 0) rooms.emit('gap', { series: route.series, gaps: report.gaps })
  return report
}

/** A table beside a series, sorted by the time of the rows it speaks of. */
export async function readBeside(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  table: TableName,
): Promise<Table> {
  const snapshot = await chooseSnapshot(rooms, route, query)
  const isWhole = query.startMs === undefined && query.endMs === undefined
  const range = isWhole ? undefined : readRange(query, route, snapshot, rooms.runtime.now())
  const columns = await rooms.storage.read(
    snapshot,
    { table, ...(range === undefined ? {} : { range }) },
    stoppable(query),
  )
  const { tableFromColumns } = await import('../codecs/arrow/index.ts')
  return tableFromColumns(columns, { schema: route.series.schema })
}
