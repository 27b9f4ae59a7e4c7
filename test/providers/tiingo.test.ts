import { describe, expect, it, test } from 'vitest'
import type { Interval } from '../../src/contract/interval.ts'
import { tiingo } from '../../src/providers/index.ts'
import { type ModelBar, type VendorModel, providerContract } from '../../src/testkit/index.ts'
import { HAVE_RECORDINGS, bodyOf, recording, responseOf } from '../msw/recordings.ts'
import { recordedAnswers } from './recorded.ts'
import { recordedByClient } from './recorded-by-client.ts'
import { type Answer, ask, at, listOf, range, rowsOf } from './asking.ts'

const SECRET = 'SENTINEL-tiingo-93c0'
const make = () => tiingo({ apiKey: SECRET })

const RECORDED = {
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
} as const
// Descriptions of instruments and statements are of kinds that no schema holds.
const NOT_OURS = ['crypto_metadata.json', 'daily_metadata_GOOGL.json', 'fundamentals_statements_GOOGL.json']

recordedAnswers('tiingo', make, RECORDED, NOT_OURS)
recordedByClient('tiingo', make, RECORDED)

describe.skipIf(!HAVE_RECORDINGS)('the same days in two formats', () => {
  it('are the same days', async () => {
    const { pages } = await ask(make(), { ...daily, symbol: 'GOOGL' }, range('2018-01-05', '2018-01-20'), () =>
      responseOf(recording('tiingo/daily_GOOGL_2018.json')),
    )
    const [names, ...lines] = new TextDecoder()
      .decode(bodyOf(recording('tiingo/daily_GOOGL_2018.csv')))
      .trim()
      .split('\n')
      .map((line) => line.split(','))
    const cell = (line: readonly string[], name: string) => line[names!.indexOf(name)]
    expect(rowsOf(pages[0]!)).toEqual(
      lines.map((line) => ({
        time: `${cell(line, 'date')}T00:00:00.000Z`,
        ...Object.fromEntries(
          ['open', 'high', 'low', 'close', 'volume'].map((name) => [name, Number(cell(line, name))]),
        ),
        adj_close: Number(cell(line, 'adjClose')),
      })),
    )
  })
})

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

  it('of a day keep nulls null and read numbers that came as text', async () => {
    const row = {
      date: '2024-05-10T00:00:00.000Z',
      open: '1.5',
      high: null,
      low: 0,
      close: 1,
      volume: null,
      divCash: null,
      splitFactor: null,
    }
    const { pages } = await ask(make(), daily, range('2024-05-01', '2024-05-12'), () => Response.json([row]))
    expect(rowsOf(pages[0]!)).toEqual([
      { time: '2024-05-10T00:00:00.000Z', open: 1.5, high: null, low: 0, close: 1, volume: null },
    ])
    expect(pages[0]!.actions!.timestamp.length).toBe(0)
  })

  it.each([
    ['1d', '2024-02-30T00:00:00.000Z'],
    ['1d', null],
    ['5m', '2024-05-10T13:30:00'],
    ['5m', '2024-05-10 13:30:00'],
  ] as const)('of %s at %s are refused: no day, or another instant on every machine', async (interval, date) => {
    const row = { date, open: 1, high: 1, low: 1, close: 1 }
    const asking = ask(make(), { ...daily, interval }, range('2024-05-10', '2024-05-11'), () => Response.json([row]))
    await expect(asking).rejects.toMatchObject({ code: 'provider/response', field: '[0].date' })
  })

  it('of another coin are no answer', async () => {
    const asking = ask(make(), { ...daily, symbol: 'BTC-USD' }, range('2024-05-10', '2024-05-11'), () =>
      Response.json([{ ticker: 'ethusd', priceData: [] }]),
    )
    await expect(asking).rejects.toMatchObject({ code: 'provider/response', field: '[0].ticker' })
  })

  it('of currencies have no volume and may stand on a Sunday', async () => {
    const row = { date: '2023-01-01T00:00:00.000Z', ticker: 'eurusd', open: 1, high: 1, low: 1, close: 1 }
    const { pages } = await ask(make(), { ...daily, symbol: 'EURUSD=X' }, range('2023-01-01', '2023-01-03'), () =>
      Response.json([row]),
    )
    expect(rowsOf(pages[0]!)).toMatchObject([{ time: '2023-01-01T00:00:00.000Z', volume: null }])
    expect(pages[0]!.actions).toBeUndefined()
  })
})

describe('windows', () => {
  /** Bars of a minute around the clock; of each window the vendor sends the last two thousand. */
  const vendor =
    (stepMs: number, wrap: (rows: unknown[]) => unknown = (rows) => rows): Answer =>
    (url) => {
      const [start, end] = ['startDate', 'endDate'].map((name) => at(url.searchParams.get(name)!)) as [number, number]
      const rows: unknown[] = []
      for (let ms = start; ms < end + 86_400_000; ms += stepMs) {
        rows.push({ date: new Date(ms).toISOString(), open: 1, high: 1, low: 1, close: ms / stepMs })
      }
      return Response.json(wrap(rows.slice(-2000)))
    }
  const timesOf = async (symbol: string, interval: Interval, stepMs: number, wrap?: (rows: unknown[]) => unknown) => {
    const wanted = range('2024-05-01', '2024-05-09')
    const { pages, urls } = await ask(make(), { schema: 'ohlcv', symbol, interval }, wanted, vendor(stepMs, wrap))
    const times = new Set<number>()
    for (const page of pages) {
      const own = rowsOf(page).map(({ time }) => at(String(time)))
      const inside = own.filter((ms) => ms >= page.proven.startMs && ms < page.proven.endMs)
      expect(inside.length).toBe((page.proven.endMs - page.proven.startMs) / stepMs)
      for (const ms of inside) times.add(ms)
    }
    expect(Math.min(...pages.map(({ proven }) => proven.startMs))).toBe(wanted.startMs)
    expect(Math.max(...pages.map(({ proven }) => proven.endMs))).toBe(wanted.endMs)
    return { rows: times.size, requests: urls.length }
  }

  it('whose answer is cut at its beginning are asked for again, until every bar is there', async () => {
    expect((await timesOf('AAPL', '1m', 60_000)).rows).toBe(8 * 1440)
    expect((await timesOf('AAPL', '5m', 300_000)).rows).toBe(8 * 288)
  })

  it('of coins hold the bars of whole days', async () => {
    const wrap = (priceData: unknown[]) => [{ ticker: 'btcusd', priceData }]
    expect(await timesOf('BTC-USD', '1m', 60_000, wrap)).toMatchObject({ rows: 8 * 1440 })
    expect(await timesOf('BTC-USD', '1h', 3_600_000, wrap)).toEqual({ rows: 8 * 24, requests: 1 })
  })

  it('of days are never cut', async () => {
    const { urls } = await ask(make(), daily, range('1980-01-01', '2024-01-01'), () => Response.json([]))
    expect(urls.map(({ search }) => search)).toEqual([
      '?startDate=1980-01-01&endDate=2023-12-31&resampleFreq=daily&format=json',
    ])
  })
})

describe('refusals', () => {
  it.each([
    [429, 'Error: You have run over your hourly request allocation. Please upgrade', 'provider/rate-limited'],
    [401, { detail: 'Invalid token.' }, 'provider/unauthorized'],
    [200, 'You have run over your daily request allocation', 'provider/quota'],
    [200, { detail: 'Something' }, 'provider/response'],
    [429, { detail: 'You have run over your 500 symbol lookup for this month' }, 'provider/quota'],
    [429, { detail: 'You have run over your 50 requests' }, 'provider/rate-limited'],
    [429, '', 'provider/rate-limited'],
    [403, { detail: 'Please supply a token' }, 'provider/unauthorized'],
    [502, '<html>token</html>', 'provider/unavailable'],
    [200, '<!doctype html><p>daily news</p>', 'provider/response'],
    [404, { detail: "Error: Ticker 'TODAY' not found" }, 'provider/not-found'],
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

const text = (ms: number): string => new Date(ms).toISOString()
const rows = (bars: readonly ModelBar[]) => bars.map(({ timeMs, ...prices }) => ({ date: text(timeMs), ...prices }))

const days = (): VendorModel => ({
  provider: make(),
  secret: SECRET,
  symbol: 'AAPL',
  interval: '1d',
  range: range('2024-01-01', '2024-01-20'),
  read: ({ searchParams }) => ({
    startMs: at(searchParams.get('startDate')!),
    endMs: at(searchParams.get('endDate')!) + 86_400_000,
  }),
  write: (bars) => ({ body: rows(bars) }),
  sendsNulls: true,
  symbols: [
    'AAPL',
    ['BRK.B', 'BRK-B'],
    ['BTC-USD', 'btcusd'],
    ['OP-USD', 'opusd'],
    ['BTCUSDT', 'btcusdt'],
    ['ETHBTC', 'ethbtc'],
    ['EURUSD=X', 'eurusd'],
  ],
  failures: {
    'not-found': { status: 404, body: { detail: "Error: Ticker 'NOSUCH' not found" } },
    unauthorized: { status: 401, body: { detail: 'Invalid token.' } },
    forbidden: { status: 403, body: { detail: 'You do not have permission to access the News API' } },
    quota: { status: 429, body: { detail: 'Error: You have exceeded your monthly unique symbol request allocation' } },
  },
})

const minutes = (): VendorModel => ({
  ...days(),
  interval: '5m',
  range: range('2024-01-03T14:30Z', '2024-01-03T18:00Z'),
})

const coins = (): VendorModel => ({
  ...minutes(),
  symbol: 'BTC-USD',
  write: (bars, _query, _more, { pathname }) => {
    if (pathname === '/tiingo/crypto') return { body: [{ ticker: 'btcusd', name: 'Bitcoin (BTC/USD)' }] }
    return { body: bars.length === 0 ? [] : [{ ticker: 'btcusd', priceData: rows(bars) }] }
  },
})

describe.each([
  ['days', days],
  ['minutes', minutes],
  ['coins', coins],
])('contract, %s', (_, model) => {
  providerContract(model, { test })
})
