/**
 * Alpaca: bars and trades of US shares and of coins. Needs a key and its secret; its terms allow own use only. Prices
 * are raw.
 * Source: https://docs.alpaca.markets/reference/stockbars, /stocktrades, /cryptobars, /cryptotrades
 * @module
 */
import { ConfigError, ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { tradeColumns, tradesUntilBorder } from './alpaca-trades.ts'
import { floatColumn, listAt, malformed, objectAt } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { requireUsListing } from './listings.ts'
import { instantMs } from './stamps.ts'
import { pairOf, symbolOfPair } from './symbols.ts'

/** Where prices come from; each is a source of its own. */
export type AlpacaFeed = 'sip' | 'iex' | 'otc' | 'boats'

/** Options of {@link alpaca}. */
export interface AlpacaOptions extends HttpProviderOptions {
  /** `sip` is the whole market; `iex` holds two or three percent of its volume. @default 'sip' */
  readonly feed?: AlpacaFeed
  /** Milliseconds that the plan holds prices of shares back. @default 900000, as free plans do */
  readonly delayMs?: number
}

const ROWS = 10_000
const FEEDS: readonly AlpacaFeed[] = ['sip', 'iex', 'otc', 'boats']
const FREE_DELAY_MS = 15 * 60_000
// The border moves while a request is on its way.
const DELAY_MARGIN_MS = 30_000
const HISTORY_START_MS: EpochMs = Date.UTC(2016, 0, 1)

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
    'bars, pages, empty answers and trades of shares seen in recordings; errors quoted; days of coins and weeks not verified',
}

type Row = Readonly<Record<string, unknown>>

interface Cursor {
  readonly token: string
  readonly startMs: EpochMs
  /** Trades of the last millisecond of the page before: others of it may follow. */
  readonly held?: readonly Row[]
}
type Context = PageContext<Cursor, AlpacaOptions>

/** `BTC-USD` -> `BTC/USD`; shares are the same. */
function vendorSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair?.kind === 'crypto' ? `${pair.base}/${pair.quote}` : symbol
}

function canonicalSymbol(vendor: string): string {
  const pair = vendor.includes('/') ? pairOf(vendor) : null
  return pair === null ? vendor : symbolOfPair(pair)
}

/** Refuses what the vendor would answer with nothing. */
function refuseUnknown(symbol: string): void {
  requireUsListing(symbol)
  if (pairOf(symbol)?.kind !== 'forex' && !symbol.endsWith('=F') && !symbol.startsWith('^')) return
  const message = `has shares of the United States and coins, and ${symbol} is neither`
  throw new ProviderError('provider/unsupported', message, { field: 'symbol', value: symbol })
}

/** End of what the plan shows now. */
function visibleEndMs({ symbol, range, nowMs, options }: Context): EpochMs {
  const delayMs = symbol.includes('/') ? 0 : (options.delayMs ?? FREE_DELAY_MS)
  return delayMs === 0 ? range.endMs : Math.min(range.endMs, nowMs - delayMs - DELAY_MARGIN_MS)
}

function toRequest(context: Context): PageRequest {
  const { baseUrl, symbol, series, vendorInterval, range, cursor, keys, options } = context
  refuseUnknown(series.symbol)
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
    headers: { 'apca-api-key-id': keys['apiKey'] as string, 'apca-api-secret-key': keys['secretKey'] as string },
    as: 'json',
  }
}

/** Rows of the symbol: a page may hold none of it while another follows. */
function rowsOf(list: unknown, symbol: string): readonly Row[] {
  if (list === null || list === undefined) return []
  if (Array.isArray(list)) return list.map((row, i) => objectAt(row, `[${i}]`))
  const lists = objectAt(list, 'answer')
  if (!Object.hasOwn(lists, symbol)) return []
  return listAt(lists[symbol], symbol).map((row, i) => objectAt(row, `${symbol}[${i}]`))
}

/** Days begin at midnight in New York, or for coins in Chicago: a few hours into their UTC date. */
function barColumns(rows: readonly Row[], interval: Interval): PageColumns {
  const column = (name: string) => floatColumn(rows.length, (i) => rows[i]?.[name])
  const stamps = Float64Array.from(rows, ({ t }, i) => instantMs(t, `[${i}].t`))
  return {
    timestamp: isLabelled(interval) ? stamps.map((ms) => barOpen(interval, ms)) : stamps,
    open: column('o'),
    high: column('h'),
    low: column('l'),
    close: column('c'),
    volume: column('v'),
    trade_count: column('n'),
    vwap: column('vw'),
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
  const listed = symbol.includes('/') ? {} : { historyStartMs: HISTORY_START_MS }
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

function classify(response: HttpResponse): Error | null {
  const said = vendorText(response.body)
  if (/invalid symbol/i.test(said)) return vendorError('provider/not-found', response, said)
  // A wrong key is forbidden too, in one word.
  if (response.status === 403 && /^(forbidden\.?|request is not authorized)?$/i.test(said))
    return vendorError('provider/unauthorized', response, said)
  return classifyByStatus(response)
}

function nameFor({ feed = 'sip' }: AlpacaOptions): string {
  if (!FEEDS.includes(feed)) {
    throw new ConfigError('config/option', `feed: ${JSON.stringify(feed)} is none of ${FEEDS.join(' ')}`, {
      field: 'feed',
      value: feed,
    })
  }
  return feed === 'sip' ? 'alpaca' : `alpaca-${feed}`
}

/** Alpaca. Needs `apiKey` and `secretKey`. */
export const alpaca: HttpProviderFactory<AlpacaOptions> = defineHttpProvider<Cursor, AlpacaOptions>({
  name: 'alpaca',
  nameFor,
  optionNames: ['feed', 'delayMs'],
  capabilities: ALPACA,
  baseUrl: 'https://data.alpaca.markets',
  toRequest,
  toPage,
  classify,
  vendorSymbol,
  canonicalSymbol,
})
