/**
 * What `file()` is told, checked.
 * @module
 */
import { ConfigError } from '../../contract/errors.ts'
import { type Interval, parseInterval } from '../../contract/interval.ts'
import { checkOptions } from '../../contract/options.ts'
import type { Basis } from '../../contract/provider.ts'
import { type Series, parseProviderName, parseSymbol } from '../../contract/series.ts'
import { checkZone } from './openings.ts'
import type { FileFormat } from './read.ts'
import { type ColumnMapping, checkMapping } from './recognise.ts'

/** Where the file is and how it is meant. */
export interface FileOptions {
  /**
   * A path, in which `{symbol}` and `{interval}` stand for those of the series, or a function that makes one. The symbol is
   * the canonical one, as `list()` shows it: `EURUSD=X` where EURUSD was asked, `BRK.B` for BRK-B. Whatever the spelling of
   * a query, one series is read from one file.
   */
  readonly path: string | ((series: Series) => string)
  /** Name of the provider; give each of several a name of its own. @default 'file' */
  readonly name?: string
  /** The only symbol in it. @default any */
  readonly symbol?: string
  /** The only interval in it. @default any that its rows are not too near for */
  readonly interval?: Interval
  /** Ours -> the file's name; false leaves a column out. @default recognised */
  readonly columns?: ColumnMapping
  /** IANA zone of times that carry no offset. @default 'UTC' */
  readonly timeZone?: string
  /** Which end of its bar a time names. @default 'open' */
  readonly stamp?: 'open' | 'close'
  /** @default told by its first bytes */
  readonly format?: FileFormat
  /** How its prices are adjusted. @default 'raw' */
  readonly basis?: Basis
}

const KNOWN = ['path', 'name', 'symbol', 'interval', 'columns', 'timeZone', 'stamp', 'format', 'basis'] as const

const ALLOWED = {
  stamp: ['open', 'close'],
  format: ['csv', 'parquet', 'arrow'],
  basis: ['raw', 'splits', 'all'],
} as const

/** The same with every default in its place. */
export interface Settings extends Required<
  Pick<FileOptions, 'path' | 'name' | 'columns' | 'timeZone' | 'stamp' | 'basis'>
> {
  readonly symbol: string | undefined
  readonly interval: Interval | undefined
  readonly format: FileFormat | undefined
}

/** Checks the options of `file()`. @throws {ConfigError} `config/option`, `config/symbol`, `config/interval` */
export function readOptions(options: FileOptions): Settings {
  checkOptions(options, KNOWN, 'file()')
  const { path, columns = {}, timeZone = 'UTC', stamp = 'open', format, basis = 'raw' } = options
  if (!(typeof path === 'function' || (typeof path === 'string' && path !== ''))) {
    refuse('path', path, 'is no path: give a text, or a function of the series that returns one')
  }
  for (const [field, value] of Object.entries({ stamp, format, basis })) {
    const allowed: readonly string[] = ALLOWED[field as keyof typeof ALLOWED]
    if (value !== undefined && !allowed.includes(value)) refuse(field, value, `is none of ${allowed.join(', ')}`)
  }
  checkMapping(columns)
  checkZone(timeZone)
  return {
    path,
    columns,
    timeZone,
    stamp,
    format,
    basis,
    name: parseProviderName(options.name ?? 'file', 'name'),
    symbol: options.symbol === undefined ? undefined : parseSymbol(options.symbol),
    interval: options.interval === undefined ? undefined : parseInterval(options.interval),
  }
}

function refuse(field: string, value: unknown, why: string): never {
  throw new ConfigError('config/option', `file().${field}: ${JSON.stringify(value) ?? String(value)} ${why}`, {
    field,
    value,
  })
}
