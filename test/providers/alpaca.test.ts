import { describe, expect, it, test } from 'vitest'
import { alpaca } from '../../src/providers/index.ts'
import { type ModelBar, type VendorModel, providerContract } from '../../src/testkit/index.ts'
import { recordedAnswers } from './recorded.ts'
import { recordedByClient } from './recorded-by-client.ts'
import { type KnownSymbols, askKnown, at, listOf, range, rowsOf } from './asking.ts'

const keys = { apiKey: 'SENTINEL-A', secretKey: 'SENTINEL-B' }
const make = () => alpaca(keys)

const DAY = { t: '2024-01-02T05:00:00Z', o: 1, h: 1, l: 1, c: 1, v: 1, n: 1, vw: 1 }
/** It knows a symbol of which it has any day at all. */
const KNOWN: KnownSymbols = {
  answer: ({ pathname, searchParams }) => {
    if (searchParams.get('sort') !== 'desc') return null
    const symbol = pathname.split('/').at(-2) as string
    return pathname.includes('crypto')
      ? Response.json({ bars: { [searchParams.get('symbols') as string]: [DAY] } })
      : Response.json({ symbol, bars: [DAY], next_page_token: null })
  },
}
const ask = askKnown(KNOWN)
const done = (): Response => Response.json({ bars: {}, next_page_token: null })

const RECORDED = {
  'stocks_bars_AAPL_py.json': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2022-02-01', '2022-02-03'],
    rows: 2,
    later: done,
    first: {
      time: '2022-02-01T00:00:00.000Z',
      open: 174,
      high: 174.84,
      low: 172.31,
      close: 174.61,
      volume: 85998033,
      trade_count: 732412,
      vwap: 173.703516,
    },
  },
  'stocks_bars_META_page1.json': {
    symbol: 'META',
    interval: '1d',
    asked: ['2022-06-08', '2022-06-10'],
    rows: 2,
    later: done,
    last: { time: '2022-06-09T00:00:00.000Z', close: 184 },
  },
  'stocks_bars_META_page2.json': {
    symbol: 'META',
    interval: '1d',
    asked: ['2022-06-10', '2022-06-14'],
    rows: 2,
    later: done,
    last: { time: '2022-06-13T00:00:00.000Z' },
  },
  'stocks_bars_empty_null.json': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2022-02-05', '2022-02-07'],
    rows: 0,
    later: (url: URL) => KNOWN.answer(url) as Response,
  },
  'stocks_bars_empty_null.json#of no symbol': {
    symbol: 'NOSUCH',
    interval: '1d',
    asked: ['2022-02-05', '2022-02-07'],
    code: 'provider/not-found',
    later: () => Response.json({ symbol: 'NOSUCH', bars: null, next_page_token: null }),
  },
  'stocks_bars_multi_AAPL_NIO.json': {
    symbol: 'NIO',
    interval: '1d',
    asked: ['2021-10-13', '2021-10-18'],
    rows: 3,
    first: { time: '2021-10-13T00:00:00.000Z', open: 35.75 },
  },
  'crypto_bars_multi.json': {
    symbol: 'BTC-USD',
    interval: '1h',
    asked: ['2021-11-20T20:00Z', '2021-11-20T21:00Z'],
    rows: 3,
    first: { time: '2021-11-20T20:00:00.000Z' },
  },
  'stocks_trades_multi_F_GE.json': {
    schema: 'trades',
    symbol: 'GE',
    asked: ['2018-06-04', '2018-06-05'],
    rows: 2,
    later: done,
    first: { time: '2018-06-04T19:18:18.230Z', price: 13.74, size: 100, trade_id: 933063n },
  },
  'error_400_invalid_symbol.json': {
    symbol: 'NO_SUCH',
    interval: '1d',
    asked: ['2022-02-01', '2022-02-03'],
    code: 'provider/not-found',
  },
  'error_403_sip_subscription.json': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2022-02-01', '2022-02-03'],
    code: 'provider/forbidden',
  },
} as const

recordedAnswers('alpaca', make, RECORDED)
// Bars of three exchanges at one time, as an older interface sent them, are one bar for the store.
recordedByClient('alpaca', make, RECORDED, { 'crypto_bars_multi.json': 1 })

const bars = { schema: 'ohlcv', symbol: 'AAPL', interval: '1m' } as const
const bar = (time: string): object => ({ t: time, o: 1, h: 2, l: 0.5, c: 1.5, v: 10, n: 3, vw: 1.2 })
const answer = (list: object[], token: string | null = null): Response =>
  Response.json({ bars: { AAPL: list }, next_page_token: token })

describe('requests', () => {
  it('end a millisecond before the exclusive end and carry both keys in headers', async () => {
    const { urls, headers } = await ask(make(), bars, range('2024-05-10T13:30Z', '2024-05-10T20:00Z'), () => answer([]))
    expect(Object.fromEntries(urls[0]!.searchParams)).toEqual({
      symbols: 'AAPL',
      timeframe: '1Min',
      start: '2024-05-10T13:30:00.000Z',
      end: '2024-05-10T19:59:59.999Z',
      limit: '10000',
      feed: 'sip',
      adjustment: 'raw',
      sort: 'asc',
    })
    expect([headers[0]!.get('apca-api-key-id'), headers[0]!.get('apca-api-secret-key')]).toEqual([
      'SENTINEL-A',
      'SENTINEL-B',
    ])
  })

  it('stop where a free plan hides the last minutes, and prove no more', async () => {
    const nowMs = at('2024-05-10T16:00Z')
    const wanted = range('2024-05-10T13:30Z', '2024-05-10T16:00Z')
    const free = await ask(make(), bars, wanted, () => answer([]), nowMs)
    expect(free.pages.at(-1)!.proven.endMs).toBe(nowMs - 15.5 * 60_000)
    const paid = await ask(alpaca({ ...keys, delayMs: 0 }), bars, wanted, () => answer([]), nowMs)
    expect(paid.pages.at(-1)!.proven).toEqual(wanted)
  })

  it('ask coins at their own place', async () => {
    const { urls } = await ask(make(), { ...bars, symbol: 'BTC-USD' }, range('2024-05-10', '2024-05-11'), () =>
      Response.json({ bars: {}, next_page_token: null }),
    )
    expect([urls[0]!.pathname, urls[0]!.searchParams.get('symbols'), urls[0]!.searchParams.get('feed')]).toEqual([
      '/v1beta3/crypto/us/bars',
      'BTC/USD',
      null,
    ])
  })

  it('of another feed belong to another source', () => {
    expect([alpaca().name, alpaca({ feed: 'iex' }).name]).toEqual(['alpaca', 'alpaca-iex'])
    expect(() => alpaca({ feed: 'all' as never })).toThrow(
      expect.objectContaining({ code: 'config/option', field: 'feed' }),
    )
  })
})

describe('pages', () => {
  it('follow the token, also over a page without a row of the symbol', async () => {
    const answers = [
      answer([bar('2024-05-10T13:30:00Z')], 'a'),
      Response.json({ bars: {}, next_page_token: 'b' }),
      answer([bar('2024-05-10T13:31:00Z')]),
    ]
    const wanted = range('2024-05-10T13:30Z', '2024-05-10T14:00Z')
    const { pages, urls } = await ask(make(), bars, wanted, () => answers.shift() as Response)
    expect(pages.map((page) => rowsOf(page).length)).toEqual([1, 0, 1])
    expect(urls.map(({ searchParams }) => searchParams.get('page_token'))).toEqual([null, 'a', 'b'])
    expect(pages.map(({ proven }) => [proven.startMs, proven.endMs])).toEqual([
      [wanted.startMs, wanted.startMs + 60_000],
      [wanted.startMs, wanted.startMs],
      [wanted.startMs + 60_000, wanted.endMs],
    ])
  })

  it('with a token that repeats are a loop', async () => {
    await expect(
      ask(make(), bars, range('2024-05-10T13:30Z', '2024-05-10T14:00Z'), () =>
        Response.json({ bars: {}, next_page_token: 'a' }),
      ),
    ).rejects.toMatchObject({ code: 'provider/pagination-loop' })
  })
})

describe('rows', () => {
  it('of days stand under the date of New York, in summer and winter', async () => {
    const { pages } = await ask(make(), { ...bars, interval: '1d' }, range('2024-03-08', '2024-03-12'), () =>
      answer([bar('2024-03-08T05:00:00Z'), bar('2024-03-11T04:00:00Z')]),
    )
    expect(rowsOf(pages[0]!).map(({ time }) => time)).toEqual(['2024-03-08T00:00:00.000Z', '2024-03-11T00:00:00.000Z'])
  })

  it('of trades keep their nanoseconds', async () => {
    const trades = {
      trades: {
        GE: [
          { t: '2018-06-04T19:18:18.230512345Z', p: 13.74, s: 100, c: [' ', '4'], i: 933063 },
          { t: '2018-06-04T19:18:19Z', p: 1, s: 1, i: 9 },
        ],
      },
      next_page_token: null,
    }
    const { pages } = await ask(make(), { schema: 'trades', symbol: 'GE' }, range('2018-06-04', '2018-06-05'), () =>
      Response.json(trades),
    )
    const { columns } = pages[0]!
    expect(columns.timestamp).toEqual(new BigInt64Array([1528139898230512345n, 1528139899000000000n]))
    expect([listOf(columns['condition']), listOf(columns['trade_id'])]).toEqual([
      [' ,4', null],
      [933063n, 9n],
    ])
  })

  it('say that shares begin in 2016', async () => {
    const { pages } = await ask(make(), bars, range('2015-05-10', '2015-05-11'), () => answer([]))
    expect(pages.at(-1)!.historyStartMs).toBe(at('2016-01-01'))
  })
})

describe('trades at the border of two pages', () => {
  const trade = (t: string, i: number) => ({ t, p: 1, s: 1, i, c: [] })
  const page = (trades: object[], token: string | null) =>
    Response.json({ trades: { GE: trades }, next_page_token: token })

  it('of one millisecond are neither lost nor told twice', async () => {
    const answers = [
      page(
        [
          trade('2018-06-04T19:00:00.0001Z', 1),
          trade('2018-06-04T19:00:01.000100000Z', 2),
          trade('2018-06-04T19:00:01.0002Z', 3),
        ],
        'a',
      ),
      page([trade('2018-06-04T19:00:01.0002Z', 4), trade('2018-06-04T19:00:01.0009Z', 5)], 'b'),
      page([trade('2018-06-04T19:00:02Z', 6)], null),
    ]
    const wanted = range('2018-06-04T19:00Z', '2018-06-04T20:00Z')
    const { pages, urls } = await ask(
      make(),
      { schema: 'trades', symbol: 'GE' },
      wanted,
      () => answers.shift() as Response,
    )
    expect(pages.map(({ columns }) => listOf(columns['trade_id']))).toEqual([[1n], [], [2n, 3n, 4n, 5n, 6n]])
    const borderMs = at('2018-06-04T19:00:01Z')
    expect(pages.map(({ proven }) => [proven.startMs, proven.endMs])).toEqual([
      [wanted.startMs, borderMs],
      [wanted.startMs, wanted.startMs],
      [borderMs, wanted.endMs],
    ])
    expect(urls[0]!.searchParams.get('end')).toBe('2018-06-04T19:59:59.999999999Z')
  })

  it('of coins say who took', async () => {
    const trades = {
      'BTC/USD': [
        { t: '2024-05-10T00:00:00.5Z', p: 1, s: 2, tks: 'B', i: 1 },
        { t: '2024-05-10T00:00:01Z', p: 1, s: 2, tks: 'S', i: 2 },
      ],
    }
    const { pages, urls } = await ask(
      make(),
      { schema: 'trades', symbol: 'BTC-USD' },
      range('2024-05-10', '2024-05-11'),
      () => Response.json({ trades, next_page_token: null }),
    )
    expect(urls[0]!.pathname).toBe('/v1beta3/crypto/us/trades')
    expect(listOf(pages[0]!.columns['side'])).toEqual(['buy', 'sell'])
  })
})

describe('what is hidden or not there', () => {
  it('is not asked for as such: minutes of a free plan', async () => {
    const wanted = range('2024-05-10T15:55Z', '2024-05-10T16:00Z')
    const { pages, urls } = await ask(make(), bars, wanted, () => answer([]), at('2024-05-10T16:00Z'))
    expect(['start', 'end'].map((name) => urls[0]!.searchParams.get(name))).toEqual([
      '2024-05-10T15:44:29.999Z',
      '2024-05-10T15:44:29.999Z',
    ])
    expect(pages[0]!.proven).toEqual({ startMs: wanted.startMs, endMs: wanted.startMs })
  })

  it.each(['VOD.L', '7203.T', 'ES=F', '^GSPC', 'EURUSD=X'])('is refused before it is asked for: %s', async (symbol) => {
    const asking = ask(make(), { ...bars, symbol }, range('2024-05-10', '2024-05-11'), () =>
      expect.unreachable('it asked'),
    )
    await expect(asking).rejects.toMatchObject({ code: 'provider/unsupported', symbol })
  })
})

describe('refusals', () => {
  it.each([
    [403, { message: 'forbidden.' }, 'provider/unauthorized'],
    [401, { code: 40110000, message: 'request is not authorized' }, 'provider/unauthorized'],
    [403, { message: 'subscription does not permit querying recent SIP data' }, 'provider/forbidden'],
    [400, { message: 'invalid symbol: NO SUCH' }, 'provider/not-found'],
    [400, { message: 'invalid timeframe' }, 'provider/unsupported'],
    [422, { message: 'end is before start' }, 'provider/unsupported'],
    [429, { message: 'too many requests.' }, 'provider/rate-limited'],
    [504, '', 'provider/unavailable'],
    [200, { message: 'something new' }, 'provider/response'],
    [200, { bars: { AAPL: [{ t: '2024-05-10T13:30:00', o: 1 }] }, next_page_token: null }, 'provider/response'],
    [200, { bars: { AAPL: {} }, next_page_token: null }, 'provider/response'],
  ])('status %i %j are %s', async (status, body, code) => {
    const asking = ask(make(), bars, range('2024-05-10', '2024-05-11'), () =>
      typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }),
    )
    await expect(asking).rejects.toMatchObject({ code })
  })
})

const write =
  (symbol: string, shiftMs: number) =>
  (all: readonly ModelBar[], _query: unknown, _more: boolean, { searchParams }: URL): { body: unknown } => {
    if (searchParams.get('sort') === 'desc') return { body: { symbol, bars: { [symbol]: [DAY] } } }
    const list = all.map(({ timeMs, open, high, low, close, volume }) => ({
      t: new Date(timeMs + shiftMs).toISOString(),
      o: open,
      h: high,
      l: low,
      c: close,
      v: volume,
      n: 3,
      vw: 1,
    }))
    return { body: { bars: list.length === 0 ? null : { [symbol]: list }, next_page_token: null } }
  }

const minuteModel = (): VendorModel => ({
  provider: make(),
  secret: keys.secretKey,
  symbol: 'AAPL',
  interval: '5m',
  range: range('2024-01-03T14:30Z', '2024-01-03T18:00Z'),
  read: ({ searchParams }) => ({ startMs: at(searchParams.get('start')!), endMs: at(searchParams.get('end')!) + 1 }),
  write: write('AAPL', 0),
  sendsNulls: true,
  symbols: ['AAPL', 'BRK.B', ['BTC-USD', 'BTC/USD'], ['BTCUSDT', 'BTC/USDT'], ['ETHBTC', 'ETH/BTC']],
  failures: {
    'not-found': { status: 400, body: { message: 'invalid symbol: NO_SUCH' } },
    unauthorized: { status: 403, body: { message: 'forbidden.' } },
    forbidden: { status: 403, body: { message: 'subscription does not permit querying recent SIP data' } },
    unsupported: { status: 422, body: { message: 'invalid timeframe' } },
    'rate-limited': { status: 429, body: { message: 'too many requests.' } },
  },
})

/** Midnight in New York, in winter. */
const dayModel = (): VendorModel => ({
  ...minuteModel(),
  interval: '1d',
  range: range('2024-01-02', '2024-01-20'),
  write: write('AAPL', 5 * 3_600_000),
})

const coinModel = (): VendorModel => ({ ...minuteModel(), symbol: 'BTC-USD', write: write('BTC/USD', 0) })

describe.each([
  ['minutes', minuteModel],
  ['days', dayModel],
  ['coins', coinModel],
])('contract, %s', (_, model) => {
  providerContract(model, { test })
})
