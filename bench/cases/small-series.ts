/**
 * Many small series: 500 symbols of daily bars.
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BatchResult } from '../../src/index.ts'
import { type Bars, COLUMNS, DAY_MS, columnsOfArrow, digestOf, expectBars, inventBars, openMs } from '../data.ts'
import type { Case, Suite } from '../harness.ts'
import { SELECTED, openDuck, quoted } from '../peers/duckdb.ts'
import { ipcBytes, polarsWriter, readByHyparquet, readByParquetWasm, readByPolars, readIpc } from '../peers/others.ts'
import { benchClient, createFeed, loadBars, openFiles, readByCodec, temporaryFolder, viewOf } from '../store.ts'
import { rawBytes } from './read.ts'

type AnyTable = Parameters<typeof columnsOfArrow>[0]

const LIMIT = 'readFileSync of the decoded bytes, each'
const CLIENT = 'marketlake read, warm, each'
const BATCH = 'marketlake batch of reads, warm'
const CODEC = 'codec alone, each'
const DUCKDB = ['DuckDB, one query over a glob of its own files', 'DuckDB, one query over our files']

/** Prepares small series of ours and of the others. */
export async function smallSeriesSuite(count: number, rows: number, repeats: number): Promise<Suite> {
  const folder = temporaryFolder('small')
  const root = join(folder, 'store')
  const symbols = Array.from({ length: count }, (_, i) => `S${String(i).padStart(4, '0')}`)
  const series = symbols.map((_, i) => inventBars({ rows, stepMs: DAY_MS, prices: 'tick', seed: i + 1 }))
  const clock = { nowMs: openMs(series[0] as Bars, -1) + DAY_MS }
  const feed = createFeed()
  const client = benchClient(root, feed, clock)
  for (const [i, symbol] of symbols.entries()) await loadBars(client, feed, symbol, '1d', series[i] as Bars)
  const queries = symbols.map((symbol) => ({ symbol, interval: '1d' }) as const)
  const files: string[] = []
  for (const query of queries) files.push(...(await client.files(query)).map(viewOf))
  const opened = openFiles(files)

  const path = (kind: string, i: number): string => join(folder, kind, symbols[i] as string)
  for (const kind of ['raw', 'arrow', 'polars', 'duckdb']) mkdirSync(join(folder, kind))
  const duck = await openDuck()
  for (const [i, bars] of series.entries()) {
    const ipc = ipcBytes(bars)
    writeFileSync(path('raw', i), rawBytes(bars))
    writeFileSync(path('arrow', i), ipc)
    polarsWriter(ipc)(`${path('polars', i)}.parquet`, 'zstd')
    await duck.run(
      `COPY (SELECT ${SELECTED} FROM ${quoted(files[i] as string)}) TO ${quoted(`${path('duckdb', i)}.parquet`)}`,
    )
  }
  const list = `read_parquet([${files.map(quoted).join(', ')}])`
  const sources = [quoted(join(folder, 'duckdb', '*.parquet')), list]

  const checks = series.map(expectBars)
  const eachTable = (tables: readonly AnyTable[]): void => {
    if (tables.length !== count) throw new Error(`${tables.length} tables`)
    for (const [i, table] of tables.entries()) checks[i]?.(columnsOfArrow(table))
  }
  const wholeDigest = digestOf(concatenated(series))
  const whole = (found: Readonly<Record<string, BigInt64Array | Float64Array>>): void => {
    const digest = digestOf(found)
    for (const name of COLUMNS) if (digest[name] !== wholeDigest[name]) throw new Error(`${name}: other values`)
  }
  const each = async <T>(work: (i: number) => T | Promise<T>): Promise<Awaited<T>[]> => {
    const out: Awaited<T>[] = []
    for (let i = 0; i < count; i++) out.push(await work(i))
    return out
  }
  const cases: Case[] = [
    { name: LIMIT, run: () => each((i) => readFileSync(path('raw', i))) },
    { name: CLIENT, run: () => each((i) => client.read(queries[i] as (typeof queries)[0])), check: eachTable },
    {
      name: BATCH,
      run: () => client.batch(queries, { operation: 'read' }).collect(),
      check: (results: BatchResult[]) => eachTable(inOrder(results, symbols)),
    },
    {
      name: 'marketlake read, cold client, each',
      async run() {
        const cold = benchClient(root, feed, clock)
        return each((i) => cold.read(queries[i] as (typeof queries)[0]))
      },
      check: eachTable,
    },
    {
      name: CODEC,
      run: () => each((i) => readByCodec(opened.slice(i, i + 1))),
      check: eachTable,
      note: 'footers parsed before',
    },
    { name: 'Arrow IPC files', run: () => each((i) => readIpc(path('arrow', i))), check: eachTable },
    ...sources.map((source, i) => ({
      name: DUCKDB[i] as string,
      run: () => duck.bars(`SELECT ${SELECTED} FROM ${source}`, count * rows),
      check: whole,
    })),
    {
      name: 'Polars -> Arrow, own files',
      run: () => each((i) => readByPolars(`${path('polars', i)}.parquet`)),
      check: eachTable,
      most: 4,
    },
    {
      name: 'Polars -> Arrow, our files',
      run: () => each((i) => readByPolars(files[i] as string)),
      check: eachTable,
      most: 4,
    },
    {
      name: 'parquet-wasm -> Arrow, our files',
      run: () => each((i) => readByParquetWasm(files[i] as string)),
      check: eachTable,
      most: 4,
    },
    {
      name: 'hyparquet onChunk, our files',
      run: () => each((i) => readByHyparquet(files[i] as string, rows)),
      most: 4,
    },
  ]
  return {
    name: 'small-series',
    about: `${count} series of ${rows} daily bars, one Arrow batch each`,
    cases,
    limit: LIMIT,
    repeats,
    warmUps: 2,
    goals: [
      { name: 'small series to the limit', of: CLIENT, over: [LIMIT], most: 3 },
      { name: 'client over codec', of: CLIENT, over: [CODEC] },
      { name: 'faster than DuckDB', of: CLIENT, over: DUCKDB, least: 5 },
    ],
    async close() {
      await client.close()
      duck.close()
    },
  }
}

function inOrder(results: readonly BatchResult[], symbols: readonly string[]): AnyTable[] {
  const tables = new Map(results.map((result) => [result.query.symbol, result.table]))
  return symbols.map((symbol) => {
    const table = tables.get(symbol)
    if (table === undefined || table === null) throw new Error(`${symbol}: no table`)
    return table
  })
}

function concatenated(series: readonly Bars[]): Record<string, BigInt64Array | Float64Array> {
  const rows = series.reduce((sum, bars) => sum + bars.timestamp.length, 0)
  const out = Object.fromEntries(
    COLUMNS.map((name, i) => [name, i === 0 ? new BigInt64Array(rows) : new Float64Array(rows)]),
  )
  let at = 0
  for (const bars of series) {
    for (const name of COLUMNS) (out[name] as Float64Array).set(bars[name] as Float64Array, at)
    at += bars.timestamp.length
  }
  return out
}
