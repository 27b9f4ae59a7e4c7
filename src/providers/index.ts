/**
 * Sources of market data, each a factory of its own name. Nothing is loaded from the network or from disk until a
 * provider is asked.
 *
 * Not exported on purpose: the HTTP engine, which the client makes, and the capability tables, which every provider
 * carries as `capabilities`.
 * @module
 */
export { type AlpacaFeed, type AlpacaOptions, alpaca } from './alpaca.ts'
export { type AlphaVantageOptions, alphavantage } from './alphavantage.ts'
export { type BinanceArchiveOptions, binanceArchive } from './binance-archive.ts'
export { type BinanceFuturesOptions, type FuturesRatio, binanceFutures } from './binance-futures.ts'
export { binance } from './binance.ts'
export { type CoinGeckoOptions, coingecko } from './coingecko.ts'
export { cryptocompare } from './cryptocompare.ts'
export { type FileOptions, file } from './file.ts'
export { fmp } from './fmp.ts'
export { type PolygonOptions, polygon } from './polygon.ts'
export { stooq } from './stooq.ts'
export { type SyntheticOptions, synthetic } from './synthetic.ts'
export { tiingo } from './tiingo.ts'
export { yahoo } from './yahoo.ts'

export { type BarRow, barPage } from './bar-page.ts'
export {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type HttpProviderSpec,
  type Keys,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
export { classifyByStatus } from './http/status.ts'
