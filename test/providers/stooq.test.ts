import { describe, expect, it } from 'vitest'
import { stooq } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, range, rowsOf } from './asking.ts'

const HEADER = 'Date,Open,High,Low,Close,Volume\r\n'

recordedAnswers('stooq', () => stooq(), {
  'akam_us_d.csv': {
    symbol: 'AKAM',
    interval: '1d',
    asked: ['2005-02-25', '2023-05-25'],
    rows: 4592,
    prefix: HEADER,
    first: { time: '2005-02-25T00:00:00.000Z', open: 11.29, high: 11.46, low: 11.07, close: 11.09, volume: 1645902 },
    last: { time: '2023-05-24T00:00:00.000Z', close: 87.59 },
  },
  'akam_us_d.csv#without its header': {
    symbol: 'AKAM',
    interval: '1d',
    asked: ['2005-02-25', '2023-05-25'],
    rows: 4592,
  },
  'dji_d_pandas.csv': {
    symbol: '^DJI',
    interval: '1d',
    asked: ['2019-08-07', '2024-08-03'],
    rows: 1256,
    first: { time: '2019-08-07T00:00:00.000Z', open: 7436.15 },
    last: { time: '2024-08-02T00:00:00.000Z', volume: 1877289850 },
  },
  'no_data.txt': { symbol: 'NOSUCH', interval: '1d', asked: ['2024-01-01', '2024-01-10'], rows: 0 },
  'apikey_required.txt': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2024-01-01', '2024-01-10'],
    code: 'provider/unauthorized',
  },
  'limit_exceeded.txt': { symbol: 'AAPL', interval: '1d', asked: ['2024-01-01', '2024-01-10'], code: 'provider/quota' },
  'quote_l_ND.csv': { symbol: 'NOPE', interval: '1d', asked: ['2024-01-01', '2024-01-10'], code: 'provider/response' },
})

const daily = { schema: 'ohlcv', symbol: 'AAPL', interval: '1d' } as const
const wanted = range('2024-01-01', '2024-02-01')
const text = (body: string) => () => new Response(body)

describe('answers', () => {
  it('without volume leave it null', async () => {
    const { pages } = await ask(
      stooq(),
      { ...daily, symbol: 'EURUSD=X' },
      wanted,
      text('Date,Open,High,Low,Close\r\n2024-01-02,1.1,1.2,1.0,1.15\r\n'),
    )
    expect(rowsOf(pages[0]!)).toEqual([
      { time: '2024-01-02T00:00:00.000Z', open: 1.1, high: 1.2, low: 1, close: 1.15, volume: null },
    ])
  })

  it.each([
    ['cut inside of a line', `${HEADER}2024-01-02,1,2,0.5,1.5,10\r\n2024-01-03,1,2`, 'provider/truncated'],
    ['in another order', 'Date,Close,High,Low,Open,Volume\r\n2024-01-02,1,2,0.5,1.5,10\r\n', 'provider/response'],
    ['a web page', '<!DOCTYPE html><html>', 'provider/response'],
    ['nothing', '', 'provider/response'],
    ['the limit with a mark', 'Exceeded the daily hits limit!\n', 'provider/quota'],
    ['another text', 'Write to www@stooq.com', 'provider/response'],
  ])('%s are refused', async (_, body, code) => {
    await expect(ask(stooq(), daily, wanted, text(body))).rejects.toMatchObject({ code })
  })

  it('of weeks and months stand under their first day', async () => {
    const { pages } = await ask(
      stooq(),
      { ...daily, interval: '1mo' },
      range('2024-01-01', '2024-03-01'),
      text(`${HEADER}2024-01-31,1,2,0.5,1.5,10\r\n2024-02-29,1,2,0.5,1.5,10\r\n`),
    )
    expect(rowsOf(pages[0]!).map(({ time }) => time)).toEqual(['2024-01-01T00:00:00.000Z', '2024-02-01T00:00:00.000Z'])
  })
})

describe('requests', () => {
  it('name both inclusive days, and the key where there is one', async () => {
    const { urls } = await ask(stooq({ apiKey: 'SENTINEL' }), daily, wanted, text(HEADER))
    expect(Object.fromEntries(urls[0]!.searchParams)).toEqual({
      s: 'aapl.us',
      i: 'd',
      d1: '20240101',
      d2: '20240131',
      apikey: 'SENTINEL',
    })
  })
})
