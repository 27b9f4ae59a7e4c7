import { describe, expect, it } from 'vitest'
import { cryptocompare } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, at, range, rowsOf } from './asking.ts'

recordedAnswers(
  'cryptocompare',
  () => cryptocompare(),
  {
    'histoday_BTC_USD.json': {
      symbol: 'BTC-USD',
      interval: '1d',
      asked: ['2017-07-12', '2017-08-12'],
      rows: 31,
      first: {
        time: '2017-07-12T00:00:00.000Z',
        open: 2324.29,
        close: 2403.09,
        volume: 109522.9,
        quote_volume: 257095280.13,
      },
      last: { time: '2017-08-11T00:00:00.000Z' },
    },
    'histoday_aggregate2.json': {
      symbol: 'BTC-USD',
      interval: '1d',
      asked: ['2017-06-13', '2017-08-13'],
      code: 'provider/response',
    },
    'histohour_limit10.json': {
      symbol: 'BTC-USD',
      interval: '1h',
      asked: ['2017-08-12T14:00Z', '2017-08-13T01:00Z'],
      rows: 11,
      first: { time: '2017-08-12T14:00:00.000Z' },
    },
    'histominute_1441.json': {
      symbol: 'BTC-USD',
      interval: '1m',
      asked: ['2017-08-10T03:14Z', '2017-08-11T03:15Z'],
      rows: 1441,
      last: { time: '2017-08-11T03:14:00.000Z', close: 3441.2, volume: 0 },
    },
    // The running bar closes above its high.
    'histominute_limit10.json': {
      symbol: 'BTC-USD',
      interval: '1m',
      asked: ['2017-08-12T05:29Z', '2017-08-12T05:40Z'],
      rows: 11,
      last: { close: 3702.3, high: 3702.07 },
    },
    'dataapi_days_BTC-EUR_limit1.json': {
      symbol: 'BTC-EUR',
      interval: '1d',
      asked: ['2016-11-15', '2016-11-16'],
      rows: 1,
      first: { time: '2016-11-15T00:00:00.000Z', open: 660.668063761759, close: 664.837256889238 },
    },
    'dataapi_hours_DPI-WETH.json': {
      symbol: 'DPI/WETH',
      interval: '1h',
      asked: ['2024-11-27T08:00Z', '2024-11-27T18:00Z'],
      rows: 10,
    },
    'dataapi_hours_404_before_first.json': {
      symbol: 'BTC-USD',
      interval: '1h',
      asked: ['2010-07-01', '2010-07-16'],
      rows: 0,
    },
    'error_histominute_7_days.json': {
      symbol: 'BTC-USD',
      interval: '1m',
      asked: ['2017-07-14', '2017-07-15'],
      code: 'provider/unsupported',
    },
    'error_no_data_market.json': {
      symbol: 'NOSUCHCOIN-USD',
      interval: '1d',
      asked: ['2026-01-01', '2026-01-10'],
      code: 'provider/not-found',
    },
  },
  ['pricehistorical_ETH.json', 'rate_limit.json'],
)

const row = (ms: number, close = 1): object => ({
  time: ms / 1000,
  open: close,
  high: close,
  low: close,
  close,
  volumefrom: 1,
  volumeto: 1,
})
const v2 = (rows: object[]): Response => Response.json({ Response: 'Success', Data: { Aggregated: false, Data: rows } })
const daily = { schema: 'ohlcv', symbol: 'BTC-USD', interval: '1d' } as const

describe('windows', () => {
  it('are asked by their last opening and one row fewer than they have', async () => {
    const { urls } = await ask(cryptocompare(), daily, range('2024-01-01', '2024-01-11'), () => v2([]))
    expect(urls[0]!.pathname).toBe('/data/v2/histoday')
    expect(Object.fromEntries(urls[0]!.searchParams)).toEqual({
      fsym: 'BTC',
      tsym: 'USD',
      limit: '9',
      toTs: String(at('2024-01-10') / 1000),
    })
  })

  it('longer than a page go backwards without a hole', async () => {
    const wanted = range('2010-01-01', '2024-01-01')
    const { pages, urls } = await ask(cryptocompare(), daily, wanted, (url) => {
      const [limit, toMs] = [Number(url.searchParams.get('limit')), Number(url.searchParams.get('toTs')) * 1000]
      return v2(Array.from({ length: limit + 1 }, (_, i) => row(toMs - (limit - i) * 86_400_000)))
    })
    expect(urls.length).toBe(3)
    const times = pages
      .flatMap((page) => rowsOf(page))
      .map(({ time }) => at(String(time)))
      .filter((ms) => ms >= wanted.startMs)
    expect(new Set(times).size).toBe((wanted.endMs - wanted.startMs) / 86_400_000)
    expect([pages.at(-1)!.proven.startMs, pages[0]!.proven.endMs]).toEqual([wanted.startMs, wanted.endMs])
  })

  it('end at the zeros before a listing, which are no bars', async () => {
    const wanted = range('2010-01-01', '2024-01-01')
    const listedMs = at('2020-01-01')
    const { pages, urls } = await ask(cryptocompare(), daily, wanted, (url) => {
      const [limit, toMs] = [Number(url.searchParams.get('limit')), Number(url.searchParams.get('toTs')) * 1000]
      return v2(
        Array.from({ length: limit + 1 }, (_, i) => toMs - (limit - i) * 86_400_000).map((ms) =>
          row(ms, ms < listedMs ? 0 : 1),
        ),
      )
    })
    expect(urls.length).toBe(2)
    expect(pages.flatMap((page) => rowsOf(page)).every(({ close }) => close === 1)).toBe(true)
    expect(pages.at(-1)!.proven.startMs).toBe(wanted.startMs)
  })

  it('before the first trade tell where history begins', async () => {
    const body = { Data: [], Err: { type: 1, message: 'Invalid: to_ts', other_info: { first: 1_279_324_800 } } }
    const { pages } = await ask(cryptocompare(), daily, range('2009-01-01', '2009-02-01'), () =>
      Response.json(body, { status: 404 }),
    )
    expect(pages).toMatchObject([{ historyStartMs: 1_279_324_800_000, proven: range('2009-01-01', '2009-02-01') }])
  })
})

describe('refusals under status 200', () => {
  it.each([
    ['You are over your rate limit please upgrade your account!', 'provider/rate-limited'],
    ['You need a valid auth key or api key to access this endpoint', 'provider/unauthorized'],
    ['There is no data for the symbol X .', 'provider/not-found'],
    ['CCCAGG market does not exist for this coin pair (X-USD)', 'provider/not-found'],
    ['something new', 'provider/response'],
  ])('%s', async (Message, code) => {
    await expect(
      ask(cryptocompare(), daily, range('2024-01-01', '2024-01-11'), () =>
        Response.json({ Response: 'Error', Message, Data: {} }),
      ),
    ).rejects.toMatchObject({ code })
  })

  it('a symbol without a quote is refused before asking', async () => {
    const asking = ask(cryptocompare(), { ...daily, symbol: 'BTC' }, range('2024-01-01', '2024-01-11'), () => {
      throw new Error('asked')
    })
    await expect(asking).rejects.toThrow('BTC-USD')
  })

  it('sends the key in a header', async () => {
    const { headers } = await ask(cryptocompare({ apiKey: 'SENTINEL' }), daily, range('2024-01-01', '2024-01-11'), () =>
      v2([]),
    )
    expect(headers[0]!.get('authorization')).toBe('Apikey SENTINEL')
  })
})
