/**
 * CoinGecko: bars of coins against currencies over all exchanges it indexes, without volume, and daily prices as
 * single values. A key raises the limits and, with a paid plan, the reach.
 * Source: https://docs.coingecko.com/reference/coins-id-ohlc, /coins-id-market-chart
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, INTERVALS } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { COIN_IDS } from './coingecko-ids.ts'
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
import { namesOf, pairOf, symbolOfPair } from './symbols.ts'

/** Options of {@link coingecko}. */
export interface CoinGeckoOptions extends HttpProviderOptions {
  /** Is the key of a paid plan? Then daily and hourly bars are served too. @default false */
  readonly paid?: boolean
  /** More ids of coins by their ticker, such as `{ WIF: 'dogwifcoin' }`. */
  readonly ids?: Readonly<Record<string, string>>
}

/** What a keyless or free account can do. Bars of 4 hours reach 30 days back, of 30 minutes one day. */
export const COINGECKO: ProviderCapabilities = {
  schemas: ['ohlcv', 'values'],
  assetClasses: ['crypto'],
  intervals: { '30m': '', '4h': '' },
  rowsPerRequest: 180,
  historyMs: { '30m': DAY_MS, '4h': 30 * DAY_MS },
  schemaHistoryMs: { values: 365 * DAY_MS },
  rateLimits: [{ weight: 5, perMs: 60_000 }],
  keys: [['COINGECKO_API_KEY']],
  metered: false,
  // Answers are kept for 15 minutes; the last day is ready at 00:35.
  finalityLagMs: 2_400_000,
  barsWithoutTrades: 'emitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'utc',
  columns: [],
  verified: 'bars of 4 hours and daily prices seen in recordings; other lengths documented',
}

const PAID: ProviderCapabilities = {
  ...COINGECKO,
  intervals: { ...COINGECKO.intervals, '1h': 'hourly', '1d': 'daily' },
  historyMs: { ...COINGECKO.historyMs, '1h': 90 * DAY_MS, '1d': 180 * DAY_MS },
  schemaHistoryMs: {},
  rateLimits: [{ weight: 250, perMs: 60_000 }],
}

type Context = PageContext<never, CoinGeckoOptions>

/** Days that an answer may be asked for, by length of the bars. */
const DAYS: Readonly<Partial<Record<Interval, readonly number[]>>> = {
  '30m': [1],
  '4h': [7, 14, 30],
  '1h': [1, 7, 14, 30, 90],
  '1d': [1, 7, 14, 30, 90, 180],
}

const BUILT_IN = namesOf(COIN_IDS)

/** `BTC-USD` -> `bitcoin+usd`. */
function vendorSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  const id = pair === null ? undefined : BUILT_IN.toVendor(pair.base)
  return pair === null || id === undefined ? symbol : `${id}+${pair.quote.toLowerCase()}`
}

function canonicalSymbol(vendor: string): string {
  const [id, quote] = vendor.split('+')
  const base = BUILT_IN.toCanonical(id as string)
  return base === undefined || quote === undefined
    ? vendor
    : symbolOfPair({ kind: 'crypto', base, quote: quote.toUpperCase() })
}

function coinOf({ series, options, symbol }: Context): { id: string; currency: string } {
  const pair = pairOf(series.symbol)
  const own = pair === null || !Object.hasOwn(options.ids ?? {}, pair.base) ? undefined : options.ids?.[pair.base]
  const [id, currency] = own === undefined ? symbol.split('+') : [own, (pair as { quote: string }).quote.toLowerCase()]
  if (id !== undefined && currency !== undefined) return { id, currency }
  const message = `the id of ${series.symbol} is not known: give it as coingecko({ ids: { ${pair?.base ?? 'TICKER'}: '…' } })`
  throw new ProviderError('provider/not-found', message, { symbol: series.symbol, field: 'ids' })
}

/** Days from now back to the start: the fewest that the vendor allows and that reach it. */
function daysFor({ range, series, nowMs }: Context): number {
  const needed = Math.ceil((nowMs - range.startMs) / DAY_MS)
  const allowed = series.interval === undefined ? [Math.max(1, needed)] : (DAYS[series.interval] as readonly number[])
  return allowed.find((days) => days >= needed) ?? (allowed.at(-1) as number)
}

function toRequest(context: Context): PageRequest {
  const { id, currency } = coinOf(context)
  const query = new URLSearchParams({ vs_currency: currency, days: String(daysFor(context)) })
  if (context.series.schema === 'values') query.set('interval', 'daily')
  else if (context.vendorInterval !== '') query.set('interval', context.vendorInterval)
  const { apiKey } = context.keys
  const header = context.options.paid === true ? 'x-cg-pro-api-key' : 'x-cg-demo-api-key'
  const isPro = context.options.paid === true && context.options.baseUrl === undefined
  const baseUrl = isPro ? 'https://pro-api.coingecko.com/api/v3' : context.baseUrl
  const what = context.series.schema === 'values' ? 'market_chart' : 'ohlc'
  return {
    url: `${baseUrl}/coins/${encodeURIComponent(id)}/${what}?${query}`,
    headers: apiKey === undefined ? {} : { [header]: apiKey },
    as: 'json',
  }
}

type Point = readonly unknown[]

function pointsOf(list: unknown, path: string, cells: number): readonly Point[] {
  return listAt(list, path).map((point, i) => {
    if (!Array.isArray(point) || point.length < cells) throw malformed(`${path}[${i}]`, point, `a list of ${cells}`)
    return point as Point
  })
}

/** What an answer that begins so many days before now proves of a range. */
function provenBy(context: Context): Range {
  const reachMs = context.nowMs - daysFor(context) * DAY_MS
  const startMs = Math.max(context.range.startMs, reachMs)
  return { startMs, endMs: Math.max(startMs, context.range.endMs) }
}

const isInside = (ms: EpochMs, { startMs, endMs }: Range): boolean => ms >= startMs && ms < endMs

/** `[close ms, open, high, low, close]`: bars are stamped by their close. */
function barsOf(body: unknown, context: Context): PageAnswer<never> {
  const { range, series } = context
  const { ms: lengthMs } = INTERVALS[series.interval as Interval]
  const points = pointsOf(body, 'answer', 5)
  const opens = timeColumn(points.length, (i) => (numberOf(points[i]?.[0]) ?? Number.NaN) - lengthMs)
  refuseFarTimes(opens, { ...range, endMs: Math.max(range.endMs, context.nowMs) }, series.interval)
  for (let i = 2; i < opens.length; i++) {
    const gap = (opens[i] as number) - (opens[i - 1] as number)
    if (gap % lengthMs !== 0 || (opens[i] as number) % lengthMs !== 0)
      throw malformed(`[${i}][0]`, points[i]?.[0], `a bar of ${series.interval}`)
  }
  const rows = points.filter((_, i) => isInside(opens[i] as number, range))
  const column = (cell: number) => floatColumn(rows.length, (i) => rows[i]?.[cell])
  return {
    columns: {
      timestamp: timeColumn(rows.length, (i) => (rows[i]?.[0] as number) - lengthMs),
      open: column(1),
      high: column(2),
      low: column(3),
      close: column(4),
      volume: floatColumn(rows.length, () => null),
    },
    proven: provenBy(context),
  }
}

/** Prices at 00:00 UTC; the last point is the price of now. */
function valuesOf(body: unknown, context: Context): PageAnswer<never> {
  const points = pointsOf(objectAt(body, 'answer')['prices'], 'prices', 2)
  const isDay = (point: Point): boolean => (numberOf(point[0]) ?? Number.NaN) % DAY_MS === 0
  const stray = points.findIndex((point, i) => !isDay(point) && i < points.length - 1)
  if (stray >= 0) throw malformed(`prices[${stray}][0]`, points[stray]?.[0], '00:00 UTC')
  const rows = points.filter((point) => isDay(point) && isInside(point[0] as number, context.range))
  const columns = {
    timestamp: timeColumn(rows.length, (i) => rows[i]?.[0]),
    value: floatColumn(rows.length, (i) => rows[i]?.[1]),
  }
  return { columns, proven: provenBy(context) }
}

/** Source: https://docs.coingecko.com/reference/common-errors-rate-limit. */
const CODES: Readonly<Record<number, ProviderCode>> = {
  429: 'provider/rate-limited',
  10_002: 'provider/unauthorized',
  10_005: 'provider/forbidden',
  10_010: 'provider/unauthorized',
  10_011: 'provider/unauthorized',
  10_012: 'provider/unsupported',
}

/** Errors come as `{ error }`, `{ error: { status } }` and `{ status }`. */
function classify(response: HttpResponse): Error | null {
  const body = response.body as { status?: unknown; error?: { status?: unknown } | string } | null
  const status = (typeof body?.error === 'object' ? body.error?.status : undefined) ?? body?.status
  const said =
    typeof status === 'object' && status !== null ? (status as { error_code?: unknown; error_message?: unknown }) : {}
  const code = CODES[Number(said.error_code)]
  if (code !== undefined) return vendorError(code, response, String(said.error_message ?? ''))
  const failure = classifyByStatus(response)
  if (failure !== null) return failure
  return typeof body?.error === 'string' ? vendorError('provider/response', response, vendorText(body)) : null
}

/** CoinGecko. Pairs such as `BTC-USD`; the key is optional. */
export const coingecko: HttpProviderFactory<CoinGeckoOptions> = defineHttpProvider<never, CoinGeckoOptions>({
  name: 'coingecko',
  capabilities: COINGECKO,
  capabilitiesFor: ({ paid, apiKey }) => {
    if (paid === true) return PAID
    return apiKey === undefined ? COINGECKO : { ...COINGECKO, rateLimits: [{ weight: 30, perMs: 60_000 }] }
  },
  optionNames: ['paid', 'ids'],
  keysOptional: true,
  baseUrl: 'https://api.coingecko.com/api/v3',
  toRequest,
  toPage: (body, context) => (context.series.schema === 'values' ? valuesOf : barsOf)(body, context),
  classify,
  vendorSymbol,
  canonicalSymbol,
})
