/**
 * Symbols as Polygon spells them: a letter for the kind of instrument before all but shares.
 * Source: https://massive.com/docs/rest/quickstart, tickers
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { Series } from '../contract/series.ts'
import { requireUsListing } from './listings.ts'
import { namesOf, pairOf, pairOfJoined, symbolOfPair } from './symbols.ts'

const INDICES = namesOf({
  '^GSPC': 'I:SPX',
  '^DJI': 'I:DJI',
  '^IXIC': 'I:COMP',
  '^NDX': 'I:NDX',
  '^RUT': 'I:RUT',
  '^VIX': 'I:VIX',
})
/** Symbols of the Options Clearing Corporation: root, date, kind, strike. */
const OPTION = /^[A-Z]{1,6}\d{6}[CP]\d{8}$/

/** `BTC-USD` -> `X:BTCUSD`, `EURUSD=X` -> `C:EURUSD`, `^GSPC` -> `I:SPX`, options `O:…`; shares are the same. */
export function polygonSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  if (pair !== null) return `${pair.kind === 'crypto' ? 'X' : 'C'}:${pair.base}${pair.quote}`
  if (symbol.startsWith('^')) return INDICES.toVendor(symbol) ?? `I:${symbol.slice(1)}`
  return OPTION.test(symbol) ? `O:${symbol}` : symbol
}

/** The way back; what has no letter of a kind is the same. */
export function symbolOfPolygon(vendor: string): string {
  const [kind, text] = vendor.split(':') as [string, string | undefined]
  if (text === undefined) return vendor
  if (kind === 'O') return text
  if (kind === 'I') return INDICES.toCanonical(vendor) ?? `^${text}`
  const pair = pairOfJoined(text, kind === 'X' ? 'crypto' : 'forex')
  return pair === null ? vendor : symbolOfPair(pair)
}

/**
 * Refuses what the vendor would answer with nothing, or with bars of another kind.
 * @param symbol as the vendor spells it
 * @throws {ProviderError} `provider/unsupported`
 */
export function refuseUnserved(series: Series, symbol: string): void {
  requireUsListing(series.symbol)
  const isPair = symbol.startsWith('X:') || symbol.startsWith('C:')
  if (!series.symbol.endsWith('=F') && !(isPair && series.interval === '1w')) return
  const what = isPair ? 'weeks of pairs begin on Sunday' : `has no futures: ${series.symbol} is one`
  throw new ProviderError('provider/unsupported', what, { field: isPair ? 'interval' : 'symbol' })
}
