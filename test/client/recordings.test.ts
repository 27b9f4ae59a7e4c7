/** Every recorded answer of Yahoo's chart and Binance's klines through the whole client, at the time of its recording. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { http } from 'msw'
import { setupServer } from 'msw/node'
import { createDataClient } from '../../src/client.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import { binance, yahoo } from '../../src/providers/index.ts'
import { columnsOf, coverageOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { HAVE_RECORDINGS, type Recording, jsonOf, recordings, responseOf } from '../msw/recordings.ts'

const OURS: Readonly<Record<string, string>> = { '60m': '1h', '1wk': '1w', '1M': '1mo' }
const DAY = 86_400_000

interface Case {
  readonly entry: Recording
  readonly provider: 'binance' | 'yahoo'
  readonly symbol: string
  readonly interval: string
  readonly startMs: number
  readonly endMs: number
  readonly nowMs: number
}

interface Chart {
  readonly meta: {
    readonly exchangeTimezoneName: string
    readonly regularMarketTime: number
    readonly dataGranularity: string
    readonly symbol: string
  }
  readonly timestamp?: readonly number[]
  readonly indicators: {
    readonly quote: readonly Record<string, readonly (number | null)[]>[]
    readonly adjclose?: readonly { adjclose: readonly (number | null)[] }[]
  }
}

const chartOf = (entry: Recording): Chart | undefined =>
  (jsonOf(entry) as { chart: { result: Chart[] | null } }).chart.result?.[0]

/** The date of an instant on the wall clock of a zone, at 00:00 UTC; late evening belongs to the next day. */
function label(seconds: number, zone: string, isLive: boolean): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  }).formatToParts(seconds * 1000 + (isLive ? 0 : 2 * 3_600_000))
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? ''
  return Date.UTC(Number(of('year')), Number(of('month')) - 1, Number(of('day')))
}

/** Bars that a chart holds, computed the plain way: opening -> [open, high, low, close, volume]. */
function barsOfChart(one: Case): Map<number, (number | null)[]> {
  const chart = chartOf(one.entry)
  const quote = chart?.indicators.quote[0] ?? {}
  const bars = new Map<number, (number | null)[]>()
  for (const [i, seconds] of (chart?.timestamp ?? []).entries()) {
    const row = ['open', 'high', 'low', 'close', 'volume'].map((name) => quote[name]?.[i] ?? null)
    const isLive = seconds === chart?.meta.regularMarketTime && i === (chart.timestamp?.length ?? 0) - 1
    const isLong = ['1d', '1w', '1mo'].includes(one.interval)
    let openMs = isLong ? label(seconds, (chart as Chart).meta.exchangeTimezoneName, isLive) : seconds * 1000
    if (one.interval === '1mo') openMs = Date.UTC(new Date(openMs).getUTCFullYear(), new Date(openMs).getUTCMonth(), 1)
    if (!isLong && isLive) continue
    if (row.slice(0, 4).every((value) => value === null)) continue
    bars.set(openMs, row)
  }
  return bars
}

function barsOfKlines(one: Case): Map<number, (number | null)[]> {
  const rows = jsonOf(one.entry) as readonly (readonly [number, ...string[]])[]
  return new Map(rows.map((row) => [row[0], row.slice(1, 6).map(Number)]))
}

const LENGTH: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '5m': 300_000,
  '1h': 3_600_000,
  '1d': DAY,
  '1mo': 28 * DAY,
}

function caseOf(entry: Recording): Case | null {
  const url = new URL(entry.url ?? 'http://none')
  const date = entry.headers['date']
  if (entry.provider === 'binance-spot') {
    const rows = jsonOf(entry)
    const isList = Array.isArray(rows)
    const first = isList ? (rows[0]?.[0] ?? Date.UTC(2024, 0, 1)) : Date.UTC(2024, 0, 1)
    const last = isList ? (rows.at(-1)?.[0] ?? first) : first
    const interval = url.searchParams.get('interval') ?? ''
    const endMs = last + (LENGTH[interval] ?? 0)
    return {
      entry,
      provider: 'binance',
      symbol: url.searchParams.get('symbol') ?? '',
      interval,
      startMs: first,
      endMs,
      nowMs: endMs + 5 * DAY,
    }
  }
  const chart = chartOf(entry)
  if (chart === undefined) return null
  const interval = OURS[chart.meta.dataGranularity] ?? chart.meta.dataGranularity
  const nowMs = date === undefined ? chart.meta.regularMarketTime * 1000 + DAY : Date.parse(date)
  const seconds = (name: string): number => Number(url.searchParams.get(name) ?? Number.NaN)
  const first = (chart.timestamp?.[0] ?? 0) * 1000
  const startMs = Number.isFinite(seconds('period1')) ? seconds('period1') * 1000 : Math.floor(first / DAY) * DAY
  const endMs = Number.isFinite(seconds('period2')) ? seconds('period2') * 1000 : nowMs
  return { entry, provider: 'yahoo', symbol: chart.meta.symbol, interval, startMs, endMs, nowMs }
}

const isBars = (entry: Recording): boolean => entry.api === 'v8/chart' || entry.api === '/api/v3/klines'
const SERVED = ['1s', '1m', '5m', '15m', '30m', '1h', '1d', '1w', '1mo']
const CASES: readonly Case[] = recordings((entry) => isBars(entry) && (entry.case === 'normal' || entry.case === 'odd'))
  .map(caseOf)
  .filter((one) => one !== null)
  .filter((one) => SERVED.includes(one.interval) && !/MUV2|notimestamp/.test(one.entry.file))

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

function clientAt(nowMs: number): DataClient {
  return createDataClient({
    storage: createMemoryStorage(),
    providers: [binance(), yahoo()],
    runtime: { now: () => nowMs, sleep: () => Promise.resolve(), random: () => 0.5 },
  })
}

/** A bar is forming while its end lies in the future; the session of a US day ends at 21:00 or 20:00 UTC. */
function isForming(one: Case, openMs: number): boolean {
  if (one.interval === '1mo')
    return Date.UTC(new Date(openMs).getUTCFullYear(), new Date(openMs).getUTCMonth() + 1, 1) > one.nowMs
  if (one.interval === '1d' && one.provider === 'yahoo')
    return openMs + (one.symbol.includes('=X') ? DAY : 21 * 3_600_000) > one.nowMs
  return openMs + (LENGTH[one.interval] as number) > one.nowMs
}

describe.skipIf(!HAVE_RECORDINGS)('recorded bars', () => {
  test.each(CASES.map((one) => [one.entry.file, one] as const))('%s comes out bit for bit', async (_file, one) => {
    server.use(http.get('*', () => responseOf(one.entry)))
    const client = clientAt(one.nowMs)
    const query = {
      symbol: one.symbol,
      interval: one.interval as '1d',
      provider: one.provider,
      start: new Date(one.startMs),
      end: new Date(one.endMs),
    }
    const table = await client.load(query)
    const source = one.provider === 'yahoo' ? barsOfChart(one) : barsOfKlines(one)
    const expected = [...source]
      .filter(([ms]) => ms >= one.startMs && ms < one.endMs && !isForming(one, ms))
      .toSorted((a, b) => a[0] - b[0])
    const { timestampMs, open, high, low, close, volume } = columnsOf(table)
    expect([...timestampMs]).toEqual(expected.map(([ms]) => ms))
    const rows = [...timestampMs.keys()].map((i) => [open, high, low, close, volume].map((column) => column?.[i]))
    expect(rows).toEqual(expected.map(([, row]) => row.map((value) => value ?? Number.NaN)))
    const proof = coverageOf(table)
    const again = coverageOf(await client.load(query))
    expect([again.version, again.hash]).toEqual([proof.version, proof.hash])
  })

  test('a month with rows of nulls is kept, its null rows are provisional', async () => {
    const one = CASES.find(({ entry }) => entry.file.includes('INR=X')) as Case
    server.use(http.get('*', () => responseOf(one.entry)))
    const events: number[] = []
    const client = clientAt(Date.UTC(2017, 6, 20))
    client.on('page', (event) => events.push(event.nullRows))
    const table = await client.load({
      symbol: 'INR=X',
      interval: '1d',
      provider: 'yahoo',
      start: '2017-07-10',
      end: '2017-07-14',
    })
    expect(table.numRows).toBe(3)
    expect(events).toEqual([1])
    expect(coverageOf(table).records.filter((record) => record.state === 'partial')).toMatchObject([
      { reason: 'null-row' },
    ])
  })
})

describe.skipIf(!HAVE_RECORDINGS)('recorded answers without bars', () => {
  const find = (part: string): Recording => recordings((entry) => entry.file.includes(part))[0] as Recording
  const NOW = Date.UTC(2025, 1, 20)

  test('a weekend of minutes is covered and empty', async () => {
    server.use(http.get('*', () => responseOf(find('chart_AAPL_1m_weekend_EMPTY'))))
    const table = await clientAt(NOW).load({
      symbol: 'AAPL',
      interval: '1m',
      provider: 'yahoo',
      start: '2025-02-01',
      end: '2025-02-02',
    })
    expect(table.numRows).toBe(0)
    expect(coverageOf(table)).toMatchObject({ missing: [], records: [{ state: 'empty', reason: 'holiday' }] })
  })

  test('a window of Binance without bars is covered and empty', async () => {
    server.use(http.get('*', () => responseOf(find('klines_future_window_empty'))))
    const table = await clientAt(NOW).load({
      symbol: 'BTCUSDT',
      interval: '1d',
      start: '2015-01-01',
      end: '2015-01-03',
    })
    expect(coverageOf(table)).toMatchObject({ records: [{ state: 'empty', reason: 'provider-missing' }] })
  })

  test('a chart whose lists do not belong together is refused', async () => {
    server.use(http.get('*', () => responseOf(find('chart_notimestamp'))))
    const load = clientAt(NOW).load({
      symbol: 'AAPL',
      interval: '1d',
      provider: 'yahoo',
      start: '2020-01-01',
      end: '2020-01-03',
    })
    await expect(load).rejects.toMatchObject({ code: 'provider/response' })
  })

  test('a chart with closes only has no bars: its rows are kept aside', async () => {
    const entry = find('chart_MUV2.DE')
    server.use(http.get('*', () => responseOf(entry)))
    const stamps = (chartOf(entry) as Chart).timestamp as readonly number[]
    const client = clientAt(Date.UTC(2026, 0, 1))
    const query = {
      symbol: 'MUV2.DE',
      interval: '1d',
      provider: 'yahoo',
      start: new Date((stamps[0] as number) * 1000 - DAY),
      end: '2026-01-01',
    } as const
    await expect(client.load(query)).rejects.toMatchObject({ code: 'data/invalid' })
    await expect(client.load(query)).rejects.toMatchObject({ code: 'data/invalid' })
    expect((await client.rejects(query)).numRows).toBe(stamps.length - 1)
    expect((await client.read(query)).numRows).toBe(0)
  })

  test.each([
    ['chart_error_not_found', 'yahoo', 'provider/not-found', false],
    ['chart_error_422', 'yahoo', 'provider/unsupported', false],
    ['error_-1121', 'binance', 'provider/not-found', false],
    ['error_429_-1003', 'binance', 'provider/rate-limited', true],
  ] as const)('%s is %s %s', async (part, provider, code, retryable) => {
    server.use(http.get('*', () => responseOf(find(part))))
    const client = clientAt(NOW)
    const query = {
      symbol: 'NOSUCH',
      interval: '1m',
      provider,
      start: '2025-02-19',
      end: '2025-02-20',
      assetClass: 'crypto',
    } as const
    await expect(client.load(query)).rejects.toMatchObject({ code, retryable, symbol: 'NOSUCH' })
    await expect(client.read(query)).rejects.toMatchObject({ code: 'config/not-loaded' })
  })
})
