/**
 * Whole series into one Arrow batch.
 * @module
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeParquet } from '../../src/codecs/parquet/index.ts'
import { type Bars, COLUMNS, ROW_BYTES, columnsOfArrow, expectBars, openMs, MINUTE_MS } from '../data.ts'
import type { Case, Goal, Suite } from '../harness.ts'
import { openDuck, quoted, SELECTED } from '../peers/duckdb.ts'
import {
  ipcBytes,
  polarsWriter,
  readByHyparquet,
  readByParquetWasm,
  readByPolars,
  readIpc,
  writeByHyparquet,
} from '../peers/others.ts'
import {
  COMPRESSORS,
  SHAPE,
  benchClient,
  bytesBelow,
  createFeed,
  loadBars,
  openFiles,
  readByCodec,
  temporaryFolder,
} from '../store.ts'

/** What is read, and against which goals. */
export interface ReadTask {
  readonly name: string
  readonly about: string
  readonly bars: Bars
  readonly repeats: number
  /** Does the source send a bar for every minute? @default true */
  readonly isDense?: boolean
  /** Ratios that the names of the cases must keep. */
  readonly goals?: readonly Goal[]
}

/** Names of the cases that goals refer to. */
export const READ = {
  limit: 'readFileSync of the decoded bytes',
  client: 'marketlake read, warm',
  codec: 'codec alone',
  duckdb: ['DuckDB -> typed arrays, own file', 'DuckDB -> typed arrays, our file'],
  polars: ['Polars -> Arrow, own file', 'Polars -> Arrow, our file'],
  wasm: ['parquet-wasm -> Arrow, DuckDB file', 'parquet-wasm -> Arrow, our file'],
  hyparquet: ['hyparquet onChunk, own file', 'hyparquet onChunk, our file'],
  ipc: 'Arrow IPC file',
} as const

/** Goals of reading ten years of minutes. */
export const FULL_READ_GOALS: readonly Goal[] = [
  { name: 'full read to the limit', of: READ.client, over: [READ.limit], most: 1.25 },
  { name: 'client over codec', of: READ.client, over: [READ.codec], most: 1.15 },
  { name: 'faster than DuckDB', of: READ.client, over: READ.duckdb, least: 3 },
  { name: 'faster than Polars -> Arrow', of: READ.client, over: READ.polars, least: 2.5 },
  { name: 'faster than parquet-wasm', of: READ.client, over: READ.wasm, least: 3 },
]

/** Prepares a store of ours and files of everybody else, and the cases on them. */
export async function readSuite({ name, about, bars, repeats, isDense = true, goals = [] }: ReadTask): Promise<Suite> {
  const folder = temporaryFolder('read')
  const rows = bars.timestamp.length
  const root = join(folder, 'store')
  const clock = { nowMs: openMs(bars, -1) + MINUTE_MS }
  const feed = createFeed({ barsWithoutTrades: isDense ? 'emitted' : 'omitted' })
  const client = benchClient(root, feed, clock)
  const loadMs = await loadBars(client, feed, 'BTCUSDT', '1m', bars)
  const query = { symbol: 'BTCUSDT', interval: '1m' } as const
  const files = openFiles(await client.files(query))

  const at = (file: string): string => join(folder, file)
  writeFileSync(at('raw'), rawBytes(bars))
  writeFileSync(at('ours.parquet'), joined(encodeParquet(bars, { ...SHAPE, compressors: COMPRESSORS })))
  const ipc = ipcBytes(bars)
  writeFileSync(at('bars.arrow'), ipc)
  polarsWriter(ipc)(at('polars.parquet'), 'zstd')
  writeByHyparquet(at('hyparquet.parquet'), bars)
  const duck = await openDuck()
  await duck.run(`COPY (SELECT ${SELECTED} FROM ${quoted(at('ours.parquet'))}) TO ${quoted(at('duckdb.parquet'))}`)

  const same = expectBars(bars)
  const sameTable = (table: Parameters<typeof columnsOfArrow>[0]): void => same(columnsOfArrow(table))
  const reused = Object.fromEntries(
    COLUMNS.map((column, i) => [column, i === 0 ? new BigInt64Array(rows) : new Float64Array(rows)]),
  )
  const sameSize = (bytes: Uint8Array): void => {
    if (bytes.length !== rows * ROW_BYTES) throw new Error(`${bytes.length} bytes`)
  }
  const cases: Case[] = [
    { name: READ.limit, run: () => readFileSync(at('raw')), check: sameSize, note: 'fresh memory' },
    { name: READ.client, run: () => client.read(query), check: sameTable },
    {
      name: 'marketlake read, cold client',
      run: () => benchClient(root, feed, clock).read(query),
      check: sameTable,
      note: 'nothing cached, checksums compared',
    },
    { name: READ.codec, run: () => readByCodec(files), check: sameTable, note: 'footers parsed before' },
    { name: 'codec into reused buffers', run: () => readByCodec(files, reused), check: sameTable },
    { name: READ.ipc, run: () => readIpc(at('bars.arrow')), check: sameTable },
    ...READ.duckdb.map((label, i) => ({
      name: label,
      run: () =>
        duck.bars(`SELECT ${SELECTED} FROM ${quoted(at(['duckdb.parquet', 'ours.parquet'][i] as string))}`, rows),
      check: same,
    })),
    ...READ.polars.map((label, i) => ({
      name: label,
      run: () => readByPolars(at(['polars.parquet', 'ours.parquet'][i] as string)),
      check: sameTable,
    })),
    ...READ.wasm.map((label, i) => ({
      name: label,
      run: () => readByParquetWasm(at(['duckdb.parquet', 'ours.parquet'][i] as string)),
      check: sameTable,
    })),
    ...READ.hyparquet.map((label, i) => ({
      name: label,
      run: () => readByHyparquet(at(['hyparquet.parquet', 'ours.parquet'][i] as string), rows),
      check: same,
    })),
  ]
  const figures = (): Record<string, number> => ({
    rows,
    'loaded through the client, rows a second': (1000 * rows) / loadMs,
    'bytes a row, store with log': bytesBelow(root) / rows,
    'bytes a row, our single file': statSync(at('ours.parquet')).size / rows,
    'bytes a row, DuckDB': statSync(at('duckdb.parquet')).size / rows,
    'bytes a row, Polars zstd': statSync(at('polars.parquet')).size / rows,
    'bytes a row, hyparquet-writer': statSync(at('hyparquet.parquet')).size / rows,
  })
  const close = async (): Promise<void> => {
    await client.close()
    duck.close()
  }
  return { name, about, cases, limit: READ.limit, repeats, goals, figures, close }
}

/** The bytes of all columns, one after another. */
export function rawBytes(bars: Bars): Uint8Array {
  return joined(
    COLUMNS.map((name) => new Uint8Array(bars[name]!.buffer, bars[name]!.byteOffset, bars[name]!.byteLength)),
  )
}

/** Chunks as one. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}
