/**
 * Ways out of the store: tables with their proof.
 * @module
 */
import type { Table } from 'apache-arrow'
import { type Columns, lowerBound, sliceColumns } from '../contract/columns.ts'
import { hasCode } from '../contract/errors.ts'
import type { Range } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Snapshot } from '../contract/storage.ts'
import { ticksOf } from '../contract/ticks.ts'
import {
  type ProvenRows,
  cutProvisional,
  nothingStored,
  readProven,
  requireComplete,
  wantedColumns,
} from '../query/read.ts'
import type { ParsedQuery } from './query.ts'
import { chooseSnapshot, columnsToRead, proofContext, readRange } from './read-scope.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'
import { viewColumns, viewOf } from './view.ts'

const MAX_TRIES = 5

type TableRooms = readonly [typeof import('../codecs/arrow/index.ts'), typeof import('../query/table.ts')]

/** Kept, since asking the platform for a module that is loaded already costs as much as reading a small file. */
let loadedTableRooms: TableRooms | undefined

async function tableRooms(): Promise<TableRooms> {
  return (loadedTableRooms ??= await Promise.all([import('../codecs/arrow/index.ts'), import('../query/table.ts')]))
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
  return toTable(route.series, {
    columns: noRows(route.series, query.columns),
    report: { ...report, ...viewOf(query) },
  })
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
