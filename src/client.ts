/**
 * Wires the rooms into one client.
 * @module
 */
import { ConfigError } from './contract/errors.ts'
import type { Query } from './contract/query.ts'
import { runBatch } from './client/batch.ts'
import { checkHealth, listSeries } from './client/catalog.ts'
import { collectable } from './client/collectable.ts'
import type { BoundKey, DataClient, SeriesClient } from './client/data-client.ts'
import { type DataClientOptions, resolveOptions } from './client/options.ts'
import { type ParsedQuery, parseQuery } from './client/query.ts'
import { chooseSnapshot, storedSeries } from './client/read-scope.ts'
import { readTable } from './client/reading.ts'
import { readBeside, reportCoverage, reportGaps } from './client/reports.ts'
import { createRooms } from './client/rooms.ts'
import { type Route, findRoute } from './client/route.ts'
import { scanTables } from './client/scanning.ts'
import { explainSelection, probeProvider, providerStatuses } from './client/selection.ts'
import { checkOptions } from './contract/options.ts'
import { fetchTable, planOperation, runUpdate } from './client/running.ts'
import { storeMaintenance } from './client/store-maintenance.ts'

/**
 * Makes a client: one place to get, keep and read market data.
 * Opens nothing and asks nothing before the first call.
 * @example
 * ```ts
 * import { createDataClient } from 'marketlake'
 * import { synthetic } from 'marketlake/providers'
 * const client = createDataClient({ providers: [synthetic()] })
 * const bars = await client.get({ symbol: 'BTCUSDT', interval: '1h', start: '2024-01-01', end: '2024-01-02' })
 * ```
 * @throws {ConfigError} `config/option` naming the key, the value and the remedy
 */
export function createDataClient(options: DataClientOptions = {}): DataClient {
  const rooms = createRooms(resolveOptions(options))
  const routed = async <T>(
    query: Query,
    what: string,
    work: (route: Route, parsed: ParsedQuery) => Promise<T>,
  ): Promise<T> => {
    const parsed = parseQuery(query, what)
    parsed.signal?.throwIfAborted()
    return work(await findRoute(rooms, parsed), parsed)
  }
  const client: DataClient = {
    get: (query) => routed(query, 'get', (route, parsed) => fetchTable(rooms, route, parsed, 'get')),
    load: (query) => routed(query, 'load', (route, parsed) => fetchTable(rooms, route, parsed, 'load')),
    update: (query) => routed(query, 'update', (route, parsed) => runUpdate(rooms, route, parsed)),
    read: (query) => routed(query, 'read', (route, parsed) => readTable(rooms, route, parsed)),
    scan: (asked) =>
      collectable(async function* () {
        const { batchRows, ...query } = asked ?? {}
        const parsed = parseQuery(query, 'scan')
        yield* scanTables(rooms, await findRoute(rooms, parsed), parsed, batchRows)
      }),
    plan: (query, operation = 'get') =>
      routed(query, 'plan', (route, parsed) => planOperation(rooms, route, parsed, operation)),
    coverage: (query) => routed(query, 'coverage', (route, parsed) => reportCoverage(rooms, route, parsed)),
    gaps: (query) => routed(query, 'gaps', (route, parsed) => reportGaps(rooms, route, parsed)),
    batch: (queries, batchOptions) =>
      collectable(() => {
        const check = (query: Query): Promise<void> => routed(query, 'batch', () => Promise.resolve())
        const context = {
          client,
          concurrency: rooms.options.concurrency,
          now: rooms.runtime.now,
          log: rooms.log,
          check,
        }
        return runBatch(context, queries, batchOptions)
      }),
    of: (key) => bindSeries(client, key),
    list: (filter) => listSeries(rooms, filter),
    status: (query) => routed(query, 'status', async (route) => rooms.tracker.status(storedSeries(route))),
    history: (query) => routed(query, 'history', async (route) => rooms.storage.history(storedSeries(route))),
    revisions: (query) => routed(query, 'revisions', (route, parsed) => readBeside(rooms, route, parsed, 'revisions')),
    rejects: (query) => routed(query, 'rejects', (route, parsed) => readBeside(rooms, route, parsed, 'rejects')),
    health: (healthOptions) => checkHealth(rooms, healthOptions),
    explainSelection: async (query) => explainSelection(rooms, parseQuery(query, 'explainSelection')),
    providers: () => providerStatuses(rooms),
    async probe(provider, probeOptions = {}) {
      checkOptions(probeOptions, ['signal'], 'probe')
      return probeProvider(rooms, provider, probeOptions.signal ?? new AbortController().signal)
    },
    files: (query) =>
      routed(query, 'files', async (route, parsed) => [
        ...(await rooms.storage.files(await chooseSnapshot(rooms, route, parsed))),
      ]),
    pin: (query, name) =>
      routed(query, 'pin', async (route, parsed) => {
        const { version } = await chooseSnapshot(rooms, route, parsed)
        return rooms.storage.pin(route.series, version, name)
      }),
    unpin: (query, name) => routed(query, 'unpin', (route) => rooms.storage.unpin(route.series, name)),
    store: storeMaintenance(rooms, routed),
    on: rooms.on,
    close: rooms.close,
  }
  return Object.freeze(client)
}

const BOUND_KEYS: readonly BoundKey[] = ['symbol', 'interval', 'schema', 'provider', 'assetClass']

/** The methods of a client with symbol, interval, schema and provider bound. */
function bindSeries(client: DataClient, key: Pick<Query, BoundKey>): SeriesClient {
  checkOptions(key, BOUND_KEYS, 'of')
  const bind = (query: object = {}): Query => {
    const twice = BOUND_KEYS.find((name) => name in query)
    if (twice === undefined) return { ...query, ...key }
    throw new ConfigError('config/option', `${twice}: is bound by of(): ask another series with a client of its own`, {
      field: twice,
    })
  }
  return Object.freeze({
    get: async (query) => client.get(bind(query)),
    load: async (query) => client.load(bind(query)),
    update: async (query) => client.update(bind(query)),
    read: async (query) => client.read(bind(query)),
    scan: (query) => client.scan(bind(query)),
    plan: async (query, operation) => client.plan(bind(query), operation),
    coverage: async (query) => client.coverage(bind(query)),
    gaps: async (query) => client.gaps(bind(query)),
    status: () => client.status(bind()),
    history: () => client.history(bind()),
    revisions: async (query) => client.revisions(bind(query)),
    rejects: async (query) => client.rejects(bind(query)),
    files: async (query) => client.files(bind(query)),
    pin: async (name, query) => client.pin(bind(query), name),
    unpin: (name) => client.unpin(bind(), name),
  } satisfies SeriesClient)
}
