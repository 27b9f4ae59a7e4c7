/**
 * Where a canonical symbol is listed, for sources that have a few exchanges only and answer others with nothing.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'

/** Suffixes that name an exchange outside of the United States; the spelling is Yahoo's, the most common one. */
const ABROAD: ReadonlySet<string> = new Set(
  (
    'L IL XC DE F BE DU HM HA MU SG T HK PA AS BR LS IR MI MC SW VI ST CO HE OL IC TL RG VS PR WA BD AT IS RO ' +
    'TO V CN NE SA MX BA SN CL CR LM AX XA NZ SI KL JK BK VN KS KQ TW TWO SS SZ NS BO KA JO TA CA QA SR AE'
  ).split(' '),
)

/** Takes a listing apart: `VOD.L` -> `VOD` and `L`; the suffix of anything else is empty. */
export function listingOf(symbol: string): { readonly name: string; readonly suffix: string } {
  const dot = symbol.lastIndexOf('.')
  const suffix = symbol.slice(dot + 1)
  return dot > 0 && ABROAD.has(suffix) ? { name: symbol.slice(0, dot), suffix } : { name: symbol, suffix: '' }
}

/**
 * Refuses a symbol of an exchange abroad before it is asked for: an answer without bars would prove that it has none.
 * @throws {ProviderError} `provider/unsupported`
 */
export function requireUsListing(symbol: string): void {
  const { suffix } = listingOf(symbol)
  if (suffix === '') return
  const message = `has listings of the United States only, and ${symbol} is listed abroad (.${suffix})`
  throw new ProviderError('provider/unsupported', message, { field: 'symbol', value: symbol })
}
