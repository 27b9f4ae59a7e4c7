/**
 * Reads a range in batches, in bounded memory.
 * @module
 */
import type { Table } from 'apache-arrow'
import type { Columns } from '../contract/columns.ts'
import { ConfigError } from '../contract/errors.ts'
import type { Range } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Snapshot } from '../contract/storage.ts'
import { msOf } from '../contract/ticks.ts'
import type { EpochMs } from '../contract/time.ts'
import { proveRange, provisionalRanges, requireComplete, wantedColumns } from '../query/read.ts'
import type { ParsedQuery } from './query.ts'
import { chooseSnapshot, columnsToRead, proofContext, proveWhole, readRange, stoppable } from './read-scope.ts'
import { toTable } from './reading.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'
import { viewColumns } from './view.ts'

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

function cutRange(snapshot: Snapshot, range: Range): Range {
  const [first] = provisionalRanges(snapshot, range)
  return first === undefined ? range : { startMs: range.startMs, endMs: first.startMs }
}
