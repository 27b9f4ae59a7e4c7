/**
 * Symbols as Stooq spells them, in small letters with the country behind a dot.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { listingOf } from './listings.ts'
import { fromClassSeparator, namesOf, pairOf, pairOfJoined, symbolOfPair, withClassSeparator } from './symbols.ts'

const INDICES = namesOf({
  '^GSPC': '^spx',
  '^DJI': '^dji',
  '^IXIC': '^ndq',
  '^NDX': '^ndx',
  '^RUT': '^rut',
  '^VIX': '^vix',
  '^FTSE': '^ukx',
  '^GDAXI': '^dax',
  '^N225': '^nkx',
  '^FCHI': '^cac',
  '^HSI': '^hsi',
})

/** Suffix of a listing -> Stooq's; a symbol without suffix is American. */
const MARKETS = namesOf({ '': 'us', L: 'uk', DE: 'de', T: 'jp', WA: 'pl', HK: 'hk', BD: 'hu' })

/** `AAPL` -> `aapl.us`, `BRK.B` -> `brk-b.us`, `VOD.L` -> `vod.uk`, `^GSPC` -> `^spx`, `EURUSD=X` -> `eurusd`, `ES=F` -> `es.f`. */
export function stooqSymbol(symbol: string): string {
  if (symbol.startsWith('^')) return INDICES.toVendor(symbol) ?? symbol.toLowerCase()
  const pair = pairOf(symbol)
  if (pair !== null) return `${pair.base}${pair.quote}`.toLowerCase()
  if (symbol.endsWith('=F')) return `${symbol.slice(0, -2).toLowerCase()}.f`
  const { name, suffix } = listingOf(symbol)
  const market = MARKETS.toVendor(suffix)
  // Letters that are not in the table stay large: `SAP.F` is a share in Frankfurt, `sap.f` would be a future.
  return market === undefined ? symbol : `${withClassSeparator(name, '-').toLowerCase()}.${market}`
}

/** The way back. */
export function symbolOfStooq(vendor: string): string {
  if (vendor.startsWith('^')) return INDICES.toCanonical(vendor) ?? vendor.toUpperCase()
  if (vendor !== vendor.toLowerCase()) return vendor
  const dot = vendor.lastIndexOf('.')
  const name = (dot < 0 ? vendor : vendor.slice(0, dot)).toUpperCase()
  if (dot < 0) {
    const pair = pairOfJoined(name, 'forex')
    return pair === null ? name : symbolOfPair(pair)
  }
  const market = vendor.slice(dot + 1)
  if (market === 'f') return `${name}=F`
  const suffix = MARKETS.toCanonical(market)
  const plain = fromClassSeparator(name, '-')
  return suffix === undefined ? vendor.toUpperCase() : suffix === '' ? plain : `${plain}.${suffix}`
}

/**
 * Refuses what has no name at the vendor: it would be answered with nothing, or be another instrument.
 * @throws {ProviderError} `provider/unsupported`
 */
export function refuseNameless(symbol: string, vendor: string): void {
  const isCoin = pairOf(symbol)?.kind === 'crypto'
  if (!isCoin && vendor === vendor.toLowerCase()) return
  const markets = ['L', 'DE', 'T', 'WA', 'HK', 'BD'].map((suffix) => `.${suffix}`).join(' ')
  const message = isCoin
    ? `has no pairs of coins: ${symbol} is one`
    : `has shares of the United States and of ${markets}, and ${symbol} is listed elsewhere`
  throw new ProviderError('provider/unsupported', message, { field: 'symbol', value: symbol })
}
