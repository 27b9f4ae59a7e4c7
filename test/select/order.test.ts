import { describe, expect, test } from 'vitest'
import type { Provider, ProviderCapabilities } from '../../src/contract/provider.ts'
import type { Query } from '../../src/contract/query.ts'
import { coverageOf } from '../../src/query/table.ts'
import { ProviderError } from '../../src/contract/errors.ts'
import { fakeSource, minuteBars, testClient } from '../client/support.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2024, 5, 15)

function named(name: string, capabilities: Partial<ProviderCapabilities> = {}, more: Partial<Provider> = {}): Provider {
  return {
    ...fakeSource([], { assetClasses: ['equity', 'crypto', 'forex', 'index', 'future'], ...capabilities }).provider,
    name,
    ...more,
  }
}

const order = async (providers: Provider[], query: Query, selection = {}): Promise<string[]> => {
  const { client } = testClient({ providers, selection })
  const { candidates } = await client.explainSelection(query)
  return candidates.filter((candidate) => candidate.serves).map((candidate) => candidate.provider)
}

describe('the order of sources', () => {
  const all = [
    'stooq',
    'yahoo',
    'polygon',
    'tiingo',
    'alpaca',
    'fmp',
    'alphavantage',
    'coingecko',
    'cryptocompare',
    'binance',
  ].map((name) => named(name))

  test.each([
    [{ symbol: 'AAPL', interval: '1d' }, ['yahoo', 'alpaca', 'tiingo', 'fmp', 'stooq']],
    [{ symbol: 'AAPL', interval: '1m' }, ['fmp', 'alpaca', 'alphavantage', 'polygon', 'yahoo']],
    [{ symbol: 'BTCUSDT', interval: '1m' }, ['binance', 'cryptocompare']],
    [{ symbol: 'BTC-USD', interval: '1d' }, ['cryptocompare', 'yahoo', 'coingecko', 'alphavantage']],
    [{ symbol: 'EURUSD=X', interval: '1d' }, ['polygon', 'alphavantage', 'yahoo']],
    [{ symbol: '^GSPC', interval: '1d' }, ['yahoo', 'stooq']],
  ] as const)('of %o begins with its rule', async (query, expected) => {
    expect((await order(all, query)).slice(0, expected.length)).toEqual(expected)
  })

  test('skips who lacks its key, reach or interval, and says why', async () => {
    const providers = [
      named('yahoo', { historyMs: { '1m': 30 * DAY } }),
      named('fmp', { keys: [['FMP_API_KEY']] }, { ready: false }),
      named('alpaca', { intervals: { '1d': '1Day' } }),
      named('polygon', { metered: true }),
    ]
    const { client } = testClient({ providers, clock: { nowMs: NOW } })
    const query = { symbol: 'AAPL', interval: '1m', start: '2023-01-01' } as const
    const { chosen, candidates } = await client.explainSelection(query)
    expect(chosen).toBe('yahoo')
    const reasons = Object.fromEntries(candidates.map(({ provider, reason }) => [provider, reason]))
    expect(reasons['fmp']).toContain('FMP_API_KEY')
    expect(reasons['alpaca']).toContain('has no 1m')
    expect(reasons['polygon']).toContain('costs money')
    expect(reasons['yahoo']).toContain('reaches back 30 days')
  })

  test('is replaced or extended by rules of the caller', async () => {
    const query = { symbol: 'AAPL', interval: '1d' } as const
    expect((await order(all, query, { rules: { 'equity:daily': ['stooq'] } }))[0]).toBe('stooq')
    expect((await order(all, query, { rules: { equity: ['tiingo', '...'] } })).slice(0, 3)).toEqual([
      'tiingo',
      'yahoo',
      'alpaca',
    ])
    expect(() => testClient({ selection: { rules: { stocks: ['yahoo'] } } })).toThrow('has no rule "stocks"')
  })

  test('puts a source of your own first and invented bars last', async () => {
    const providers = [named('synthetic', { invented: true }), named('yahoo'), named('mine')]
    expect(await order(providers, { symbol: 'AAPL', interval: '1d' })).toEqual(['mine', 'yahoo', 'synthetic'])
  })
})

describe('a bare coin', () => {
  const query = { symbol: 'BTC', interval: '1d', start: '2024-01-01' } as const

  test('is refused with the pairs that could be meant', async () => {
    const { client } = testClient({ providers: [named('yahoo')] })
    await expect(client.get(query)).rejects.toMatchObject({ code: 'config/symbol', field: 'symbol', value: 'BTC' })
    await expect(client.get(query)).rejects.toThrow('BTC-USD, BTC-EUR, BTCUSDT')
  })

  test('is read in the quote that a rule names, and the answer says so', async () => {
    const source = fakeSource([[Date.UTC(2024, 0, 1), 100]])
    const { client } = testClient({ providers: [source.provider], selection: { quote: 'USDT' } })
    const table = await client.get({ ...query, end: '2024-01-02' })
    expect(coverageOf(table).series.symbol).toBe('BTCUSDT')
    expect((await client.explainSelection(query)).resolved).toContain('BTC is read as BTCUSDT')
  })
})

describe('failover', () => {
  const START = Date.UTC(2024, 0, 1)
  const query = { symbol: 'AAPL', interval: '1m', start: new Date(START), end: new Date(START + 60 * 60_000) } as const
  const pair = (code: 'provider/unavailable' | 'provider/response') => {
    const a = fakeSource(minuteBars(START, 60))
    const b = fakeSource(minuteBars(START, 60, 500))
    a.before = () => {
      throw new ProviderError(code, 'A is down')
    }
    return {
      a,
      b,
      ...testClient({
        providers: [
          { ...a.provider, name: 'a' },
          { ...b.provider, name: 'b' },
        ],
      }),
    }
  }

  test('before the first row asks the next source, says why, and stores nothing of the first', async () => {
    const { client, a } = pair('provider/unavailable')
    const warnings: string[] = []
    client.on('warning', (warning) => warnings.push(warning.code))
    const table = await client.get(query)
    expect(coverageOf(table).source).toBe('b')
    expect(warnings).toEqual(['failover'])
    expect((await client.status({ ...query, provider: 'b' })).updates[0]?.selection).toContain(
      'a failed: [provider/unavailable] A is down',
    )
    expect((await client.list()).map((entry) => entry.series.provider)).toEqual(['b'])
    a.before = () => {}
    expect(coverageOf(await client.get({ ...query, end: new Date(START + 90 * 60_000) })).source).toBe('b')
    expect(a.requests).toHaveLength(1)
  })

  test('never leaves a source that has rows', async () => {
    const { client, a, b } = pair('provider/response')
    a.before = () => {}
    await client.get(query)
    a.before = () => {
      throw new ProviderError('provider/unavailable', 'A is down')
    }
    await expect(client.get({ ...query, end: new Date(START + 90 * 60_000) })).rejects.toMatchObject({
      code: 'provider/unavailable',
    })
    await expect(client.update({ ...query, end: new Date(START + 90 * 60_000) })).rejects.toMatchObject({
      code: 'provider/unavailable',
    })
    expect(b.requests).toHaveLength(0)
  })

  test('rejects with the failure of the source that was meant to answer', async () => {
    const { client, b } = pair('provider/unavailable')
    b.before = () => {
      throw new ProviderError('provider/timeout', 'B is slow')
    }
    await expect(client.get(query)).rejects.toThrow('A is down')
  })

  test('does not happen where the source is named', async () => {
    const { client, b } = pair('provider/unavailable')
    await expect(client.get({ ...query, provider: 'a' })).rejects.toThrow('A is down')
    expect(b.requests).toHaveLength(0)
  })
})
