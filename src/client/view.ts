/**
 * Views of rows: adjusted, filled, and the columns that were asked for. Nothing of a view is ever stored.
 * @module
 */
import { type Column, type Columns, rowCount } from '../contract/columns.ts'
import { msOf, timestampsMs } from '../contract/ticks.ts'
import { rangesIn } from '../contract/coverage.ts'
import { ConfigError, DataError, hasCode } from '../contract/errors.ts'
import { INTERVALS, barOpen, ceilOpen, isLabelled } from '../contract/interval.ts'
import type { Adjust, TableView } from '../contract/query.ts'
import { type Range, intersect, intersectRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import type { Snapshot } from '../contract/storage.ts'
import { type EpochMs, LATEST_MS } from '../contract/time.ts'
import { actionsAsOf, actionsSeries } from '../ingest/actions.ts'
import { closedEnd } from '../ingest/finality.ts'
import { type Closes, adjustColumns } from '../query/adjust.ts'
import { fillSlots } from '../query/fill-slots.ts'
import { fillColumns } from '../query/fill.ts'
import type { ProvenRows } from '../query/read.ts'
import { sessionCloses, sessionDates } from '../query/session-dates.ts'
import type { ParsedQuery } from './query.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'

/** Rows as the query wants to see them. */
export async function viewColumns(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  snapshot: Snapshot,
  proven: ProvenRows,
): Promise<ProvenRows> {
  const adjusted = query.adjust === 'source' ? proven : await adjustedRows(rooms, route, query.adjust, snapshot, proven)
  const columns = query.fill === null ? adjusted.columns : filledRows(rooms, route, query, adjusted)
  return { columns: pickColumns(columns, query.columns), report: { ...adjusted.report, ...viewOf(query) } }
}

/** What of a query changes how rows are shown. */
export function viewOf({ adjust, fill, columns }: ParsedQuery): TableView {
  return {
    ...(adjust === 'source' ? {} : { adjust }),
    ...(fill === null ? {} : { fill }),
    ...(columns === undefined ? {} : { columns }),
  }
}

function pickColumns(columns: Columns, wanted: readonly string[] | undefined): Columns {
  if (wanted === undefined) return columns
  const names = [
    'timestamp',
    ...wanted.filter((name) => name !== 'timestamp'),
    ...(Object.hasOwn(columns, 'filled') ? ['filled'] : []),
  ]
  const out: Record<string, Column> = {}
  for (const name of names) if (Object.hasOwn(columns, name)) out[name] = columns[name] as Column
  return out as unknown as Columns
}

function onlyBars(series: Series, option: 'adjust' | 'fill'): void {
  if (series.schema === 'ohlcv') return
  const message = `${option}: is for bars, and ${seriesKey(series)} holds ${SCHEMAS[series.schema].title.toLowerCase()}: leave it out`
  throw new ConfigError('config/option', message, { field: option, value: series.schema })
}

/** Rows in another basis, by exactly the version of the actions that the snapshot names. */
async function adjustedRows(
  rooms: ClientRooms,
  route: Route,
  view: Exclude<Adjust, 'source'>,
  snapshot: Snapshot,
  proven: ProvenRows,
): Promise<ProvenRows> {
  const { series, calendar } = route
  onlyBars(series, 'adjust')
  const { basis, actionsVersion } = snapshot.meta
  if (basis === undefined) throw unknownBasis(series, `the basis of ${series.provider} is not known`)
  const target = { none: 'raw', splits: 'splits', all: 'all' }[view]
  if (target === basis.kind || rowCount(proven.columns) === 0) return proven
  if (actionsVersion === undefined) {
    throw unknownBasis(
      series,
      `no splits and dividends of ${series.symbol} are stored: load schema "actions", or read with adjust "source"`,
    )
  }
  const interval = series.interval as NonNullable<Series['interval']>
  const actions = await readActions(rooms, snapshot, actionsVersion)
  const dates = sessionDates(calendar, timestampsMs(proven.columns.timestamp, 'us'), interval)
  const closes = await closesFor(rooms, route, snapshot, proven)
  const columns = adjustColumns(proven.columns, {
    view,
    basis: basis.kind,
    basisAsOfMs: lastDate(view, snapshot, actions.covered),
    actions: actions.rows,
    actionsCovered: actions.covered,
    interval,
    ...(isLabelled(interval) ? {} : { sessionDateMs: dates }),
    ...(closes === undefined ? {} : { closes }),
  })
  return { columns, report: { ...proven.report, actions: actionsVersion } }
}

/**
 * The splits and dividends of the version that a snapshot names. Versions are not kept for ever, events are: of one that
 * was given up, the newest version still tells what was known when the snapshot was made.
 */
async function readActions(
  rooms: ClientRooms,
  { series, committedAtMs }: Snapshot,
  version: number,
): Promise<{ rows: Columns; covered: Range[] }> {
  const states = ['data', 'empty', 'partial'] as const
  try {
    const named = await rooms.storage.snapshot(actionsSeries(series), version)
    return { rows: await rooms.storage.read(named, {}), covered: rangesIn(named.coverage, states) }
  } catch (error) {
    const newest = hasCode(error, 'storage/snapshot-expired') ? await rooms.storage.head(actionsSeries(series)) : null
    if (newest === null || newest.version < version) throw error
    const rows = actionsAsOf(await rooms.storage.read(newest, {}), committedAtMs)
    return {
      rows,
      covered: intersectRanges(rangesIn(newest.coverage, states), [
        { startMs: -Infinity, endMs: ceilOpen('1d', committedAtMs) },
      ]),
    }
  }
}

/**
 * Up to when splits and dividends count. Those that the stored prices reflect are undone up to the date of their basis;
 * those that they do not are put on as far as events and bars are known, however long ago the series was begun.
 */
function lastDate(view: Exclude<Adjust, 'source'>, snapshot: Snapshot, actionsCovered: readonly Range[]): EpochMs {
  const { basis } = snapshot.meta
  if (basis === undefined || snapshot.span === null) return snapshot.committedAtMs
  if (basis.kind === 'all' || (basis.kind === 'splits' && view === 'none')) return basis.asOfMs
  const [firstMs, lastMs] = [snapshot.span.first, snapshot.span.last].map((ticks) =>
    barOpen('1d', msOf(ticks, 'us')),
  ) as [EpochMs, EpochMs]
  const known = actionsCovered.find((range) => range.startMs <= firstMs && firstMs < range.endMs)?.endMs ?? lastMs
  return Math.max(lastMs, Math.min(snapshot.committedAtMs, known - 1, coveredTo(snapshot) - 1))
}

function unknownBasis(series: Series, why: string): DataError {
  return new DataError('data/basis-unavailable', `${seriesKey(series)}: ${why}`, {
    provider: series.provider,
    symbol: series.symbol,
  })
}

/** Closes of the sessions from the first row to the last that is stored: later dividends count for earlier rows. */
async function closesFor(
  rooms: ClientRooms,
  route: Route,
  snapshot: Snapshot,
  proven: ProvenRows,
): Promise<Closes | undefined> {
  const { series, calendar } = route
  const range = { startMs: proven.report.requested.startMs, endMs: LATEST_MS }
  const interval = series.interval as NonNullable<Series['interval']>
  if (INTERVALS[interval].ms <= INTERVALS['1d'].ms) {
    const rows = await rooms.storage.read(snapshot, { range, columns: ['timestamp', 'close'] })
    return sessionCloses(calendar, rows, interval, coveredTo(snapshot))
  }
  const daily = await rooms.storage.head({ ...series, interval: '1d' }).catch((error: unknown) => {
    if (hasCode(error, 'storage/corrupt')) return null
    throw error
  })
  if (daily === null) return undefined
  const rows = await rooms.storage.read(daily, {
    range: { startMs: range.startMs - 40 * INTERVALS['1d'].ms, endMs: LATEST_MS },
    columns: ['timestamp', 'close'],
  })
  return sessionCloses(calendar, rows, '1d', coveredTo(daily))
}

function coveredTo(snapshot: Snapshot): number {
  return rangesIn(snapshot.coverage, ['data', 'empty', 'partial']).at(-1)?.endMs ?? -Infinity
}

/** Rows with the empty slots filled that are proven and closed: nothing is shown where nothing was asked. */
function filledRows(rooms: ClientRooms, route: Route, query: ParsedQuery, { columns, report }: ProvenRows): Columns {
  const { series, calendar, capabilities } = route
  onlyBars(series, 'fill')
  const interval = series.interval as NonNullable<Series['interval']>
  const closed = closedEnd({ series, calendar, capabilities }, rooms.runtime.now())
  const range = intersect(report.requested, { startMs: -Infinity, endMs: closed })
  const nothing = { slotsMs: new Float64Array(0) }
  const slots =
    range === null ? nothing : fillSlots(calendar, range, interval, capabilities.anchor, capabilities.dayBoundary)
  const keep = Array.from(slots.slotsMs.keys()).filter((i) => {
    const ms = slots.slotsMs[i] as number
    return report.covered.some((covered) => covered.startMs <= ms && ms < covered.endMs)
  })
  const sessionOf = 'sessionOf' in slots ? slots.sessionOf : undefined
  return fillColumns(columns, {
    ...(query.fill as NonNullable<ParsedQuery['fill']>),
    slotsMs: Float64Array.from(keep, (i) => slots.slotsMs[i] as number),
    ...(sessionOf === undefined ? {} : { sessionOf: Int32Array.from(keep, (i) => sessionOf[i] as number) }),
    interval,
  })
}
