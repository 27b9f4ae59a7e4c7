/**
 * A CSV, Parquet or Arrow IPC file of bars as a source.
 *
 * Columns are recognised by their usual names, whatever their case. The file proves the range from its first bar to the
 * end of its last; nothing before or after is proven, since the file may simply end there.
 * @module
 */
import type { Compressors } from '../codecs/parquet/index.ts'
import { ConfigError, ProviderError } from '../contract/errors.ts'
import { INTERVALS, type Interval } from '../contract/interval.ts'
import type { FetchContext, FetchRequest, Page, Provider, ProviderCapabilities } from '../contract/provider.ts'
import { ASSET_CLASSES, type Series } from '../contract/series.ts'
import { EXTRA_COLUMNS, barsOf, pagesOf } from './file/bars.ts'
import type { PlatformOpen } from './file/open.ts'
import { readFile } from './file/read.ts'
import { type FileOptions, type Settings, readOptions } from './file/settings.ts'

export type { FileFormat } from './file/read.ts'
export type { ColumnMapping, FileField } from './file/recognise.ts'
export type { FileOptions } from './file/settings.ts'

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

async function* pages(settings: Settings, request: FetchRequest, context: FetchContext): AsyncGenerator<Page> {
  const { series, range } = request
  const interval = checkServed(settings, series)
  const path = pathOf(settings, series)
  const { columns, timeZone, stamp, format } = settings
  const open = await platformOpen(path)
  const source = {
    open,
    compressors: platformCompressors,
    path,
    format,
    mapping: columns,
    signal: context.signal,
    ...namingOf(settings, series),
  }
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

/** Who asked for EURUSD looks for EURUSD.csv: the path is made of the series, so that two spellings never name two files. */
function namingOf({ path }: Settings, { symbol }: Series): { readonly naming?: string } {
  if (typeof path === 'function' || !path.includes('{symbol}')) return {}
  return {
    naming: `{symbol} stands for the spelling of the series, ${symbol}: rename it, or give file() a function as path`,
  }
}
