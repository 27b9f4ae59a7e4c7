/**
 * What a read is about: which version, which range, which columns, and what its proof depends on.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import { labelRange, nextOpen } from '../contract/interval.ts'
import type { CoverageReport } from '../contract/query.ts'
import type { Range } from '../contract/range.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import type { Snapshot } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import { closedEnd } from '../ingest/finality.ts'
import { type ProofContext, proveRange, storedRange } from '../query/read.ts'
import { type ParsedQuery, labelled } from './query.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'

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

/**
 * The series of a route, of which something is stored.
 * @throws {ConfigError} `config/not-loaded`
 */
export function storedSeries({ series, head }: Route): Series {
  if (head === null) throw notLoaded(series)
  return series
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

/** Views compute from prices and volume, so these are read even where they are not shown. */
export function columnsToRead(query: ParsedQuery): readonly string[] | undefined {
  if (query.columns === undefined || (query.adjust === 'source' && query.fill === null)) return query.columns
  return [...new Set([...query.columns, 'open', 'high', 'low', 'close', 'volume'])]
}

/** The signal of a query as stores take it. */
export function stoppable({ signal }: ParsedQuery): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

/** Proves a range from its timestamps alone. */
export async function proveWhole(context: ProofContext, snapshot: Snapshot, range: Range): Promise<CoverageReport> {
  const { timestamp } = await context.storage.read(snapshot, { range, columns: ['timestamp'] })
  return proveRange(context, snapshot, range, timestamp)
}
