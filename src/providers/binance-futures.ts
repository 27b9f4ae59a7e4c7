/**
 * Binance USD-M futures: bars, funding rates, open interest, and ratios of longs to shorts. Keyless.
 * Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
 * @module
 */
import { ConfigError, ProviderError } from '../contract/errors.ts'
import { INTERVALS, type Interval } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { SchemaName } from '../contract/schema.ts'
import { DAY_MS } from '../contract/time.ts'
import { BINANCE } from './binance.ts'
import { type KlineCursor, classifyBinance, klinePage, klineQuery } from './binance-klines.ts'
import { floatColumn, listAt, numberOf, objectAt, timeColumn } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { scanKlines } from './kline-scan.ts'

/** Which ratio the schema `long-short-ratio` holds; each is a source of its own. */
export type FuturesRatio = 'accounts' | 'top-accounts' | 'top-positions' | 'taker'

/** Options of {@link binanceFutures}. */
export interface BinanceFuturesOptions extends HttpProviderOptions {
  /** @default 'accounts': longs over shorts of all accounts */
  readonly ratio?: FuturesRatio
}

const RATIO_PATHS: Readonly<Record<FuturesRatio, string>> = {
  accounts: 'globalLongShortAccountRatio',
  'top-accounts': 'topLongShortAccountRatio',
  'top-positions': 'topLongShortPositionRatio',
  taker: 'takerlongshortRatio',
}

const ROWS = 1500
const CUT_AT: ReadonlySet<number> = new Set([ROWS, 1000, 500])
const FUNDING_ROWS = 1000
const STATISTICS_ROWS = 500
// The vendor keeps 30 days; a request on its way must not cross the border.
const STATISTICS_REACH_MS = 30 * DAY_MS - 3_600_000
const FIVE_MINUTES_MS = 300_000

const { '1s': _spotOnly, ...intervals } = BINANCE.intervals

/** What Binance futures can do. */
export const BINANCE_FUTURES: ProviderCapabilities = {
  ...BINANCE,
  schemas: ['ohlcv', 'funding', 'open-interest', 'long-short-ratio'],
  assetClasses: ['crypto', 'future'],
  intervals,
  rowsPerRequest: ROWS,
  schemaHistoryMs: { 'open-interest': STATISTICS_REACH_MS, 'long-short-ratio': STATISTICS_REACH_MS },
  rateLimits: [
    { weight: 2400, perMs: 60_000 },
    { weight: 500, perMs: FIVE_MINUTES_MS, scope: 'funding' },
    { weight: 1000, perMs: FIVE_MINUTES_MS, scope: 'statistics' },
  ],
  requestWeight: 10,
  verified: 'bars, funding, open interest and ratios seen in recordings; weights documented',
}

type Context = PageContext<KlineCursor, BinanceFuturesOptions>

interface Endpoint {
  toRequest(context: Context): PageRequest
  toPage(body: unknown, context: Context): PageAnswer<KlineCursor>
}

const MINUTE_MS = 60_000

/** Rows of objects, and a reader of one of their fields. */
function fieldsOf(body: unknown): { rows: number; at: (name: string) => (row: number) => unknown } {
  const list = listAt(body, 'answer').map((row, i) => objectAt(row, `[${i}]`))
  return { rows: list.length, at: (name) => (row) => list[row]?.[name] }
}

/** Funding instants come some milliseconds late; they lie on whole minutes. */
const FUNDING: Endpoint = {
  toRequest({ baseUrl, symbol, range, cursor }) {
    const query = new URLSearchParams({
      symbol,
      startTime: String(cursor?.startMs ?? range.startMs),
      endTime: String(range.endMs - 1),
      limit: String(FUNDING_ROWS),
    })
    return { url: `${baseUrl}/fapi/v1/fundingRate?${query}`, as: 'json', weight: 1, scope: 'funding' }
  },
  toPage(body, { range, cursor }) {
    // An empty list is written as null by some of its servers.
    const { rows, at } = fieldsOf(body ?? [])
    const startMs = cursor?.startMs ?? range.startMs
    const raw = timeColumn(rows, at('fundingTime'))
    const timestamp = raw.map((ms) => Math.round(ms / MINUTE_MS) * MINUTE_MS)
    const columns: Record<string, PageColumns[string]> & { timestamp: Float64Array } = {
      timestamp,
      rate: floatColumn(rows, at('fundingRate')),
    }
    if (rows > 0 && at('markPrice')(rows - 1) !== undefined) columns['mark_price'] = floatColumn(rows, at('markPrice'))
    const lastMs = raw.at(-1)
    if (rows < FUNDING_ROWS || lastMs === undefined) return { columns, proven: { startMs, endMs: range.endMs } }
    return { columns, proven: { startMs, endMs: (timestamp.at(-1) as number) + 1 }, next: { startMs: lastMs + 1 } }
  },
}

/** Lengths that the statistics come in. */
const STATISTICS_INTERVALS: ReadonlySet<string> = new Set(['5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d'])

/** Statistics are asked in windows that no row limit can cut, since the vendor does not say which end it would cut. */
function statistics(
  path: (options: BinanceFuturesOptions) => string,
  columnsOf: (body: unknown) => PageColumns,
): Endpoint {
  const windowOf = ({ range, cursor, series, nowMs }: Context): { startMs: number; endMs: number } => {
    const lengthMs = INTERVALS[series.interval as Interval].ms
    const startMs = Math.max(
      cursor?.startMs ?? range.startMs,
      Math.ceil((nowMs - STATISTICS_REACH_MS) / lengthMs) * lengthMs,
    )
    return { startMs, endMs: Math.min(range.endMs, startMs + STATISTICS_ROWS * lengthMs) }
  }
  return {
    toRequest(context) {
      if (!STATISTICS_INTERVALS.has(context.vendorInterval)) {
        const message = `statistics come by ${[...STATISTICS_INTERVALS].join(' ')}, not by ${context.vendorInterval}`
        throw new ProviderError('provider/unsupported', message, { field: 'interval', value: context.series.interval })
      }
      const { startMs, endMs } = windowOf(context)
      const query = new URLSearchParams({
        symbol: context.symbol,
        period: context.vendorInterval,
        limit: String(STATISTICS_ROWS),
        startTime: String(startMs),
        endTime: String(Math.max(startMs, endMs - 1)),
      })
      const url = `${context.baseUrl}/futures/data/${path(context.options)}?${query}`
      return { url, as: 'json', weight: 1, scope: 'statistics' }
    },
    toPage(body, context) {
      const columns = columnsOf(body)
      const { startMs, endMs } = windowOf(context)
      if (startMs >= endMs) return { columns, proven: { startMs: context.range.startMs, endMs: context.range.startMs } }
      return { columns, proven: { startMs, endMs }, next: endMs < context.range.endMs ? { startMs: endMs } : undefined }
    },
  }
}

function openInterest(body: unknown): PageColumns {
  const { rows, at } = fieldsOf(body)
  return {
    timestamp: timeColumn(rows, at('timestamp')),
    open_interest: floatColumn(rows, at('sumOpenInterest')),
    open_interest_value: floatColumn(rows, at('sumOpenInterestValue')),
  }
}

function ratios(body: unknown): PageColumns {
  const { rows, at } = fieldsOf(body)
  const timestamp = timeColumn(rows, at('timestamp'))
  if (rows > 0 && at('buySellRatio')(0) !== undefined) {
    return {
      timestamp,
      ratio: floatColumn(rows, at('buySellRatio')),
      buy_volume: floatColumn(rows, at('buyVol')),
      sell_volume: floatColumn(rows, at('sellVol')),
    }
  }
  return {
    timestamp,
    ratio: floatColumn(rows, at('longShortRatio')),
    long_share: floatColumn(rows, (row) => numberOf(at('longAccount')(row)) ?? at('longPosition')(row)),
    short_share: floatColumn(rows, (row) => numberOf(at('shortAccount')(row)) ?? at('shortPosition')(row)),
  }
}

const ENDPOINTS: Readonly<Partial<Record<SchemaName, Endpoint>>> = {
  ohlcv: {
    toRequest: (context) => ({
      url: `${context.baseUrl}/fapi/v1/klines?${klineQuery(context, ROWS).toString()}`,
      as: 'json',
      scan: scanKlines,
      weight: 10,
    }),
    toPage: (body, context) => klinePage(body, context, CUT_AT),
  },
  funding: FUNDING,
  'open-interest': statistics(() => 'openInterestHist', openInterest),
  'long-short-ratio': statistics(({ ratio = 'accounts' }) => RATIO_PATHS[ratio], ratios),
}

const endpointOf = ({ series }: Context): Endpoint => ENDPOINTS[series.schema] as Endpoint

function nameFor({ ratio = 'accounts' }: BinanceFuturesOptions): string {
  if (!Object.hasOwn(RATIO_PATHS, ratio)) {
    const message = `ratio: ${JSON.stringify(ratio)} is none of ${Object.keys(RATIO_PATHS).join(' ')}`
    throw new ConfigError('config/option', message, { field: 'ratio', value: ratio })
  }
  return ratio === 'accounts' ? 'binance-futures' : `binance-futures-${ratio}`
}

/** Binance USD-M futures. Keyless; symbols are the exchange's own, such as `BTCUSDT`. */
export const binanceFutures: HttpProviderFactory<BinanceFuturesOptions> = defineHttpProvider<
  KlineCursor,
  BinanceFuturesOptions
>({
  name: 'binance-futures',
  nameFor,
  optionNames: ['ratio'],
  capabilities: BINANCE_FUTURES,
  baseUrl: 'https://fapi.binance.com',
  toRequest: (context) => endpointOf(context).toRequest(context),
  toPage: (body, context) => endpointOf(context).toPage(body, context),
  classify: classifyBinance,
})
