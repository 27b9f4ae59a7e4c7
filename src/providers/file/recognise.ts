/**
 * Which column of a file is what: by the names that files use, or as the caller says.
 * @module
 */
import { ConfigError, DataError } from '../../contract/errors.ts'

/** What a column of a file can be: a column of bars, the time of day beside a date, or the symbol of the row. */
export type FileField =
  | 'timestamp'
  | 'time'
  | 'symbol'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'volume'
  | 'adj_close'
  | 'trade_count'
  | 'vwap'
  | 'quote_volume'
  | 'taker_buy_volume'

/**
 * Names by which files call each column, most telling first. Compared without case, spaces and signs.
 * Sources: exports of Yahoo, Stooq, Binance, IEX, Alpha Vantage, Tiingo, Interactive Brokers, MetaStock, pandas.
 */
const NAMES: Readonly<Record<FileField, readonly string[]>> = {
  timestamp: [
    'timestamp',
    'datetime',
    'date',
    'time',
    'opentime',
    'starttime',
    'begins',
    'day',
    'unix',
    'epoch',
    'tsevent',
    'ts',
    't',
    'index',
    'column1',
  ],
  time: ['time'],
  symbol: ['symbol', 'ticker', 'instrument'],
  open: ['open', 'o', '1open', 'openprice'],
  high: ['high', 'h', '2high', 'highprice'],
  low: ['low', 'l', '3low', 'lowprice'],
  close: ['close', 'c', '4close', 'closeprice', 'last'],
  volume: ['volume', 'v', 'vol', '5volume', '6volume', 'basevolume'],
  adj_close: ['adjclose', 'adjustedclose', 'closeadj', '5adjustedclose'],
  trade_count: ['tradecount', 'trades', 'count', 'numberoftrades', 'barcount', 'n'],
  vwap: ['vwap', 'vw', 'wap', 'averageprice'],
  quote_volume: ['quotevolume', 'quoteassetvolume', 'turnover'],
  taker_buy_volume: ['takerbuyvolume', 'takerbuybaseassetvolume', 'takerbuybasevolume'],
}

const FIELDS = Object.keys(NAMES) as FileField[]

/** Columns that a file of bars must have. */
const REQUIRED = ['timestamp', 'open', 'high', 'low', 'close'] as const

/** Order of columns in a file without a header. */
const POSITIONS: readonly FileField[] = ['timestamp', 'open', 'high', 'low', 'close', 'volume']

/** Ours -> the file's name; false leaves a column out. */
export type ColumnMapping = Readonly<Partial<Record<FileField, string | false>>>

/** The file's column names by what they are. */
export type Recognised = Readonly<Partial<Record<FileField, string>>> &
  Readonly<Record<(typeof REQUIRED)[number], string>>

/**
 * Checks a mapping that a caller gives.
 * @throws {ConfigError} `config/option`
 */
export function checkMapping(mapping: ColumnMapping): void {
  for (const [field, name] of Object.entries(mapping)) {
    if (!FIELDS.includes(field as FileField)) {
      throw new ConfigError('config/option', `columns: ${field} is no column of bars: use ${FIELDS.join(' ')}`, {
        field: `columns.${field}`,
      })
    }
    if (typeof name !== 'string' && name !== false) {
      const shown = JSON.stringify(name) ?? String(name)
      const message = `columns.${field}: ${shown} is no column name: give the file's name, or false`
      throw new ConfigError('config/option', message, { field: `columns.${field}`, value: name })
    }
  }
}

/**
 * Finds out what the columns of a file are.
 * @param where the file, for messages
 * @throws {DataError} `data/schema-mismatch` where a needed column is missing, listing those that are there
 * @throws {ConfigError} `config/option` where the mapping names a column that is not there
 */
export function recognise(
  names: readonly string[],
  hasHeader: boolean,
  mapping: ColumnMapping,
  where: string,
): Recognised {
  const found: Partial<Record<FileField, string>> = {}
  const taken = new Set<string>()
  const take = (field: FileField, name: string): void => {
    found[field] = name
    taken.add(name)
  }
  for (const [field, name] of Object.entries(mapping)) {
    if (name !== false) take(field as FileField, mapped(field, name, names, where))
  }
  for (const field of FIELDS) {
    if (mapping[field] !== undefined) continue
    const name = hasHeader ? byName(field, names, taken) : names[POSITIONS.indexOf(field)]
    if (name !== undefined && !taken.has(name)) take(field, name)
  }
  // "Date" beside "Time" are two halves of one time; beside a full timestamp "Time" is none.
  if (mapping.time === undefined && !['date', 'day'].includes(plainName(found.timestamp ?? ''))) delete found.time
  const missing = REQUIRED.filter((field) => found[field] === undefined)
  if (missing.length === 0) return found as Recognised
  const remedy = `name it with columns: { ${missing[0]}: '…' }`
  const there = names.join(', ') || 'none'
  const message = `${where}: has no column ${missing.join(', ')}; its columns are ${there}: ${remedy}`
  throw new DataError('data/schema-mismatch', message, { field: missing[0] as string, path: where })
}

function mapped(field: string, name: string, names: readonly string[], where: string): string {
  if (names.includes(name)) return name
  const there = names.join(', ')
  const message = `columns.${field}: ${where} has no column ${JSON.stringify(name)}; its columns are ${there}`
  throw new ConfigError('config/option', message, { field: `columns.${field}`, value: name, path: where })
}

function byName(field: FileField, names: readonly string[], taken: ReadonlySet<string>): string | undefined {
  for (const known of NAMES[field]) {
    const name = names.find((candidate) => !taken.has(candidate) && plainName(candidate) === known)
    if (name !== undefined) return name
  }
  return undefined
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
