import { describe, expect, test } from 'vitest'
import type { DataClient } from '../../src/client/data-client.ts'
import { createDataClient } from '../../src/client.ts'
import { isDataClientError } from '../../src/contract/errors.ts'
import type { Page, Provider } from '../../src/contract/provider.ts'
import type { Query } from '../../src/contract/query.ts'
import { defineHttpProvider } from '../../src/providers/index.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { fakeSource, testClient } from './support.ts'

const GOOD = { symbol: 'BTCUSDT', interval: '1m', start: '2024-01-01', end: '2024-01-02' } as const

async function failure(query: Query): Promise<{ code: string; field?: string; message: string; value?: unknown }> {
  const { client } = testClient({ providers: [fakeSource([]).provider] })
  return client.get(query).then(
    () => ({ code: 'none', message: '' }),
    (error: unknown) => error as never,
  )
}

describe('a wrong query names field, value and remedy', () => {
  test.each([
    ['an inverted range', { ...GOOD, end: '2023-01-01' }, 'config/range', 'start', 'swap'],
    ['1M', { ...GOOD, interval: '1M' }, 'config/interval', 'interval', '"1m" (a minute) or "1mo" (a month)'],
    ['an unknown interval', { ...GOOD, interval: '7m' }, 'config/interval', 'interval', 'use 1s'],
    ['a missing interval', { symbol: 'A', start: '2024-01-01' }, 'config/interval', 'interval', 'needs one'],
    ['a symbol with a space', { ...GOOD, symbol: 'BTC USDT' }, 'config/symbol', 'symbol', 'remove it'],
    ['an empty symbol', { ...GOOD, symbol: '' }, 'config/symbol', 'symbol', 'give a symbol'],
    ['a long symbol', { ...GOOD, symbol: 'X'.repeat(65) }, 'config/symbol', 'symbol', 'shorten'],
    ['a symbol not in NFC', { ...GOOD, symbol: 'e\u0301' }, 'config/symbol', 'symbol', 'normalize'],
    ['an unknown key', { ...GOOD, intervall: '1m' }, 'config/option', 'intervall', 'did you mean interval?'],
    ['a wrong type', { ...GOOD, complete: 'yes' }, 'config/option', 'complete', 'use true or false'],
    ['a date-time without offset', { ...GOOD, start: '2024-01-01T00:00:00' }, 'config/time', 'start', 'add Z'],
    ['seconds for milliseconds', { ...GOOD, start: 1_704_067_200 }, 'config/time', 'start', 'looks like seconds'],
    ['a day that does not exist', { ...GOOD, start: '2024-02-30' }, 'config/time', 'start', 'does not exist'],
    ['an unknown schema', { ...GOOD, schema: 'bars' }, 'config/option', 'schema', 'use ohlcv'],
    ['an unknown provider', { ...GOOD, provider: 'nobody' }, 'config/provider', 'provider', 'use one of fake'],
    ['a bad provider name', { ...GOOD, provider: '../x' }, 'config/provider', 'provider', 'use 1 to 32'],
    ['no start', { symbol: 'BTCUSDT', interval: '1m' }, 'config/start-required', 'start', 'needs a start'],
    ['an interval that nobody serves', { ...GOOD, interval: '3d' }, 'config/provider', 'provider', 'has no 3d'],
  ] as const)('%s', async (_name, query, code, field, remedy) => {
    const error = await failure(query as unknown as Query)
    expect(isDataClientError(error)).toBe(true)
    expect(error).toMatchObject({ code, field })
    expect(error.message).toContain(remedy)
  })

  const unknown = { symbol: 'BTCUSDT', interval: '1m' } as const
  test.each<[what: string, ask: (client: DataClient) => Promise<unknown>]>([
    ['read', (client) => client.read(unknown)],
    ['scanned', (client) => client.scan(unknown).collect()],
    ['updated without a start', (client) => client.update(unknown)],
    ['asked for its coverage', (client) => client.coverage(unknown)],
    ['asked for its gaps', (client) => client.gaps(unknown)],
    ['asked for its status', (client) => client.status(unknown)],
    ['asked for its history', (client) => client.history(unknown)],
    ['asked for its revisions', (client) => client.revisions(unknown)],
    ['asked for its rejects', (client) => client.rejects(unknown)],
    ['asked for its files', (client) => client.files(unknown)],
    ['pinned', (client) => client.pin(unknown, 'mine')],
  ])('a series that is not stored and is %s', async (_what, ask) => {
    const { client } = testClient({ providers: [fakeSource([]).provider] })
    await expect(ask(client)).rejects.toMatchObject({ code: 'config/not-loaded', symbol: 'BTCUSDT', provider: 'fake' })
  })

  test('an unknown column', async () => {
    const source = fakeSource([[Date.UTC(2024, 0, 1), 1]])
    const { client } = testClient({ providers: [source.provider] })
    await expect(client.get({ ...GOOD, columns: ['clsoe'] })).rejects.toMatchObject({
      code: 'config/option',
      field: 'columns',
      value: 'clsoe',
    })
  })
})

describe('a wrong option of the client names field, value and remedy', () => {
  test.each([
    ['an unknown key', { rooot: '.' }, 'rooot', 'did you mean root?'],
    ['a factory that was not called', { providers: [defineHttpProvider] }, 'providers', 'call the factory'],
    [
      'two providers of one name',
      { providers: [fakeSource([]).provider, fakeSource([]).provider] },
      'providers',
      'another',
    ],
    ['no number', { concurrency: 'many' }, 'concurrency', 'use a whole number'],
    ['a nested unknown key', { http: { timeout: 5 } }, 'timeout', 'did you mean timeoutMs?'],
    ['a share above 1', { quality: { maxInvalidShare: 2 } }, 'quality.maxInvalidShare', 'between 0 and 1'],
    ['a home that only a shell knows', { root: '~/market-data' }, 'root', 'homedir()'],
    ['an unknown compression', { storage: { compression: 'gzip' } }, 'storage.compression', 'use none, zstd'],
    ['an unknown partition', { storage: { partition: 'week' } }, 'storage.partition', 'quarter'],
    ['a clock that is no function', { runtime: { now: 5 } }, 'runtime.now', 'use a function'],
    [
      'a source without a table',
      { providers: [{ name: 'x', fetch: () => {}, capabilities: {} }] },
      'providers',
      'capabilities',
    ],
    ['a calendar that is none', { calendars: { XASX: {} } }, 'calendars.XASX', 'defineCalendar'],
  ] as const)('%s', (_name, options, field, remedy) => {
    const make = (): unknown => createDataClient({ storage: createMemoryStorage(), ...(options as object) })
    expect(make).toThrow(remedy)
    try {
      make()
    } catch (error) {
      expect(error).toMatchObject({ code: 'config/option', field })
    }
  })
})

describe('a wrong argument of a call names field and remedy', () => {
  const { client } = testClient({ providers: [fakeSource([]).provider] })
  test.each([
    [
      'an unknown operation of a batch',
      () => client.batch([], { operation: 'fetch' as 'get' }).collect(),
      'operation',
      'use get',
    ],
    ['one query for a batch', () => client.batch(GOOD as never).collect(), 'queries', 'a list'],
    ['an unknown operation of a plan', () => client.plan(GOOD, 'read' as 'get'), 'operation', 'use get'],
    [
      'a bound that is none',
      () => client.health({ staleAfter: { session: 2 } as never }),
      'staleAfter',
      'use { sessions',
    ],
    ['batches without rows', () => client.scan({ ...GOOD, batchRows: 0 }).collect(), 'batchRows', 'use 1 or more'],
    ['an unknown event', async () => client.on('pages' as 'page', () => {}), 'on', 'progress'],
    ['a range that is bound', async () => client.of(GOOD as never), 'start', 'it takes symbol'],
    [
      'another symbol than the bound one',
      async () => client.of({ symbol: 'A' }).get({ symbol: 'B' } as never),
      'symbol',
      'is bound',
    ],
  ] as const)('%s', async (_name, call, field, remedy) => {
    const error: unknown = await call().then(
      () => null,
      (failed: unknown) => failed,
    )
    expect(error).toMatchObject({ code: 'config/option', field })
    expect((error as Error).message).toContain(remedy)
  })

  test('a source that is not configured is chosen by nobody', async () => {
    expect(await client.explainSelection({ ...GOOD, provider: 'nobody' })).toMatchObject({
      chosen: null,
      reason: expect.stringContaining('not configured'),
    })
  })
})

describe('a source that misbehaves', () => {
  test('repeats a page for ever: provider/pagination-loop, nothing stored', async () => {
    const ms = Date.UTC(2024, 0, 1)
    const column = Float64Array.of(1)
    const page = {
      columns: {
        timestamp: Float64Array.of(ms),
        open: column,
        high: column,
        low: column,
        close: column,
        volume: column,
      },
      proven: { startMs: ms, endMs: ms },
      next: 1,
    }
    const looping: Provider = defineHttpProvider({
      name: 'odd',
      capabilities: fakeSource([]).provider.capabilities,
      baseUrl: 'https://odd.example',
      toRequest: () => ({ url: 'https://odd.example/bars', as: 'json' }),
      toPage: () => page,
    } as never)() as Provider
    const client = createDataClient({
      storage: createMemoryStorage(),
      providers: [looping],
      runtime: {
        fetch: () => Promise.resolve(new Response('{}', { headers: { 'content-type': 'application/json' } })),
        sleep: () => Promise.resolve(),
      },
    })
    await expect(client.get(GOOD)).rejects.toMatchObject({ code: 'provider/pagination-loop' })
    expect(await client.list()).toEqual([])
  })

  test.each([
    ['seconds', 1000],
    ['microseconds', 1 / 1000],
  ])('answers in %s: provider/units, nothing stored', async (_unit, factor) => {
    const source = fakeSource([])
    source.provider.fetch = async function* ({ range }): AsyncGenerator<Page> {
      const column = Float64Array.of(1)
      yield {
        columns: {
          timestamp: Float64Array.of(range.startMs / factor / (factor > 1 ? 1e3 : 1)),
          open: column,
          high: column,
          low: column,
          close: column,
        },
        proven: range,
      }
    }
    const { client } = testClient({ providers: [source.provider] })
    await expect(
      client.get({ ...GOOD, start: '1960-01-01', end: '1960-01-02' }).then(
        (table) => table.numRows,
        (error: unknown) => (error as { code: string }).code,
      ),
    ).resolves.toSatisfy((outcome) => outcome === 'provider/units' || outcome === 0)
  })
})
