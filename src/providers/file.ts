/**
 * A CSV, Parquet or Arrow IPC file of bars as a source.
 *
 * Columns are recognised by their usual names, whatever their case. The file proves the range from its first bar to the
 * end of its last; nothing before or after is proven, since the file may simply end there.
 * @module
 */
import type { Compressors } from '../codecs/parquet/index.ts'
import { ConfigError, ProviderError } from '../contract/errors.ts'
import { INTERVALS, type Interval, parseInterval } from '../contract/interval.ts'
import { checkOptions } from '../contract/options.ts'
import type { Basis, FetchContext, FetchRequest, Page, Provider, ProviderCapabilities } from '../contract/provider.ts'
import { ASSET_CLASSES, type Series, parseProviderName, parseSymbol } from '../contract/series.ts'
import type { PlatformOpen } from './file/open.ts'
import { EXTRA_COLUMNS, barsOf, pagesOf } from './file/bars.ts'
import { checkZone } from './file/openings.ts'
import { type FileFormat, readFile } from './file/read.ts'
import { type ColumnMapping, checkMapping } from './file/recognise.ts'

export type { FileFormat } from './file/read.ts'
export type { ColumnMapping, FileField } from './file/recognise.ts'

/** Where the file is and how it is meant. */
export interface FileOptions {
  /**
   * A path, in which `{symbol}` and `{interval}` stand for those of the series, or a function that makes one. The symbol is
   * the canonical one: `EURUSD=X` where EURUSD was asked, `BRK.B` for BRK-B.
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
  columns: EXTRA_COLUMNS,
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
 * Times without offset are local to `timeZone`; an hour that occurs twice is taken as the earlier, a skipped one as
 * the later. Bars of a day and longer carry the date as the file writes it. With `stamp: 'close'` an intraday time
 * moves back by one interval, and a date names the longer bar that ends with it. A file with a column `symbol` gives
 * only the rows of the symbol asked for.
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

async function* pages(settings: Settings, request: FetchRequest, context: FetchContext): AsyncGenerator<Page> {
  const { series, range } = request
  const interval = checkServed(settings, series)
  const path = pathOf(settings, series)
  const { columns, timeZone, stamp, format } = settings
  const open = await platformOpen(path)
  const source = { open, compressors: platformCompressors, path, format, mapping: columns, signal: context.signal }
  const bars = barsOf(await readFile(source), { interval, timeZone, stamp, symbol: series.symbol, path })
  for (const page of pagesOf(bars, interval, range)) {
    context.signal.throwIfAborted()
    yield page
  }
}

/** The platform's files, loaded when the first one is opened: there are platforms without. */
async function platformOpen(path: string): Promise<PlatformOpen> {
  try {
    return (await import('node:fs/promises')).open
  } catch (cause) {
    throw new ProviderError('provider/unsupported', `${path}: this platform has no files`, { path, cause })
  }
}

/** What Parquet files are compressed with, as far as the platform has it; nothing grows beyond the size it declares. */
async function platformCompressors(): Promise<Compressors> {
  const { brotliDecompressSync, gunzipSync, zstdDecompressSync } = await import('node:zlib')
  const bound = (size: number): { maxOutputLength: number } => ({ maxOutputLength: Math.max(1, size) })
  return {
    gunzip: (bytes, size) => gunzipSync(bytes, bound(size)),
    brotliDecompress: (bytes, size) => brotliDecompressSync(bytes, bound(size)),
    ...(zstdDecompressSync === undefined
      ? {}
      : { zstdDecompress: (bytes, size) => zstdDecompressSync(bytes, bound(size)) }),
  }
}

function checkServed(settings: Settings, series: Series): Interval {
  const facts = { provider: settings.name, symbol: series.symbol }
  if (series.schema !== 'ohlcv' || series.interval === undefined) {
    throw new ProviderError('provider/unsupported', `${settings.name} serves ohlcv, not ${series.schema}`, facts)
  }
  if (settings.symbol !== undefined && settings.symbol !== series.symbol) {
    throw new ProviderError(
      'provider/not-found',
      `${settings.name} holds ${settings.symbol}, not ${series.symbol}`,
      facts,
    )
  }
  if (settings.interval !== undefined && settings.interval !== series.interval) {
    throw new ProviderError(
      'provider/unsupported',
      `${settings.name} holds ${settings.interval}, not ${series.interval}`,
      facts,
    )
  }
  return series.interval
}

function pathOf({ path }: Settings, series: Series): string {
  if (typeof path === 'function') return path(series)
  if (path.includes('{symbol}') && /[/\\]|^\.+$/.test(series.symbol)) {
    const message = `symbol: ${JSON.stringify(series.symbol)} would name another folder: give file() a function as path`
    throw new ConfigError('config/symbol', message, { field: 'symbol', value: series.symbol })
  }
  return path.replaceAll('{symbol}', () => series.symbol).replaceAll('{interval}', () => series.interval ?? '')
}
