/**
 * Stores of ours for the benches: a source that answers from memory, clients on temporary folders, and the codec alone.
 * @module
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  type Compressors,
  type ParquetFooter,
  bytesSource,
  readColumns,
  readFooter,
} from '../src/codecs/parquet/index.ts'
import { tableFromColumns } from '../src/codecs/arrow/index.ts'
import {
  type DataClient,
  type DataClientOptions,
  type Page,
  type Provider,
  type ProviderCapabilities,
  type ReadBuffers,
  createDataClient,
} from '../src/index.ts'
import { type Bars, COLUMNS, MINUTE_MS, openMs, sliceBars } from './data.ts'

/** Compression and checksums of the platform. */
export const COMPRESSORS: Compressors = {
  zstdCompress: (bytes) => zstdCompressSync(bytes),
  zstdDecompress: (bytes) => zstdDecompressSync(bytes),
  crc32,
}

/** Columns of bars as a store names them. */
export const SHAPE = {
  timeUnit: 'us',
  columns: COLUMNS.map((name, i) => ({ name, type: i === 0 ? ('timestamp' as const) : ('float64' as const) })),
} as const

/** A folder that is removed when the process ends. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(process.env['MARKETLAKE_BENCH_DIR'] ?? tmpdir(), `marketlake-${name}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const CAPABILITIES: ProviderCapabilities = {
  schemas: ['ohlcv'],
  assetClasses: ['crypto', 'equity'],
  intervals: { '1m': '1m', '1d': '1d' },
  rowsPerRequest: 44_640,
  rateLimits: [],
  keys: [],
  metered: false,
  finalityLagMs: 0,
  barsWithoutTrades: 'emitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'utc',
  calendar: '24/7',
  columns: [],
}

/** A source that answers from memory. */
export interface Feed {
  readonly provider: Provider
  /** Bars by symbol, sorted; may be replaced at any time. */
  readonly bars: Map<string, Bars>
  requests: number
}

function firstRow({ timestamp }: Bars, ms: number): number {
  const ticks = BigInt(Math.ceil(ms)) * 1000n
  let [low, high] = [0, timestamp.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timestamp[middle] as bigint) < ticks) low = middle + 1
    else high = middle
  }
  return low
}

/** Makes a source that answers from memory, one page a request. */
export function createFeed(capabilities: Partial<ProviderCapabilities> = {}): Feed {
  const feed: Feed = {
    bars: new Map(),
    requests: 0,
    provider: {
      name: 'bench',
      capabilities: { ...CAPABILITIES, ...capabilities },
      async *fetch({ series, range }): AsyncGenerator<Page> {
        feed.requests++
        const bars = feed.bars.get(series.symbol)
        if (bars === undefined) throw new Error(`no bars of ${series.symbol}`)
        // Every value is copied, as a parsed answer is memory of its own.
        const inside = sliceBars(bars, firstRow(bars, range.startMs), firstRow(bars, range.endMs))
        yield { columns: copied(inside), proven: range }
      },
    },
  }
  return feed
}

function copied(bars: Bars): Page['columns'] {
  return Object.fromEntries(COLUMNS.map((name) => [name, bars[name]?.slice()])) as unknown as Page['columns']
}

/** A clock that is moved by hand. */
export interface Clock {
  nowMs: number
}

/** A client whose clock is moved by hand and whose network refuses. */
export function benchClient(root: string, feed: Feed, clock: Clock, options: DataClientOptions = {}): DataClient {
  const offline = (): Promise<Response> => Promise.reject(new Error('the bench uses no network'))
  return createDataClient({
    root,
    providers: [feed.provider],
    runtime: { now: () => clock.nowMs, fetch: offline },
    ...options,
  })
}

/** Puts bars into the store of a client by `load`, as a user would; returns the milliseconds that it took. */
export async function loadBars(
  client: DataClient,
  feed: Feed,
  symbol: string,
  interval: '1m' | '1d',
  bars: Bars,
): Promise<number> {
  feed.bars.set(symbol, bars)
  const started = performance.now()
  const stepMs = interval === '1m' ? MINUTE_MS : 1440 * MINUTE_MS
  await client.load({ symbol, interval, start: openMs(bars, 0), end: openMs(bars, -1) + stepMs })
  return performance.now() - started
}

/** The name under which other tools find a data file: in the folder of the series, one file a partition. */
export function viewOf(file: string): string {
  const [part] = basename(file).split('.')
  return join(dirname(dirname(file)), `${part}.parquet`)
}

/** One data file with its footer, parsed beforehand. */
export interface OpenFile {
  readonly path: string
  readonly footer: ParquetFooter
}

/** Parses the footers of files. */
export function openFiles(paths: readonly string[]): OpenFile[] {
  return paths.map((path) => ({ path, footer: readFooter(bytesSource(readFileSync(path))) }))
}

/** Reads files by the codec alone into one Arrow batch: no client, no store, no proof. */
export async function readByCodec(
  files: readonly OpenFile[],
  into?: ReadBuffers,
): Promise<ReturnType<typeof tableFromColumns>> {
  const parts = files.map(({ path, footer }) => ({
    source: bytesSource(readFileSync(path)),
    footer,
    startRow: 0,
    endRow: footer.rows,
  }))
  const columns = await readColumns(parts, {
    ...SHAPE,
    compressors: COMPRESSORS,
    allocate: (bytes) => Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer,
    ...(into === undefined ? {} : { into }),
  })
  return tableFromColumns(columns, { schema: 'ohlcv' })
}

/** Bytes of all files below a folder; a file with several names counts once. */
export function bytesBelow(folder: string): number {
  const seen = new Map<number, number>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const { ino, size } = statSync(join(entry.parentPath, entry.name))
    seen.set(ino, size)
  }
  return [...seen.values()].reduce((sum, size) => sum + size, 0)
}
