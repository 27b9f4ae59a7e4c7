import { describe, expect, it } from 'vitest'
import { alpaca } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, at, listOf, range, rowsOf } from './asking.ts'

const keys = { apiKey: 'SENTINEL-A', secretKey: 'SENTINEL-B' }
const make = () => alpaca(keys)
const done = (): Response => Response.json({ bars: {}, next_page_token: null })

recordedAnswers('alpaca', make, {
  'stocks_bars_AAPL_py.json': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2022-02-01', '2022-02-03'],
    rows: 2,
    then: done,
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
    then: done,
    last: { time: '2022-06-09T00:00:00.000Z', close: 184 },
  },
  'stocks_bars_META_page2.json': {
    symbol: 'META',
    interval: '1d',
    asked: ['2022-06-10', '2022-06-14'],
    rows: 2,
    then: done,
    last: { time: '2022-06-13T00:00:00.000Z' },
  },
  'stocks_bars_empty_null.json': { symbol: 'AAPL', interval: '1d', asked: ['2022-02-05', '2022-02-07'], rows: 0 },
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
    then: done,
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
})

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
    expect(free.pages[0]!.proven.endMs).toBe(nowMs - 15.5 * 60_000)
    const paid = await ask(alpaca({ ...keys, delayMs: 0 }), bars, wanted, () => answer([]), nowMs)
    expect(paid.pages[0]!.proven).toEqual(wanted)
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
    expect(pages[0]!.historyStartMs).toBe(at('2016-01-01'))
  })
})
