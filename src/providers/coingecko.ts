/**
 * CoinGecko: bars of coins against currencies over all exchanges it indexes, without volume, and daily prices as
 * single values. A key raises the limits and, with a paid plan, the reach.
 * Source: https://docs.coingecko.com/reference/coins-id-ohlc, /coins-id-market-chart
 * @module
 */
import { type Interval, INTERVALS } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { listAt, malformed, objectAt } from './answer.ts'
import { daysFor, provenBy } from './coingecko-days.ts'
import { classifyCoinGecko } from './coingecko-errors.ts'
import { coinGeckoSymbol, coinOf, symbolOfCoinGecko } from './coingecko-symbols.ts'
import { floatColumn, rowColumns, timeColumn } from './columns.ts'
import { numberOf } from './decimal.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'

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

function toRequest(context: Context): PageRequest {
  const { id, currency } = coinOf(context.series.symbol, context.symbol, context.options.ids)
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
  return {
    columns: {
      timestamp: timeColumn(rows.length, (i) => (rows[i]?.[0] as number) - lengthMs),
      ...rowColumns(rows, { open: 1, high: 2, low: 3, close: 4 }),
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
  classify: classifyCoinGecko,
  vendorSymbol: coinGeckoSymbol,
  canonicalSymbol: symbolOfCoinGecko,
})
