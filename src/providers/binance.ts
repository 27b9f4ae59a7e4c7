/**
 * Binance spot: bars and aggregated trades. Keyless.
 * Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api (klines, aggTrades, limits, errors).
 * Where api.binance.com is not reachable (status 451), use `baseUrl: 'https://data-api.binance.vision'`.
 * @module
 */
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { Endpoint } from './binance-endpoint.ts'
import { type KlineCursor, classifyBinance, klinePage, klineQuery } from './binance-klines.ts'
import { floatColumn, integerColumn, listAt, malformed, textColumn, timeColumn } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  defineHttpProvider,
} from './http/define.ts'
import { scanKlines } from './kline-scan.ts'

const ROWS = 1000
/** Rows of a page that a limit may have cut: the one asked for, and the default that serves where ours is ignored. */
const CUT_AT: ReadonlySet<number> = new Set([ROWS, 500])

/** What Binance spot can do. */
export const BINANCE: ProviderCapabilities = {
  schemas: ['ohlcv', 'trades'],
  assetClasses: ['crypto'],
  intervals: {
    '1s': '1s',
    '1m': '1m',
    '3m': '3m',
    '5m': '5m',
    '15m': '15m',
    '30m': '30m',
    '1h': '1h',
    '2h': '2h',
    '4h': '4h',
    '6h': '6h',
    '8h': '8h',
    '12h': '12h',
    '1d': '1d',
    '3d': '3d',
    '1w': '1w',
    '1mo': '1M',
  },
  rowsPerRequest: ROWS,
  rateLimits: [
    { weight: 6000, perMs: 60_000 },
    { weight: 61_000, perMs: 300_000 },
  ],
  requestWeight: 2,
  keys: [],
  metered: false,
  finalityLagMs: 60_000,
  // A minute without trades comes as a flat bar; only outages of the exchange leave holes.
  barsWithoutTrades: 'emitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'utc',
  columns: ['trade_count', 'quote_volume', 'taker_buy_volume'],
  verified: 'bars, pages, limits and trades seen in recordings; error bodies documented',
}

type Context = PageContext<KlineCursor, HttpProviderOptions>

interface AggTrade {
  readonly a: number
  readonly p: string
  readonly q: string
  readonly T: number
  /** Was the buyer the maker? Then the seller took. */
  readonly m: boolean
}

/** Trades of one instant may be split over two pages, so a full page proves only what lies before its last instant. */
function tradePage(body: unknown, { range, cursor }: Context): PageAnswer<KlineCursor> {
  const all = listAt(body, 'answer') as readonly AggTrade[]
  const full = all.length >= ROWS
  const startMs = cursor?.startMs ?? range.startMs
  const last = all.at(-1)
  const done = last === undefined || !full || last.T >= range.endMs
  const endMs = done ? range.endMs : last.T
  const rows = all.filter((trade) => trade.T >= startMs && trade.T < endMs)
  const columns: PageColumns = {
    timestamp: timeColumn(rows.length, (i) => rows[i]?.T),
    price: floatColumn(rows.length, (i) => rows[i]?.p),
    size: floatColumn(rows.length, (i) => rows[i]?.q),
    side: textColumn(rows.length, (i) => (rows[i]?.m === true ? 'sell' : 'buy')),
    trade_id: integerColumn(rows.length, (i) => rows[i]?.a),
  }
  const proven = { startMs, endMs: Math.max(startMs, endMs) }
  if (done) return { columns, proven }
  const fromId = all[rows.length === 0 ? all.length - 1 : all.findIndex((trade) => trade.T === endMs)]?.a as number
  if (rows.length === 0 && fromId === cursor?.fromId) throw malformed('answer', last.T, 'fewer trades of one instant')
  return { columns, proven, next: { startMs: proven.endMs, fromId } }
}

const ENDPOINTS: Readonly<Partial<Record<Context['series']['schema'], Endpoint>>> = {
  ohlcv: {
    toRequest: (context) => ({
      url: `${context.baseUrl}/api/v3/klines?${klineQuery(context, ROWS).toString()}`,
      as: 'json',
      scan: scanKlines,
      weight: 2,
    }),
    toPage: (body, context) => klinePage(body, context, CUT_AT),
  },
  trades: {
    toRequest({ baseUrl, symbol, range, cursor }) {
      const from =
        cursor?.fromId === undefined ? { startTime: String(range.startMs) } : { fromId: String(cursor.fromId) }
      return {
        url: `${baseUrl}/api/v3/aggTrades?${new URLSearchParams({ symbol, ...from, limit: String(ROWS) })}`,
        as: 'json',
        weight: 4,
      }
    },
    toPage: tradePage,
  },
}

/** Binance spot. Keyless; symbols are the exchange's own, such as `BTCUSDT`. */
export const binance: HttpProviderFactory = defineHttpProvider<KlineCursor>({
  name: 'binance',
  capabilities: BINANCE,
  baseUrl: 'https://api.binance.com',
  toRequest: (context) => (ENDPOINTS[context.series.schema] as Endpoint).toRequest(context),
  toPage: (body, context) => (ENDPOINTS[context.series.schema] as Endpoint).toPage(body, context),
  classify: classifyBinance,
})
