/**
 * Symbols as Alpha Vantage spells them: pairs in two parts, since their halves are asked for apart.
 * @module
 */
import { pairOf, pairOfJoined, symbolOfPair } from './symbols.ts'

/** `EURUSD=X` -> `EUR/USD`; shares are the same. */
export function alphaVantageSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair === null ? symbol : `${pair.base}/${pair.quote}${pair.kind === 'crypto' ? ':crypto' : ''}`
}

/** The way back. */
export function symbolOfAlphaVantage(vendor: string): string {
  const [text, kind] = vendor.split(':')
  if (text === undefined || !text.includes('/')) return vendor
  const pair = kind === 'crypto' ? (pairOf(text) ?? pairOfJoined(text, 'crypto')) : null
  const [base, quote] = text.split('/') as [string, string]
  return symbolOfPair(pair ?? { kind: 'forex', base, quote })
}
