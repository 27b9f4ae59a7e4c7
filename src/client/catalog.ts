/**
 * What the store holds: the catalogue and the health of its series.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { msOf } from '../contract/ticks.ts'
import { checkOptions } from '../contract/options.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { AssetClass } from '../contract/series.ts'
import type { CatalogEntry } from '../contract/storage.ts'
import { type HealthOptions, type HealthReport, type SeriesFacts, reportHealth } from '../health/report.ts'
import { classify } from '../select/classify.ts'
import type { ListFilter, SeriesEntry } from './data-client.ts'
import type { ClientRooms } from './rooms.ts'
import { calendarName } from './route.ts'

const FILTER_KEYS: readonly (keyof ListFilter)[] = ['provider', 'schema', 'symbol', 'interval']

/** The stored series that match a filter, sorted by their names. */
export async function listSeries(rooms: ClientRooms, filter: ListFilter = {}): Promise<SeriesEntry[]> {
  checkOptions(filter, FILTER_KEYS, 'list')
  const entries = await rooms.storage.list()
  return entries
    .filter(({ series }) => FILTER_KEYS.every((key) => filter[key] === undefined || filter[key] === series[key]))
    .map(entryOf)
}

function entryOf({ series, head }: CatalogEntry): SeriesEntry {
  const unit = SCHEMAS[series.schema].timeUnit
  return {
    series,
    version: head.version,
    rows: head.rows,
    firstMs: head.span === null ? null : msOf(head.span.first, unit),
    lastMs: head.span === null ? null : msOf(head.span.last, unit),
    sizeBytes: head.sizeBytes,
    updatedAtMs: head.committedAtMs,
  }
}

/** The health of every stored series. */
export async function checkHealth(rooms: ClientRooms, options: HealthOptions = {}): Promise<HealthReport> {
  checkOptions(options, ['staleAfter'], 'health')
  const facts: SeriesFacts[] = []
  for (const { series, head } of await rooms.storage.list()) {
    const assetClass = (head.meta.assetClass ?? classify(series.symbol).assetClass) as AssetClass
    const name = calendarName(rooms, series, assetClass, head)
    facts.push({ head, assetClass, calendar: calendarOr(rooms, name), status: await rooms.tracker.status(series) })
  }
  return reportHealth(facts, rooms.runtime.now(), options)
}

/** A series may have been stored by a client that had a calendar of its own: without it every day counts. */
function calendarOr(rooms: ClientRooms, name: string): Calendar {
  try {
    return rooms.calendar(name)
  } catch {
    return rooms.calendar('24/7')
  }
}
