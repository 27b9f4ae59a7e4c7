import { describe, expect, it } from 'vitest'
import { isStampedByClose } from '../../src/providers/alphavantage-series.ts'
import { alphavantage } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, at, listOf, range, rowsOf } from './asking.ts'

const make = () => alphavantage({ apiKey: 'SENTINEL' })

recordedAnswers(
  'alphavantage',
  make,
  {
    'TIME_SERIES_DAILY_IBM.json': {
      symbol: 'IBM',
      interval: '1d',
      asked: ['2023-06-01', '2023-11-11'],
      rows: 100,
      first: { time: '2023-06-22T00:00:00.000Z', close: 131.17, volume: 6013021 },
      last: { time: '2023-11-10T00:00:00.000Z', open: 147.44 },
      provenStart: '2023-06-22',
    },
    'DAILY_ADJUSTED_IBM_partial.json': {
      provider: alphavantage({ apiKey: 'SENTINEL', adjusted: true }),
      symbol: 'IBM',
      interval: '1d',
      asked: ['2020-12-31', '2021-01-12'],
      rows: 7,
      last: { time: '2021-01-11T00:00:00.000Z', close: 128.58, adj_close: expect.closeTo(125.47, 1) as number },
      actions: 0,
    },
    'FX_DAILY_EUR_AUD_partial.json': {
      symbol: 'EURAUD=X',
      interval: '1d',
      asked: ['2020-12-31', '2021-01-12'],
      rows: 8,
      last: { time: '2021-01-11T00:00:00.000Z', open: 1.57496, volume: null },
    },
    // Stamped by the close: the bar of 20:00 opened at 19:45 in New York.
    'TIME_SERIES_INTRADAY_AAPL_15min.json': {
      symbol: 'AAPL',
      interval: '15m',
      asked: ['2021-08-17', '2021-08-19'],
      rows: 100,
      first: { time: '2021-08-17T15:00:00.000Z' },
      last: { time: '2021-08-18T23:45:00.000Z', open: 146.46 },
    },
    'intraday_1min_MSFT_2017.json': {
      symbol: 'MSFT',
      interval: '1m',
      asked: ['2017-12-18', '2017-12-19'],
      rows: 100,
      last: { time: '2017-12-18T19:55:00.000Z', open: 86.49 },
    },
    'Note_5_calls_per_minute.json': {
      symbol: 'TSLA',
      interval: '1d',
      asked: ['2022-03-01', '2022-03-05'],
      code: 'provider/rate-limited',
    },
    'error_invalid_api_call.json': {
      symbol: 'NOSUCH',
      interval: '1d',
      asked: ['2022-03-01', '2022-03-05'],
      code: 'provider/not-found',
    },
  },
  [
    'CURRENCY_EXCHANGE_RATE_EURUSD.json',
    'EARNINGS_TSLA.json',
    'INCOME_STATEMENT_TSLA.json',
    'OVERVIEW_TSLA.json',
    'global_quote.json',
    'symbol_search.json',
  ],
)

const H = 3_600_000
describe('stamps', () => {
  const day = at('2024-05-10')
  const walls = (start: number, end: number, step: number): number[] =>
    Array.from({ length: Math.round((end - start) / step) + 1 }, (_, i) => day + start + i * step)
  it.each([
    ['a day from 04:00 to 19:45', walls(4 * H, 19.75 * H, H / 4), '2024-05-10', false],
    ['a day from 04:15 to 20:00', walls(4.25 * H, 20 * H, H / 4), '2024-05-10', true],
    ['a session from 09:30 to 15:45', walls(9.5 * H, 15.75 * H, H / 4), '2019-05-10', false],
    ['a session from 09:45 to 16:00', walls(9.75 * H, 16 * H, H / 4), '2024-05-10', true],
    ['a morning of 2017', walls(10 * H, 11 * H, H / 4), '2017-12-18 14:56:00', true],
    ['a morning of 2024', walls(10 * H, 11 * H, H / 4), '2024-05-10 11:00:00', false],
    ['nothing', [], '', false],
  ])('of %s', (_, stamps, refreshed, expected) => expect(isStampedByClose(stamps, refreshed)).toBe(expected))

  it('are read on the clock of New York, in summer and winter', async () => {
    const bars = (stamp: string) => ({
      [`${stamp} 09:30:00`]: { '1. open': '1' },
      [`${stamp} 15:59:00`]: { '1. open': '2' },
    })
    const answer = (url: URL) =>
      Response.json({
        'Meta Data': { '6. Time Zone': 'US/Eastern' },
        'Time Series (1min)': bars(url.searchParams.get('month') === '2024-03' ? '2024-03-08' : '2024-04-01'),
      })
    const { pages, urls } = await ask(
      make(),
      { schema: 'ohlcv', symbol: 'AAPL', interval: '1m' },
      range('2024-03-08', '2024-04-02'),
      answer,
    )
    expect(urls.map(({ searchParams }) => searchParams.get('month'))).toEqual(['2024-03', '2024-04'])
    expect(pages.flatMap((page) => rowsOf(page)).map(({ time }) => time)).toEqual([
      '2024-03-08T14:30:00.000Z',
      '2024-03-08T20:59:00.000Z',
      '2024-04-01T13:30:00.000Z',
      '2024-04-01T19:59:00.000Z',
    ])
    expect(pages.map(({ proven }) => proven)).toEqual([
      range('2024-03-08', '2024-04-01'),
      range('2024-04-01', '2024-04-02'),
    ])
  })
})

describe('bars of days and longer', () => {
  it('name weeks by their Monday and months by the 1st', async () => {
    const weekly = {
      'Meta Data': {},
      'Weekly Time Series': { '2024-05-10': { '4. close': '2' }, '2024-05-03': { '4. close': '1' } },
    }
    const { pages, urls } = await ask(
      make(),
      { schema: 'ohlcv', symbol: 'IBM', interval: '1w' },
      range('2024-04-29', '2024-05-13'),
      () => Response.json(weekly),
    )
    expect(rowsOf(pages[0]!).map(({ time, close }) => [time, close])).toEqual([
      ['2024-04-29T00:00:00.000Z', 1],
      ['2024-05-06T00:00:00.000Z', 2],
    ])
    expect(urls[0]!.searchParams.get('function')).toBe('TIME_SERIES_WEEKLY')
  })

  it('of coins are read under both kinds of names', async () => {
    for (const row of [
      { '1a. open (USD)': '1', '1b. open (USD)': '1', '4a. close (USD)': '2', '5. volume': '3' },
      { '1. open': '1', '4. close': '2', '5. volume': '3' },
    ]) {
      const { pages, urls } = await ask(
        make(),
        { schema: 'ohlcv', symbol: 'BTC-USD', interval: '1d' },
        range('2024-05-01', '2024-05-02'),
        () => Response.json({ 'Meta Data': {}, 'Time Series (Digital Currency Daily)': { '2024-05-01': row } }),
      )
      expect(rowsOf(pages[0]!)).toMatchObject([{ open: 1, close: 2, volume: 3 }])
      expect(urls[0]!.searchParams.get('market')).toBe('USD')
    }
  })

  it('carry splits and dividends where they are asked for', async () => {
    const row = {
      '4. close': '2',
      '5. adjusted close': '1',
      '6. volume': '3',
      '7. dividend amount': '0.5',
      '8. split coefficient': '4.0',
    }
    const { pages } = await ask(
      alphavantage({ apiKey: 'SENTINEL', adjusted: true }),
      { schema: 'ohlcv', symbol: 'X', interval: '1d' },
      range('2024-05-01', '2024-05-02'),
      () => Response.json({ 'Meta Data': {}, 'Time Series (Daily)': { '2024-05-01': row } }),
    )
    const { actions } = pages[0]!
    expect([listOf(actions!['kind']), listOf(actions!['value'])]).toEqual([
      ['dividend', 'split'],
      [0.5, 4],
    ])
  })
})

describe('refusals under status 200', () => {
  it.each([
    [
      {
        Information:
          'We have detected your API key as SENTINEL and our standard API rate limit is 25 requests per day.',
      },
      'provider/quota',
    ],
    [
      { Information: 'Please consider spreading out your free API requests more sparingly (1 request per second).' },
      'provider/rate-limited',
    ],
    [{ Information: 'Thank you for using Alpha Vantage! This is a premium endpoint.' }, 'provider/forbidden'],
    [{ 'Error Message': 'the parameter apikey is invalid or missing.' }, 'provider/unauthorized'],
    [{}, 'provider/not-found'],
  ])('%j', async (body, code) => {
    const error = await ask(
      make(),
      { schema: 'ohlcv', symbol: 'IBM', interval: '1d' },
      range('2024-05-01', '2024-05-02'),
      () => Response.json(body),
    ).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code })
    expect(String((error as Error).stack)).not.toContain('SENTINEL')
  })
})
