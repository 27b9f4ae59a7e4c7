import { describe, expect, it } from 'vitest'
import { binanceFutures } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, at, range, rowsOf } from './asking.ts'

recordedAnswers(
  'binance-usdm',
  () => binanceFutures(),
  {
    'klines_BTCUSDT_1d_first_116.json': {
      symbol: 'BTCUSDT',
      interval: '1d',
      asked: ['2019-01-01', '2020-01-02'],
      rows: 116,
      first: {
        time: '2019-09-08T00:00:00.000Z',
        open: 10_000,
        volume: 3096.291,
        trade_count: 3754,
        quote_volume: 32096280.44997,
      },
      last: { time: '2020-01-01T00:00:00.000Z', close: 7197.57 },
    },
    // The recording was asked in seconds, and the server sent its latest 500 bars: 12 of them lie in the hour that was meant.
    'klines_LTCUSDT_5m_500.json': {
      symbol: 'LTCUSDT',
      interval: '5m',
      asked: ['2020-10-16T02:45Z', '2020-10-16T03:45Z'],
      rows: 12,
    },
    'klines_LTCUSDT_5m_500.json#asked for another year': {
      symbol: 'LTCUSDT',
      interval: '5m',
      asked: ['2019-10-16T02:45Z', '2019-10-16T03:45Z'],
      code: 'provider/units',
    },
    'fundingRate_BTCUSDT_100.json': {
      schema: 'funding',
      symbol: 'BTCUSDT',
      asked: ['2020-09-15', '2020-10-18T00:01Z'],
      rows: 100,
      first: { time: '2020-09-15T00:00:00.000Z', rate: -0.0002227 },
      last: { time: '2020-10-18T00:00:00.000Z', rate: 0.0001 },
    },
    'fundingRate_bad_ns_times_null.json': {
      schema: 'funding',
      symbol: 'BTCUSDT',
      asked: ['2020-10-14', '2020-10-16'],
      rows: 0,
    },
    'openInterestHist_LTCUSDT_1d.json': {
      schema: 'open-interest',
      symbol: 'LTCUSDT',
      interval: '1d',
      asked: ['2020-10-07', '2020-10-17'],
      rows: 10,
      first: { time: '2020-10-07T00:00:00.000Z', open_interest: 286060.674, open_interest_value: 13151177.5449312 },
      last: { open_interest: 378181.602 },
    },
    'globalLongShortAccountRatio_BTCUSDT_4h.json': {
      schema: 'long-short-ratio',
      symbol: 'BTCUSDT',
      interval: '4h',
      asked: ['2020-10-11T08:00Z', '2020-10-16T08:00Z'],
      rows: 30,
      first: { time: '2020-10-11T08:00:00.000Z', ratio: 1.3781, long_share: 0.5795, short_share: 0.4205 },
    },
    'takerlongshortRatio_BTCUSDT_5m.json': {
      provider: binanceFutures({ ratio: 'taker' }),
      schema: 'long-short-ratio',
      symbol: 'BTCUSDT',
      interval: '5m',
      asked: ['2020-11-17T01:10Z', '2020-11-17T02:00Z'],
      rows: 10,
      first: { time: '2020-11-17T01:10:00.000Z', ratio: 1.2946, buy_volume: 280.863, sell_volume: 216.95 },
    },
    'error_-1130_startTime_30d.json': {
      schema: 'open-interest',
      symbol: 'BTCUSDT',
      interval: '1d',
      asked: ['2026-01-01', '2026-01-10'],
      code: 'provider/unsupported',
    },
  },
  ['exchangeInfo_usdm.json', 'premiumIndex_BTCUSDT.json'],
)

describe('funding', () => {
  it('is rounded to the minute, and pages go on after the last instant', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      fundingTime: at('2024-01-01') + i * 3_600_000 + (i % 7),
      fundingRate: '0.0001',
      markPrice: i % 2 === 0 ? '' : '42000.5',
    }))
    const wanted = range('2024-01-01', '2024-03-01')
    const { pages, urls } = await ask(binanceFutures(), { schema: 'funding', symbol: 'BTCUSDT' }, wanted, (url) =>
      Response.json(Number(url.searchParams.get('startTime')) === wanted.startMs ? rows : []),
    )
    const got = rowsOf(pages[0]!)
    expect(got.every(({ time }) => at(String(time)) % 60_000 === 0)).toBe(true)
    expect(got.slice(0, 2)).toMatchObject([{ mark_price: null }, { mark_price: 42000.5 }])
    expect(Number(urls[1]!.searchParams.get('startTime'))).toBe(rows.at(-1)!.fundingTime + 1)
    expect(pages.at(-1)!.proven.endMs).toBe(wanted.endMs)
  })
})

describe('statistics', () => {
  const wanted = range('2026-01-01', '2026-03-01')
  it('are asked in windows of 500, and only as far back as the vendor keeps them', async () => {
    const nowMs = at('2026-03-01T12:00Z')
    const { pages, urls } = await ask(
      binanceFutures(),
      { schema: 'open-interest', symbol: 'BTCUSDT', interval: '1h' },
      wanted,
      () => Response.json([]),
      nowMs,
    )
    const windows = urls.map(
      ({ searchParams }) => [Number(searchParams.get('startTime')), Number(searchParams.get('endTime'))] as const,
    )
    expect(nowMs - windows[0]![0]).toBeLessThanOrEqual(30 * 86_400_000)
    expect(windows.map(([start, end]) => (end - start + 1) / 3_600_000)).toEqual([500, expect.any(Number)])
    expect(pages[0]!.proven.startMs).toBe(windows[0]![0])
    expect(pages.at(-1)!.proven.endMs).toBe(wanted.endMs)
  })

  it('are refused in lengths that do not exist', async () => {
    const asking = ask(binanceFutures(), { schema: 'open-interest', symbol: 'BTCUSDT', interval: '1w' }, wanted, () =>
      Response.json([]),
    )
    await expect(asking).rejects.toMatchObject({ code: 'provider/unsupported', field: 'interval' })
  })

  it('of each kind are a source of their own', () => {
    expect(binanceFutures().name).toBe('binance-futures')
    expect(binanceFutures({ ratio: 'top-positions' }).name).toBe('binance-futures-top-positions')
    expect(() => binanceFutures({ ratio: 'all' as never })).toThrow(
      expect.objectContaining({ code: 'config/option', field: 'ratio' }),
    )
  })
})
