/**
 * The four interfaces of Tiingo: days of shares, intraday bars of one exchange, coins, currencies.
 * @module
 */
import { isLabelled } from '../contract/interval.ts'
import type { Series } from '../contract/series.ts'
import { type Row, malformed, rowsAt } from './answer.ts'
import { pairOf } from './symbols.ts'

/** Which of its four interfaces serves a series. */
export type TiingoKind = 'daily' | 'iex' | 'crypto' | 'fx'

/** The interface of a series; events come from the daily one. */
export function kindOf(series: Series): TiingoKind {
  const pair = pairOf(series.symbol)
  if (pair !== null) return pair.kind === 'crypto' ? 'crypto' : 'fx'
  return series.interval === undefined || isLabelled(series.interval) ? 'daily' : 'iex'
}

/** Where each is, by the vendor's name of the instrument. */
export const PATHS: Readonly<Record<TiingoKind, (name: string) => string>> = {
  daily: (name) => `tiingo/daily/${name}/prices`,
  iex: (name) => `iex/${name}/prices`,
  crypto: () => 'tiingo/crypto/prices',
  fx: (name) => `tiingo/fx/${name}/prices`,
}

/** What each wants to be told beyond dates and length. */
export const EXTRAS: Readonly<Record<TiingoKind, (symbol: string) => Readonly<Record<string, string>>>> = {
  daily: () => ({ format: 'json' }),
  // Volume comes only when it is asked for, and then it is the volume of one exchange.
  iex: () => ({ columns: 'open,high,low,close,volume', afterHours: 'false', forceFill: 'false' }),
  crypto: (symbol) => ({ tickers: symbol }),
  fx: () => ({}),
}

/**
 * Rows of one instrument; coins come in a list of tickers, which is empty where there is nothing.
 * @throws {ProviderError} `provider/response`
 */
export function rowsOf(body: unknown, symbol: string, kind: TiingoKind): readonly Row[] {
  const list = rowsAt(body, 'answer')
  if (kind !== 'crypto' || list.length === 0) return list
  const own = list.find((entry) => entry['ticker'] === symbol)
  if (own === undefined) throw malformed('[0].ticker', list[0]?.['ticker'], symbol)
  return rowsAt(own['priceData'], 'priceData')
}
