/** Symbols that do not exist, at vendors that answer for them as for a range without rows. */
import { describe, expect, it } from 'vitest'
import type { Provider } from '../../src/contract/provider.ts'
import { alpaca, fmp, polygon, tiingo } from '../../src/providers/index.ts'
import { coverageOf } from '../../src/query/table.ts'
import { type Answer, ask, range } from './asking.ts'
import { clientOf } from './recorded-by-client.ts'

interface Vendor {
  readonly provider: Provider
  /** @default 'NVDQ' */
  readonly symbol?: string
  isQuestion(url: URL): boolean
  readonly bars: unknown
  readonly none: unknown
  readonly known: unknown
  /** What it says of a symbol that it does not know; absent where it says nothing. */
  readonly unknown?: unknown
  /** An answer that says nothing of a symbol. */
  readonly unclear: unknown
  readonly questions: number
}

const aggregates = (count: number): object => ({
  status: 'OK',
  ticker: 'NVDQ',
  resultsCount: count,
  ...(count === 0 ? {} : { results: [{ t: Date.UTC(2024, 4, 7, 4), o: 1, h: 1, l: 1, c: 1, v: 1, vw: 1, n: 1 }] }),
})
const day = { t: '2024-05-07T04:00:00Z', o: 1, h: 1, l: 1, c: 1, v: 1, n: 1, vw: 1 }
const eod = { symbol: 'NVDQ', date: '2024-05-07', open: 1, high: 1, low: 1, close: 1, volume: 1 }

const VENDORS: Readonly<Record<string, Vendor>> = {
  polygon: {
    provider: polygon({ apiKey: 'key', rateLimits: [] }),
    isQuestion: ({ pathname }) => pathname === '/v3/reference/tickers',
    bars: aggregates(1),
    none: aggregates(0),
    known: { status: 'OK', results: [{ ticker: 'NVDQ' }] },
    unknown: { status: 'OK', results: [] },
    unclear: aggregates(0),
    questions: 2,
  },
  alpaca: {
    provider: alpaca({ apiKey: 'key', secretKey: 'secret', rateLimits: [] }),
    isQuestion: ({ pathname }) => pathname === '/v2/stocks/NVDQ/bars',
    bars: { bars: { NVDQ: [day] }, next_page_token: null },
    none: { bars: {}, next_page_token: null },
    known: { symbol: 'NVDQ', bars: [day], next_page_token: null },
    unknown: { symbol: 'NVDQ', bars: null, next_page_token: null },
    unclear: { bars: {}, next_page_token: null },
    questions: 1,
  },
  fmp: {
    provider: fmp({ apiKey: 'key', rateLimits: [] }),
    isQuestion: ({ pathname }) => pathname.endsWith('/historical-price-eod/light'),
    bars: [eod],
    none: [],
    known: [{ symbol: 'NVDQ', date: '2024-05-07', price: 1, volume: 1 }],
    unclear: [],
    questions: 1,
  },
  'tiingo, coins': {
    provider: tiingo({ apiKey: 'key', rateLimits: [] }),
    symbol: 'NVDQ-USD',
    isQuestion: ({ pathname }) => pathname === '/tiingo/crypto',
    bars: [
      { ticker: 'nvdqusd', priceData: [{ date: '2024-05-07T00:00:00+00:00', open: 1, high: 1, low: 1, close: 1 }] },
    ],
    none: [],
    known: [{ ticker: 'nvdqusd', name: 'NVDQ (NVDQ/USD)', baseCurrency: 'nvdq', quoteCurrency: 'usd' }],
    unclear: [],
    questions: 1,
  },
  'tiingo, currencies': {
    provider: tiingo({ apiKey: 'key', rateLimits: [] }),
    symbol: 'EURUSD=X',
    isQuestion: ({ pathname }) => pathname === '/tiingo/fx/top',
    bars: [{ ticker: 'eurusd', date: '2024-05-07T00:00:00.000Z', open: 1, high: 1, low: 1, close: 1 }],
    none: [],
    known: [{ ticker: 'eurusd', quoteTimestamp: '2024-05-17T20:59:00+00:00', midPrice: 1 }],
    unclear: [{ ticker: 'usdeur' }, null],
    questions: 1,
  },
}

const SERIES = { schema: 'ohlcv', symbol: 'NVDQ', interval: '1d' } as const
const WANTED = range('2024-05-06', '2024-05-11')
const NOW = Date.UTC(2024, 4, 20)
const QUERY = { symbol: 'NVDQ', interval: '1d', start: '2024-05-06', end: '2024-05-11' } as const

describe.each(Object.entries(VENDORS))('%s', (_, vendor) => {
  const { name } = vendor.provider
  const symbol = vendor.symbol ?? 'NVDQ'
  const own = { ...SERIES, symbol }
  const query = { ...QUERY, symbol, provider: name }

  const answering = (bars: unknown, question: unknown): Answer & { questions: number } => {
    const answer = (url: URL): Response => {
      if (!vendor.isQuestion(url)) return Response.json(bars)
      counting.questions++
      return Response.json(question)
    }
    const counting = Object.assign(answer, { questions: 0 })
    return counting
  }

  it('is not asked about a symbol that has a row', async () => {
    const answer = answering(vendor.bars, vendor.unknown)
    const { pages } = await ask(vendor.provider, own, WANTED, answer, NOW)
    expect([answer.questions, pages.map(({ proven }) => proven)]).toEqual([0, [WANTED]])
  })

  it('proves a range without rows once it knows the symbol', async () => {
    const answer = answering(vendor.none, vendor.known)
    const { pages } = await ask(vendor.provider, own, WANTED, answer, NOW)
    expect(answer.questions).toBe(1)
    expect(pages.map(({ proven }) => proven)).toEqual([WANTED])
  })

  it('is asked once for all ranges of a day', async () => {
    const answer = answering(vendor.none, vendor.known)
    const client = clientOf({ provider: vendor.provider, nowMs: NOW, answer: (url) => answer(url, new Request(url)) })
    for (const start of ['2024-05-06', '2024-04-01', '2024-03-01'])
      expect(
        coverageOf(await client.get({ ...query, start })).missing.filter(({ kind }) => kind === 'unfetched'),
      ).toEqual([])
    expect(answer.questions).toBe(1)
    await client.close()
  })

  if (vendor.unknown !== undefined) {
    it('refuses a symbol that it does not know, and nothing is stored', async () => {
      const answer = answering(vendor.none, vendor.unknown)
      const client = clientOf({ provider: vendor.provider, nowMs: NOW, answer: (url) => answer(url, new Request(url)) })
      await expect(client.load(query)).rejects.toMatchObject({
        code: 'provider/not-found',
        provider: name,
        symbol: 'NVDQ',
        message: expect.stringMatching(/NVDQ.*spelling.*another provider/) as unknown,
      })
      expect(answer.questions).toBe(vendor.questions)
      expect(await client.list()).toEqual([])
      await client.close()
    })
  }

  it.each([400, 403])(
    'proves nothing where the question is refused with %i, which refuses no range',
    async (status) => {
      const { pages } = await ask(
        vendor.provider,
        own,
        WANTED,
        (url) => (vendor.isQuestion(url) ? Response.json({ message: 'plan' }, { status }) : Response.json(vendor.none)),
        NOW,
      )
      expect(pages).toEqual([])
    },
  )

  it('fails where the question cannot be asked now', async () => {
    const asking = ask(
      vendor.provider,
      own,
      WANTED,
      (url) => (vendor.isQuestion(url) ? new Response('', { status: 503 }) : Response.json(vendor.none)),
      NOW,
    )
    await expect(asking).rejects.toMatchObject({ code: 'provider/unavailable' })
  })

  it('proves nothing where it does not say', async () => {
    const answer = answering(vendor.none, vendor.unclear)
    const client = clientOf({ provider: vendor.provider, nowMs: NOW, answer: (url) => answer(url, new Request(url)) })
    const coverage = coverageOf(await client.load(query))
    expect(coverage.records).toEqual([])
    expect(coverage.missing.map(({ kind }) => kind)).toEqual(['unfetched'])
    await client.close()
  })
})

it('finds shares that are no longer traded in the second list of Polygon', async () => {
  const asked: (string | null)[] = []
  const { pages } = await ask(
    polygon({ apiKey: 'key', rateLimits: [] }),
    SERIES,
    WANTED,
    ({ pathname, searchParams }) => {
      if (pathname !== '/v3/reference/tickers') return Response.json(aggregates(0))
      asked.push(searchParams.get('active'))
      return Response.json({ status: 'OK', results: asked.length === 1 ? [] : [{ ticker: 'NVDQ', active: false }] })
    },
    NOW,
  )
  expect([asked, pages.at(-1)!.proven]).toEqual([['true', 'false'], WANTED])
})

it('joins windows without rows to the first that has some', async () => {
  const wanted = range('2024-05-01', '2024-05-10')
  const row = { ...eod, date: '2024-05-07 09:30:00' }
  const { pages, urls } = await ask(
    fmp({ apiKey: 'key', rateLimits: [] }),
    { ...SERIES, interval: '1m' },
    wanted,
    ({ searchParams }) => Response.json(searchParams.get('from') === '2024-05-07' ? [row] : []),
    NOW,
  )
  expect(urls.length).toBe(3)
  expect(pages.map(({ proven }) => proven)).toEqual([wanted])
})

describe('windows of Tiingo, which go backwards', () => {
  const vendor = tiingo({ apiKey: 'key', rateLimits: [] })
  const coin = { schema: 'ohlcv', symbol: 'NVDQ-USD', interval: '1m' } as const
  const wanted = range('2024-05-01', '2024-05-06')
  const bar = (date: string) => ({ date, open: 1, high: 1, low: 1, close: 1 })
  const known = [{ ticker: 'nvdqusd' }]
  /** A coin that was traded on one day, whose bars are asked for by the day. */
  const traded =
    (day: string) =>
    ({ pathname, searchParams }: URL): Response => {
      if (pathname === '/tiingo/crypto') return Response.json(known)
      const isIn = searchParams.get('startDate')! <= day && day <= searchParams.get('endDate')!
      return Response.json(isIn ? [{ ticker: 'nvdqusd', priceData: [bar(`${day}T12:00:00+00:00`)] }] : [])
    }

  it('without rows are joined to the first that has some, and to none after it', async () => {
    const { pages, urls } = await ask(vendor, coin, wanted, traded('2024-05-03'), NOW)
    expect(urls.every(({ pathname }) => pathname === '/tiingo/crypto/prices')).toBe(true)
    expect(urls.length).toBeGreaterThan(3)
    expect(pages[0]!.proven.endMs).toBe(wanted.endMs)
    expect(pages.at(-1)!.proven.startMs).toBe(wanted.startMs)
    for (const [i, page] of pages.entries()) if (i > 0) expect(page.proven.endMs).toBe(pages[i - 1]!.proven.startMs)
  })

  it('without any row are proven as one once the coin is known', async () => {
    const { pages, urls } = await ask(vendor, coin, wanted, traded('2020-01-01'), NOW)
    expect(urls.filter(({ pathname }) => pathname === '/tiingo/crypto').length).toBe(1)
    expect(pages.map(({ proven }) => proven)).toEqual([wanted])
  })

  it('of shares ask nothing: an unknown share is refused by the vendor', async () => {
    const share = { schema: 'ohlcv', symbol: 'NVDQ', interval: '1d' } as const
    const { pages, urls } = await ask(vendor, share, wanted, () => Response.json([]), NOW)
    expect([urls.length, pages.map(({ proven }) => proven)]).toEqual([1, [wanted]])
  })
})

it('makes no series of a symbol of Alpaca of which nothing was visible yet', async () => {
  const client = clientOf({
    provider: alpaca({ apiKey: 'key', secretKey: 'secret', rateLimits: [] }),
    nowMs: Date.UTC(2024, 4, 20, 15),
    answer: () => Response.json({ bars: {}, next_page_token: null }),
  })
  const start = Date.UTC(2024, 4, 20, 14, 50)
  const query = { symbol: 'NVDQ', interval: '1m', provider: 'alpaca', start, end: start + 300_000 } as const
  expect(coverageOf(await client.get(query)).records).toEqual([])
  expect(await client.list()).toEqual([])
  await client.close()
})
