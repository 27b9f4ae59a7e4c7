/**
 * CryptoCompare: bars of crypto pairs over all exchanges it indexes. A free key raises the limits.
 * Source: https://min-api.cryptocompare.com/documentation?key=Historical and, for the newer interface,
 * https://developers.coindesk.com/documentation/data-api/index_cc_v1_historical_days
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, INTERVALS, barOpen, ceilOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { DAY_MS } from '../contract/time.ts'
import { floatColumn, listAt, malformed, numberOf, objectAt, timeColumn } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { type ProviderCode, classifyByStatus, vendorError, vendorText } from './http/status.ts'
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

type Row = Readonly<Record<string, unknown>>

/** Rows of the three generations of the interface: `Data.Data` (v2), `Data` (v1), `Data` in capitals (data-api). */
function rowsOf(body: unknown): readonly Row[] {
  const answer = objectAt(body, 'answer')
  const data = answer['Data']
  const aggregated = answer['Aggregated'] ?? (Array.isArray(data) ? false : objectAt(data, 'Data')['Aggregated'])
  if (aggregated === true) throw malformed('Aggregated', true, 'bars of the asked length')
  const list = Array.isArray(data) ? data : listAt(objectAt(data, 'Data')['Data'], 'Data.Data')
  return list.map((row, i) => objectAt(row, `Data[${i}]`))
}

const read = (row: Row, small: string, capital: string): unknown =>
  Object.hasOwn(row, small) ? row[small] : row[capital]

function columnsOf(rows: readonly Row[]): PageColumns {
  const column = (small: string, capital: string) =>
    floatColumn(rows.length, (i) => read(rows[i] as Row, small, capital))
  return {
    timestamp: timeColumn(
      rows.length,
      (i) => (numberOf(read(rows[i] as Row, 'time', 'TIMESTAMP')) ?? Number.NaN) * 1000,
    ),
    open: column('open', 'OPEN'),
    high: column('high', 'HIGH'),
    low: column('low', 'LOW'),
    close: column('close', 'CLOSE'),
    volume: column('volumefrom', 'VOLUME'),
    quote_volume: column('volumeto', 'QUOTE_VOLUME'),
  }
}

/** Before its listing a pair has bars of zeros without end: they are no bars. */
function isBlank(row: Row): boolean {
  return (['open', 'high', 'low', 'close'] as const).every(
    (name) => numberOf(read(row, name, name.toUpperCase())) === 0,
  )
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

/** A window before the first trade is a failure that tells when the first was. */
function firstTradeMs(body: unknown): number | null {
  const error = (body as { Err?: { other_info?: { first?: unknown } } } | null)?.Err
  const first = numberOf(error?.other_info?.first)
  return first === null ? null : first * 1000
}

/** Text of an error under status 200 -> code; the first that matches. */
const TEXTS: readonly (readonly [RegExp, ProviderCode])[] = [
  [/rate limit/i, 'provider/rate-limited'],
  [/only available for the last|toTs/i, 'provider/unsupported'],
  [/api key|auth/i, 'provider/unauthorized'],
  [/no data for|does not exist|not trading|no matching/i, 'provider/not-found'],
]

function classify(response: HttpResponse): Error | null {
  const { body } = response
  if (firstTradeMs(body) !== null) return null
  const said = vendorText(body)
  const failed = (body as { Response?: unknown } | null)?.Response === 'Error'
  if (!failed && response.status < 400) return classifyByStatus(response)
  const code = TEXTS.find(([pattern]) => pattern.test(said))?.[1]
  if (code !== undefined) return vendorError(code, response, said)
  return classifyByStatus(response) ?? vendorError('provider/response', response, said)
}

/** CryptoCompare. Pairs such as `BTC-USD` and `BTCUSDT`; the key is optional. */
export const cryptocompare: HttpProviderFactory = defineHttpProvider<Cursor>({
  name: 'cryptocompare',
  capabilities: CRYPTOCOMPARE,
  keysOptional: true,
  baseUrl: 'https://min-api.cryptocompare.com',
  toRequest,
  toPage,
  classify,
  vendorSymbol,
  canonicalSymbol,
})
