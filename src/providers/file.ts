/**
 * A CSV, Parquet or Arrow IPC file of bars as a source.
 *
 * Columns are recognised by their usual names, whatever their case. The file proves the range from its first bar to the
 * end of its last; nothing before or after is proven, since the file may simply end there.
 * @module
 */
import { type Column, isNullable, isValid, takeColumn, valueAt } from '../contract/columns.ts'
import { ConfigError, ProviderError } from '../contract/errors.ts'
import { INTERVALS, type Interval, isLabelled, parseInterval } from '../contract/interval.ts'
import { checkOptions } from '../contract/options.ts'
import type { Basis, FetchContext, FetchRequest, Page, PageColumns, Provider, ProviderCapabilities } from '../contract/provider.ts'
import { intersect } from '../contract/range.ts'
import { ASSET_CLASSES, type Series, parseProviderName, parseSymbol } from '../contract/series.ts'
import { checkZone, closeOf, openingsOf } from './file/openings.ts'
import { type FileFormat, type FileTable, numbersOf, readFile } from './file/read.ts'
import { type ColumnMapping, type FileField, checkMapping } from './file/recognise.ts'

export type { FileFormat } from './file/read.ts'
export type { ColumnMapping, FileField } from './file/recognise.ts'

/** Where the file is and how it is meant. */
export interface FileOptions {
  /** A path, in which `{symbol}` and `{interval}` stand for those asked, or a function that makes one. */
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

const OPTIONAL = ['adj_close', 'trade_count', 'vwap', 'quote_volume', 'taker_buy_volume'] as const
const NUMBERS = ['open', 'high', 'low', 'close', 'volume', ...OPTIONAL] as const

/** Rows of a page. */
const PAGE_ROWS = 50_000
/** Rows nearer than this share of the interval asked for are bars of a shorter one. */
const NEAREST = 0.9

/** What the source can do where nothing narrows it. */
export const FILE: ProviderCapabilities = Object.freeze({
  schemas: ['ohlcv'],
  assetClasses: ASSET_CLASSES,
  intervals: Object.fromEntries(Object.keys(INTERVALS).map((interval) => [interval, interval])),
  // The file is read whole, so one request takes all of it.
  rowsPerRequest: 1_000_000_000,
  rateLimits: [],
  keys: [],
  metered: false,
  finalityLagMs: 0,
  barsWithoutTrades: 'unknown',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'utc',
  columns: OPTIONAL,
  verified: 'No network: whatever the file holds.',
} satisfies ProviderCapabilities)

interface Settings extends Required<Pick<FileOptions, 'path' | 'name' | 'columns' | 'timeZone' | 'stamp' | 'basis'>> {
  readonly symbol: string | undefined
  readonly interval: Interval | undefined
  readonly format: FileFormat | undefined
}

/**
 * Makes a source of a file, or of one file per symbol and interval.
 *
 * Times without offset are local to `timeZone`; an hour that occurs twice is taken as the earlier, a skipped one as the
 * later. Bars of a day and longer carry the date as the file writes it. With `stamp: 'close'` an intraday time moves back
 * by one interval, and a date names the longer bar that ends with it. A file with a column `symbol` gives only the rows
 * of the symbol asked for.
 * @throws {ConfigError} `config/option`, `config/symbol`, `config/interval`, `config/provider`
 */
export function file(options: FileOptions): Provider {
  const settings = readOptions(options)
  const { basis, interval } = settings
  return Object.freeze({
    name: settings.name,
    capabilities: {
      ...FILE,
      basis: { intraday: basis, daily: basis },
      intervals: interval === undefined ? FILE.intervals : { [interval]: interval },
    },
    fetch: (request: FetchRequest, context: FetchContext) => pages(settings, request, context),
  } satisfies Provider)
}

function readOptions(options: FileOptions): Settings {
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
    path, columns, timeZone, stamp, format, basis,
    name: parseProviderName(options.name ?? 'file', 'name'),
    symbol: options.symbol === undefined ? undefined : parseSymbol(options.symbol),
    interval: options.interval === undefined ? undefined : parseInterval(options.interval),
  }
}

function refuse(field: string, value: unknown, why: string): never {
  throw new ConfigError('config/option', `file().${field}: ${JSON.stringify(value) ?? String(value)} ${why}`, { field, value })
}

async function* pages(settings: Settings, request: FetchRequest, context: FetchContext): AsyncGenerator<Page> {
  const { series, range } = request
  const interval = checkServed(settings, series)
  const path = pathOf(settings, series)
  const table = await readFile({ path, format: settings.format, mapping: settings.columns, signal: context.signal })
  const opens = openingsOf(table.times, { interval, timeZone: settings.timeZone, stamp: settings.stamp })
  const own = rowsOfSymbol(table, series, path)
  const rows = sortedRows(own, opens)
  const untimed = own.filter((row) => Number.isNaN(opens[row]))
  checkSpacing(table, rows, interval, path)
  const [first, last] = [opens[rows[0] ?? -1], opens[rows.at(-1) ?? -1]]
  const held = first === undefined || last === undefined ? null : intersect({ startMs: first, endMs: closeOf(interval, last) }, range)
  if (held === null) {
    yield { columns: pageColumns(table, opens, untimed, path), proven: { startMs: range.startMs, endMs: range.startMs } }
    return
  }
  const asked = rows.filter((row) => (opens[row] as number) >= held.startMs && (opens[row] as number) < held.endMs)
  let { startMs } = held
  for (let at = 0; startMs < held.endMs; at += PAGE_ROWS) {
    context.signal.throwIfAborted()
    const next = asked[at + PAGE_ROWS]
    const endMs = next === undefined ? held.endMs : Math.max(startMs, opens[next] as number)
    const rowsOfPage = asked.subarray(at, at + PAGE_ROWS)
    // Rows without a time go along once, to be counted and kept as rejects.
    const sent = at === 0 && untimed.length > 0 ? joined(rowsOfPage, untimed) : rowsOfPage
    yield { columns: pageColumns(table, opens, sent, path), proven: { startMs, endMs } }
    startMs = endMs
  }
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

function checkServed(settings: Settings, series: Series): Interval {
  const facts = { provider: settings.name, symbol: series.symbol }
  if (series.schema !== 'ohlcv' || series.interval === undefined) {
    throw new ProviderError('provider/unsupported', `${settings.name} serves ohlcv, not ${series.schema}`, facts)
  }
  if (settings.symbol !== undefined && settings.symbol !== series.symbol) {
    throw new ProviderError('provider/not-found', `${settings.name} holds ${settings.symbol}, not ${series.symbol}`, facts)
  }
  if (settings.interval !== undefined && settings.interval !== series.interval) {
    throw new ProviderError('provider/unsupported', `${settings.name} holds ${settings.interval}, not ${series.interval}`, facts)
  }
  return series.interval
}

function pathOf({ path }: Settings, series: Series): string {
  if (typeof path === 'function') return path(series)
  if (path.includes('{symbol}') && /[/\\]|^\.+$/.test(series.symbol)) {
    const message = `symbol: ${JSON.stringify(series.symbol)} would name another folder in ${path}: give file() a function as path`
    throw new ConfigError('config/symbol', message, { field: 'symbol', value: series.symbol })
  }
  return path.replaceAll('{symbol}', () => series.symbol).replaceAll('{interval}', () => series.interval ?? '')
}

/** Rows of the asked symbol; all rows where the file has no column that tells. */
function rowsOfSymbol(table: FileTable, series: Series, path: string): Int32Array {
  const column = table.fields.symbol === undefined ? undefined : table.columns[table.fields.symbol]
  const all = Int32Array.from({ length: table.rows }, (_, row) => row)
  if (column === undefined || table.rows === 0) return all
  const chosen = all.filter((row) => valueAt(column, row) === series.symbol)
  if (chosen.length > 0) return chosen
  const some = [...new Set(Array.from(all.subarray(0, 1000), (row) => String(valueAt(column, row))))].slice(0, 5).join(', ')
  const message = `${path}: column ${table.fields.symbol} holds ${some}, not ${series.symbol}; columns: { symbol: false } takes all rows`
  throw new ProviderError('provider/not-found', message, { symbol: series.symbol, path })
}

/** Rows by opening, those without a time left out; equal ones stay in the order of the file. */
function sortedRows(rows: Int32Array, opens: Float64Array): Int32Array {
  const timed = rows.filter((row) => !Number.isNaN(opens[row]))
  const isSorted = timed.every((row, i) => i === 0 || (opens[timed[i - 1] as number] as number) <= (opens[row] as number))
  return isSorted ? timed : timed.toSorted((a, b) => (opens[a] as number) - (opens[b] as number) || a - b)
}

/** Bars of a minute asked for as bars of an hour would be stored as hours: that is refused. */
function checkSpacing({ times }: FileTable, rows: Int32Array, interval: Interval, path: string): void {
  const wrong = (why: string): never => {
    throw new ProviderError('provider/units', `${path}: ${why}, so they are no bars of ${interval}: ask for the interval of the file`, { path })
  }
  if (times.isDates && rows.length > 0 && !isLabelled(interval)) wrong('its times are dates')
  const ascending = Float64Array.from(rows, (row) => times.wallMs[row] as number).sort()
  const steps = ascending.subarray(1).map((ms, i) => ms - (ascending[i] as number)).filter((step) => step > 0).sort()
  const median = steps[steps.length >> 1]
  if (median !== undefined && median < NEAREST * INTERVALS[interval].ms) wrong(`its rows are ${median / 1000} s apart`)
}

function pageColumns(table: FileTable, opens: Float64Array, rows: Int32Array, path: string): PageColumns {
  const out: Record<string, Column> = {}
  for (const field of NUMBERS) {
    const name = table.fields[field as FileField]
    const column = name === undefined ? undefined : table.columns[name]
    if (column !== undefined) out[field] = takeColumn(numbersOf(column, name as string, path), rows)
    else if (field === 'volume') out[field] = { values: new Float64Array(rows.length), valid: new Uint8Array((rows.length + 7) >> 3) }
  }
  for (const [field, column] of Object.entries(out)) if (isNullable(column)) out[field] = nanAtNulls(column, rows.length)
  return { timestamp: Float64Array.from(rows, (row) => opens[row] as number), ...out } as PageColumns
}

/** What a null holds never shows as a number. */
function nanAtNulls(column: Column, rows: number): Column {
  if (!isNullable(column) || !(column.values instanceof Float64Array)) return column
  for (let row = 0; row < rows; row++) if (!isValid(column, row)) column.values[row] = Number.NaN
  return column
}
