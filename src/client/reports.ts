/**
 * What is known about a range without its rows, and the tables beside a series.
 * @module
 */
import type { Table } from 'apache-arrow'
import { ConfigError } from '../contract/errors.ts'
import { type GapReport, gapInput } from '../contract/gap-detector.ts'
import type { CoverageReport } from '../contract/query.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { TableName } from '../contract/storage.ts'
import { timestampsMs } from '../contract/ticks.ts'
import type { ParsedQuery } from './query.ts'
import { chooseSnapshot, proofContext, proveWhole, readRange, stoppable } from './read-scope.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'

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
