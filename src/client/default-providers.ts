/**
 * Who is asked where nobody is named: every keyless source, and each keyed one whose variable is set.
 * @module
 */
import type { Provider } from '../contract/provider.ts'
import {
  alpaca,
  alphavantage,
  binance,
  binanceArchive,
  binanceFutures,
  coingecko,
  cryptocompare,
  fmp,
  polygon,
  stooq,
  tiingo,
  yahoo,
} from '../providers/index.ts'

const SOURCES: readonly (() => Provider)[] = [
  binance,
  yahoo,
  cryptocompare,
  coingecko,
  stooq,
  alphavantage,
  alpaca,
  polygon,
  tiingo,
  fmp,
  binanceFutures,
  binanceArchive,
]

/** The sources of a client without the option `providers`; never one whose requests cost money. */
export function defaultProviders(env: Readonly<Record<string, string | undefined>>): readonly Provider[] {
  return SOURCES.map((make) => make())
    .map((provider) => provider.withEnv?.(env) ?? provider)
    .filter((provider) => !provider.capabilities.metered)
}
