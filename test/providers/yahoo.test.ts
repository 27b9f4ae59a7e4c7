import { describe, expect, it } from 'vitest'
import type { Interval } from '../../src/contract/interval.ts'
import type { Page } from '../../src/contract/provider.ts'
import { symbolOfYahoo, yahooSymbol } from '../../src/providers/yahoo.ts'
import { yahoo } from '../../src/providers/index.ts'
import { HAVE_RECORDINGS, jsonOf, recording, recordings, responseOf } from '../msw/recordings.ts'
import { ask, at, listOf, range, rowsOf } from './asking.ts'

interface Expected {
  readonly symbol: string
  readonly interval: Interval
  /** As asked, end exclusive. */
  readonly asked: readonly [string, string]
  readonly rows?: number
  readonly nulls?: number
  readonly first?: string
  readonly last?: string
  readonly actions?: readonly string[]
  readonly code?: string
}

const RECORDED: Readonly<Record<string, Expected>> = {
  '0P000071W8.TO_1d_2020-01': {
    symbol: '0P000071W8.TO',
    interval: '1d',
    asked: ['2020-01-01', '2020-01-03'],
    rows: 1,
    first: '2020-01-02',
    last: '2020-01-02',
  },
  'AAPL_1d_2020-08-31_2020-11-07': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2020-08-31', '2020-11-07'],
    rows: 49,
    first: '2020-08-31',
    last: '2020-11-06',
    actions: ['2020-08-31 split 4', '2020-11-06 dividend 0.205'],
  },
  AAPL_1d_2025_2026: {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2023-01-01', '2025-12-23'],
    rows: 746,
    first: '2023-01-03',
    last: '2025-12-22',
    actions: [
      '2023-02-10 dividend 0.23',
      '2023-05-12 dividend 0.24',
      '2023-08-11 dividend 0.24',
      '2023-11-10 dividend 0.24',
      '2024-02-09 dividend 0.24',
      '2024-05-10 dividend 0.25',
      '2024-08-12 dividend 0.25',
      '2024-11-08 dividend 0.25',
      '2025-02-10 dividend 0.25',
      '2025-05-12 dividend 0.26',
      '2025-08-11 dividend 0.26',
      '2025-11-10 dividend 0.26',
    ],
  },
  AAPL_1m_weekend_EMPTY: { symbol: 'AAPL', interval: '1m', asked: ['2025-02-01', '2025-02-02'], rows: 0 },
  AAPL_1mo_events: {
    symbol: 'AAPL',
    interval: '1mo',
    asked: ['2019-12-01', '2022-01-01'],
    rows: 25,
    first: '2019-12-01',
    last: '2021-12-01',
    actions: [
      '2020-08-31 split 4',
      '2020-02-07 dividend 0.1925',
      '2020-05-08 dividend 0.205',
      '2020-08-07 dividend 0.205',
      '2020-11-06 dividend 0.205',
      '2021-02-05 dividend 0.205',
      '2021-05-07 dividend 0.22',
      '2021-08-06 dividend 0.22',
      '2021-11-05 dividend 0.22',
    ],
  },
  'BAC-PK_1d_short': {
    symbol: 'BAC-PK',
    interval: '1d',
    asked: ['2026-05-13', '2026-06-13'],
    rows: 22,
    first: '2026-05-13',
    last: '2026-06-12',
  },
  'BTC-USD_1d_2020-01': {
    symbol: 'BTC-USD',
    interval: '1d',
    asked: ['2020-01-01', '2020-01-03'],
    rows: 2,
    first: '2020-01-01',
    last: '2020-01-02',
  },
  DJI_1mo_2015: {
    symbol: '^DJI',
    interval: '1mo',
    asked: ['2015-01-01', '2015-03-01'],
    rows: 2,
    first: '2015-01-01',
    last: '2015-02-01',
  },
  'EURUSD=X_1d_2020-01': {
    symbol: 'EURUSD=X',
    interval: '1d',
    asked: ['2020-01-01', '2020-01-03'],
    rows: 2,
    first: '2020-01-01',
    last: '2020-01-02',
  },
  'EURUSD=X_1d_recent': {
    symbol: 'EURUSD=X',
    interval: '1d',
    asked: ['2023-01-01', '2025-12-24'],
    rows: 777,
    nulls: 3,
    first: '2023-01-02',
    last: '2025-12-23',
  },
  GME_60m: {
    symbol: 'GME',
    interval: '1h',
    asked: ['2021-12-01', '2022-03-17'],
    rows: 506,
    first: '2021-12-01T14:30',
    last: '2022-03-16T14:30',
  },
  GM_1d_2020_2021: {
    symbol: 'GM',
    interval: '1d',
    asked: ['2020-12-21', '2021-12-22'],
    rows: 253,
    first: '2020-12-21',
    last: '2021-12-21',
  },
  'GSPC_1m_2022-03-18': {
    symbol: '^GSPC',
    interval: '1m',
    asked: ['2022-03-18', '2022-03-21'],
    rows: 390,
    first: '2022-03-18T13:30',
    last: '2022-03-18T19:59',
  },
  'INR=X_with_nulls': {
    symbol: 'INR=X',
    interval: '1d',
    asked: ['2017-07-10', '2017-07-14'],
    rows: 4,
    nulls: 1,
    first: '2017-07-10',
    last: '2017-07-13',
  },
  MSFT_1d_dividends_2021: {
    symbol: 'MSFT',
    interval: '1d',
    asked: ['2021-02-01', '2022-01-31'],
    rows: 252,
    first: '2021-02-01',
    last: '2022-01-28',
    actions: [
      '2021-02-17 dividend 0.56',
      '2021-05-19 dividend 0.56',
      '2021-08-18 dividend 0.56',
      '2021-11-17 dividend 0.62',
    ],
  },
  'MUV2.DE_1d_with_nulls': {
    symbol: 'MUV2.DE',
    interval: '1d',
    asked: ['2017-11-27', '2018-05-26'],
    rows: 124,
    nulls: 1,
    first: '2017-11-27',
    last: '2018-05-25',
  },
  'OCDO.L_1d_2020-01': {
    symbol: 'OCDO.L',
    interval: '1d',
    asked: ['2020-01-01', '2020-01-03'],
    rows: 1,
    first: '2020-01-02',
    last: '2020-01-02',
  },
  'WSU.DE_1d_2023-08': {
    symbol: 'WSU.DE',
    interval: '1d',
    asked: ['2023-08-04', '2023-08-09'],
    rows: 3,
    first: '2023-08-04',
    last: '2023-08-08',
  },
  error_422_1m_range: {
    symbol: 'AAPL',
    interval: '1m',
    asked: ['2026-08-20', '2026-09-20'],
    code: 'provider/unsupported',
  },
  error_not_found: {
    symbol: 'NOSUCHSYMBOL',
    interval: '1d',
    asked: ['2026-01-01', '2026-01-06'],
    code: 'provider/not-found',
  },
  'notimestamp_weird_quote.EDITED': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2020-01-01', '2020-01-03'],
    code: 'provider/response',
  },
}

/** The interval is none of ours. */
const NOT_SERVED = ['FCHI_3mo_2010_2016']

const nameOf = (file: string): string => file.replace('yahoo/chart_', '').replace('.json', '')
const day = (column: number | bigint | string | null): string => new Date(Number(column)).toISOString().slice(0, 10)

function actionsOf({ actions }: Page): string[] {
  if (actions === undefined) return []
  const [times, kinds, values] = [actions.timestamp, actions['kind'], actions['value']].map(listOf) as [
    number[],
    string[],
    number[],
  ]
  return times.map((time, i) => `${day(time)} ${kinds[i]} ${values[i]}`)
}

describe.skipIf(!HAVE_RECORDINGS)('recorded charts', () => {
  it('are all in the table', () => {
    const files = recordings(({ api }) => api === 'v8/chart').map(({ file }) => nameOf(file))
    expect(files.toSorted()).toEqual([...Object.keys(RECORDED), ...NOT_SERVED].toSorted())
  })

  it.each(Object.entries(RECORDED))('%s', async (name, expected) => {
    const entry = recording(`yahoo/chart_${name}.json`)
    const { symbol, interval, asked } = expected
    const wanted = range(...asked)
    const asking = ask(
      yahoo(),
      { schema: 'ohlcv', symbol, interval },
      wanted,
      () => responseOf(entry),
      at('2027-01-01'),
    )
    if (expected.code !== undefined)
      return void (await expect(asking).rejects.toMatchObject({ code: expected.code, provider: 'yahoo', symbol }))
    const [page, ...more] = (await asking).pages
    const rows = rowsOf(page as Page)
    expect(more).toEqual([])
    expect(rows.length).toBe(expected.rows)
    expect(rows.filter(({ close }) => close === null).length).toBe(expected.nulls ?? 0)
    expect(page?.proven).toEqual(wanted)
    if (expected.first !== undefined)
      expect(rows[0]?.['time']).toBe(
        new Date(at(expected.first.includes('T') ? `${expected.first}Z` : expected.first)).toISOString(),
      )
    if (expected.last !== undefined)
      expect(rows.at(-1)?.['time']).toBe(
        new Date(at(expected.last.includes('T') ? `${expected.last}Z` : expected.last)).toISOString(),
      )
    expect(actionsOf(page as Page)).toEqual(expected.actions ?? [])
  })

  it('keep every price and volume to the bit, and null where the source has null', async () => {
    for (const name of [
      'AAPL_1d_2020-08-31_2020-11-07',
      'EURUSD=X_1d_recent',
      'INR=X_with_nulls',
      'GSPC_1m_2022-03-18',
    ]) {
      const { symbol, interval, asked } = RECORDED[name] as Expected
      const entry = recording(`yahoo/chart_${name}.json`)
      const { pages } = await ask(
        yahoo(),
        { schema: 'ohlcv', symbol, interval },
        range(...asked),
        () => responseOf(entry),
        at('2027-01-01'),
      )
      const body = jsonOf(entry) as {
        chart: {
          result: { indicators: { quote: Record<string, unknown[]>[]; adjclose?: { adjclose: unknown[] }[] } }[]
        }
      }
      const { quote, adjclose } = body.chart.result[0]!.indicators
      for (const [column, values] of Object.entries(quote[0]!))
        expect(listOf(pages[0]!.columns[column])).toEqual(values)
      expect(listOf(pages[0]!.columns['adj_close'])).toEqual(adjclose?.[0]?.adjclose ?? [])
    }
  })

  it('keep a row that has only a close: open, high, low and volume are null', async () => {
    const { symbol, interval, asked } = RECORDED['MUV2.DE_1d_with_nulls'] as Expected
    const entry = recording('yahoo/chart_MUV2.DE_1d_with_nulls.json')
    const { pages } = await ask(yahoo(), { schema: 'ohlcv', symbol, interval }, range(...asked), () =>
      responseOf(entry),
    )
    const rows = rowsOf(pages[0]!)
    expect(rows[0]).toMatchObject({ open: null, high: null, low: null, volume: null })
    expect(rows[0]?.['close']).toBeTypeOf('number')
    expect(rows[16]?.['close']).toBeNull()
  })

  it('give the events alone as a series of their own', async () => {
    const entry = recording('yahoo/chart_AAPL_1d_2020-08-31_2020-11-07.json')
    const { pages, urls } = await ask(
      yahoo(),
      { schema: 'actions', symbol: 'AAPL' },
      range('2020-09-01', '2020-11-07'),
      () => responseOf(entry),
    )
    expect(rowsOf(pages[0]!)).toEqual([{ time: '2020-11-06T00:00:00.000Z', kind: 'dividend', value: 0.205 }])
    expect(urls[0]!.searchParams.get('interval')).toBe('1d')
  })
})

interface Made {
  readonly meta?: Record<string, unknown>
  readonly stamps: readonly string[]
  readonly quote?: Record<string, readonly unknown[]>
  readonly rest?: Record<string, unknown>
}

/** A chart whose closes count from 1; open, high, low equal close, volume is 10 times it. */
function chart({ meta = {}, stamps, quote, rest = {} }: Made): unknown {
  const closes = stamps.map((_, i) => i + 1)
  const made = { open: closes, high: closes, low: closes, close: closes, volume: closes.map((close) => close * 10) }
  return {
    chart: {
      error: null,
      result: [
        {
          meta: { exchangeTimezoneName: 'America/New_York', instrumentType: 'EQUITY', ...meta },
          timestamp: stamps.map((stamp) => at(stamp) / 1000),
          indicators: { quote: [quote ?? made] },
          ...rest,
        },
      ],
    },
  }
}

async function rowsFor(
  interval: Interval,
  asked: readonly [string, string],
  made: Made,
  now = '2027-01-01',
): Promise<Record<string, unknown>[]> {
  const { pages } = await ask(
    yahoo(),
    { schema: 'ohlcv', symbol: 'X', interval },
    range(...asked),
    () => Response.json(chart(made)),
    at(now),
  )
  return rowsOf(pages[0]!)
}
const closes = (rows: Record<string, unknown>[]): string[] =>
  rows.map(
    ({ time, close }) => `${String(time).replace('T00:00:00.000Z', '').replace(':00.000Z', '')} ${String(close)}`,
  )

describe('which rows are bars', () => {
  it('names a session by the date of the exchange, east and west of Greenwich', async () => {
    const sydney = {
      stamps: ['2024-01-01T23:00Z', '2024-01-02T23:00Z', '2024-07-01T00:00Z'],
      meta: { exchangeTimezoneName: 'Australia/Sydney', gmtoffset: 0 },
    }
    expect(closes(await rowsFor('1d', ['2024-01-02', '2024-07-02'], sydney))).toEqual([
      '2024-01-02 1',
      '2024-01-03 2',
      '2024-07-01 3',
    ])
    const newYork = { stamps: ['2024-03-08T14:30Z', '2024-03-11T13:30Z'], meta: { gmtoffset: -18_000 } }
    expect(closes(await rowsFor('1d', ['2024-03-08', '2024-03-12'], newYork))).toEqual(['2024-03-08 1', '2024-03-11 2'])
  })

  it('cuts the day in front, which the request had to include', async () => {
    const made = { stamps: ['2023-12-31T00:00Z', '2024-01-01T00:00Z'], meta: { exchangeTimezoneName: 'UTC' } }
    expect(closes(await rowsFor('1d', ['2024-01-01', '2024-01-02'], made))).toEqual(['2024-01-01 2'])
  })

  it('moves a stamp of 23:00 to its day and keeps one of 01:00', async () => {
    const made = {
      stamps: ['2024-03-30T00:00Z', '2024-03-30T22:00Z', '2024-04-01T00:00Z'],
      meta: { exchangeTimezoneName: 'Europe/Berlin' },
    }
    // 23:00 on the 30th belongs to the 31st; 02:00 on April 1st to April 1st.
    expect(closes(await rowsFor('1d', ['2024-03-30', '2024-04-02'], made))).toEqual([
      '2024-03-30 1',
      '2024-03-31 2',
      '2024-04-01 3',
    ])
  })

  it('keeps the newer of two rows of today', async () => {
    const live = '2024-05-03T20:00:02Z'
    const made = {
      stamps: ['2024-05-02T13:30Z', '2024-05-03T13:30Z', live],
      meta: { regularMarketTime: at(live) / 1000 },
    }
    expect(closes(await rowsFor('1d', ['2024-05-01', '2024-05-04'], made))).toEqual(['2024-05-02 1', '2024-05-03 3'])
  })

  it('keeps the live row of late evening on its own day', async () => {
    const live = '2024-05-03T23:30:00Z'
    const made = {
      stamps: ['2024-05-02T00:00Z', live],
      meta: { regularMarketTime: at(live) / 1000, exchangeTimezoneName: 'UTC' },
    }
    expect(closes(await rowsFor('1d', ['2024-05-01', '2024-05-04'], made))).toEqual(['2024-05-02 1', '2024-05-03 2'])
  })

  it('folds the live row of a week and a month into its bar', async () => {
    const live = '2024-05-10T20:00:02Z'
    const quote = {
      open: [10, 20, 21],
      high: [15, 25, 24],
      low: [9, 19, 18],
      close: [11, 22, 23],
      volume: [100, 200, 7],
    }
    const week = {
      stamps: ['2024-04-29T04:00Z', '2024-05-06T04:00Z', live],
      meta: { regularMarketTime: at(live) / 1000 },
      quote,
    }
    const rows = await rowsFor('1w', ['2024-04-29', '2024-05-13'], week)
    expect(rows.map(({ time }) => time)).toEqual(['2024-04-29T00:00:00.000Z', '2024-05-06T00:00:00.000Z'])
    expect(rows[1]).toMatchObject({ open: 20, high: 25, low: 18, close: 23, volume: 207 })
    const month = { ...week, stamps: ['2024-04-01T04:00Z', '2024-05-01T04:00Z', live] }
    expect((await rowsFor('1mo', ['2024-04-01', '2024-06-01'], month))[1]).toMatchObject({
      time: '2024-05-01T00:00:00.000Z',
      high: 25,
      low: 18,
      close: 23,
    })
  })

  it('drops the price that Yahoo appends to a range that is over', async () => {
    const live = '2024-05-10T20:00:02Z'
    const made = {
      stamps: ['2024-01-02T14:30Z', '2024-01-03T14:30Z', live],
      meta: { regularMarketTime: at(live) / 1000 },
    }
    expect(closes(await rowsFor('1d', ['2024-01-01', '2024-01-04'], made))).toEqual(['2024-01-02 1', '2024-01-03 2'])
    const minutes = {
      stamps: ['2024-01-02T14:30Z', '2024-01-02T14:31Z', live],
      meta: { regularMarketTime: at(live) / 1000 },
    }
    expect(closes(await rowsFor('1m', ['2024-01-02', '2024-01-03'], minutes))).toHaveLength(2)
  })

  it('drops the live row of an intraday chart, also at the closing instant', async () => {
    const hours = [[{ start: at('2024-05-10T13:30Z') / 1000, end: at('2024-05-10T20:00Z') / 1000 }]]
    for (const live of ['2024-05-10T15:13:03Z', '2024-05-10T20:00:00Z']) {
      const made = {
        stamps: ['2024-05-10T13:30Z', '2024-05-10T14:30Z', live],
        meta: { regularMarketTime: at(live) / 1000, tradingPeriods: hours },
      }
      expect(closes(await rowsFor('1h', ['2024-05-10', '2024-05-11'], made))).toEqual([
        '2024-05-10T13:30 1',
        '2024-05-10T14:30 2',
      ])
    }
  })

  it('keeps a bar whose opening happens to be the time of the last trade', async () => {
    const last = '2024-05-10T14:30:00Z'
    const made = { stamps: ['2024-05-10T13:30Z', last], meta: { regularMarketTime: at(last) / 1000 } }
    expect(closes(await rowsFor('1h', ['2024-05-10', '2024-05-11'], made))).toHaveLength(2)
  })

  it('drops bars after the close of a half day, and keeps the days that are not listed', async () => {
    const hours = [[{ start: at('2024-07-03T13:30Z') / 1000, end: at('2024-07-03T17:00Z') / 1000 }]]
    const stamps = [
      '2024-07-02T19:30Z',
      '2024-07-03T13:30Z',
      '2024-07-03T16:30Z',
      '2024-07-03T17:00Z',
      '2024-07-03T20:30Z',
      '2024-07-05T13:30Z',
    ]
    const rows = await rowsFor('30m', ['2024-07-02', '2024-07-06'], { stamps, meta: { tradingPeriods: hours } })
    expect(closes(rows).map((row) => row.slice(-1))).toEqual(['1', '2', '3', '6'])
  })

  it('keeps the last minute of a crypto day, whose listed hours end before it', async () => {
    const hours = [[{ start: at('2024-07-03T00:00Z') / 1000, end: at('2024-07-03T23:59Z') / 1000 }]]
    const made = {
      stamps: ['2024-07-03T23:58Z', '2024-07-03T23:59Z'],
      meta: { tradingPeriods: hours, instrumentType: 'CRYPTOCURRENCY', exchangeTimezoneName: 'UTC' },
    }
    expect(closes(await rowsFor('1m', ['2024-07-03', '2024-07-04'], made))).toHaveLength(2)
  })

  it('keeps a null row as a slot and never as zero', async () => {
    const quote = {
      open: [1, null, 3],
      high: [1, null, 3],
      low: [1, null, 3],
      close: [1, null, 3],
      volume: [0, null, 0],
    }
    const rows = await rowsFor('1m', ['2024-05-10', '2024-05-11'], {
      stamps: ['2024-05-10T13:30Z', '2024-05-10T13:31Z', '2024-05-10T13:32Z'],
      quote,
    })
    expect(rows[1]).toMatchObject({ open: null, high: null, low: null, close: null, volume: null })
    expect(rows[2]).toMatchObject({ close: 3, volume: 0 })
  })

  it('labels a week Monday and a month the 1st, whatever day the stamp shows', async () => {
    expect(
      closes(await rowsFor('1w', ['2024-01-01', '2024-01-15'], { stamps: ['2024-01-02T05:00Z', '2024-01-08T05:00Z'] })),
    ).toEqual(['2024-01-01 1', '2024-01-08 2'])
    expect(
      closes(
        await rowsFor('1mo', ['2024-01-01', '2024-03-01'], { stamps: ['2024-01-02T05:00Z', '2024-02-01T05:00Z'] }),
      ),
    ).toEqual(['2024-01-01 1', '2024-02-01 2'])
  })
})

describe('answers that are refused', () => {
  const asked = range('2024-05-10', '2024-05-11')
  const failing = (interval: Interval, answer: () => Response) =>
    ask(yahoo(), { schema: 'ohlcv', symbol: 'X', interval }, asked, answer)

  it('refuses bars of another length, said or unsaid', async () => {
    const half = Array.from({ length: 8 }, (_, i) => new Date(at('2024-05-10T13:30Z') + i * 3_600_000).toISOString())
    await expect(failing('30m', () => Response.json(chart({ stamps: half })))).rejects.toMatchObject({
      code: 'provider/response',
    })
    const said = () => Response.json(chart({ stamps: ['2024-05-10T13:30Z'], meta: { dataGranularity: '5m' } }))
    await expect(failing('1m', said)).rejects.toMatchObject({ code: 'provider/response', field: 'dataGranularity' })
    await expect(
      failing('1h', () => Response.json(chart({ stamps: ['2024-05-10T13:30Z'], meta: { dataGranularity: '1h' } }))),
    ).resolves.toBeDefined()
  })

  it('refuses lists of unequal length', async () => {
    const made = chart({ stamps: ['2024-05-10T13:30Z', '2024-05-10T13:31Z'], quote: { close: [1] } })
    await expect(failing('1m', () => Response.json(made))).rejects.toMatchObject({ code: 'provider/response' })
  })

  it('takes a window before the listing as empty', async () => {
    const description = "Data doesn't exist for startDate = 1262300400, endDate = 1262900400"
    const answer = () =>
      Response.json({ chart: { result: null, error: { code: 'Bad Request', description } } }, { status: 400 })
    const { pages } = await failing('1d', answer)
    expect(pages).toHaveLength(1)
    expect(pages[0]).toMatchObject({ proven: asked, columns: { timestamp: new Float64Array(0) } })
  })

  const error = (code: string, description: string) => ({ chart: { result: null, error: { code, description } } })
  it.each([
    ['unknown symbol', 404, error('Not Found', 'No data found, symbol may be delisted'), 'provider/not-found'],
    [
      'range too old',
      422,
      error('Unprocessable Entity', 'The requested range must be within the last 60 days.'),
      'provider/unsupported',
    ],
    [
      'refused',
      401,
      { finance: { result: null, error: { code: 'Unauthorized', description: 'Invalid Crumb' } } },
      'provider/unauthorized',
    ],
    ['an error under 200', 200, error('Not Found', 'No data found'), 'provider/not-found'],
    ['an unknown error under 200', 200, error('Strange', 'what'), 'provider/response'],
    ['blocked', 429, 'Too Many Requests', 'provider/rate-limited'],
    ['blocked, as a page', 200, '<html><body>Edge: Too Many Requests</body></html>', 'provider/rate-limited'],
    ['down', 503, '<html>Will be right back...</html>', 'provider/unavailable'],
    ['a page under 200', 200, '<!doctype html><html><title>Consent</title></html>', 'provider/response'],
    ['an answer without a chart', 200, { spark: {} }, 'provider/response'],
    ['a chart without a result', 200, { chart: { result: [], error: null } }, 'provider/response'],
  ])('%s', async (_, status, body, code) => {
    const answer = () => (typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }))
    await expect(failing('1d', answer)).rejects.toMatchObject({ code })
  })

  it('refuses stamps in milliseconds as wrong units', async () => {
    const body = chart({ stamps: ['2024-05-10T13:30Z'] }) as { chart: { result: [{ timestamp: number[] }] } }
    body.chart.result[0].timestamp = [at('2024-05-10T13:30Z')]
    await expect(failing('1m', () => Response.json(body))).rejects.toMatchObject({ code: 'provider/units' })
  })
})

describe('symbols', () => {
  it.each([
    ['AAPL', 'AAPL'],
    ['BRK.B', 'BRK-B'],
    ['BF.A', 'BF-A'],
    ['VOD.L', 'VOD.L'],
    ['7203.T', '7203.T'],
    ['SAP.DE', 'SAP.DE'],
    ['SAP.F', 'SAP.F'],
    ['ABC.V', 'ABC.V'],
    ['BTC-USD', 'BTC-USD'],
    ['^GSPC', '^GSPC'],
    ['EURUSD=X', 'EURUSD=X'],
    ['ES=F', 'ES=F'],
    ['BAC-PK', 'BAC-PK'],
    ['0P000071W8.TO', '0P000071W8.TO'],
  ])('%s is %s at Yahoo, and back', (symbol, vendor) => {
    expect(yahooSymbol(symbol)).toBe(vendor)
    expect(symbolOfYahoo(vendor)).toBe(symbol)
  })

  it('asks with its own spelling, encoded, and in whole seconds', async () => {
    const { urls, headers } = await ask(
      yahoo(),
      { schema: 'ohlcv', symbol: '^GSPC', interval: '1h' },
      range('2024-05-10', '2024-05-11'),
      () => Response.json(chart({ stamps: [] })),
    )
    expect(urls[0]!.pathname).toBe('/v8/finance/chart/%5EGSPC')
    expect(Object.fromEntries(urls[0]!.searchParams)).toEqual({
      period1: String(at('2024-05-10') / 1000),
      period2: String(at('2024-05-11') / 1000),
      interval: '60m',
      includePrePost: 'false',
      events: 'div,splits,capitalGains',
    })
    expect(headers[0]!.get('user-agent')).toMatch(/^Mozilla/)
  })
})
