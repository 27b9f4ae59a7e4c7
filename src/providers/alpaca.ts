/**
 * Alpaca: bars and trades of US shares, and bars of coins. Needs a key and its secret.
 * Source: https://docs.alpaca.markets/reference/stockbars, /stocktrades, /cryptobars
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { floatColumn, integerColumn, listAt, malformed, objectAt, textColumn, timeColumn } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { pairOf, symbolOfPair } from './symbols.ts'
import { zoneClock } from './zone.ts'

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
    '1h': '1Hour',
    '2h': '2Hour',
    '4h': '4Hour',
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
  verified: 'bars, pages, empty answers and trades seen in recordings; errors quoted',
}

type Cursor = { readonly token: string; readonly startMs: EpochMs }
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

/** End of what the plan shows now. */
function visibleEndMs({ symbol, range, nowMs, options }: Context): EpochMs {
  const delayMs = symbol.includes('/') ? 0 : (options.delayMs ?? FREE_DELAY_MS)
  return delayMs === 0 ? range.endMs : Math.min(range.endMs, nowMs - delayMs - DELAY_MARGIN_MS)
}

function toRequest(context: Context): PageRequest {
  const { baseUrl, symbol, series, vendorInterval, range, cursor, keys, options } = context
  const isCrypto = symbol.includes('/')
  const isTrades = series.schema === 'trades'
  // Both ends are inclusive.
  const endMs = Math.max(visibleEndMs(context) - 1, range.startMs)
  const query = new URLSearchParams({
    symbols: symbol,
    ...(isTrades ? {} : { timeframe: vendorInterval }),
    start: new Date(range.startMs).toISOString(),
    end: new Date(endMs).toISOString(),
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

type Row = Readonly<Record<string, unknown>>

/** Rows of the symbol: a page may hold none of it while another follows. */
function rowsOf(list: unknown, symbol: string): readonly Row[] {
  if (list === null || list === undefined) return []
  if (Array.isArray(list)) return list.map((row, i) => objectAt(row, `[${i}]`))
  const lists = objectAt(list, 'answer')
  if (!Object.hasOwn(lists, symbol)) return []
  return listAt(lists[symbol], symbol).map((row, i) => objectAt(row, `${symbol}[${i}]`))
}

const NEW_YORK = 'America/New_York'

function barColumns(rows: readonly Row[], interval: Interval, isCrypto: boolean): PageColumns {
  const stamps = timeColumn(rows.length, (i) => Date.parse(String(rows[i]?.['t'])))
  const offsets =
    isLabelled(interval) && !isCrypto ? zoneClock(NEW_YORK).offsetsMs(stamps) : new Float64Array(stamps.length)
  const column = (name: string) => floatColumn(rows.length, (i) => rows[i]?.[name])
  return {
    timestamp: isLabelled(interval) ? stamps.map((ms, i) => barOpen(interval, ms + (offsets[i] as number))) : stamps,
    open: column('o'),
    high: column('h'),
    low: column('l'),
    close: column('c'),
    volume: column('v'),
    trade_count: column('n'),
    vwap: column('vw'),
  }
}

/** Nanoseconds of `2018-06-04T19:18:17.439212345Z`. */
function nanosOf(text: unknown, path: string): bigint {
  const match = typeof text === 'string' ? /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(text) : null
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}Z`)
  if (match === null || Number.isNaN(ms)) throw malformed(path, text, 'a time')
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

function tradeColumns(rows: readonly Row[]): PageColumns {
  return {
    timestamp: BigInt64Array.from(rows, (row, i) => nanosOf(row['t'], `[${i}].t`)),
    price: floatColumn(rows.length, (i) => rows[i]?.['p']),
    size: floatColumn(rows.length, (i) => rows[i]?.['s']),
    trade_id: integerColumn(rows.length, (i) => rows[i]?.['i']),
    condition: textColumn(rows.length, (i) => {
      const codes = rows[i]?.['c']
      return Array.isArray(codes) ? codes.join(',') : null
    }),
  }
}

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const { series, symbol, range, cursor } = context
  const answer = objectAt(body, 'answer')
  const isTrades = series.schema === 'trades'
  const name = isTrades ? 'trades' : 'bars'
  if (!Object.hasOwn(answer, name)) throw malformed(name, undefined, 'a list a symbol')
  const rows = rowsOf(answer[name], symbol)
  const token = answer['next_page_token']
  const isCrypto = symbol.includes('/')
  const columns = isTrades ? tradeColumns(rows) : barColumns(rows, series.interval as Interval, isCrypto)
  const startMs = cursor?.startMs ?? range.startMs
  const endMs = Math.max(startMs, visibleEndMs(context))
  const listed = isCrypto ? {} : { historyStartMs: HISTORY_START_MS }
  if (typeof token !== 'string' || token === '') return { columns, proven: { startMs, endMs }, ...listed }
  const last = columns.timestamp.at(-1)
  const reachedMs =
    last === undefined
      ? startMs
      : isTrades
        ? Number((last as bigint) / 1_000_000n)
        : nextOpen(series.interval as Interval, last as number)
  const provenEndMs = Math.min(endMs, Math.max(startMs, reachedMs))
  return { columns, proven: { startMs, endMs: provenEndMs }, next: { token, startMs: provenEndMs }, ...listed }
}

function classify(response: HttpResponse): Error | null {
  const said = vendorText(response.body)
  if (/invalid symbol/i.test(said)) return vendorError('provider/not-found', response, said)
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
