/**
 * What kind of instrument a canonical symbol names. Pure; a guess by its shape, which `assetClass` overrides.
 * @module
 */
import { CURRENCIES, STABLECOINS } from '../contract/pair.ts'
import type { AssetClass } from '../contract/series.ts'

/** Kind of instrument, and the exchange where the symbol says so. */
export interface Classification {
  readonly assetClass: AssetClass
  /** Market identifier code (ISO 10383) of the listing; absent where the symbol does not say. */
  readonly mic?: string
  readonly base?: string
  readonly quote?: string
}

/** Suffix after the dot -> exchange, in Yahoo's spelling, which is the field's most common. */
export const SUFFIX_MICS: Readonly<Record<string, string>> = {
  L: 'XLON',
  IL: 'XLON',
  DE: 'XETR',
  F: 'XFRA',
  T: 'XTKS',
  HK: 'XHKG',
  PA: 'XPAR',
  AS: 'XAMS',
  BR: 'XBRU',
  MI: 'XMIL',
  MC: 'XMAD',
  SW: 'XSWX',
  ST: 'XSTO',
  CO: 'XCSE',
  HE: 'XHEL',
  OL: 'XOSL',
  VI: 'XWBO',
  LS: 'XLIS',
  TO: 'XTSE',
  V: 'XTSX',
  AX: 'XASX',
  NZ: 'XNZE',
  SI: 'XSES',
  KS: 'XKRX',
  KQ: 'XKOS',
  TW: 'XTAI',
  SS: 'XSHG',
  SZ: 'XSHE',
  NS: 'XNSE',
  BO: 'XBOM',
  SA: 'BVMF',
  MX: 'XMEX',
  JO: 'XJSE',
  TA: 'XTAE',
  WA: 'XWAR',
  IS: 'XIST',
  IR: 'XDUB',
  AT: 'ASEX',
  SR: 'XSAU',
  QA: 'DSMD',
  KW: 'XKUW',
  BK: 'XBKK',
  JK: 'XIDX',
  KL: 'XKLS',
  BA: 'XBUE',
  SN: 'XSGO',
  BD: 'XBUD',
}

const CRYPTO_QUOTES: readonly string[] = [...STABLECOINS, 'BTC', 'ETH', 'BNB']

const SHAPES: readonly { readonly shape: RegExp; readonly kind: (match: RegExpExecArray) => Classification | null }[] =
  [
    { shape: /^\^/, kind: () => ({ assetClass: 'index' }) },
    { shape: /^([A-Z]{3})([A-Z]{3})=X$/, kind: (m) => ({ assetClass: 'forex', ...pair(m) }) },
    { shape: /^[A-Z]{3}=X$/, kind: () => ({ assetClass: 'forex' }) },
    { shape: /^[A-Z0-9]{1,6}=F$/, kind: () => ({ assetClass: 'future' }) },
    { shape: /^[A-Z0-9]{1,6}\.[cnv]\.\d+$/, kind: () => ({ assetClass: 'future' }) },
    { shape: /^[A-Z.]{1,6}\d{6}[CP]\d{8}$/, kind: () => ({ assetClass: 'option' }) },
    { shape: /^([A-Z0-9]{2,12})[-/]([A-Z]{3,5})$/, kind: (m) => pairKind(m) },
    { shape: /^([A-Z]{3})([A-Z]{3})$/, kind: (m) => currencyPair(m) },
    { shape: new RegExp(`^([A-Z0-9]{1,12}?)(${CRYPTO_QUOTES.join('|')})$`), kind: (m) => tokenPair(m) },
    { shape: /^[A-Z0-9-]+\.([A-Z]{1,2})$/, kind: (m) => listing(m) },
  ]

const pair = (match: RegExpExecArray): { base: string; quote: string } => ({
  base: match[1] as string,
  quote: match[2] as string,
})

function pairKind(match: RegExpExecArray): Classification | null {
  const { base, quote } = pair(match)
  if (CURRENCIES.includes(base) && CURRENCIES.includes(quote)) return { assetClass: 'forex', base, quote }
  return CURRENCIES.includes(quote) || CRYPTO_QUOTES.includes(quote) ? { assetClass: 'crypto', base, quote } : null
}

function currencyPair(match: RegExpExecArray): Classification | null {
  const { base, quote } = pair(match)
  return CURRENCIES.includes(base) && CURRENCIES.includes(quote) ? { assetClass: 'forex', base, quote } : null
}

function tokenPair(match: RegExpExecArray): Classification | null {
  const { base, quote } = pair(match)
  // `ABBTC` and `ADAI` could be shares; a token of four letters at the end could not, even after a coin such as `W`.
  const shortest = !STABLECOINS.includes(quote) ? 3 : quote.length > 3 ? 1 : 2
  return base.length >= shortest ? { assetClass: 'crypto', base, quote } : null
}

function listing(match: RegExpExecArray): Classification | null {
  const mic = SUFFIX_MICS[match[1] as string]
  return mic === undefined ? null : { assetClass: 'equity', mic }
}

/** Kind of instrument by the shape of its symbol; what no shape matches is an equity. */
export function classify(symbol: string): Classification {
  for (const { shape, kind } of SHAPES) {
    const match = shape.exec(symbol)
    const found = match === null ? null : kind(match)
    if (found !== null) return found
  }
  return { assetClass: 'equity' }
}
