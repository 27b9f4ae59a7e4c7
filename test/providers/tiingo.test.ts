import { describe, expect, it } from 'vitest'
import { tiingo } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, at, listOf, range, rowsOf } from './asking.ts'

const make = () => tiingo({ apiKey: 'SENTINEL' })

recordedAnswers(
  'tiingo',
  make,
  {
    'daily_GOOGL_2018.json': {
      symbol: 'GOOGL',
      interval: '1d',
      asked: ['2018-01-05', '2018-01-20'],
      rows: 10,
      actions: 0,
      first: { time: '2018-01-05T00:00:00.000Z', open: 1103.45, close: 1110.29, adj_close: 1110.29, volume: 1493389 },
      last: { time: '2018-01-19T00:00:00.000Z', close: 1143.5 },
    },
    'iex_GOOGL_30min.json': {
      symbol: 'GOOGL',
      interval: '30m',
      asked: ['2018-01-02', '2018-01-03'],
      rows: 13,
      first: { time: '2018-01-02T14:30:00.000Z', open: 1057.47, volume: null },
      last: { time: '2018-01-02T20:30:00.000Z' },
    },
    'crypto_prices_1day.json': {
      symbol: 'BTC-USD',
      interval: '1d',
      asked: ['2019-05-01', '2019-05-03'],
      rows: 2,
      first: {
        time: '2019-05-01T00:00:00.000Z',
        open: 5367.348827845256,
        volume: 27749.729226739997,
        quote_volume: 150406020.75066727,
        trade_count: 214889,
      },
    },
    // Another format than the one that is asked for.
    'daily_GOOGL_2018.csv': {
      symbol: 'GOOGL',
      interval: '1d',
      asked: ['2018-01-05', '2018-01-20'],
      code: 'provider/response',
    },
    'error_429_monthly_symbols.json': {
      symbol: 'ABC',
      interval: '1d',
      asked: ['2018-01-05', '2018-01-20'],
      code: 'provider/quota',
    },
    'error_not_found_404.json': {
      symbol: 'NOSUCH',
      interval: '1d',
      asked: ['2018-01-05', '2018-01-20'],
      code: 'provider/not-found',
    },
    'news_403_permission.json': {
      symbol: 'GOOGL',
      interval: '1d',
      asked: ['2018-01-05', '2018-01-20'],
      code: 'provider/forbidden',
    },
  },
  ['crypto_metadata.json', 'daily_metadata_GOOGL.json', 'fundamentals_statements_GOOGL.json'],
)

const daily = { schema: 'ohlcv', symbol: 'AAPL', interval: '1d' } as const

describe('requests', () => {
  const urlOf = async (symbol: string, interval: '1d' | '5m') =>
    (
      await ask(make(), { schema: 'ohlcv', symbol, interval }, range('2024-05-10', '2024-05-12'), () =>
        Response.json([]),
      )
    ).urls[0]!
  it('go to the place of each kind of instrument', async () => {
    expect((await urlOf('BRK.B', '1d')).pathname).toBe('/tiingo/daily/BRK-B/prices')
    expect((await urlOf('AAPL', '5m')).pathname).toBe('/iex/AAPL/prices')
    expect((await urlOf('EURUSD=X', '1d')).pathname).toBe('/tiingo/fx/eurusd/prices')
    const coin = await urlOf('BTC-USD', '1d')
    expect([coin.pathname, coin.searchParams.get('tickers'), coin.searchParams.get('resampleFreq')]).toEqual([
      '/tiingo/crypto/prices',
      'btcusd',
      '1day',
    ])
    expect([coin.searchParams.get('startDate'), coin.searchParams.get('endDate')]).toEqual(['2024-05-10', '2024-05-11'])
  })
})

describe('rows', () => {
  it('are read in both formats of dates, with their splits and dividends', async () => {
    const row = {
      date: '2023-02-10T00:00:00+00:00',
      open: 1,
      high: 1,
      low: 1,
      close: 1,
      volume: 1,
      adjClose: 0.5,
      divCash: 0.23,
      splitFactor: 4,
    }
    const { pages } = await ask(make(), daily, range('2023-02-01', '2023-03-01'), () =>
      Response.json([{ ...row, date: '2023-02-09T00:00:00.000Z', divCash: 0, splitFactor: 1 }, row]),
    )
    expect(rowsOf(pages[0]!).map(({ time }) => time)).toEqual(['2023-02-09T00:00:00.000Z', '2023-02-10T00:00:00.000Z'])
    expect([listOf(pages[0]!.actions!['kind']), listOf(pages[0]!.actions!['value'])]).toEqual([
      ['dividend', 'split'],
      [0.23, 4],
    ])
    const { pages: events } = await ask(
      make(),
      { schema: 'actions', symbol: 'AAPL' },
      range('2023-02-01', '2023-03-01'),
      () => Response.json([row]),
    )
    expect(rowsOf(events[0]!)).toHaveLength(2)
  })

  it('of weeks stand under their Monday', async () => {
    const { pages } = await ask(make(), { ...daily, interval: '1w' }, range('2024-05-06', '2024-05-13'), () =>
      Response.json([{ date: '2024-05-10T00:00:00.000Z', close: 1 }]),
    )
    expect(rowsOf(pages[0]!)).toMatchObject([{ time: '2024-05-06T00:00:00.000Z', close: 1 }])
  })

  it('of minutes prove only from where a full answer begins', async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ({
      date: new Date(at('2024-05-10T13:30Z') + i * 60_000).toISOString(),
      open: 1,
      high: 1,
      low: 1,
      close: 1,
    }))
    const wanted = range('2024-05-01', '2024-05-12')
    const { pages } = await ask(make(), { ...daily, interval: '1m' }, wanted, () => Response.json(rows))
    expect(pages[0]!.proven).toEqual({ startMs: at('2024-05-10T13:30Z'), endMs: wanted.endMs })
  })
})

describe('refusals', () => {
  it.each([
    [429, 'Error: You have run over your hourly request allocation. Please upgrade', 'provider/rate-limited'],
    [401, { detail: 'Invalid token.' }, 'provider/unauthorized'],
    [200, 'You have run over your daily request allocation', 'provider/quota'],
    [200, { detail: 'Something' }, 'provider/response'],
  ])('status %i %j', async (status, body, code) => {
    await expect(
      ask(make(), daily, range('2024-05-10', '2024-05-11'), () =>
        typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }),
      ),
    ).rejects.toMatchObject({ code })
  })

  it('of an hour are not waited for', async () => {
    let asked = 0
    const answer = () => (
      asked++,
      Response.json({ detail: 'Error: You have run over your hourly request allocation.' }, { status: 429 })
    )
    await expect(ask(make(), daily, range('2024-05-10', '2024-05-11'), answer)).rejects.toMatchObject({
      retryAfterMs: 3_600_000,
    })
    expect(asked).toBe(1)
  })
})
