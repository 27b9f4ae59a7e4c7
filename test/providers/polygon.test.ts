import { describe, expect, it } from 'vitest'
import { polygon } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, at, listOf, range, rowsOf } from './asking.ts'

const make = () => polygon({ apiKey: 'SENTINEL' })
const none = (): Response => Response.json({ status: 'OK', results: [] })

recordedAnswers(
  'polygon',
  make,
  {
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
    'aggs_empty_no_results.json': { symbol: 'NOSUCH', interval: '1d', asked: ['2023-01-09', '2023-01-10'], rows: 0 },
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
      first: { kind: 'dividend', value: 0.59375 },
      then: none,
    },
  },
  ['open_close_AAPL.json', 'reference_tickers_page1.json', 'reference_tickers_page2.json', 'ticker_details_AAPL.json'],
)

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
      'Bearer SENTINEL',
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
      expect(headers[1]!.get('authorization')).toBe('Bearer SENTINEL')
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
    expect(
      await days(
        'AAPL',
        '1d',
        ['2024-03-08', '2024-03-12'],
        ['2024-03-07T05:00Z', '2024-03-08T05:00Z', '2024-03-11T04:00Z'],
      ),
    ).toEqual(['2024-03-08', '2024-03-11'])
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
    expect(pages.map(({ proven }) => proven)).toEqual([{ startMs: wanted.startMs, endMs: wanted.startMs }, wanted])
    expect([listOf(pages[1]!.columns['kind']), listOf(pages[1]!.columns['value'])]).toEqual([
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
