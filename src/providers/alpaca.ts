/**
 * Alpaca: bars and trades of US shares and of coins. Needs a key and its secret; its terms allow own use only. Prices
 * are raw.
 * Source: https://docs.alpaca.markets/reference/stockbars, /stocktrades, /cryptobars, /cryptotrades
 * @module
 */
import { type Interval, nextOpen } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import {
  ALPACA_HISTORY_START_MS,
  type AlpacaOptions,
  alpacaHeaders,
  sourceOfFeed,
  visibleEndMs,
} from './alpaca-account.ts'
import { classifyAlpaca } from './alpaca-errors.ts'
import { ALPACA_QUESTION } from './alpaca-known.ts'
import { barColumns, rowsOf } from './alpaca-rows.ts'
import { alpacaSymbol, refuseUnserved, symbolOfAlpaca } from './alpaca-symbols.ts'
import { tradeColumns, tradesUntilBorder } from './alpaca-trades.ts'
import { type Row, malformed, objectAt } from './answer.ts'
import type { HttpProviderFactory, HttpProviderSpec, PageAnswer, PageContext, PageRequest } from './http/define.ts'
import { defineConfirmingProvider } from './known-symbol.ts'

export type { AlpacaFeed, AlpacaOptions } from './alpaca-account.ts'

const ROWS = 10_000

/** What a free account can do. */
export const ALPACA: ProviderCapabilities = {
  schemas: ['ohlcv', 'trades'],
  assetClasses: ['equity', 'etf', 'crypto'],
  intervals: {
    '1m': '1Min',
    '3m': '3Min',
    '5m': '5Min',
    '15m': '15Min',
    '30m': '30Min',
    // Longer intraday bars follow midnight in New York, not UTC.
    '1h': '1Hour',
    '1d': '1Day',
    '1w': '1Week',
    '1mo': '1Month',
  },
  rowsPerRequest: ROWS,
  rateLimits: [{ weight: 200, perMs: 60_000 }],
  keys: [
    ['ALPACA_API_KEY', 'APCA_API_KEY_ID'],
    ['ALPACA_SECRET_KEY', 'APCA_API_SECRET_KEY'],
  ],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'session',
  columns: ['trade_count', 'vwap'],
  probe: { symbol: 'AAPL', interval: '1d' },
  verified:
    'bars, pages, empty answers and trades of shares seen in recordings; errors quoted; days of coins and weeks not verified; where it sends no row it is asked for the newest day of the symbol: a share without any is unknown, of a coin without any nothing is proven',
}

interface Cursor {
  readonly token: string
  readonly startMs: EpochMs
  /** Trades of the last millisecond of the page before: others of it may follow. */
  readonly held?: readonly Row[]
}
type Context = PageContext<Cursor, AlpacaOptions>

function toRequest(context: Context): PageRequest {
  const { baseUrl, symbol, series, vendorInterval, range, cursor, keys, options } = context
  refuseUnserved(series.symbol)
  const isCrypto = symbol.includes('/')
  const isTrades = series.schema === 'trades'
  // Both ends are inclusive; trades count nanoseconds. Where the plan hides all of the range, the time before is asked for.
  const lastMs = visibleEndMs(context) - 1
  const query = new URLSearchParams({
    symbols: symbol,
    ...(isTrades ? {} : { timeframe: vendorInterval }),
    start: new Date(Math.min(range.startMs, lastMs)).toISOString(),
    end: new Date(lastMs).toISOString().replace('Z', isTrades ? '999999Z' : 'Z'),
    limit: String(ROWS),
    ...(isCrypto ? {} : { feed: options.feed ?? 'sip' }),
    ...(isCrypto || isTrades ? {} : { adjustment: 'raw' }),
    sort: 'asc',
    ...(cursor === undefined ? {} : { page_token: cursor.token }),
  })
  const place = isCrypto ? 'v1beta3/crypto/us' : 'v2/stocks'
  return {
    url: `${baseUrl}/${place}/${isTrades ? 'trades' : 'bars'}?${query}`,
    headers: alpacaHeaders(keys),
    as: 'json',
  }
}

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const { series, symbol, range, cursor } = context
  const answer = objectAt(body, 'answer')
  const name = series.schema === 'trades' ? 'trades' : 'bars'
  if (!Object.hasOwn(answer, name)) throw malformed(name, undefined, 'a list a symbol')
  const rows = [...(cursor?.held ?? []), ...rowsOf(answer[name], symbol)]
  const token = answer['next_page_token']
  const isLast = typeof token !== 'string' || token === ''
  const startMs = cursor?.startMs ?? range.startMs
  const endMs = Math.max(startMs, visibleEndMs(context))
  const listed = symbol.includes('/') ? {} : { historyStartMs: ALPACA_HISTORY_START_MS }
  const until = (reachedMs: EpochMs): EpochMs => (isLast ? endMs : Math.min(endMs, Math.max(startMs, reachedMs)))
  if (series.schema === 'trades') {
    const { whole, held, reachedMs } = tradesUntilBorder(rows, startMs)
    const proven = { startMs, endMs: until(reachedMs) }
    if (isLast) return { columns: tradeColumns(rows), proven, ...listed }
    return { columns: tradeColumns(whole), proven, next: { token, startMs: proven.endMs, held }, ...listed }
  }
  const interval = series.interval as Interval
  const columns = barColumns(rows, interval)
  const last = columns.timestamp.at(-1) as number | undefined
  const proven = { startMs, endMs: until(last === undefined ? startMs : nextOpen(interval, last)) }
  return { columns, proven, next: isLast ? undefined : { token, startMs: proven.endMs }, ...listed }
}

const SPEC: HttpProviderSpec<Cursor, AlpacaOptions> = {
  name: 'alpaca',
  nameFor: ({ feed = 'sip' }) => sourceOfFeed(feed),
  optionNames: ['feed', 'delayMs'],
  capabilities: ALPACA,
  baseUrl: 'https://data.alpaca.markets',
  toRequest,
  toPage,
  classify: classifyAlpaca,
  vendorSymbol: alpacaSymbol,
  canonicalSymbol: symbolOfAlpaca,
}

/** Alpaca. Needs `apiKey` and `secretKey`. */
export const alpaca: HttpProviderFactory<AlpacaOptions> = defineConfirmingProvider(SPEC, ALPACA_QUESTION)
