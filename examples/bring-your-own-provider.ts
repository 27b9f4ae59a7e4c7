/**
 * A source of one's own: a table of what it can do, and two pure functions. Paging, limits, retries and redaction come with it.
 * Here the "vendor" is Binance's public API, asked for the bars of a day and longer only.
 */
import { createDataClient, formatTable } from 'marketlake'
import { barPage, defineHttpProvider } from 'marketlake/providers'

/** `[open ms, open, high, low, close, volume, close ms, …]`; prices are decimal texts. */
type Kline = readonly [number, string, string, string, string, string, ...unknown[]]

const mine = defineHttpProvider({
  name: 'mine',
  capabilities: {
    schemas: ['ohlcv'],
    assetClasses: ['crypto'],
    intervals: { '1d': '1d', '1w': '1w' },
    rowsPerRequest: 1000,
    rateLimits: [],
    keys: [],
    metered: false,
    finalityLagMs: 0,
    barsWithoutTrades: 'emitted',
    basis: { intraday: 'raw', daily: 'raw' },
    anchor: 'clock',
    dayBoundary: 'utc',
    columns: [],
    verified: 'example',
  },
  baseUrl: 'https://data-api.binance.vision',
  toRequest: ({ baseUrl, symbol, vendorInterval, range }) => ({
    url: `${baseUrl}/api/v3/klines?symbol=${symbol}&interval=${vendorInterval}&startTime=${range.startMs}&endTime=${range.endMs - 1}&limit=1000`,
    as: 'json',
  }),
  toPage: (body, { range }) => ({
    columns: barPage(
      (body as Kline[]).map(([timestamp, open, high, low, close, volume]) => ({
        timestamp,
        open: Number(open),
        high: Number(high),
        low: Number(low),
        close: Number(close),
        volume: Number(volume),
      })),
    ),
    // A request never spans more rows than the vendor answers, so an answer proves all of it.
    proven: range,
  }),
})

const client = createDataClient({ providers: [mine()] })
console.log(
  formatTable(await client.get({ symbol: 'BTCUSDT', interval: '1d', start: '2024-01-01', end: '2024-02-01' }), {
    limit: 4,
  }),
)
await client.close()
