/**
 * The kinds of rows, as tables: columns with unit, nullability, Arrow type and Parquet type.
 * @module
 */
import { ConfigError } from './errors.ts'

/** How a column is held in memory. `int64` of a timestamp counts microseconds or nanoseconds, see {@link SchemaFacts}. */
export type ColumnType = 'timestamp' | 'float64' | 'int64' | 'int32' | 'uint8' | 'string'

/** How each column type is written elsewhere. */
export const COLUMN_TYPES: Readonly<Record<ColumnType, { readonly arrow: string; readonly parquet: string }>> = {
  timestamp: { arrow: 'Timestamp(unit of the schema, UTC)', parquet: 'INT64 TIMESTAMP(unit of the schema, UTC)' },
  float64: { arrow: 'Float64', parquet: 'DOUBLE' },
  int64: { arrow: 'Int64', parquet: 'INT64' },
  int32: { arrow: 'Int32', parquet: 'INT32' },
  uint8: { arrow: 'Uint8', parquet: 'INT32 INTEGER(8, unsigned)' },
  string: { arrow: 'Dictionary<Int32, Utf8>', parquet: 'BYTE_ARRAY STRING' },
}

/** One column of a schema. */
export interface ColumnFacts {
  readonly name: string
  readonly type: ColumnType
  /** What one unit of the value is. */
  readonly unit: string
  /** May single values be missing (null)? */
  readonly nullable: boolean
  /** Is the column in every series, or only where the provider sends it? */
  readonly optional: boolean
}

/** Facts of one schema. */
export interface SchemaFacts {
  readonly title: string
  /** Unit of `timestamp` and of every other column of type `timestamp`. */
  readonly timeUnit: 'us' | 'ns'
  /** Do series of this schema have an interval? */
  readonly interval: 'always' | 'never'
  /** `timestamp`: one row per instant, later answers overwrite · `range`: a proven range replaces what was there. */
  readonly identity: 'timestamp' | 'range'
  readonly columns: readonly ColumnFacts[]
}

type Column = (name: string, type: ColumnType, unit: string) => ColumnFacts
const must: Column = (name, type, unit) => ({ name, type, unit, nullable: false, optional: false })
const may: Column = (name, type, unit) => ({ name, type, unit, nullable: true, optional: false })
const extra: Column = (name, type, unit) => ({ name, type, unit, nullable: true, optional: true })
const time = (meaning: string): ColumnFacts => must('timestamp', 'timestamp', meaning)

const TABLE = {
  ohlcv: {
    title: 'Bars', timeUnit: 'us', interval: 'always', identity: 'timestamp',
    columns: [
      time('bar open, UTC; of a day and longer, the session date at 00:00 UTC'),
      must('open', 'float64', 'price'), must('high', 'float64', 'price'),
      must('low', 'float64', 'price'), must('close', 'float64', 'price'),
      may('volume', 'float64', 'units of the instrument'),
      extra('adj_close', 'float64', 'price, adjusted by the source for splits and dividends'),
      extra('trade_count', 'float64', 'trades'),
      extra('vwap', 'float64', 'price'),
      extra('quote_volume', 'float64', 'units of the quote currency'),
      extra('taker_buy_volume', 'float64', 'units of the instrument'),
    ],
  },
  trades: {
    title: 'Trades', timeUnit: 'ns', interval: 'never', identity: 'range',
    columns: [
      time('event, UTC'), must('price', 'float64', 'price'), must('size', 'float64', 'units of the instrument'),
      extra('side', 'string', 'aggressor: buy or sell'), extra('trade_id', 'int64', 'id at the venue'),
      extra('sequence', 'int64', 'sequence at the venue'), extra('condition', 'string', 'condition codes of the venue'),
    ],
  },
  tbbo: {
    title: 'Trades with the best bid and offer before each', timeUnit: 'ns', interval: 'never', identity: 'range',
    columns: [
      time('event, UTC'), must('price', 'float64', 'price'), must('size', 'float64', 'units of the instrument'),
      extra('side', 'string', 'aggressor: buy or sell'),
      may('bid_price', 'float64', 'price'), may('bid_size', 'float64', 'units of the instrument'),
      may('ask_price', 'float64', 'price'), may('ask_size', 'float64', 'units of the instrument'),
      extra('sequence', 'int64', 'sequence at the venue'),
    ],
  },
  statistics: {
    title: 'Statistics of the venue', timeUnit: 'ns', interval: 'never', identity: 'range',
    columns: [
      time('event, UTC'), must('statistic', 'string', 'name of the statistic'), may('value', 'float64', 'as named'),
      extra('reference_time', 'timestamp', 'instant that the value refers to, UTC'),
    ],
  },
  definition: {
    title: 'Instrument definitions', timeUnit: 'ns', interval: 'never', identity: 'range',
    columns: [
      time('event, UTC'), must('raw_symbol', 'string', 'symbol at the venue'),
      extra('instrument_class', 'string', 'kind of instrument'), extra('currency', 'string', 'ISO 4217'),
      extra('expiration', 'timestamp', 'expiry, UTC'), extra('tick_size', 'float64', 'price'),
      extra('multiplier', 'float64', 'units a contract'), extra('strike', 'float64', 'price'),
      extra('underlying', 'string', 'symbol of the underlying'),
    ],
  },
  actions: {
    title: 'Splits and dividends', timeUnit: 'us', interval: 'never', identity: 'range',
    columns: [
      time('ex-date at 00:00 UTC'), must('kind', 'string', 'split, dividend or capital-gain'),
      must('value', 'float64', 'new shares per old share, or cash per share in the basis of the source'),
      extra('currency', 'string', 'ISO 4217, where it differs from the price'),
      must('first_seen', 'timestamp', 'instant at which the source first reported it, UTC'),
      may('superseded', 'timestamp', 'instant at which the source reported otherwise, UTC'),
    ],
  },
  values: {
    title: 'Single values', timeUnit: 'us', interval: 'never', identity: 'timestamp',
    columns: [time('instant, UTC'), may('value', 'float64', 'as the source defines')],
  },
  funding: {
    title: 'Funding rates', timeUnit: 'us', interval: 'never', identity: 'timestamp',
    columns: [
      time('funding instant, UTC, rounded to the minute'), must('rate', 'float64', 'share of the notional'),
      extra('mark_price', 'float64', 'price'),
    ],
  },
  'open-interest': {
    title: 'Open interest', timeUnit: 'us', interval: 'always', identity: 'timestamp',
    columns: [
      time('instant, UTC'), must('open_interest', 'float64', 'units of the instrument'),
      extra('open_interest_value', 'float64', 'units of the quote currency'),
    ],
  },
  'long-short-ratio': {
    title: 'Long/short and taker ratios', timeUnit: 'us', interval: 'always', identity: 'timestamp',
    columns: [
      time('instant, UTC'), must('ratio', 'float64', 'long over short, or taker buys over taker sells'),
      extra('long_share', 'float64', 'share of 1'), extra('short_share', 'float64', 'share of 1'),
      extra('buy_volume', 'float64', 'units of the instrument'), extra('sell_volume', 'float64', 'units of the instrument'),
    ],
  },
  liquidations: {
    title: 'Liquidations', timeUnit: 'ns', interval: 'never', identity: 'range',
    columns: [
      time('event, UTC'), must('price', 'float64', 'price'), must('size', 'float64', 'units of the instrument'),
      must('side', 'string', 'side of the order: buy or sell'),
    ],
  },
} as const satisfies Record<string, SchemaFacts>

/** The name of a kind of rows. */
export type SchemaName = keyof typeof TABLE

/** Every schema with its columns. */
export const SCHEMAS: Readonly<Record<SchemaName, SchemaFacts>> = TABLE

/** Is this the name of a schema? */
export function isSchema(value: unknown): value is SchemaName {
  return typeof value === 'string' && Object.hasOwn(TABLE, value)
}

/**
 * Reads the name of a schema; absent means `ohlcv`.
 * @throws {ConfigError} `config/option`
 */
export function parseSchema(value: unknown, field = 'schema'): SchemaName {
  if (value === undefined) return 'ohlcv'
  if (isSchema(value)) return value
  const message = `${field}: ${JSON.stringify(value) ?? String(value)} is no schema: use ${Object.keys(TABLE).join(' ')}`
  throw new ConfigError('config/option', message, { field, value })
}

/** Facts of a column of a schema, or undefined if the schema does not know it. */
export function columnFacts(schema: SchemaName, name: string): ColumnFacts | undefined {
  return SCHEMAS[schema].columns.find((column) => column.name === name)
}

/** Columns of the table that keeps what a source changed in a series of any schema. */
export const REVISION_COLUMNS: readonly ColumnFacts[] = [
  time('of the row that changed, in the unit of its schema'),
  must('column', 'string', 'column that changed; `*` where the whole row was withdrawn'),
  may('old', 'float64', 'value that was stored'), may('new', 'float64', 'value that the source sends now'),
  must('kind', 'string', 'revised, withdrawn, restored or rebased'),
  must('seen_at', 'int64', 'microseconds after 1970-01-01T00:00:00Z'),
  must('request', 'string', 'id of the request that showed it'),
]

/** Columns that the table of rejected rows has before the columns of the schema, all of which are nullable there. */
export const REJECT_COLUMNS: readonly ColumnFacts[] = [
  time('of the rejected row, in the unit of its schema; the start of the answer where the row had none'),
  must('rule', 'string', 'id of the rule that rejected it'),
  must('seen_at', 'int64', 'microseconds after 1970-01-01T00:00:00Z'),
  must('request', 'string', 'id of the request that brought it'),
]
