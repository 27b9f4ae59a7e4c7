/**
 * Binance spot: bars and aggregated trades. Keyless.
 * Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api (klines, aggTrades, limits, errors).
 * Where api.binance.com is not reachable (status 451), use `baseUrl: 'https://data-api.binance.vision'`.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, ceilOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { floatColumn, integerColumn, listAt, malformed, textColumn, timeColumn } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { type ProviderCode, classifyByStatus, vendorError } from './http/status.ts'

/** `[open time ms, open, high, low, close, volume, close time ms, quote volume, trades, taker buy base, taker buy quote, '0']`. */
type Kline = readonly [number, ...unknown[]]

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

/** Where the next page starts: at an opening, or at a trade. */
interface Cursor {
  readonly startMs: number
  readonly fromId?: number
}

type Context = PageContext<Cursor, HttpProviderOptions>

/** Columns of klines; the same rows come from REST, futures and the archive. */
export function klineColumns(rows: readonly Kline[]): PageColumns {
  const at =
    (index: number) =>
    (row: number): unknown =>
      (rows[row] as Kline)[index]
  return {
    timestamp: timeColumn(rows.length, at(0)),
    open: floatColumn(rows.length, at(1)),
    high: floatColumn(rows.length, at(2)),
    low: floatColumn(rows.length, at(3)),
    close: floatColumn(rows.length, at(4)),
    volume: floatColumn(rows.length, at(5)),
    quote_volume: floatColumn(rows.length, at(7)),
    trade_count: floatColumn(rows.length, at(8)),
    taker_buy_volume: floatColumn(rows.length, at(9)),
  }
}

/** Rows of a page of klines. @throws {ProviderError} `provider/response` */
export function klineRows(body: unknown): readonly Kline[] {
  const rows = listAt(body, 'answer')
  for (let i = 0; i < rows.length; i++) if (!Array.isArray(rows[i])) throw malformed(`[${i}]`, rows[i], 'a kline')
  return rows as readonly Kline[]
}

/**
 * The page of these klines. Both ends of the vendor's window are inclusive on the opening time;
 * a page that a row limit cut proves only up to the opening after its last row.
 */
export function klinePage(
  body: unknown,
  context: PageContext<Cursor, HttpProviderOptions>,
  cutAt: ReadonlySet<number>,
): PageAnswer<Cursor> {
  const rows = klineRows(body)
  const { range, cursor } = context
  const startMs = cursor?.startMs ?? range.startMs
  const columns = klineColumns(rows)
  const nextMs =
    rows.length === 0 ? range.endMs : ceilOpen(context.series.interval as Interval, (rows.at(-1) as Kline)[0] + 1)
  if (!cutAt.has(rows.length) || nextMs >= range.endMs) return { columns, proven: { startMs, endMs: range.endMs } }
  return { columns, proven: { startMs, endMs: Math.max(startMs, nextMs) }, next: { startMs: nextMs } }
}

interface AggTrade {
  readonly a: number
  readonly p: string
  readonly q: string
  readonly T: number
  /** Was the buyer the maker? Then the seller took. */
  readonly m: boolean
}

/** Trades of one instant may be split over two pages, so a full page proves only what lies before its last instant. */
function tradePage(body: unknown, { range, cursor }: Context): PageAnswer<Cursor> {
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

/** What one schema needs. */
interface Endpoint {
  toRequest(context: Context): PageRequest
  toPage(body: unknown, context: Context): PageAnswer<Cursor>
}

const ENDPOINTS: Readonly<Partial<Record<Context['series']['schema'], Endpoint>>> = {
  ohlcv: {
    toRequest({ baseUrl, symbol, vendorInterval, range, cursor }) {
      const query = new URLSearchParams({
        symbol,
        interval: vendorInterval,
        startTime: String(cursor?.startMs ?? range.startMs),
        endTime: String(range.endMs - 1),
        limit: String(ROWS),
      })
      return { url: `${baseUrl}/api/v3/klines?${query}`, as: 'json', weight: 2 }
    },
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

/** Source: https://github.com/binance/binance-spot-api-docs/blob/master/errors.md. */
const CODES: Readonly<Record<number, ProviderCode>> = {
  [-1000]: 'provider/unavailable',
  [-1001]: 'provider/unavailable',
  [-1003]: 'provider/rate-limited',
  [-1007]: 'provider/timeout',
  [-1016]: 'provider/unavailable',
  [-1100]: 'provider/not-found',
  [-1120]: 'provider/unsupported',
  [-1121]: 'provider/not-found',
  [-1122]: 'provider/not-found',
  [-1130]: 'provider/unsupported',
}

/** Reads the errors of every Binance interface: `{ code, msg }` with a status of 4xx. */
export function classifyBinance(response: HttpResponse): Error | null {
  const { body } = response
  const code = typeof body === 'object' && body !== null && 'code' in body ? CODES[Number(body.code)] : undefined
  return code === undefined ? classifyByStatus(response) : vendorError(code, response)
}

/** Binance spot. Keyless; symbols are the exchange's own, such as `BTCUSDT`. */
export const binance: HttpProviderFactory = defineHttpProvider<Cursor>({
  name: 'binance',
  capabilities: BINANCE,
  baseUrl: 'https://api.binance.com',
  toRequest: (context) => (ENDPOINTS[context.series.schema] as Endpoint).toRequest(context),
  toPage: (body, context) => (ENDPOINTS[context.series.schema] as Endpoint).toPage(body, context),
  classify: classifyBinance,
})
