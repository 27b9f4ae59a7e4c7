/**
 * Symbols as Tiingo spells them: small letters for pairs, a dash before the class of a share.
 * @module
 */
import { fromClassSeparator, isCurrency, pairOf, pairOfJoined, symbolOfPair, withClassSeparator } from './symbols.ts'

/** `BRK.B` -> `BRK-B`, `BTC-USD` -> `btcusd`, `EURUSD=X` -> `eurusd`. */
export function tiingoSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair === null ? withClassSeparator(symbol, '-') : `${pair.base}${pair.quote}`.toLowerCase()
}

/** The way back. */
export function symbolOfTiingo(vendor: string): string {
  if (vendor !== vendor.toLowerCase() || !/[a-z]/.test(vendor)) return fromClassSeparator(vendor, '-')
  const text = vendor.toUpperCase()
  const kind = text.length === 6 && isCurrency(text.slice(0, 3)) && isCurrency(text.slice(3)) ? 'forex' : 'crypto'
  const pair = pairOfJoined(text, kind)
  return pair === null ? vendor : symbolOfPair(pair)
}
