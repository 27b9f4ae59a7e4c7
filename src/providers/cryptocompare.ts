/**
 * CryptoCompare: bars of crypto pairs over all exchanges it indexes. A free key raises the limits.
 * Source: https://min-api.cryptocompare.com/documentation?key=Historical and, for the newer interface,
 * https://developers.coindesk.com/documentation/data-api/index_cc_v1_historical_days
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { type Interval, INTERVALS, barOpen, ceilOpen } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import { DAY_MS } from '../contract/time.ts'
import { classifyCryptoCompare, firstTradeMs } from './cryptocompare-errors.ts'
import { columnsOf, isBlank, rowsOf } from './cryptocompare-rows.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { pairOf, pairOfJoined, symbolOfPair } from './symbols.ts'

const ROWS = 2000

/** What CryptoCompare can do. */
export const CRYPTOCOMPARE: ProviderCapabilities = {
  schemas: ['ohlcv'],
  assetClasses: ['crypto'],
  intervals: { '1m': 'minute', '1h': 'hour', '1d': 'day' },
  rowsPerRequest: ROWS,
  historyMs: { '1m': 7 * DAY_MS - 3_600_000 },
  rateLimits: [
    { weight: 20, perMs: 1000 },
    { weight: 300, perMs: 60_000 },
    { weight: 3000, perMs: 3_600_000 },
  ],
  keys: [['CRYPTOCOMPARE_API_KEY']],
  metered: false,
  finalityLagMs: 300_000,
  barsWithoutTrades: 'emitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'utc',
  columns: ['quote_volume'],
  verified: 'bars of both interfaces and the end of history seen in recordings; errors quoted',
}

/** The next page ends before this instant: pages go backwards. */
type Cursor = { readonly endMs: number }
type Context = PageContext<Cursor, HttpProviderOptions>

/** `BTC-USD` -> `BTC/USD`. */
function vendorSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair === null ? symbol : `${pair.base}/${pair.quote}`
}

function canonicalSymbol(vendor: string): string {
  const pair = pairOf(vendor) ?? pairOfJoined(vendor, 'crypto')
  return pair === null ? vendor : symbolOfPair(pair)
}

/** The openings that one request asks for: the last ones of what is left. */
function windowOf({ range, cursor, series }: Context): { firstMs: number; lastMs: number; limit: number } {
  const interval = series.interval as Interval
  const endMs = Math.min(cursor?.endMs ?? range.endMs, range.endMs)
  const lastMs = barOpen(interval, endMs - 1)
  const slots = Math.floor((lastMs - ceilOpen(interval, range.startMs)) / INTERVALS[interval].ms) + 1
  // The vendor sends one row more than the limit, which is at least one.
  const limit = Math.max(1, Math.min(ROWS, slots - 1))
  return { firstMs: lastMs - limit * INTERVALS[interval].ms, lastMs, limit }
}

function toRequest(context: Context): PageRequest {
  const [fsym, tsym] = context.symbol.split('/')
  if (tsym === undefined) {
    const message = `${context.symbol} is no pair: write the quote too, such as ${context.symbol}-USD`
    throw new ProviderError('provider/not-found', message, { symbol: context.series.symbol })
  }
  const { lastMs, limit } = windowOf(context)
  const query = new URLSearchParams({ fsym: fsym as string, tsym, limit: String(limit), toTs: String(lastMs / 1000) })
  const { apiKey } = context.keys
  return {
    url: `${context.baseUrl}/data/v2/histo${context.vendorInterval}?${query}`,
    headers: apiKey === undefined ? {} : { authorization: `Apikey ${apiKey}` },
    as: 'json',
  }
}

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const { range, series, cursor } = context
  const endMs = cursor?.endMs ?? range.endMs
  const firstKnown = firstTradeMs(body)
  if (firstKnown !== null) {
    return { columns: columnsOf([]), proven: { startMs: range.startMs, endMs }, historyStartMs: firstKnown }
  }
  const all = rowsOf(body)
  const times = columnsOf(all).timestamp as Float64Array
  refuseFarTimes(times, range, series.interval)
  const { firstMs } = windowOf(context)
  // The least that can be asked for is two rows, of which the first may lie before the range.
  const isExtra = (ms: number): boolean => ms >= firstMs && ms < range.startMs
  const rows = all.filter((row, i) => !isBlank(row) && !isExtra(times[i] as number))
  const startMs = Math.max(range.startMs, firstMs)
  const isOver = startMs === range.startMs || (all.length > 0 && all.every(isBlank))
  const proven = { startMs: isOver ? range.startMs : startMs, endMs }
  return { columns: columnsOf(rows), proven, next: isOver ? undefined : { endMs: startMs } }
}

/** CryptoCompare. Pairs such as `BTC-USD` and `BTCUSDT`; the key is optional. */
export const cryptocompare: HttpProviderFactory = defineHttpProvider<Cursor>({
  name: 'cryptocompare',
  capabilities: CRYPTOCOMPARE,
  keysOptional: true,
  baseUrl: 'https://min-api.cryptocompare.com',
  toRequest,
  toPage,
  classify: classifyCryptoCompare,
  vendorSymbol,
  canonicalSymbol,
})
