/**
 * Binance USD-M futures: bars, funding rates, open interest, and ratios of longs to shorts. Keyless.
 * Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { SchemaName } from '../contract/schema.ts'
import { BINANCE } from './binance.ts'
import type { Endpoint } from './binance-endpoint.ts'
import { FUNDING } from './binance-funding.ts'
import { type KlineCursor, classifyBinance, klinePage, klineQuery } from './binance-klines.ts'
import {
  type BinanceFuturesOptions,
  OPEN_INTEREST,
  RATIOS,
  RATIO_PATHS,
  STATISTICS_REACH_MS,
} from './binance-statistics.ts'
import { type HttpProviderFactory, type PageContext, defineHttpProvider } from './http/define.ts'
import { scanKlines } from './kline-scan.ts'

export type { BinanceFuturesOptions, FuturesRatio } from './binance-statistics.ts'

const ROWS = 1500
const CUT_AT: ReadonlySet<number> = new Set([ROWS, 1000, 500])
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

const ENDPOINTS: Readonly<Partial<Record<SchemaName, Endpoint<BinanceFuturesOptions>>>> = {
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
  'open-interest': OPEN_INTEREST,
  'long-short-ratio': RATIOS,
}

type Context = PageContext<KlineCursor, BinanceFuturesOptions>

const endpointOf = ({ series }: Context): Endpoint<BinanceFuturesOptions> =>
  ENDPOINTS[series.schema] as Endpoint<BinanceFuturesOptions>

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
