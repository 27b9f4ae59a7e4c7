/**
 * Symbols as CoinGecko spells them: the id of a coin and a currency.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { COIN_IDS } from './coingecko-ids.ts'
import { namesOf, pairOf, symbolOfPair } from './symbols.ts'

const BUILT_IN = namesOf(COIN_IDS)

/** `BTC-USD` -> `bitcoin+usd`. */
export function coinGeckoSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  const id = pair === null ? undefined : BUILT_IN.toVendor(pair.base)
  return pair === null || id === undefined ? symbol : `${id}+${pair.quote.toLowerCase()}`
}

/** The way back. */
export function symbolOfCoinGecko(vendor: string): string {
  const [id, quote] = vendor.split('+')
  const base = BUILT_IN.toCanonical(id as string)
  return base === undefined || quote === undefined
    ? vendor
    : symbolOfPair({ kind: 'crypto', base, quote: quote.toUpperCase() })
}

/**
 * Id and currency that a symbol names, by the caller's own table of ids first.
 * @param vendor its spelling by the built-in table
 * @throws {ProviderError} `provider/not-found` where no table has the coin
 */
export function coinOf(
  canonical: string,
  vendor: string,
  ids: Readonly<Record<string, string>> = {},
): { id: string; currency: string } {
  const pair = pairOf(canonical)
  const own = pair !== null && Object.hasOwn(ids, pair.base) ? ids[pair.base] : undefined
  if (pair !== null && own !== undefined) return { id: own, currency: pair.quote.toLowerCase() }
  const [id, currency] = vendor.split('+')
  if (id !== undefined && currency !== undefined) return { id, currency }
  const message = `the id of ${canonical} is not known: give it as coingecko({ ids: { ${pair?.base ?? 'TICKER'}: '…' } })`
  throw new ProviderError('provider/not-found', message, { symbol: canonical, field: 'ids' })
}
