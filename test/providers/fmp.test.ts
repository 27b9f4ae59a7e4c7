import { describe, expect, it, test } from 'vitest'
import type { Interval } from '../../src/contract/interval.ts'
import { fmp } from '../../src/providers/index.ts'
import { type VendorModel, providerContract } from '../../src/testkit/index.ts'
import {
  type Answer,
  type KnownSymbols,
  askKnown,
  at,
  engineOver,
  knowing,
  listOf,
  pagesThrough,
  range,
  rowsOf,
} from './asking.ts'
import { recordedAnswers } from './recorded.ts'
import { recordedByClient } from './recorded-by-client.ts'

const SECRET = 'SENTINEL-fmp-5b1d'
const make = () => fmp({ apiKey: SECRET })

/** It knows a symbol of which it has any day at all. */
const KNOWN: KnownSymbols = {
  answer: ({ pathname, searchParams }) =>
    pathname.endsWith('/historical-price-eod/light')
      ? Response.json([{ symbol: searchParams.get('symbol'), date: '2024-01-02', price: 1, volume: 1 }])
      : null,
}
const ask = askKnown(KNOWN)

const JANUARY = {
  symbol: 'AAPL',
  interval: '1d',
  asked: ['2023-01-01', '2023-01-11'],
  rows: 6,
  first: { time: '2023-01-03T00:00:00.000Z', open: 130.28, high: 130.9, low: 124.17, close: 125.07 },
  last: { time: '2023-01-10T00:00:00.000Z', open: 130.26, high: 131.26, low: 128.12, close: 130.73 },
} as const
const REFUSED = { symbol: 'AAPL', interval: '1d', asked: ['2023-01-01', '2023-01-11'] } as const

const RECORDED = {
  'stable_historical-price-eod_full_AAPL_2023-01.json': { ...JANUARY, last: { ...JANUARY.last, volume: 63_896_200 } },
  'v3_historical-price-full_AAPL_2023-01.json': {
    ...JANUARY,
    last: { ...JANUARY.last, volume: 63_896_155, adj_close: 129.51 },
  },
  'stable_historical-price-eod_full_AAPL_2023-01.json#end is exclusive': {
    ...JANUARY,
    asked: ['2023-01-04', '2023-01-10'],
    rows: 4,
    first: { time: '2023-01-04T00:00:00.000Z', volume: 89_113_633 },
    last: { time: '2023-01-09T00:00:00.000Z', open: 130.47 },
  },
  'stable_historical-price-eod_full_AAPL_2023-01.json#of another symbol': {
    ...REFUSED,
    symbol: 'MSFT',
    code: 'provider/response',
  },
  'v3_historical-price-full_unknown_symbol.json': { ...REFUSED, symbol: 'NOSUCH', code: 'provider/not-found' },
  'v3_stock_dividend_calendar_2023-01.json': {
    schema: 'actions',
    symbol: 'EICA',
    asked: ['2023-01-01', '2023-01-11'],
    rows: 1,
    // The dividend in the basis of the prices, not 0.104 as it was paid.
    first: { time: '2023-01-10T00:00:00.000Z', kind: 'dividend', value: 0.10417 },
  },
  'error_401_invalid_key.json': { ...REFUSED, code: 'provider/unauthorized' },
  'error_403_legacy_endpoint.json': { ...REFUSED, code: 'provider/forbidden' },
  'error_429_limit.json': { ...REFUSED, code: 'provider/rate-limited' },
} as const

// Statements, profiles and ratios are of kinds that no schema holds; so is the value of a company, `Infinity` here.
const NOT_OURS = [
  'v3_balance-sheet_AAPL_2021.json',
  'v3_discounted-cash-flow_Infinity.json',
  'v3_income-statement_PM.json',
  'v3_profile_AAPL.json',
  'v3_ratios_PM.json',
]

recordedAnswers('fmp', make, RECORDED, NOT_OURS)
recordedByClient('fmp', make, RECORDED)

const daily = { schema: 'ohlcv', symbol: 'AAPL', interval: '1d' } as const
const YEAR = ['2024-01-01', '2024-02-01'] as const
const row = (date: string, fields: Record<string, unknown> = {}): unknown => ({
  symbol: 'AAPL',
  date,
  open: 1,
  high: 2,
  low: 0.5,
  close: 1.5,
  volume: 10,
  change: 0.5,
  changePercent: 50,
  vwap: 1.25,
  ...fields,
})

const bars = async (interval: Interval, asked: readonly [string, string], answer: Answer, symbol = 'AAPL') =>
  ask(make(), { ...daily, symbol, interval }, range(...asked), answer)
const none: Answer = () => Response.json([])

describe('requests', () => {
  it('have an inclusive end and the key in a header', async () => {
    const { urls, headers } = await bars('1d', YEAR, none)
    expect(urls.map(({ href }) => href)).toEqual([
      'https://financialmodelingprep.com/stable/historical-price-eod/full?symbol=AAPL&from=2024-01-01&to=2024-01-31',
    ])
    expect(headers[0]!.get('apikey')).toBe(SECRET)
  })

  it('ask for intraday bars by the dates of New York', async () => {
    const of = async (asked: readonly [string, string]) =>
      [...(await bars('1m', asked, none)).urls[0]!.searchParams].slice(1).map(([, value]) => value)
    expect(await of(['2024-01-02', '2024-01-03'])).toEqual(['2024-01-02', '2024-01-02'])
    expect(await of(['2024-01-02T14:30Z', '2024-01-02T21:00Z'])).toEqual(['2024-01-02', '2024-01-02'])
    expect(await of(['2024-01-02T20:59Z', '2024-01-04'])).toEqual(['2024-01-02', '2024-01-03'])
    expect(await of(['2024-07-02T00:00Z', '2024-07-03T00:00Z'])).toEqual(['2024-07-02', '2024-07-02'])
    expect(await of(['2024-01-02T23:00Z', '2024-01-02T23:30Z'])).toEqual(['2024-01-02', '2024-01-02'])
  })

  it('stay within the windows that the vendor does not cut', async () => {
    const { urls, pages } = await bars('1m', ['2024-01-01', '2024-01-09'], none)
    expect(urls.map(({ searchParams }) => `${searchParams.get('from')} ${searchParams.get('to')}`)).toEqual([
      '2024-01-01 2024-01-03',
      '2024-01-04 2024-01-06',
      '2024-01-07 2024-01-08',
    ])
    // Held back until the vendor said that it knows the symbol.
    expect(pages.map(({ proven }) => proven)).toEqual([range('2024-01-01', '2024-01-09')])
    expect((await bars('1d', ['2010-01-01', '2024-01-01'], none)).urls.length).toBe(3)
  })

  it.each([
    ['ES=F', '1d'],
    ['BTCUSDT', '1d'],
    ['VOD.L', '5m'],
    ['BTC-USD', '5m'],
    ['EURUSD=X', '1h'],
  ] as const)(
    'are not sent for %s %s, which would be answered with nothing or by another clock',
    async (symbol, interval) => {
      const asking = bars(interval, YEAR, () => expect.unreachable('it asked'), symbol)
      await expect(asking).rejects.toMatchObject({ code: 'provider/unsupported', symbol })
    },
  )

  it('of shares abroad, indices, coins and currencies go out by the day', async () => {
    for (const [symbol, vendor] of [
      ['VOD.L', 'VOD.L'],
      ['^GSPC', '^GSPC'],
      ['BTC-USD', 'BTCUSD'],
      ['EURUSD=X', 'EURUSD'],
      ['BRK.B', 'BRK-B'],
    ]) {
      expect((await bars('1d', YEAR, none, symbol)).urls[0]!.searchParams.get('symbol')).toBe(vendor)
    }
  })
})

describe('bars', () => {
  it('carry the label of their date; what the vendor calls vwap is none', async () => {
    const { pages } = await bars('1d', YEAR, () => Response.json([row('2024-01-03'), row('2024-01-02')]))
    expect(rowsOf(pages[0]!)).toEqual([
      { time: '2024-01-03T00:00:00.000Z', open: 1, high: 2, low: 0.5, close: 1.5, volume: 10 },
      { time: '2024-01-02T00:00:00.000Z', open: 1, high: 2, low: 0.5, close: 1.5, volume: 10 },
    ])
  })

  it.each([
    ['2024-03-08', '2024-03-08T14:30:00.000Z', '2024-03-08T20:59:00.000Z'],
    ['2024-03-11', '2024-03-11T13:30:00.000Z', '2024-03-11T19:59:00.000Z'],
    ['2024-11-01', '2024-11-01T13:30:00.000Z', '2024-11-01T19:59:00.000Z'],
    ['2024-11-04', '2024-11-04T14:30:00.000Z', '2024-11-04T20:59:00.000Z'],
  ])("of %s open by New York's clock, in summer and in winter", async (day, first, last) => {
    const answer = [row(`${day} 15:59:00`), row(`${day} 09:30:00`)].map((one) => ({
      ...(one as object),
      symbol: undefined,
    }))
    const { pages } = await bars('1m', [day, new Date(at(day) + 86_400_000).toISOString()], () => Response.json(answer))
    expect(rowsOf(pages[0]!).map(({ time }) => time)).toEqual([last, first])
  })

  it('keep nulls null, zeros zero and numbers that came as text', async () => {
    const answer = [
      row('2024-01-03', { open: '1.25', volume: null }),
      row('2024-01-02', { open: null, high: null, low: null, close: null, volume: 0 }),
    ]
    const { pages } = await bars('1d', YEAR, () => Response.json(answer))
    expect(listOf(pages[0]!.columns['open'])).toEqual([1.25, null])
    expect(listOf(pages[0]!.columns['volume'])).toEqual([null, 0])
  })

  it.each([
    ['no date', row('')],
    ['a day that does not exist', row('2024-02-30')],
    ['a time instead of a text', row(1_704_153_600 as unknown as string)],
  ])('with %s are refused', async (_, one) => {
    await expect(bars('1d', YEAR, () => Response.json([one]))).rejects.toMatchObject({ code: 'provider/response' })
  })

  it('without a time of day are no intraday bars', async () => {
    await expect(
      bars('5m', ['2024-01-02', '2024-01-03'], () => Response.json([row('2024-01-02')])),
    ).rejects.toMatchObject({
      code: 'provider/response',
    })
  })
})

describe('splits and dividends', () => {
  const actions = { schema: 'actions', symbol: 'AAPL' } as const
  const answer =
    (dividends: unknown, splits: unknown): Answer =>
    (url) =>
      Response.json(url.pathname.endsWith('/dividends') ? dividends : splits)
  const dividend = (date: string, adjDividend: number | null, paid: number) => ({
    symbol: 'AAPL',
    date,
    recordDate: '',
    paymentDate: '',
    adjDividend,
    dividend: paid,
    yield: 1,
    frequency: 'Quarterly',
  })
  const split = (date: string, numerator: number, denominator: number) => ({
    symbol: 'AAPL',
    date,
    numerator,
    denominator,
  })

  it('count once where both lists hold them', async () => {
    const both = [dividend('2020-11-06', 0.205, 0.205), split('2020-08-31', 4, 1)]
    const { pages } = await ask(make(), actions, range('2020-01-01', '2021-01-01'), answer(both, both))
    expect(rowsOf(pages[0]!)).toEqual([
      { time: '2020-11-06T00:00:00.000Z', kind: 'dividend', value: 0.205 },
      { time: '2020-08-31T00:00:00.000Z', kind: 'split', value: 4 },
    ])
  })

  it('make one answer of two', async () => {
    const { pages, urls } = await ask(
      make(),
      actions,
      range('2020-01-01', '2021-01-01'),
      answer(
        [
          dividend('2020-11-06', 0.205, 0.205),
          dividend('2020-08-07', 0.205, 0.82),
          dividend('2019-11-07', 0.1925, 0.77),
        ],
        [split('2020-08-31', 4, 1), split('2014-06-09', 7, 1)],
      ),
    )
    expect(urls.map(({ pathname, search }) => pathname + search)).toEqual([
      '/stable/dividends?symbol=AAPL&limit=1000',
      '/stable/splits?symbol=AAPL&limit=1000',
    ])
    expect(pages.map(({ proven }) => proven)).toEqual([range('2020-01-01', '2021-01-01')])
    expect(rowsOf(pages[0]!)).toEqual([
      { time: '2020-11-06T00:00:00.000Z', kind: 'dividend', value: 0.205 },
      { time: '2020-08-07T00:00:00.000Z', kind: 'dividend', value: 0.205 },
      { time: '2020-08-31T00:00:00.000Z', kind: 'split', value: 4 },
    ])
  })

  it('prove nothing before the event where the limit cut the list', async () => {
    const many = Array.from({ length: 1000 }, (_, i) =>
      dividend(new Date(at('2024-12-31') - i * 86_400_000).toISOString().slice(0, 10), 0.1, 0.1),
    )
    const { pages } = await ask(
      make(),
      actions,
      range('2020-01-01', '2025-01-01'),
      answer(many, [split('2021-01-05', 2, 1), split('2023-01-05', 2, 1)]),
    )
    expect(pages[0]!.proven).toEqual({ startMs: at('2024-12-31') - 998 * 86_400_000, endMs: at('2025-01-01') })
    expect(rowsOf(pages[0]!).filter(({ kind }) => kind === 'split')).toMatchObject([
      { time: '2023-01-05T00:00:00.000Z' },
    ])
  })

  it('without a date are refused, never dropped', async () => {
    const asking = ask(make(), actions, range('2020-01-01', '2021-01-01'), answer([dividend('', 1, 1)], []))
    await expect(asking).rejects.toMatchObject({ code: 'provider/response', field: '[0].date' })
  })
})

describe('refusals', () => {
  it.each([
    [403, 'Exclusive Endpoint : This endpoint is not available under your current subscription', 'provider/forbidden'],
    [
      402,
      "Premium Query Parameter: 'Special Endpoint : This value set for 'symbol' is not available",
      'provider/forbidden',
    ],
    [200, { 'Error Message': 'Exclusive Endpoint : upgrade your plan' }, 'provider/forbidden'],
    [429, { 'Error Message': 'Limit Reach . Please upgrade your plan or visit our documentation' }, 'provider/quota'],
    [429, { 'Error Message': 'Bandwidth Limit Reach' }, 'provider/quota'],
    [401, { 'Error Message': 'Invalid API KEY. Feel free to create a Free API Key' }, 'provider/unauthorized'],
    [404, [], 'provider/not-found'],
    [200, { error: 'something new' }, 'provider/response'],
    [500, '<html>', 'provider/unavailable'],
  ])('%i %j are %s', async (status, body, code) => {
    const asking = bars('1d', YEAR, () =>
      typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }),
    )
    await expect(asking).rejects.toMatchObject({ code })
  })

  it('are waited out as the body says, not as the header', async () => {
    let asked = 0
    const limit = {
      'Error Message': 'Too Many Requests contact us',
      'X-Rate-Limit-Retry-After-Seconds': 0,
      'X-Rate-Limit-Retry-After-Milliseconds': 530,
    }
    const engine = engineOver(
      knowing(KNOWN, () =>
        asked++ === 0 ? Response.json(limit, { status: 429, headers: { 'retry-after': '100' } }) : Response.json([]),
      ),
    )
    await pagesThrough(make(), daily, range(...YEAR), engine.httpFor(make()), at('2026-01-01'))
    expect(asked).toBe(2)
    expect(Math.max(...engine.runtime.sleptMs)).toBeLessThan(2000)
  })

  it('never wait longer than a minute on the word of a body', async () => {
    const limit = { 'Error Message': 'Too Many Requests', 'X-Rate-Limit-Retry-After-Milliseconds': 1e12 }
    await expect(bars('1d', YEAR, () => Response.json(limit, { status: 429 }))).rejects.toMatchObject({
      retryAfterMs: 60_000,
    })
  })
})

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
/** New York in winter. */
const wallOf = (ms: number): string => new Date(ms - 5 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
const write =
  (stamp: (ms: number) => string): VendorModel['write'] =>
  (all, _query, _more, { pathname }) => ({
    body: pathname.endsWith('/light')
      ? [{ symbol: 'AAPL', date: '2024-01-02', price: 1, volume: 1 }]
      : all.map(({ timeMs, ...prices }) => ({ date: stamp(timeMs), ...prices })).toReversed(),
  })

const days = (): VendorModel => ({
  provider: make(),
  secret: SECRET,
  symbol: 'AAPL',
  interval: '1d',
  range: range('2024-01-01', '2024-01-20'),
  read: ({ searchParams }) => ({
    startMs: at(searchParams.get('from')!),
    endMs: at(searchParams.get('to')!) + 86_400_000,
  }),
  write: write(dateOf),
  sendsNulls: true,
  symbols: [
    'AAPL',
    ['BRK.B', 'BRK-B'],
    ['BTC-USD', 'BTCUSD'],
    ['OP-USD', 'OPUSD'],
    ['EURUSD=X', 'EURUSD'],
    'VOD.L',
    '7203.T',
    '^GSPC',
  ],
  failures: {
    'not-found': { body: {} },
    unauthorized: { status: 401, body: { 'Error Message': 'Invalid API KEY.' } },
    forbidden: { status: 402, body: "Premium Query Parameter: 'Special Endpoint'" },
    quota: { status: 429, body: { 'Error Message': 'Limit Reach' } },
    'rate-limited': { status: 429, body: { 'Error Message': 'Too Many Requests' } },
  },
})

const minutes = (): VendorModel => ({
  ...days(),
  interval: '5m',
  range: range('2024-01-03T14:30Z', '2024-01-03T18:00Z'),
  read: ({ searchParams }) => ({
    startMs: at(searchParams.get('from')!) + 5 * 3_600_000,
    endMs: at(searchParams.get('to')!) + 29 * 3_600_000,
  }),
  openings: ({ startMs, endMs }) => {
    const out: number[] = []
    for (let ms = startMs; ms < endMs; ms += 300_000) out.push(ms)
    return out
  },
  write: write(wallOf),
})

describe.each([
  ['days', days],
  ['minutes', minutes],
])('contract, %s', (_, model) => {
  providerContract(model, { test })
})
