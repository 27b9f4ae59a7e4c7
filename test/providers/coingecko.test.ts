import { describe, expect, it } from 'vitest'
import { coingecko } from '../../src/providers/index.ts'
import { recordedAnswers } from './recorded.ts'
import { ask, at, range, rowsOf } from './asking.ts'

recordedAnswers(
  'coingecko',
  () => coingecko(),
  {
    'ohlc_days7_usd.json': {
      symbol: 'BTC-USD',
      interval: '4h',
      asked: ['2021-05-08T16:00Z', '2021-05-15T16:00Z'],
      now: '2021-05-15T15:34:27Z',
      rows: 42,
      first: { time: '2021-05-08T16:00:00.000Z', open: 57945.79, close: 59122.18, volume: null },
      last: { time: '2021-05-15T12:00:00.000Z', close: 49675.91 },
      provenEnd: '2021-05-15T15:34:27Z',
    },
    // Seven days reach to the afternoon of the 8th; what lies before is not proven.
    'ohlc_days7_usd.json#asked for more than it reaches': {
      provider: coingecko(),
      symbol: 'BTC-USD',
      interval: '4h',
      asked: ['2021-05-10T00:00Z', '2021-05-12T00:00Z'],
      now: '2021-05-15T15:34:27Z',
      rows: 12,
      first: { time: '2021-05-10T00:00:00.000Z' },
    },
    'market_chart_days90_daily.json': {
      schema: 'values',
      symbol: 'BTC-USD',
      asked: ['2021-02-15', '2021-05-16'],
      now: '2021-05-15T14:42:26Z',
      rows: 90,
      first: { time: '2021-02-15T00:00:00.000Z', value: 48607.8745224845 },
      last: { time: '2021-05-15T00:00:00.000Z' },
      provenEnd: '2021-05-15T14:42:26Z',
    },
    'market_chart_days1_5min.json': {
      schema: 'values',
      symbol: 'BTC-USD',
      asked: ['2021-05-14', '2021-05-16'],
      now: '2021-05-15T14:42:25Z',
      code: 'provider/response',
    },
    'error_coin_not_found_404.json': {
      symbol: 'BTC-USD',
      interval: '4h',
      asked: ['2026-01-01', '2026-01-02'],
      code: 'provider/not-found',
    },
    'error_missing_vs_currency_422.json': {
      schema: 'values',
      symbol: 'BTC-USD',
      asked: ['2026-01-01', '2026-01-02'],
      code: 'provider/unsupported',
    },
    'ohlc_missing_params_500.json': {
      symbol: 'BTC-USD',
      interval: '4h',
      asked: ['2026-01-01', '2026-01-02'],
      code: 'provider/unavailable',
    },
  },
  [
    'coin_history_ETH_2024-01-01.json',
    'markets_bitcoin.json',
    'markets_page_past_end_empty.json',
    'simple_price_unknown_currency.json',
  ],
)

const bars = { schema: 'ohlcv', symbol: 'BTC-USD', interval: '4h' } as const
const nowMs = at('2026-01-20T12:00Z')

describe('requests', () => {
  it('reach back as few days as the vendor has', async () => {
    const daysOf = async (start: string) =>
      (
        await ask(coingecko(), bars, range(start, '2026-01-20'), () => Response.json([]), nowMs)
      ).urls[0]!.searchParams.get('days')
    expect([await daysOf('2026-01-19'), await daysOf('2026-01-10'), await daysOf('2025-12-25')]).toEqual([
      '7',
      '14',
      '30',
    ])
  })

  it('prove nothing before the days that an answer holds', async () => {
    const { pages } = await ask(coingecko(), bars, range('2025-11-01', '2026-01-20'), () => Response.json([]), nowMs)
    expect(pages[0]!.proven).toEqual({ startMs: nowMs - 30 * 86_400_000, endMs: at('2026-01-20') })
  })

  it('name coins by id, their own first', async () => {
    const { urls } = await ask(
      coingecko({ ids: { WIF: 'dogwifcoin' } }),
      { ...bars, symbol: 'WIF-EUR' },
      range('2026-01-19', '2026-01-20'),
      () => Response.json([]),
      nowMs,
    )
    expect(urls[0]!.pathname + urls[0]!.search).toBe('/api/v3/coins/dogwifcoin/ohlc?vs_currency=eur&days=7')
    await expect(
      ask(
        coingecko(),
        { ...bars, symbol: 'WIF-EUR' },
        range('2026-01-19', '2026-01-20'),
        () => Response.json([]),
        nowMs,
      ),
    ).rejects.toMatchObject({ code: 'provider/not-found', field: 'ids' })
  })

  it('carry the key to the host that it belongs to', async () => {
    const free = await ask(
      coingecko({ apiKey: 'SENTINEL' }),
      bars,
      range('2026-01-19', '2026-01-20'),
      () => Response.json([]),
      nowMs,
    )
    expect([free.urls[0]!.host, free.headers[0]!.get('x-cg-demo-api-key')]).toEqual(['api.coingecko.com', 'SENTINEL'])
    const paid = await ask(
      coingecko({ apiKey: 'SENTINEL', paid: true }),
      { ...bars, interval: '1d' },
      range('2026-01-01', '2026-01-20'),
      () => Response.json([]),
      nowMs,
    )
    expect([
      paid.urls[0]!.host,
      paid.headers[0]!.get('x-cg-pro-api-key'),
      paid.urls[0]!.searchParams.get('interval'),
    ]).toEqual(['pro-api.coingecko.com', 'SENTINEL', 'daily'])
  })
})

describe('bars', () => {
  it('stand under their opening, and of another length are refused', async () => {
    const close = at('2026-01-19T08:00Z')
    const { pages } = await ask(
      coingecko(),
      bars,
      range('2026-01-19', '2026-01-20'),
      () => Response.json([[close, 1, 2, 0.5, 1.5]]),
      nowMs,
    )
    expect(rowsOf(pages[0]!)).toEqual([
      { time: '2026-01-19T04:00:00.000Z', open: 1, high: 2, low: 0.5, close: 1.5, volume: null },
    ])
    const halves = Array.from({ length: 6 }, (_, i) => [close + i * 1_800_000, 1, 2, 0.5, 1.5])
    await expect(
      ask(coingecko(), bars, range('2026-01-19', '2026-01-20'), () => Response.json(halves), nowMs),
    ).rejects.toMatchObject({ code: 'provider/response' })
  })
})

describe('refusals', () => {
  const status = (error_code: number, error_message: string) => ({ status: { error_code, error_message } })
  it.each([
    [401, { error: status(10012, 'Your request exceeds the allowed time range.') }, 'provider/unsupported'],
    [401, { error: status(10002, 'API Key Missing') }, 'provider/unauthorized'],
    [400, status(10010, 'If you are using Pro API key'), 'provider/unauthorized'],
    [429, status(429, "You've exceeded the Rate Limit."), 'provider/rate-limited'],
    [200, { error: 'something' }, 'provider/response'],
  ])('status %i %j', async (code, body, expected) => {
    await expect(
      ask(coingecko(), bars, range('2026-01-19', '2026-01-20'), () => Response.json(body, { status: code }), nowMs),
    ).rejects.toMatchObject({ code: expected })
  })
})
