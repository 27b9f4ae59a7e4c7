/**
 * Symbols as FMP spells them, and those that it has none for.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { isLabelled } from '../contract/interval.ts'
import type { Series } from '../contract/series.ts'
import { requireUsListing } from './listings.ts'
import { fromClassSeparator, isCurrency, pairOf, pairOfJoined, symbolOfPair, withClassSeparator } from './symbols.ts'

/** `BRK.B` -> `BRK-B`, `BTC-USD` -> `BTCUSD`, `EURUSD=X` -> `EURUSD`; `^GSPC` and `VOD.L` are the same. */
export function fmpSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair !== null && isCurrency(pair.quote) ? `${pair.base}${pair.quote}` : withClassSeparator(symbol, '-')
}

/** The way back. */
export function symbolOfFmp(vendor: string): string {
  // Shares have five letters at most, so longer names are pairs; of five letters, those against the dollar.
  const isPair = /^[A-Z0-9]{6,}$|^[A-Z0-9]{2}USD$/.test(vendor)
  const kind = vendor.length === 6 && isCurrency(vendor.slice(0, 3)) ? 'forex' : 'crypto'
  const pair = isPair ? pairOfJoined(vendor, kind) : null
  return pair === null || !isCurrency(pair.quote) ? fromClassSeparator(vendor, '-') : symbolOfPair(pair)
}

/**
 * Refuses what the vendor would answer with an empty list, or with stamps of a clock that is not known.
 * @throws {ProviderError} `provider/unsupported`
 */
export function refuseUnserved({ symbol, interval }: Series): void {
  const pair = pairOf(symbol)
  if (symbol.endsWith('=F') || (pair !== null && !isCurrency(pair.quote))) {
    throw new ProviderError('provider/unsupported', `has no futures and no pairs of two coins: ${symbol} is one`)
  }
  if (interval === undefined || isLabelled(interval)) return
  requireUsListing(symbol)
  if (pair === null) return
  const message = `does not say on which clock it stamps intraday bars of pairs such as ${symbol}`
  throw new ProviderError('provider/unsupported', message, { field: 'interval', value: interval })
}
