/**
 * Operations that use the network: get, load, update, and their plan.
 * @module
 */
import type { Table } from 'apache-arrow'
import { rangesIn } from '../contract/coverage.ts'
import { ConfigError, isDataClientError } from '../contract/errors.ts'
import type { Operation, Plan, UpdateReport } from '../contract/query.ts'
import type { Range } from '../contract/range.ts'
import { seriesKey } from '../contract/series.ts'
import type { IngestJob, RunResult } from '../ingest/job.ts'
import { planJob, runOperation } from '../ingest/run.ts'
import { missingOutside } from '../query/read.ts'
import { type ParsedQuery, labelled } from './query.ts'
import { notLoaded, proofContext } from './read-scope.ts'
import { emptyTable, readTable } from './reading.ts'
import type { ClientRooms } from './rooms.ts'
import { type Route, freshRoute, requireProvider } from './route.ts'

/** The range that an operation works on. */
export function operationRange(rooms: ClientRooms, route: Route, query: ParsedQuery, operation: Operation): Range {
  const nowMs = rooms.runtime.now()
  const coverage = route.head?.coverage ?? []
  const known = coverage[0]?.startMs
  if (operation === 'update') {
    if (known === undefined && query.startMs === undefined) throw notLoaded(route.series)
    return labelled(route.series.interval, {
      startMs: Math.min(known ?? Infinity, query.startMs ?? Infinity),
      endMs: query.endMs ?? nowMs,
    })
  }
  // What the source refused was wanted once, and an update asks for it again; it is nothing to start from.
  const startMs = query.startMs ?? coverage.find((record) => record.state !== 'unavailable')?.startMs ?? known
  if (startMs === undefined) {
    const message = `start: ${seriesKey(route.series)} is not stored, so ${operation} needs a start`
    throw new ConfigError('config/start-required', message, { field: 'start', symbol: route.series.symbol })
  }
  return labelled(route.series.interval, { startMs, endMs: query.endMs ?? nowMs })
}

/** The job of an operation on a route. */
export function jobOf(
  route: Route,
  query: ParsedQuery,
  operation: Operation,
  range: Range,
  selection?: string,
): IngestJob {
  return {
    series: route.series,
    provider: requireProvider(route),
    calendar: route.calendar,
    assetClass: route.assetClass,
    operation,
    range,
    ...(query.lookbackDays === undefined ? {} : { lookbackDays: query.lookbackDays }),
    fillGaps: query.fillGaps,
    mayFailOver: route.others.length > 0,
    signal: query.signal ?? new AbortController().signal,
    ...(query.onProgress === undefined ? {} : { onProgress: query.onProgress }),
    ...(selection === undefined ? {} : { selection }),
  }
}

const OPERATIONS: readonly Operation[] = ['get', 'load', 'update']

/** What an operation would ask. */
export async function planOperation(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  operation: Operation,
): Promise<Plan> {
  if (!OPERATIONS.includes(operation)) {
    const message = `plan: ${JSON.stringify(operation)} is no operation: use ${OPERATIONS.join(', ')}`
    throw new ConfigError('config/option', message, { field: 'operation', value: operation })
  }
  const range = operationRange(rooms, route, query, operation)
  const { plan } = await planJob(rooms, jobOf(route, query, operation, range))
  return plan
}

/** Runs get or load and returns the range as a table. */
export async function fetchTable(
  rooms: ClientRooms,
  route: Route,
  query: ParsedQuery,
  operation: 'get' | 'load',
): Promise<Table> {
  if (query.version !== undefined) {
    const message = `version: ${operation} returns the newest version: use read for an older one`
    throw new ConfigError('config/option', message, { field: 'version', value: query.version })
  }
  // A series that is stored can be read without its source.
  if (route.provider === null && operation === 'get') {
    return readTable(rooms, route, query, { range: operationRange(rooms, route, query, operation) })
  }
  const done = await runWithFailover(rooms, route, query, operation)
  const { range, result } = done
  if (result.head === null) return emptyTable(rooms, done.route, query, range, result.failed)
  return readTable(rooms, done.route, query, { range, failed: result.failed })
}

/** Brings a series current and says what that took. */
export async function runUpdate(rooms: ClientRooms, route: Route, query: ParsedQuery): Promise<UpdateReport> {
  const done = await runWithFailover(rooms, route, query, 'update')
  return reportOf(rooms, done.route, done.range, done.result)
}

interface Done {
  readonly route: Route
  readonly range: Range
  readonly result: RunResult
}

/**
 * Runs an operation; where nothing of the series is stored and its source fails before the first row, the next one that
 * can serve it is asked. A series that exists never changes its source.
 */
async function runWithFailover(
  rooms: ClientRooms,
  first: Route,
  query: ParsedQuery,
  operation: Operation,
): Promise<Done> {
  const failures: { readonly name: string; readonly error: unknown }[] = []
  let route = first
  for (;;) {
    const range = operationRange(rooms, route, query, operation)
    const reason = failures.map(({ name, error }) => `${name} failed: ${describe(error)}`).join('; ')
    const kind = operation === 'update' && route.head === null ? 'get' : operation
    const job = jobOf(route, query, kind, range, failures.length === 0 ? undefined : reason)
    const result = await inTurn(rooms, query.signal, () => runOperation(rooms, job))
    const [next, ...others] = route.others
    const mayFailOver =
      result.head === null &&
      result.counts.rows === 0 &&
      isProviderError(result.error) &&
      query.signal?.aborted !== true
    if (!mayFailOver || next === undefined) {
      rejectFailure(result, query, failures)
      return { route, range, result }
    }
    failures.push({ name: route.series.provider, error: result.error })
    const message = `${route.series.provider} failed before the first row (${describe(result.error)}): asking ${next.name}`
    rooms.emit('warning', { code: 'failover', message, series: route.series, provider: route.series.provider })
    route = await freshRoute(rooms, { ...query, symbol: route.series.symbol }, route.assetClass, next, others)
  }
}

/** Waits for a place among the running series; gives the waiting up when aborted. */
function inTurn<T>(rooms: ClientRooms, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason as Error)
    signal?.addEventListener('abort', stop, { once: true })
    const turn = rooms.limit(() => {
      signal?.removeEventListener('abort', stop)
      signal?.throwIfAborted()
      return rooms.running(work())
    })
    turn.then(resolve, reject)
  })
}

function describe(error: unknown): string {
  return isDataClientError(error) ? error.message : String(error)
}

function isProviderError(error: unknown): boolean {
  return isDataClientError(error) && error.code.startsWith('provider/')
}

/**
 * The failure of the source that was meant to answer is the one to report; the others are told by warnings. What a caller
 * bears with is a failing source, not a store that cannot keep what came.
 */
function rejectFailure(result: RunResult, query: ParsedQuery, before: readonly { readonly error: unknown }[]): void {
  query.signal?.throwIfAborted()
  const isBorne =
    query.onError === 'stored' && !(isDataClientError(result.error) && result.error.code.startsWith('storage/'))
  if (result.error !== null && !isBorne) throw (before[0]?.error ?? result.error) as Error
}

function reportOf(rooms: ClientRooms, route: Route, range: Range, result: RunResult): UpdateReport {
  const { counts, head } = result
  // The proof of the whole series costs a scan of its timestamps: an update tells what coverage and the schedule know.
  const context = proofContext(rooms, route, result.failed)
  const coverage = head?.coverage ?? []
  return {
    series: route.series,
    operation: 'update',
    range,
    requests: counts.requests,
    rows: counts.rows,
    added: counts.added,
    changed: counts.changed,
    revised: counts.revised,
    withdrawn: counts.withdrawn,
    rejected: counts.rejected,
    nullRows: counts.nullRows,
    warnings: counts.warnings,
    versionBefore: result.versionBefore,
    version: head?.version ?? null,
    durationMs: result.durationMs,
    missing: [...missingOutside(context, coverage, range), ...result.holes].toSorted((a, b) => a.startMs - b.startMs),
    provisional: rangesIn(
      coverage.filter((record) => record.reason === 'not-final'),
      ['partial'],
      range,
    ),
  }
}
