/**
 * Canonical symbols taken apart and put together: what every vendor's spelling is made from. Tables and pure functions.
 * @module
 */
import { CURRENCIES, STABLECOINS } from '../contract/pair.ts'

/** Two things that are traded against each other. */
export interface Pair {
  readonly kind: 'crypto' | 'forex'
  readonly base: string
  readonly quote: string
}

const CURRENCY_CODES: ReadonlySet<string> = new Set(CURRENCIES)
const TOKEN_QUOTES = [...STABLECOINS, 'BTC', 'ETH', 'BNB']
const JOINED = new RegExp(`^([A-Z0-9]{2,12}?)(${TOKEN_QUOTES.join('|')})$`)

/** The pair that a canonical symbol names, or null: `BTC-USD`, `BTC/USD`, `BTCUSDT`, `EURUSD=X`, `INR=X`. */
export function pairOf(symbol: string): Pair | null {
  const forex = /^([A-Z]{3})?([A-Z]{3})=X$/.exec(symbol)
  if (forex !== null) return { kind: 'forex', base: forex[1] ?? 'USD', quote: forex[2] as string }
  const split = /^([A-Z0-9]{2,12})[-/]([A-Z]{3,5})$/.exec(symbol)
  if (split !== null) {
    const [base, quote] = [split[1] as string, split[2] as string]
    if (!CURRENCY_CODES.has(quote) && !TOKEN_QUOTES.includes(quote)) return null
    return { kind: CURRENCY_CODES.has(base) && CURRENCY_CODES.has(quote) ? 'forex' : 'crypto', base, quote }
  }
  const joined = JOINED.exec(symbol)
  if (joined === null) return null
  return { kind: 'crypto', base: joined[1] as string, quote: joined[2] as string }
}

/** The canonical symbol of a pair: `BTC-USD` against a currency, `BTCUSDT` against a token, `EURUSD=X` of two currencies. */
export function symbolOfPair({ kind, base, quote }: Pair): string {
  if (kind === 'forex') return base === 'USD' && quote !== 'USD' ? `USD${quote}=X` : `${base}${quote}=X`
  return CURRENCY_CODES.has(quote) ? `${base}-${quote}` : `${base}${quote}`
}

/** Takes joined letters apart where a currency or a token of quotes ends them: `BTCUSD`, `ETHBTC`; null where none does. */
export function pairOfJoined(text: string, kind: Pair['kind']): Pair | null {
  const joined = JOINED.exec(text)
  if (joined !== null && kind === 'crypto') return { kind, base: joined[1] as string, quote: joined[2] as string }
  const [base, quote] = [text.slice(0, -3), text.slice(-3)]
  return base !== '' && CURRENCY_CODES.has(quote) ? { kind, base, quote } : null
}

/** Is this the code of a currency? */
export function isCurrency(code: string): boolean {
  return CURRENCY_CODES.has(code)
}

/** Classes of shares, written with a dot in canonical symbols: `BRK.B`. One letter that names an exchange is none. */
const SHARE_CLASS = /^([A-Z]{1,5})\.((?![FLTV])[A-Z])$/

/** Writes the class of a share with another separator: `BRK.B` -> `BRK-B`; other symbols stay. */
export function withClassSeparator(symbol: string, separator: string): string {
  return symbol.replace(SHARE_CLASS, `$1${separator}$2`)
}

/** The way back: `BRK-B` -> `BRK.B`; other symbols stay. */
export function fromClassSeparator(vendorSymbol: string, separator: string): string {
  const escaped = separator.replace(/[/\\^$*+?.()|[\]{}-]/g, '\\$&')
  const match = new RegExp(`^([A-Z]{1,5})${escaped}((?![FLTV])[A-Z])$`).exec(vendorSymbol)
  return match === null ? vendorSymbol : `${match[1]}.${match[2]}`
}

/** A table of names both ways. */
export interface Names {
  toVendor(symbol: string): string | undefined
  toCanonical(vendorSymbol: string): string | undefined
}

/** Makes a table that is read both ways. */
export function namesOf(table: Readonly<Record<string, string>>): Names {
  const there = new Map(Object.entries(table))
  const back = new Map([...there].map(([symbol, vendorSymbol]) => [vendorSymbol, symbol]))
  return { toVendor: (symbol) => there.get(symbol), toCanonical: (vendorSymbol) => back.get(vendorSymbol) }
}
