/**
 * Stooq: daily, weekly and monthly bars of shares, indices, currencies and futures, adjusted for splits and
 * dividends. Keyless within a daily limit; beyond it, or in some places always, it asks for a key. Its terms allow
 * personal use.
 * Source: the download link of https://stooq.com/q/d/?s=aapl.us, for which there is no documentation.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, barOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { barPage, floatColumn, malformed } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { classifyByStatus, vendorError } from './http/status.ts'
import { listingOf } from './listings.ts'
import { dateMs, dayText } from './stamps.ts'
import { fromClassSeparator, namesOf, pairOf, pairOfJoined, symbolOfPair, withClassSeparator } from './symbols.ts'

/** What Stooq can do. */
export const STOOQ: ProviderCapabilities = {
  schemas: ['ohlcv'],
  assetClasses: ['equity', 'etf', 'index', 'forex', 'future'],
  intervals: { '1d': 'd', '1w': 'w', '1mo': 'm' },
  rowsPerRequest: 30_000,
  rateLimits: [{ weight: 1, perMs: 1000 }],
  keys: [['STOOQ_API_KEY']],
  metered: false,
  finalityLagMs: 86_400_000,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'all', daily: 'all' },
  anchor: 'session',
  dayBoundary: 'session',
  columns: [],
  probe: { symbol: 'AAPL', interval: '1d' },
  verified: 'daily bars seen in recordings; texts of refusals quoted; weeks, months and limits not verified',
}

/** After an answer without data: is the symbol known at all? */
type Cursor = 'is known'
type Context = PageContext<Cursor, HttpProviderOptions>

const INDICES = namesOf({
  '^GSPC': '^spx',
  '^DJI': '^dji',
  '^IXIC': '^ndq',
  '^NDX': '^ndx',
  '^RUT': '^rut',
  '^VIX': '^vix',
  '^FTSE': '^ukx',
  '^GDAXI': '^dax',
  '^N225': '^nkx',
  '^FCHI': '^cac',
  '^HSI': '^hsi',
})

/** Suffix of a listing -> Stooq's; a symbol without suffix is American. */
const MARKETS = namesOf({ '': 'us', L: 'uk', DE: 'de', T: 'jp', WA: 'pl', HK: 'hk', BD: 'hu' })

/** `AAPL` -> `aapl.us`, `BRK.B` -> `brk-b.us`, `VOD.L` -> `vod.uk`, `^GSPC` -> `^spx`, `EURUSD=X` -> `eurusd`, `ES=F` -> `es.f`. */
function vendorSymbol(symbol: string): string {
  if (symbol.startsWith('^')) return INDICES.toVendor(symbol) ?? symbol.toLowerCase()
  const pair = pairOf(symbol)
  if (pair !== null) return `${pair.base}${pair.quote}`.toLowerCase()
  if (symbol.endsWith('=F')) return `${symbol.slice(0, -2).toLowerCase()}.f`
  const { name, suffix } = listingOf(symbol)
  const market = MARKETS.toVendor(suffix)
  // Letters that are not in the table stay large: `SAP.F` is a share in Frankfurt, `sap.f` would be a future.
  return market === undefined ? symbol : `${withClassSeparator(name, '-').toLowerCase()}.${market}`
}

function canonicalSymbol(vendor: string): string {
  if (vendor.startsWith('^')) return INDICES.toCanonical(vendor) ?? vendor.toUpperCase()
  if (vendor !== vendor.toLowerCase()) return vendor
  const dot = vendor.lastIndexOf('.')
  const name = (dot < 0 ? vendor : vendor.slice(0, dot)).toUpperCase()
  if (dot < 0) {
    const pair = pairOfJoined(name, 'forex')
    return pair === null ? name : symbolOfPair(pair)
  }
  const market = vendor.slice(dot + 1)
  if (market === 'f') return `${name}=F`
  const suffix = MARKETS.toCanonical(market)
  const plain = fromClassSeparator(name, '-')
  return suffix === undefined ? vendor.toUpperCase() : suffix === '' ? plain : `${plain}.${suffix}`
}

/** Refuses what has no name at the vendor: it would be answered with nothing, or be another instrument. */
function refuseNameless(symbol: string, vendor: string): void {
  const isCoin = pairOf(symbol)?.kind === 'crypto'
  if (!isCoin && vendor === vendor.toLowerCase()) return
  const markets = ['L', 'DE', 'T', 'WA', 'HK', 'BD'].map((suffix) => `.${suffix}`).join(' ')
  const message = isCoin
    ? `has no pairs of coins: ${symbol} is one`
    : `has shares of the United States and of ${markets}, and ${symbol} is listed elsewhere`
  throw new ProviderError('provider/unsupported', message, { field: 'symbol', value: symbol })
}

function toRequest({ baseUrl, symbol, series, vendorInterval, range, keys, cursor }: Context): PageRequest {
  refuseNameless(series.symbol, symbol)
  const { apiKey } = keys
  // The key goes nowhere but into the address.
  const key: Record<string, string> = apiKey === undefined ? {} : { apikey: apiKey }
  if (cursor !== undefined) {
    const query = new URLSearchParams({ s: symbol, f: 'sd2t2ohlcv', e: 'csv', ...key })
    return { url: `${baseUrl}/q/l/?${query}&h`, as: 'text' }
  }
  // Both ends are inclusive.
  const [d1, d2] = [range.startMs, range.endMs - 1].map((ms) => dayText(ms).replaceAll('-', '')) as [string, string]
  const query = new URLSearchParams({ s: symbol, i: vendorInterval, d1, d2, ...key })
  return { url: `${baseUrl}/q/d/l/?${query}`, as: 'text' }
}

const HEADER = ['Date', 'Open', 'High', 'Low', 'Close', 'Volume']
const ROW = /^\d{4}-\d{2}-\d{2}(,|$)/

/** Cells by line. The header may be missing, since the order is always the same; currencies have no volume. */
function linesOf(body: unknown): readonly (readonly string[])[] {
  if (typeof body !== 'string') throw malformed('answer', body, 'lines of text')
  const lines = body.split(/\r?\n/)
  const rest = lines.pop()
  if (lines.length === 0) throw malformed('answer', rest, 'lines that begin with a date')
  const names = lines[0]?.startsWith('Date,') === true ? (lines.shift() as string).split(',') : undefined
  if (names?.every((name, i) => name === HEADER[i]) === false) throw malformed('line 1', names, HEADER.join())
  const odd = lines.findIndex((line) => !ROW.test(line))
  if (odd >= 0) throw malformed(`line ${odd + 1}`, lines[odd], 'a date and four prices')
  const rows = lines.map((line) => line.split(','))
  const width = names?.length ?? rows[0]?.length ?? 0
  const cut = rows.findIndex((cells) => cells.length !== width)
  // Every line ends with a break, so without one the last number may lack its last digits.
  if (rest !== '' || cut >= 0 || width < 5)
    throw new ProviderError('provider/truncated', 'the answer broke off in a line')
  return rows
}

/** No data in the window, for a symbol that the vendor knows or not: it does not say. */
function emptyPage(body: string, { range, cursor }: Context): PageAnswer<Cursor> {
  const columns = barPage([])
  if (cursor === undefined) {
    return { columns, proven: { startMs: range.startMs, endMs: range.startMs }, next: 'is known' }
  }
  if (UNKNOWN.test(body)) throw new ProviderError('provider/not-found', 'does not know this symbol')
  return { columns, proven: range }
}

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  if (typeof body === 'string' && (context.cursor !== undefined || NO_DATA.test(body))) return emptyPage(body, context)
  const rows = linesOf(body)
  const interval = context.series.interval as Interval
  const column = (cell: number) => floatColumn(rows.length, (i) => rows[i]?.[cell])
  const columns: PageColumns = {
    // Weeks and months are stamped by their last session.
    timestamp: Float64Array.from(rows, ([date], i) => barOpen(interval, dateMs(date, `line ${i + 1}`))),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  }
  return { columns, proven: context.range }
}

const NO_DATA = /^\s*No data\s*$/i
/** The latest quote of a symbol that does not exist: `NOPE.US,N/D,N/D,N/D,N/D,N/D,N/D,N/D`. */
const UNKNOWN = /^[^,\n]+,N\/D,N\/D,N\/D,N\/D/m

/** Every refusal comes as text with status 200. */
function classify(response: HttpResponse): Error | null {
  const { body } = response
  if (typeof body === 'string') {
    if (/exceeded the daily hits limit/i.test(body))
      return vendorError('provider/quota', response, 'Exceeded the daily hits limit')
    if (/get your apikey|get_apikey/i.test(body))
      return vendorError('provider/unauthorized', response, 'Get your apikey')
    if (response.status === 200 && body.trim() === '') return vendorError('provider/response', response, 'nothing')
  }
  return classifyByStatus(response)
}

/** Stooq. The key is optional. */
export const stooq: HttpProviderFactory = defineHttpProvider<Cursor>({
  name: 'stooq',
  capabilities: STOOQ,
  keysOptional: true,
  baseUrl: 'https://stooq.com',
  toRequest,
  toPage,
  classify,
  vendorSymbol,
  canonicalSymbol,
})
