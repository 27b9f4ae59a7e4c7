import { describe, expect, it, test } from 'vitest'
import { stooq } from '../../src/providers/index.ts'
import { type VendorModel, providerContract } from '../../src/testkit/index.ts'
import { HAVE_RECORDINGS, recording, responseOf } from '../msw/recordings.ts'
import { recordedAnswers } from './recorded.ts'
import { recordedByClient } from './recorded-by-client.ts'
import { ask, at, range, rowsOf } from './asking.ts'

const HEADER = 'Date,Open,High,Low,Close,Volume\r\n'

const RECORDED = {
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
  'no_data.txt': {
    symbol: 'NOSUCH',
    interval: '1d',
    asked: ['2024-01-01', '2024-01-10'],
    later: () => new Response('NOSUCH.US,2024-02-02,22:00:19,1,2,0.5,1.5,100\r\n'),
    rows: 0,
  },
  'apikey_required.txt': {
    symbol: 'AAPL',
    interval: '1d',
    asked: ['2024-01-01', '2024-01-10'],
    code: 'provider/unauthorized',
  },
  'limit_exceeded.txt': { symbol: 'AAPL', interval: '1d', asked: ['2024-01-01', '2024-01-10'], code: 'provider/quota' },
  'quote_l_ND.csv': { symbol: 'NOPE', interval: '1d', asked: ['2024-01-01', '2024-01-10'], code: 'provider/response' },
} as const
recordedAnswers('stooq', () => stooq(), RECORDED)
recordedByClient('stooq', () => stooq(), RECORDED)

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

  it.each([
    ['SAP.F', 'a share in Frankfurt, whose name would be that of a future'],
    ['BHP.AX', 'a share in Sydney'],
    ['BTC-USD', 'a coin'],
    ['BTCUSDT', 'a coin'],
  ])('are not sent for %s, %s', async (symbol) => {
    const asking = ask(stooq(), { ...daily, symbol }, wanted, () => expect.unreachable('it asked'))
    await expect(asking).rejects.toMatchObject({ code: 'provider/unsupported', symbol, field: 'symbol' })
  })

  it('of a week reach from its Monday to its Sunday', async () => {
    const { urls } = await ask(stooq(), { ...daily, interval: '1w' }, range('2024-01-01', '2024-01-15'), text(HEADER))
    expect(urls[0]!.search).toBe('?s=aapl.us&i=w&d1=20240101&d2=20240114')
  })
})

describe('no data', () => {
  const quote = (row: string) => `Symbol,Date,Time,Open,High,Low,Close,Volume\r\n${row}\r\n`
  const answer = (row: string) => (url: URL) => new Response(url.pathname === '/q/l/' ? quote(row) : 'No data')

  it('of a symbol that has a quote proves the window empty', async () => {
    const { pages, urls } = await ask(stooq(), daily, wanted, answer('AAPL.US,2024-02-02,22:00:19,1,2,0.5,1.5,100'))
    expect(urls.map(({ pathname }) => pathname)).toEqual(['/q/d/l/', '/q/l/'])
    expect(urls[1]!.search).toBe('?s=aapl.us&f=sd2t2ohlcv&e=csv&h')
    expect(pages.map((page) => [rowsOf(page).length, page.proven])).toEqual([[0, wanted]])
  })

  it('of a symbol without a quote is an unknown symbol', async () => {
    const asking = ask(stooq(), { ...daily, symbol: 'NOPE' }, wanted, answer('NOPE.US,N/D,N/D,N/D,N/D,N/D,N/D,N/D'))
    await expect(asking).rejects.toMatchObject({ code: 'provider/not-found', symbol: 'NOPE' })
  })

  it.each(['No data', '', 'Access denied'])('proves nothing where %j is all that is said of a quote', async (said) => {
    const { pages } = await ask(
      stooq(),
      daily,
      wanted,
      (url) => new Response(url.pathname === '/q/l/' ? `${said}\r\n.` : 'No data'),
    )
    expect(pages).toEqual([])
  })

  it.skipIf(!HAVE_RECORDINGS)('and no quote, as recorded, is an unknown symbol', async () => {
    const entries = { '/q/d/l/': 'stooq/no_data.txt', '/q/l/': 'stooq/quote_l_ND.csv' }
    const asking = ask(stooq(), { ...daily, symbol: 'NOPE' }, wanted, ({ pathname }) =>
      responseOf(recording(entries[pathname as keyof typeof entries])),
    )
    await expect(asking).rejects.toMatchObject({ code: 'provider/not-found' })
  })

  it('carries the key, which no failure shows', async () => {
    const { urls } = await ask(stooq({ apiKey: 'SENTINEL' }), daily, wanted, answer('AAPL.US,2024-02-02'))
    expect(urls.map(({ searchParams }) => searchParams.get('apikey'))).toEqual(['SENTINEL', 'SENTINEL'])
    const failing = ask(
      stooq({ apiKey: 'SENTINEL' }),
      daily,
      wanted,
      (url) => new Response(`see ${url.href}`, { status: 500 }),
    )
    const error = (await failing.catch((caught: unknown) => caught)) as Error
    expect(JSON.stringify(error) + error.stack).not.toContain('SENTINEL')
  })
})

const csv = (lines: readonly string[]): string => [HEADER.trim(), ...lines, ''].join('\r\n')
const SECRET = 'SENTINEL-stooq-77aa'

const days = (): VendorModel => ({
  provider: stooq({ apiKey: SECRET }),
  secret: SECRET,
  symbol: 'AAPL',
  interval: '1d',
  range: range('2024-01-01', '2024-01-20'),
  read: ({ searchParams }) => {
    const day = (name: string) => at((searchParams.get(name) ?? '19000101').replace(/(....)(..)(..)/, '$1-$2-$3'))
    return { startMs: day('d1'), endMs: day('d2') + 86_400_000 }
  },
  write: (bars, _query, _more, url) => {
    if (url.pathname === '/q/l/') return { body: 'AAPL.US,2024-02-02,22:00:19,1,2,0.5,1.5,100\r\n' }
    const cell = (value: number | null): string => (value === null ? '' : String(value))
    const lines = bars.map(({ timeMs, open, high, low, close, volume }) =>
      [new Date(timeMs).toISOString().slice(0, 10), ...[open, high, low, close, volume].map(cell)].join(),
    )
    return { body: lines.length === 0 ? 'No data' : csv(lines) }
  },
  sendsNulls: true,
  symbols: [
    ['AAPL', 'aapl.us'],
    ['BRK.B', 'brk-b.us'],
    ['VOD.L', 'vod.uk'],
    ['SAP.DE', 'sap.de'],
    ['7203.T', '7203.jp'],
    ['PKN.WA', 'pkn.pl'],
    ['^GSPC', '^spx'],
    ['^DJI', '^dji'],
    ['^N225', '^nkx'],
    ['EURUSD=X', 'eurusd'],
    ['USDJPY=X', 'usdjpy'],
    ['ES=F', 'es.f'],
    ['SAP.F', 'SAP.F'],
  ],
  failures: {
    quota: { body: 'Exceeded the daily hits limit' },
    unauthorized: { body: 'Get your apikey:\r\n1. Open https://stooq.com/q/d/?s=aapl.us&get_apikey\r\n' },
  },
})

describe('contract', () => {
  providerContract(days, { test })
})
