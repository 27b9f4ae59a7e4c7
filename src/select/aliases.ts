/**
 * Other spellings of a symbol -> the canonical one, as a table. Pure; what no row matches is canonical already.
 * A currency and a token pegged to it are never the same: `BTC/USD` is `BTC-USD`, `BTC/USDT` is `BTCUSDT`.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import { CURRENCIES, STABLECOINS } from '../contract/pair.ts'

/** One kind of spelling. */
interface Alias {
  /** Whose spelling it is. */
  readonly of: string
  readonly shape: RegExp
  /** The canonical symbol, or null where the shape means something else. */
  canonical(match: RegExpExecArray): string | null
}

const isCurrency = (text: string): boolean => CURRENCIES.includes(text)
const isStablecoin = (text: string): boolean => STABLECOINS.includes(text)

/** A pair in canonical form: `EURUSD=X` of two currencies, `BTC-USD` against a currency, `BTCUSDT` against a token. */
export function pairSymbol(base: string, quote: string): string {
  if (isCurrency(base) && isCurrency(quote)) return `${base}${quote}=X`
  return isCurrency(quote) ? `${base}-${quote}` : `${base}${quote}`
}

const joined = (match: RegExpExecArray): string => pairSymbol(match[1] as string, match[2] as string)

const ALIASES: readonly Alias[] = [
  {
    of: 'polygon crypto',
    shape: new RegExp(`^X:([A-Z0-9]{2,12}?)(${[...CURRENCIES, ...STABLECOINS].join('|')})$`),
    canonical: joined,
  },
  { of: 'polygon forex', shape: /^C:([A-Z]{3})([A-Z]{3})$/, canonical: joined },
  { of: 'polygon index', shape: /^I:([A-Z0-9]+)$/, canonical: (match) => INDEX_ALIASES[match[1] as string] ?? null },
  { of: 'pair with a slash', shape: /^([A-Z0-9]{2,12})\/([A-Z]{3,5})$/, canonical: (m) => knownQuote(m) },
  {
    of: 'token pair with a dash',
    shape: /^([A-Z0-9]{2,12})-([A-Z]{3,5})$/,
    canonical: (m) => (isStablecoin(m[2] as string) ? joined(m) : null),
  },
  { of: 'currencies with a dash', shape: /^([A-Z]{3})-([A-Z]{3})$/, canonical: (m) => bothCurrencies(m) },
  { of: 'currencies side by side', shape: /^([A-Z]{3})([A-Z]{3})$/, canonical: (m) => bothCurrencies(m) },
  { of: 'share class with a dash or slash', shape: /^([A-Z]{1,5})[-/]([A-Z])$/, canonical: (m) => `${m[1]}.${m[2]}` },
]

/** Index names of other vendors -> Yahoo's, which is canonical. */
const INDEX_ALIASES: Readonly<Record<string, string>> = {
  SPX: '^GSPC',
  DJI: '^DJI',
  NDX: '^NDX',
  COMP: '^IXIC',
  RUT: '^RUT',
  VIX: '^VIX',
}

function knownQuote(match: RegExpExecArray): string | null {
  const quote = match[2] as string
  return isCurrency(quote) || isStablecoin(quote) || quote === 'BTC' || quote === 'ETH' ? joined(match) : null
}

function bothCurrencies(match: RegExpExecArray): string | null {
  return isCurrency(match[1] as string) && isCurrency(match[2] as string) ? joined(match) : null
}

/** The canonical spelling of a symbol; the same text where it is canonical. */
export function canonicalSymbol(symbol: string): string {
  for (const { shape, canonical } of ALIASES) {
    const match = shape.exec(symbol)
    const found = match === null ? null : canonical(match)
    if (found !== null) return found
  }
  return symbol
}

/** Coins so common that their bare name is more likely a pair without its quote than anything else. */
const BARE_COINS: ReadonlySet<string> = new Set([
  'BTC',
  'ETH',
  'XRP',
  'BNB',
  'SOL',
  'ADA',
  'DOGE',
  'DOT',
  'LTC',
  'AVAX',
  'MATIC',
  'TRX',
  'SHIB',
  'USDT',
  'USDC',
])

/** Quotes that a pair of a bare coin is listed with. */
const LISTED_QUOTES: readonly string[] = ['USD', 'EUR', 'USDT', 'USDC']

/** Is this a coin without a quote? */
export function isBareCoin(symbol: string): boolean {
  return BARE_COINS.has(symbol)
}

/** The pair of a bare coin in the quote that a rule names. */
export function withQuote(symbol: string, quote: string): string {
  return pairSymbol(symbol, quote)
}

/** Why a bare coin is no symbol, and which pairs could be meant. */
export function bareCoinError(symbol: string): ConfigError {
  const pairs = LISTED_QUOTES.filter((quote) => quote !== symbol).map((quote) => pairSymbol(symbol, quote))
  const message =
    `symbol: "${symbol}" is a coin without a quote: write ${pairs.join(', ')}, name the quote for all with selection.quote, ` +
    `or say assetClass "etf" or "equity" if you mean a listing of that name`
  return new ConfigError('config/symbol', message, {
    field: 'symbol',
    value: symbol,
    symbol,
    issues: pairs.map((pair) => ({ path: pair, message: 'a listed pair' })),
  })
}
