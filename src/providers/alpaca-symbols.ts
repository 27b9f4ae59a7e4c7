/**
 * Symbols as Alpaca spells them, and those that it has none for.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { requireUsListing } from './listings.ts'
import { pairOf, symbolOfPair } from './symbols.ts'

/** `BTC-USD` -> `BTC/USD`; shares are the same. */
export function alpacaSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair?.kind === 'crypto' ? `${pair.base}/${pair.quote}` : symbol
}

/** The way back. */
export function symbolOfAlpaca(vendor: string): string {
  const pair = vendor.includes('/') ? pairOf(vendor) : null
  return pair === null ? vendor : symbolOfPair(pair)
}

/** Refuses what the vendor would answer with nothing. @throws {ProviderError} `provider/unsupported` */
export function refuseUnserved(symbol: string): void {
  requireUsListing(symbol)
  if (pairOf(symbol)?.kind !== 'forex' && !symbol.endsWith('=F') && !symbol.startsWith('^')) return
  const message = `has shares of the United States and coins, and ${symbol} is neither`
  throw new ProviderError('provider/unsupported', message, { field: 'symbol', value: symbol })
}
