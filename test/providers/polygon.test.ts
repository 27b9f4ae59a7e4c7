import { describe, expect, it, test } from 'vitest'
import type { Interval } from '../../src/contract/interval.ts'
import { polygon } from '../../src/providers/index.ts'
import { type ModelBar, type VendorModel, providerContract } from '../../src/testkit/index.ts'
import { recordedAnswers } from './recorded.ts'
import { clientOf, recordedByClient } from './recorded-by-client.ts'
import { type KnownSymbols, askKnown, at, listOf, range, rowsOf } from './asking.ts'

const SECRET = 'SENTINEL-polygon-41d2'
const make = () => polygon({ apiKey: SECRET })

/** It knows a symbol that stands in its list of instruments. */
const KNOWN: KnownSymbols = {
  answer: ({ pathname, searchParams }) =>
    pathname === '/v3/reference/tickers'
      ? Response.json({ status: 'OK', count: 1, results: [{ ticker: searchParams.get('ticker') }] })
      : null,
}
const ask = askKnown(KNOWN)
const none = (): Response => Response.json({ status: 'OK', results: [] })

const RECORDED = {
  'aggs_AAPL_1d_2005-04.json': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2005-04-01', '2005-04-05'],
    rows: 2,
    first: { time: '2005-04-01T00:00:00.000Z', open: 1.5032, volume: 642646396, vwap: 1.469, trade_count: 82132 },
  },
  'aggs_AAPL_1d_2020-06.json': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2020-06-01', '2020-06-18'],
    rows: 13,
    last: { time: '2020-06-17T00:00:00.000Z', volume: 114388504 },
  },
  'aggs_AAPL_1d_2023-01.json': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2023-01-01', '2023-01-11'],
    rows: 6,
    first: { time: '2023-01-03T00:00:00.000Z', volume: 112117471 },
  },
  'aggs_empty_no_results.json': {
    symbol: 'NOSUCH',
    interval: '1d',
    asked: ['2023-01-09', '2023-01-10'],
    rows: 0,
    later: (url: URL) => KNOWN.answer(url) as Response,
  },
  'aggs_empty_no_results.json#of no symbol': {
    symbol: 'NOSUCH',
    interval: '1d',
    asked: ['2023-01-09', '2023-01-10'],
    code: 'provider/not-found',
    later: () => Response.json({ status: 'OK', results: [] }),
  },
  'error_401_unknown_key.json': {
    symbol: 'NOSUCH',
    interval: '1d',
    asked: ['2023-01-09', '2023-01-10'],
    code: 'provider/unauthorized',
  },
  'reference_dividends.json': {
    schema: 'actions',
    symbol: 'CSSEN',
    asked: ['2000-01-01', '2026-01-01'],
    rows: 8,
    first: { time: '2023-09-14T00:00:00.000Z', kind: 'dividend', value: 0.59375 },
    later: none,
  },
} as const
// Lists and descriptions of instruments are of kinds that no schema holds; the day's open and close come as bars too.
const NOT_OURS = [
  'open_close_AAPL.json',
  'reference_tickers_page1.json',
  'reference_tickers_page2.json',
  'ticker_details_AAPL.json',
]

recordedAnswers('polygon', make, RECORDED, NOT_OURS)
recordedByClient('polygon', make, RECORDED)

const result = (time: string): object => ({ v: 1e3, vw: 1, o: 1, c: 1, h: 1, l: 1, t: at(time), n: 1 })
const ok = (results: object[], next?: string): Response =>
  Response.json({ status: 'OK', results, ...(next === undefined ? {} : { next_url: next }) })
const minutes = { schema: 'ohlcv', symbol: 'AAPL', interval: '1m' } as const

describe('requests', () => {
  it('name both inclusive ends in milliseconds, and the key in a header', async () => {
    const wanted = range('2024-05-10T13:30Z', '2024-05-10T20:00Z')
    const { urls, headers } = await ask(make(), minutes, wanted, () => ok([]))
    expect(urls[0]!.pathname).toBe(`/v2/aggs/ticker/AAPL/range/1/minute/${wanted.startMs}/${wanted.endMs - 1}`)
    expect([urls[0]!.search, headers[0]!.get('authorization')]).toEqual([
      '?adjusted=true&sort=asc&limit=50000',
      `Bearer ${SECRET}`,
    ])
  })
})

describe('pages', () => {
  const wanted = range('2024-05-10T13:30Z', '2024-05-10T14:00Z')
  it.each(['https://api.polygon.io/v2/aggs/next?cursor=a', 'https://api.massive.com/v2/aggs/next?cursor=a'])(
    'follow %s with the key',
    async (next) => {
      const answers = [ok([result('2024-05-10T13:30Z')], next), ok([result('2024-05-10T13:31Z')])]
      const { pages, urls, headers } = await ask(make(), minutes, wanted, () => answers.shift() as Response)
      expect(urls[1]!.href).toBe('https://api.polygon.io/v2/aggs/next?cursor=a')
      expect(headers[1]!.get('authorization')).toBe(`Bearer ${SECRET}`)
      expect(pages.map(({ proven }) => proven)).toEqual([
        { startMs: wanted.startMs, endMs: wanted.startMs + 60_000 },
        { startMs: wanted.startMs + 60_000, endMs: wanted.endMs },
      ])
    },
  )

  it.each(['https://evil.test/v2', 'http://api.massive.com/v2', 'not a url'])('never follow %s', async (next) => {
    const { rejects } = expect(ask(make(), minutes, wanted, () => ok([], next)))
    await rejects.toMatchObject({ code: 'provider/redirect' })
  })
})

describe('labels', () => {
  const days = async (
    symbol: string,
    interval: '1d' | '1w' | '1mo',
    asked: readonly [string, string],
    stamps: string[],
  ) =>
    rowsOf(
      (await ask(make(), { schema: 'ohlcv', symbol, interval }, range(...asked), () => ok(stamps.map(result))))
        .pages[0]!,
    ).map(({ time }) => String(time).slice(0, 10))

  it('of shares follow New York, of coins and currencies UTC, and weeks start Monday', async () => {
    expect(await days('AAPL', '1d', ['2024-03-08', '2024-03-12'], ['2024-03-08T05:00Z', '2024-03-11T04:00Z'])).toEqual([
      '2024-03-08',
      '2024-03-11',
    ])
    expect(await days('BTC-USD', '1d', ['2024-03-08', '2024-03-09'], ['2024-03-08T00:00Z'])).toEqual(['2024-03-08'])
    expect(await days('AAPL', '1w', ['2024-03-04', '2024-03-18'], ['2024-03-03T05:00Z', '2024-03-10T05:00Z'])).toEqual([
      '2024-03-04',
      '2024-03-11',
    ])
    expect(await days('AAPL', '1mo', ['2024-03-01', '2024-05-01'], ['2024-03-01T05:00Z', '2024-04-01T04:00Z'])).toEqual(
      ['2024-03-01', '2024-04-01'],
    )
  })
})

describe('splits and dividends', () => {
  it('come as one answer, so that neither replaces the other', async () => {
    const wanted = range('2020-01-01', '2024-01-01')
    const { pages, urls } = await ask(make(), { schema: 'actions', symbol: 'AAPL' }, wanted, (url) =>
      url.pathname.endsWith('dividends')
        ? ok([
            { ticker: 'AAPL', ex_dividend_date: '2023-02-10', cash_amount: 0.23, currency: 'USD' },
            { ticker: 'XYZ', ex_dividend_date: '2023-02-10', cash_amount: 9 },
          ])
        : ok([{ ticker: 'AAPL', execution_date: '2020-08-31', split_from: 1, split_to: 4 }]),
    )
    expect(
      urls.map(({ pathname, searchParams }) => [
        pathname,
        searchParams.get('ex_dividend_date.gte') ?? searchParams.get('execution_date.gte'),
      ]),
    ).toEqual([
      ['/v3/reference/dividends', '2020-01-01'],
      ['/v3/reference/splits', '2020-01-01'],
    ])
    expect(pages.map(({ proven }) => proven)).toEqual([wanted])
    expect([listOf(pages[0]!.columns['kind']), listOf(pages[0]!.columns['value'])]).toEqual([
      ['dividend', 'split'],
      [0.23, 4],
    ])
  })
})

describe('refusals', () => {
  it.each([
    [403, { status: 'NOT_AUTHORIZED', message: 'Please upgrade your plan' }, 'provider/forbidden'],
    [
      429,
      { status: 'ERROR', error: "You've exceeded the maximum requests per minute, please wait" },
      'provider/rate-limited',
    ],
    [429, '', 'provider/rate-limited'],
    [200, { status: 'ERROR', error: 'strange' }, 'provider/response'],
    [200, { status: 'PENDING', results: [] }, 'provider/response'],
  ])('status %i %j', async (status, body, code) => {
    await expect(
      ask(make(), minutes, range('2024-05-10', '2024-05-11'), () =>
        typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }),
      ),
    ).rejects.toMatchObject({ code })
  })

  it('takes delayed answers of a cheap plan', async () => {
    const { pages } = await ask(make(), minutes, range('2024-05-10', '2024-05-11'), () =>
      Response.json({ status: 'DELAYED', results: [result('2024-05-10T13:30Z')] }),
    )
    expect(rowsOf(pages[0]!)).toHaveLength(1)
  })
})

const hours = { ...minutes, interval: '1h' } as const
const plain = (next: string | undefined, ...stamps: string[]): Response => ok(stamps.map(result), next)

describe('windows', () => {
  const urlsOf = async (interval: Interval, asked: readonly [string, string], options = {}, now?: string) =>
    (
      await ask(
        polygon({ apiKey: SECRET, ...options }),
        { ...minutes, interval },
        range(...asked),
        () => ok([]),
        now === undefined ? undefined : at(now),
      )
    ).urls.map(({ pathname }) => pathname.replace('/v2/aggs/ticker/AAPL/range/', ''))

  it('hold as many minutes as one answer, whatever the length of the bars', async () => {
    const [start, middle, end] = [at('2024-01-01'), at('2024-01-01') + 50_000 * 60_000, at('2024-03-01')]
    const asked = ['2024-01-01', '2024-03-01'] as const
    expect(await urlsOf('1h', asked)).toEqual([`1/hour/${start}/${middle - 1}`, `1/hour/${middle}/${end - 1}`])
    expect((await urlsOf('1m', asked)).length).toBe(2)
    expect(await urlsOf('1d', ['2000-01-01', '2024-03-01'])).toEqual(['1/day/2000-01-01/2024-02-29'])
  })

  it('end with the days that are over in New York on a free plan', async () => {
    const asked = ['2024-05-01', '2024-05-11'] as const
    // Ten in the evening of the 9th in New York, then two in the morning of the 10th.
    expect(await urlsOf('1d', asked, {}, '2024-05-10T02:00Z')).toEqual(['1/day/2024-05-01/2024-05-08'])
    expect(await urlsOf('1d', asked, {}, '2024-05-10T06:00Z')).toEqual(['1/day/2024-05-01/2024-05-09'])
    const [start, end] = [at('2024-05-01'), at('2024-05-10T04:00Z')]
    expect(await urlsOf('5m', asked, {}, '2024-05-10T20:00Z')).toEqual([`5/minute/${start}/${end - 1}`])
  })

  it('end where the plan says', async () => {
    const asked = ['2024-05-10', '2024-05-11'] as const
    const now = '2024-05-10T20:00Z'
    const of = (end: string) => [`5/minute/${at('2024-05-10')}/${at(end) - 1}`]
    expect(await urlsOf('5m', asked, { delayMs: 900_000 }, now)).toEqual(of('2024-05-10T19:45Z'))
    expect(await urlsOf('5m', asked, { delayMs: 0 }, now)).toEqual(of('2024-05-10T20:00Z'))
    expect(await urlsOf('1d', asked, { delayMs: 0 }, now)).toEqual(['1/day/2024-05-10/2024-05-10'])
  })

  it('that the plan hides as a whole prove nothing and end', async () => {
    const wanted = range('2024-05-10T14:00Z', '2024-05-10T15:00Z')
    const { pages, urls } = await ask(make(), minutes, wanted, () => ok([]), at('2024-05-10T20:00Z'))
    expect([urls.length, pages]).toEqual([1, []])
  })

  it('leave what is hidden to be asked for later', async () => {
    const wanted = range('2024-05-09T14:00Z', '2024-05-10T15:00Z')
    const { pages } = await ask(make(), minutes, wanted, () => ok([]), at('2024-05-10T20:00Z'))
    expect(pages.at(-1)!.proven).toEqual(range('2024-05-09T14:00Z', '2024-05-10T04:00Z'))
  })
})

describe('a border of pages', () => {
  const wanted = range('2024-05-10T14:00Z', '2024-05-10T18:00Z')
  const next = 'https://api.polygon.io/v2/aggs/next?cursor=a'
  const hoursOf = async (answers: Response[]) => {
    const { pages, urls } = await ask(make(), hours, wanted, () => answers.shift() as Response)
    const rows = pages.flatMap((page) => rowsOf(page).map(({ time }) => String(time).slice(11, 16)))
    return { rows, proven: pages.map(({ proven }) => proven), paths: urls.map(({ pathname }) => pathname) }
  }

  it('between two bars is a border', async () => {
    const answers = [plain(next, '2024-05-10T14:00Z', '2024-05-10T15:00Z'), plain(undefined, '2024-05-10T16:00Z')]
    const { rows, proven } = await hoursOf(answers)
    expect(rows).toEqual(['14:00', '15:00', '16:00'])
    expect(proven).toEqual([
      range('2024-05-10T14:00Z', '2024-05-10T15:00Z'),
      range('2024-05-10T15:00Z', '2024-05-10T18:00Z'),
    ])
  })

  it('through a bar makes that bar be asked for again', async () => {
    const answers = [
      plain(next, '2024-05-10T14:00Z', '2024-05-10T15:00Z'),
      plain(undefined, '2024-05-10T15:00Z', '2024-05-10T16:00Z'),
      plain(undefined, '2024-05-10T15:00Z', '2024-05-10T16:00Z'),
    ]
    const { rows, proven, paths } = await hoursOf(answers)
    expect(rows).toEqual(['14:00', '15:00', '16:00'])
    expect(paths[2]).toBe(`/v2/aggs/ticker/AAPL/range/1/hour/${at('2024-05-10T15:00Z')}/${wanted.endMs - 1}`)
    expect(proven.at(-1)).toEqual(range('2024-05-10T15:00Z', '2024-05-10T18:00Z'))
  })

  it('before a page without bars loses none', async () => {
    const answers = [plain(next, '2024-05-10T14:00Z'), plain(`${next}b`), plain(undefined)]
    expect((await hoursOf(answers)).rows).toEqual(['14:00'])
  })
})

describe('answers', () => {
  const asked = (symbol: string, interval: Interval = '1d') =>
    ask(make(), { schema: 'ohlcv', symbol, interval }, range('2024-05-06', '2024-05-13'), () =>
      expect.unreachable('it asked'),
    )

  it.each([
    ['VOD.L', '1d'],
    ['7203.T', '1d'],
    ['ES=F', '1d'],
    ['BTC-USD', '1w'],
  ] as const)('that would be empty or of another kind are not asked for: %s %s', async (symbol, interval) => {
    await expect(asked(symbol, interval)).rejects.toMatchObject({ code: 'provider/unsupported', symbol })
  })

  it('of raw prices are refused', async () => {
    const answer = () => Response.json({ status: 'OK', adjusted: false, results: [result('2024-05-10T13:30Z')] })
    await expect(ask(make(), minutes, range('2024-05-10', '2024-05-11'), answer)).rejects.toMatchObject({
      code: 'provider/response',
      field: 'adjusted',
    })
  })

  it('with a count and no list are refused', async () => {
    const answer = () => Response.json({ status: 'OK', resultsCount: 3 })
    await expect(ask(make(), minutes, range('2024-05-10', '2024-05-11'), answer)).rejects.toMatchObject({
      code: 'provider/response',
      field: 'results',
    })
  })

  it('keep nulls null and volumes as they are written', async () => {
    const body = `{"status":"OK","results":[{"t":${at('2024-05-10T13:30Z')},"o":"1.5","h":null,"l":0,"c":1,"v":1.12117471e+08}]}`
    const { pages } = await ask(make(), minutes, range('2024-05-10', '2024-05-11'), () => new Response(body))
    expect(rowsOf(pages[0]!)).toEqual([
      {
        time: '2024-05-10T13:30:00.000Z',
        open: 1.5,
        high: null,
        low: 0,
        close: 1,
        volume: 112_117_471,
        vwap: null,
        trade_count: null,
      },
    ])
  })
})

describe('dividends', () => {
  const dividend = (date: string, cash: number, more = {}) => ({
    ticker: 'AAPL',
    ex_dividend_date: date,
    cash_amount: cash,
    ...more,
  })
  const split = (date: string, from: number, to: number) => ({
    ticker: 'AAPL',
    execution_date: date,
    split_from: from,
    split_to: to,
  })
  const actionsOf = async (
    dividends: object[],
    splits: object[],
    asked: readonly [string, string],
    now = '2024-01-01',
  ) => {
    const { pages, urls } = await ask(
      make(),
      { schema: 'actions', symbol: 'AAPL' },
      range(...asked),
      (url) => ok(url.pathname.endsWith('dividends') ? dividends : splits),
      at(now),
    )
    return { rows: rowsOf(pages.at(-1)!), urls }
  }

  it('stand in the basis of the prices: divided by every split since', async () => {
    const { rows, urls } = await actionsOf(
      [dividend('2014-05-08', 3.29), dividend('2014-08-07', 0.47)],
      [split('2014-06-09', 1, 7), split('2020-08-31', 1, 4), split('2030-01-01', 1, 2)],
      ['2014-01-01', '2015-01-01'],
    )
    expect(rows).toEqual([
      { time: '2014-05-08T00:00:00.000Z', kind: 'dividend', value: 3.29 / 28 },
      { time: '2014-08-07T00:00:00.000Z', kind: 'dividend', value: 0.47 / 4 },
      { time: '2014-06-09T00:00:00.000Z', kind: 'split', value: 7 },
    ])
    expect(Object.fromEntries(urls[1]!.searchParams)).toEqual({
      ticker: 'AAPL',
      'execution_date.gte': '2014-01-01',
      limit: '1000',
    })
  })

  it('say their currency where it is not the dollar, and gains of funds are gains', async () => {
    const { rows } = await actionsOf(
      [
        dividend('2023-05-08', 1, { currency: 'USD' }),
        dividend('2023-06-08', 2, { currency: 'CAD', dividend_type: 'LT' }),
      ],
      [],
      ['2023-01-01', '2024-01-01'],
    )
    expect(rows).toEqual([
      { time: '2023-05-08T00:00:00.000Z', kind: 'dividend', value: 1, currency: null },
      { time: '2023-06-08T00:00:00.000Z', kind: 'capital-gain', value: 2, currency: 'CAD' },
    ])
  })

  it('count once where both lists hold them', async () => {
    const both = [dividend('2023-05-08', 1), split('2023-06-09', 1, 7)]
    const { rows } = await actionsOf(both, both, ['2023-01-01', '2024-01-01'])
    expect(rows).toEqual([
      { time: '2023-05-08T00:00:00.000Z', kind: 'dividend', value: 1 / 7 },
      { time: '2023-06-09T00:00:00.000Z', kind: 'split', value: 7 },
    ])
  })

  it('without a date are refused, never dropped', async () => {
    await expect(actionsOf([dividend('', 1)], [], ['2023-01-01', '2024-01-01'])).rejects.toMatchObject({
      code: 'provider/response',
    })
  })
})

describe('a limit of a minute', () => {
  it('is waited out once, where nothing says how long', async () => {
    let asked = 0
    const answer = () => (asked++ === 0 ? new Response('', { status: 429 }) : ok([result('2024-05-06T04:00Z')]))
    const client = clientOf({ provider: make(), nowMs: at('2024-05-20'), answer })
    await client.load({ symbol: 'AAPL', interval: '1d', provider: 'polygon', start: '2024-05-06', end: '2024-05-10' })
    expect(asked).toBe(2)
    await client.close()
  })
})

const results = (bars: readonly ModelBar[], shiftMs: number) =>
  bars.map(({ timeMs, open, high, low, close, volume }) => ({
    t: timeMs + shiftMs,
    o: open,
    h: high,
    l: low,
    c: close,
    v: volume,
  }))
const body =
  (shiftMs: number): VendorModel['write'] =>
  (bars, _query, _more, { pathname }) => ({
    body: pathname.includes('/reference/')
      ? { status: 'OK', results: [{ ticker: 'AAPL' }] }
      : {
          status: 'OK',
          adjusted: true,
          queryCount: bars.length,
          resultsCount: bars.length,
          ...(bars.length === 0 ? {} : { results: results(bars, shiftMs) }),
        },
  })

const minuteBars = (): VendorModel => ({
  provider: make(),
  secret: SECRET,
  symbol: 'AAPL',
  interval: '5m',
  range: range('2024-01-03T14:30Z', '2024-01-03T18:00Z'),
  read: ({ pathname }) => {
    const [from, to] = pathname.split('/').slice(-2).map(Number) as [number, number]
    return { startMs: from, endMs: to + 1 }
  },
  write: body(0),
  sendsNulls: true,
  symbols: [
    'AAPL',
    'BRK.B',
    ['BTC-USD', 'X:BTCUSD'],
    ['ETHBTC', 'X:ETHBTC'],
    ['EURUSD=X', 'C:EURUSD'],
    ['USDJPY=X', 'C:USDJPY'],
    ['^GSPC', 'I:SPX'],
    ['^XYZ', 'I:XYZ'],
    ['AAPL240119C00190000', 'O:AAPL240119C00190000'],
  ],
  failures: {
    unauthorized: { status: 401, body: { status: 'ERROR', error: 'Unknown API Key' } },
    forbidden: {
      status: 403,
      body: { status: 'NOT_AUTHORIZED', message: "Your plan doesn't include this data timeframe." },
    },
    'rate-limited': {
      status: 429,
      body: { status: 'ERROR', error: "You've exceeded the maximum requests per minute" },
    },
    'not-found': { status: 404, body: { status: 'NOT_FOUND', message: 'Ticker not found.' } },
  },
})

const days = (): VendorModel => ({
  ...minuteBars(),
  interval: '1d',
  range: range('2024-01-02', '2024-01-20'),
  read: ({ pathname }) => {
    const [from, to] = pathname
      .split('/')
      .slice(-2)
      .map((text) => at(text)) as [number, number]
    return { startMs: from, endMs: to + 86_400_000 }
  },
  // Midnight in New York, in winter.
  write: body(5 * 3_600_000),
})

describe.each([
  ['minutes', minuteBars],
  ['days', days],
])('contract, %s', (_, model) => {
  providerContract(model, { test })
})
