/**
 * Stooq: daily, weekly and monthly bars of shares, indices, currencies and futures, adjusted for splits and
 * dividends. Keyless within a daily limit; beyond it, or in some places always, it asks for a key.
 * Source: the download link of https://stooq.com/q/d/?s=aapl.us, for which there is no documentation.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, barOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { EpochMs } from '../contract/time.ts'
import { floatColumn, malformed } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { classifyByStatus, vendorError } from './http/status.ts'
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
  verified: 'daily bars seen in recordings; texts of refusals quoted',
}

type Context = PageContext<never, HttpProviderOptions>

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

/** `AAPL` -> `aapl.us`, `VOD.L` -> `vod.uk`, `^GSPC` -> `^spx`, `EURUSD=X` -> `eurusd`, `ES=F` -> `es.f`. */
function vendorSymbol(symbol: string): string {
  if (symbol.startsWith('^')) return INDICES.toVendor(symbol) ?? symbol.toLowerCase()
  const pair = pairOf(symbol)
  if (pair !== null) return `${pair.base}${pair.quote}`.toLowerCase()
  if (symbol.endsWith('=F')) return `${symbol.slice(0, -2).toLowerCase()}.f`
  const plain = withClassSeparator(symbol, '-')
  const [name, suffix] = plain.includes('.')
    ? [plain.slice(0, plain.lastIndexOf('.')), plain.slice(plain.lastIndexOf('.') + 1)]
    : [plain, '']
  const market = MARKETS.toVendor(suffix)
  return market === undefined ? symbol.toLowerCase() : `${name.toLowerCase()}.${market}`
}

function canonicalSymbol(vendor: string): string {
  if (vendor.startsWith('^')) return INDICES.toCanonical(vendor) ?? vendor.toUpperCase()
  const [name, market] = vendor.toUpperCase().split('.') as [string, string | undefined]
  if (market === 'F') return `${name}=F`
  if (market === undefined) {
    const pair = pairOfJoined(name, 'forex')
    return pair === null ? vendor.toUpperCase() : symbolOfPair(pair)
  }
  const suffix = MARKETS.toCanonical(market.toLowerCase())
  const plain = fromClassSeparator(name, '-')
  return suffix === undefined ? vendor.toUpperCase() : suffix === '' ? plain : `${plain}.${suffix}`
}

function toRequest({ baseUrl, symbol, vendorInterval, range, keys }: Context): PageRequest {
  // Both ends are inclusive.
  const day = (ms: EpochMs): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
  const { apiKey } = keys
  const query = new URLSearchParams({
    s: symbol,
    i: vendorInterval,
    d1: day(range.startMs),
    d2: day(range.endMs - 1),
    ...(apiKey === undefined ? {} : { apikey: apiKey }),
  })
  return { url: `${baseUrl}/q/d/l/?${query}`, as: 'text' }
}

const HEADER = ['Date', 'Open', 'High', 'Low', 'Close', 'Volume']
const ROW = /^\d{4}-\d{2}-\d{2},/

/** Cells by line. The header may be missing, since the order is always the same; currencies have no volume. */
function linesOf(body: unknown): readonly (readonly string[])[] {
  if (typeof body !== 'string') throw malformed('answer', body, 'lines of text')
  const lines = body.split(/\r?\n/).filter((line) => line !== '')
  if (lines[0]?.startsWith('Date,') === true) {
    const names = (lines.shift() as string).split(',')
    if (!names.every((name, i) => name === HEADER[i])) throw malformed('line 1', names, HEADER.join())
    const cut = lines.findIndex((line) => line.split(',').length !== names.length)
    if (cut >= 0) throw new ProviderError('provider/truncated', `the answer broke off in line ${cut + 2}`)
  }
  const odd = lines.findIndex((line) => !ROW.test(line) || line.split(',').length < 5)
  if (odd >= 0) throw malformed(`line ${odd + 1}`, lines[odd], 'a date and four prices')
  return lines.map((line) => line.split(','))
}

function toPage(body: unknown, { range, series }: Context): PageAnswer<never> {
  if (typeof body === 'string' && NO_DATA.test(body))
    return { columns: { timestamp: new Float64Array(0) }, proven: range }
  const lines = linesOf(body)
  const interval = series.interval as Interval
  // Weeks and months are stamped by their last session.
  const times = Float64Array.from(lines, ([date]) => barOpen(interval, Date.parse(date as string)))
  refuseFarTimes(times, range, interval)
  const kept = Array.from(times.keys()).filter(
    (i) => (times[i] as number) >= range.startMs && (times[i] as number) < range.endMs,
  )
  const column = (cell: number) => floatColumn(kept.length, (i) => lines[kept[i] as number]?.[cell])
  const columns: PageColumns = {
    timestamp: Float64Array.from(kept, (i) => times[i] as number),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  }
  return { columns, proven: range }
}

const NO_DATA = /^\s*No data\s*$/i

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
export const stooq: HttpProviderFactory = defineHttpProvider<never>({
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
