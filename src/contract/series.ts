/**
 * What one series is, and what its parts may be called.
 * @module
 */
import { ConfigError } from './errors.ts'
import { type Interval, parseInterval } from './interval.ts'
import { SCHEMAS, type SchemaName, parseSchema } from './schema.ts'

/** What one folder holds. Two sources are never mixed in one series. */
export interface Series {
  readonly provider: string
  readonly schema: SchemaName
  /** The caller's canonical string, verbatim. */
  readonly symbol: string
  /** Absent for schemas without interval. */
  readonly interval?: Interval
}

/** Kinds of instruments, as selection, checks and calendars tell them apart. */
export type AssetClass = 'crypto' | 'equity' | 'etf' | 'index' | 'forex' | 'future' | 'option' | 'fund' | 'rate'

/** Every asset class. */
export const ASSET_CLASSES: readonly AssetClass[] = [
  'crypto',
  'equity',
  'etf',
  'index',
  'forex',
  'future',
  'option',
  'fund',
  'rate',
]

const SLUG = /^[a-z0-9-]{1,32}$/
/** What nearly every symbol is, and what needs no further look. */
const PLAIN = /^[\x21-\x7E]{1,64}$/
// Control, format and space characters would make two symbols look alike.
const FORBIDDEN = /[\p{C}\p{Z}\s]/u

/**
 * Checks a symbol and returns it unchanged.
 * @throws {ConfigError} `config/symbol`
 */
export function parseSymbol(value: unknown, field = 'symbol'): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value
  const refuse = (why: string): never => {
    throw new ConfigError('config/symbol', `${field}: ${JSON.stringify(value) ?? String(value)} ${why}`, {
      field,
      value,
    })
  }
  if (typeof value !== 'string') return refuse('is no text: give a symbol such as "AAPL" or "BTC-USD"')
  if (value.length === 0) return refuse('is empty: give a symbol such as "AAPL"')
  if (!value.isWellFormed()) return refuse('holds half a character: give well-formed Unicode')
  if ([...value].length > 64) return refuse('is longer than 64 characters: shorten it')
  if (FORBIDDEN.test(value)) return refuse('holds a space or a control character: remove it')
  if (value.normalize('NFC') !== value) return refuse('is not in Unicode form NFC: normalise it with .normalize("NFC")')
  return value
}

/**
 * Checks the name of a provider.
 * @throws {ConfigError} `config/provider`
 */
export function parseProviderName(value: unknown, field = 'provider'): string {
  if (typeof value === 'string' && SLUG.test(value)) return value
  const message = `${field}: ${JSON.stringify(value) ?? String(value)} is no provider name: use 1 to 32 of a-z, 0-9 and -`
  throw new ConfigError('config/provider', message, { field, value })
}

/**
 * Checks all parts and returns the series frozen.
 * @throws {ConfigError} `config/*` naming the part
 */
export function parseSeries(value: Series): Series {
  const provider = parseProviderName(value.provider)
  const schema = parseSchema(value.schema)
  const symbol = parseSymbol(value.symbol)
  if (SCHEMAS[schema].interval === 'never') return Object.freeze({ provider, schema, symbol })
  return Object.freeze({ provider, schema, symbol, interval: parseInterval(value.interval) })
}

/** One text for one series, for maps, locks and messages. */
export function seriesKey(series: Series): string {
  return [series.provider, series.schema, series.interval, series.symbol].filter((part) => part !== undefined).join('/')
}
