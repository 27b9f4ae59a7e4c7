/** Models of the vendors: how they read requests and write answers. */
import type { ModelBar, ModelQuery, VendorAnswer, VendorModel } from '../../src/testkit/index.ts'
import { alphavantage, binance, binanceArchive, binanceFutures, coingecko, cryptocompare, yahoo } from '../../src/providers/index.ts'
import { at, range } from './asking.ts'

const SECRET = 'SENTINEL-9f2c'
const text = (value: number | null): string | null => (value === null ? null : String(value))

const klines = (bars: readonly ModelBar[]): unknown[] =>
  bars.map(({ timeMs, open, high, low, close, volume }) => [
    timeMs,
    text(open),
    text(high),
    text(low),
    text(close),
    text(volume),
    timeMs + 59_999,
    '1',
    5,
    '1',
    '1',
    '0',
  ])

export const binanceModel = (): VendorModel => ({
  provider: binance(),
  symbol: 'BTCUSDT',
  interval: '1m',
  range: range('2024-01-01T00:00Z', '2024-01-01T02:00Z'),
  read: ({ searchParams }): ModelQuery => ({
    startMs: Number(searchParams.get('startTime')),
    endMs: Number(searchParams.get('endTime')) + 1,
    limit: Number(searchParams.get('limit') ?? 500),
  }),
  write: (bars): VendorAnswer => ({ body: klines(bars) }),
  failures: {
    'not-found': { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } },
    unsupported: { status: 400, body: { code: -1120, msg: 'Invalid interval.' } },
    'rate-limited': {
      status: 429,
      headers: { 'retry-after': '1' },
      body: { code: -1003, msg: 'Too much request weight used.' },
    },
    forbidden: { status: 451, body: { code: 0, msg: 'Service unavailable from a restricted location' } },
  },
  symbols: ['BTCUSDT', 'ETHBTC'],
})

const chart = (
  bars: readonly ModelBar[],
  stampOf: (ms: number) => number,
  granularity: string,
  zone: string,
): unknown => {
  const list = (name: keyof ModelBar): unknown[] => bars.map((bar) => bar[name])
  const quote =
    bars.length === 0
      ? {}
      : { open: list('open'), high: list('high'), low: list('low'), close: list('close'), volume: list('volume') }
  return {
    chart: {
      error: null,
      result: [
        {
          meta: { dataGranularity: granularity, exchangeTimezoneName: zone },
          ...(bars.length === 0 ? {} : { timestamp: bars.map(({ timeMs }) => stampOf(timeMs) / 1000) }),
          indicators: { quote: [quote] },
        },
      ],
    },
  }
}

const YAHOO_FAILURES: VendorModel['failures'] = {
  'not-found': {
    status: 404,
    body: {
      chart: { result: null, error: { code: 'Not Found', description: 'No data found, symbol may be delisted' } },
    },
  },
  unauthorized: {
    status: 401,
    body: { finance: { result: null, error: { code: 'Unauthorized', description: 'Invalid Crumb' } } },
  },
  unsupported: {
    status: 422,
    body: {
      chart: {
        result: null,
        error: { code: 'Unprocessable Entity', description: 'The requested range must be within the last 60 days.' },
      },
    },
  },
  'rate-limited': { status: 429, body: 'Too Many Requests' },
}

/** Yahoo counts in seconds, its end is exclusive, and it hands over the stamp of the session's opening. */
export const yahooMinutes = (): VendorModel => ({
  provider: yahoo(),
  symbol: 'BTC-USD',
  interval: '5m',
  range: range('2024-01-01T00:00Z', '2024-01-01T02:00Z'),
  read: ({ searchParams }) => ({
    startMs: Number(searchParams.get('period1')) * 1000,
    endMs: Number(searchParams.get('period2')) * 1000,
  }),
  write: (bars) => ({ body: chart(bars, (ms) => ms, '5m', 'UTC') }),
  failures: YAHOO_FAILURES,
  sendsNulls: true,
  symbols: ['AAPL', ['BRK.B', 'BRK-B'], 'VOD.L', '7203.T', '^GSPC', 'EURUSD=X', 'ES=F', 'BTC-USD'],
})

/** Days of an exchange that opens on the UTC day before its date. */
export const yahooDays = (): VendorModel => {
  const stampOf = (ms: number): number => ms - 3_600_000
  return {
    ...yahooMinutes(),
    symbol: 'BHP.AX',
    interval: '1d',
    range: range('2024-01-01', '2024-01-20'),
    read: ({ searchParams }) => ({
      startMs: Number(searchParams.get('period1')) * 1000 + 3_600_000,
      endMs: Number(searchParams.get('period2')) * 1000 + 3_600_000,
    }),
    write: (bars) => ({ body: chart(bars, stampOf, '1d', 'Australia/Sydney') }),
  }
}

export const binanceFuturesModel = (): VendorModel => ({ ...binanceModel(), provider: binanceFutures() })

/** A short range of the archive is the exchange's own interface. */
export const binanceArchiveModel = (): VendorModel => ({ ...binanceModel(), provider: binanceArchive() })

/** One row more than the limit, the last of them at `toTs`; seconds. */
export const cryptocompareModel = (): VendorModel => ({
  provider: cryptocompare({ apiKey: SECRET }),
  symbol: 'BTC-USD',
  interval: '1d',
  range: range('2020-01-01', '2020-03-01'),
  read: ({ searchParams }) => {
    const [limit, toMs] = [Number(searchParams.get('limit')), Number(searchParams.get('toTs')) * 1000]
    return { startMs: toMs - limit * 86_400_000, endMs: toMs + 1, keeps: 'last' }
  },
  write: (bars) => ({
    body: {
      Response: 'Success',
      Data: {
        Aggregated: false,
        Data: bars.map(({ timeMs, open, high, low, close, volume }) => ({
          time: timeMs / 1000,
          open,
          high,
          low,
          close,
          volumefrom: volume,
          volumeto: 1,
        })),
      },
    },
  }),
  failures: {
    'not-found': { body: { Response: 'Error', Message: 'There is no data for the symbol X .', Data: {} } },
    unauthorized: {
      body: { Response: 'Error', Message: 'You need a valid auth key or api key to access this endpoint', Data: {} },
    },
    'rate-limited': {
      body: { Response: 'Error', Message: 'You are over your rate limit please upgrade your account!', Type: 99 },
    },
    unsupported: {
      body: { Response: 'Error', Message: 'histominute data is only available for the last 7 days', Data: {} },
    },
  },
  sendsNulls: true,
  symbols: ['BTC-USD', ['BTCUSDT', 'BTC/USDT'], ['ETH-EUR', 'ETH/EUR']],
  secret: SECRET,
})

/** Bars by their close, back from now. */
export const coingeckoModel = (): VendorModel => ({
  provider: coingecko({ apiKey: SECRET }),
  symbol: 'BTC-USD',
  interval: '4h',
  range: range('2026-01-10', '2026-01-15'),
  nowMs: at('2026-01-20T01:00Z'),
  read: ({ searchParams }) => ({
    startMs: at('2026-01-20T01:00Z') - Number(searchParams.get('days')) * 86_400_000,
    endMs: at('2026-01-20T01:00Z'),
  }),
  write: (bars) => ({
    body: bars.map(({ timeMs, open, high, low, close }) => [timeMs + 14_400_000, open, high, low, close]),
  }),
  failures: {
    'not-found': { status: 404, body: { error: 'coin not found' } },
    unauthorized: { status: 401, body: { error: { status: { error_code: 10002, error_message: 'API Key Missing' } } } },
    unsupported: {
      status: 401,
      body: { error: { status: { error_code: 10012, error_message: 'Your request exceeds the allowed time range.' } } },
    },
    'rate-limited': {
      status: 429,
      body: { status: { error_code: 429, error_message: "You've exceeded the Rate Limit." } },
    },
  },
  sendsNulls: true,
  symbols: [
    ['BTC-USD', 'bitcoin+usd'],
    ['ETH-EUR', 'ethereum+eur'],
    ['BTCUSDT', 'bitcoin+usdt'],
  ],
  secret: SECRET,
})

/** Whole months of New York minutes, newest first, numbers as text; errors under status 200. */
export const alphavantageModel = (): VendorModel => {
  const aheadMs = 5 * 3_600_000
  const wall = (ms: number): string => new Date(ms - aheadMs).toISOString().slice(0, 19).replace('T', ' ')
  return {
    provider: alphavantage({ apiKey: SECRET }),
    symbol: 'AAPL',
    interval: '5m',
    range: range('2024-01-08T14:30Z', '2024-01-08T21:00Z'),
    // Regular hours of two weeks of winter.
    openings: ({ startMs, endMs }) => {
      const out: number[] = []
      for (let ms = Math.ceil(startMs / 300_000) * 300_000; ms < endMs; ms += 300_000) {
        const minute = (ms / 60_000) % 1440
        if (minute >= 870 && minute < 1260 && ![0, 6].includes(new Date(ms).getUTCDay())) out.push(ms)
      }
      return out
    },
    read: ({ searchParams }) => {
      const [year, month] = String(searchParams.get('month')).split('-').map(Number) as [number, number]
      return { startMs: Date.UTC(year, month - 1, 1) + aheadMs, endMs: Date.UTC(year, month, 1) + aheadMs }
    },
    write: (bars) => ({
      body: {
        'Meta Data': { '2. Symbol': 'AAPL', '3. Last Refreshed': '2024-01-31 19:55:00', '6. Time Zone': 'US/Eastern' },
        'Time Series (5min)': Object.fromEntries(
          bars.toReversed().map(({ timeMs, open, high, low, close, volume }) => [
            wall(timeMs),
            {
              '1. open': text(open),
              '2. high': text(high),
              '3. low': text(low),
              '4. close': text(close),
              '5. volume': text(volume),
            },
          ]),
        ),
      },
    }),
    failures: {
      'not-found': { body: { 'Error Message': 'Invalid API call. Please retry or visit the documentation.' } },
      unauthorized: { body: { 'Error Message': 'the parameter apikey is invalid or missing.' } },
      'rate-limited': { body: { Information: 'Please consider spreading out your requests: 1 request per second.' } },
      quota: { body: { Information: 'our standard API rate limit is 25 requests per day.' } },
      forbidden: { body: { Information: 'Thank you! This is a premium endpoint.' } },
    },
    symbols: ['AAPL', ['EURUSD=X', 'EUR/USD'], ['BTC-USD', 'BTC/USD:crypto']],
    secret: SECRET,
  }
}

export { SECRET, at }
