/**
 * One month out of ten years of minutes.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeParquet } from '../../src/codecs/parquet/index.ts'
import { type Bars, DAY_MS, MINUTE_MS, columnsOfArrow, expectBars, openMs, sliceBars } from '../data.ts'
import type { Case, Suite } from '../harness.ts'
import { SELECTED, openDuck, quoted } from '../peers/duckdb.ts'
import { readByHyparquet, readByParquetWasm, readByPolars } from '../peers/others.ts'
import {
  COMPRESSORS,
  SHAPE,
  benchClient,
  createFeed,
  loadBars,
  openFiles,
  readByCodec,
  temporaryFolder,
  viewOf,
} from '../store.ts'
import { joined, rawBytes } from './read.ts'

const LIMIT = 'readFileSync of the decoded bytes'
const CLIENT = 'marketlake read, warm'
const CODEC = 'codec alone, the month file'
const DUCKDB = ['DuckDB WHERE, own 10y file', 'DuckDB WHERE, glob over our months', 'DuckDB, our month file']
const POLARS = ['Polars slice -> Arrow, own 10y file', 'Polars -> Arrow, our month file']

/** Prepares ten years of ours and of the others, and the cases that read one month of them. */
export async function monthSuite(bars: Bars, repeats: number): Promise<Suite> {
  const folder = temporaryFolder('month')
  const root = join(folder, 'store')
  const clock = { nowMs: openMs(bars, -1) + MINUTE_MS }
  const feed = createFeed()
  const client = benchClient(root, feed, clock)
  await loadBars(client, feed, 'BTCUSDT', '1m', bars)
  // June of the middle year, or the second month of a short series.
  const years = Math.floor(bars.timestamp.length / 525_600)
  const startMs = Date.UTC(2015 + Math.floor(years / 2), 5, 1)
  const endMs = startMs + 30 * DAY_MS
  const first = (startMs - openMs(bars, 0)) / MINUTE_MS
  const rows = (endMs - startMs) / MINUTE_MS
  const month = sliceBars(bars, first, first + rows)
  const query = { symbol: 'BTCUSDT', interval: '1m', start: startMs, end: endMs } as const
  const name = new Date(startMs).toISOString().slice(0, 7)
  const files = (await client.files({ symbol: 'BTCUSDT', interval: '1m' })).map(viewOf)
  const path = files.find((file) => file.endsWith(`/${name}.parquet`))
  if (path === undefined) throw new Error(`no file of ${name}`)
  const opened = openFiles([path])

  const at = (file: string): string => join(folder, file)
  writeFileSync(at('raw'), rawBytes(month))
  writeFileSync(at('ours.parquet'), joined(encodeParquet(bars, { ...SHAPE, compressors: COMPRESSORS })))
  const duck = await openDuck()
  await duck.run(`COPY (SELECT ${SELECTED} FROM ${quoted(at('ours.parquet'))}) TO ${quoted(at('duckdb.parquet'))}`)
  const list = `[${files.map(quoted).join(', ')}]`
  const sources = [quoted(at('duckdb.parquet')), `read_parquet(${list})`]
  const where = `WHERE "timestamp" >= make_timestamptz(${startMs * 1000}) AND "timestamp" < make_timestamptz(${endMs * 1000})`

  const same = expectBars(month)
  const sameTable = (table: Parameters<typeof columnsOfArrow>[0]): void => same(columnsOfArrow(table))
  const cases: Case[] = [
    { name: LIMIT, run: () => readFileSync(at('raw')) },
    { name: CLIENT, run: () => client.read(query), check: sameTable },
    { name: 'marketlake read, cold client', run: () => benchClient(root, feed, clock).read(query), check: sameTable },
    { name: CODEC, run: () => readByCodec(opened), check: sameTable, note: 'footer parsed before' },
    ...sources.map((source, i) => ({
      name: DUCKDB[i] as string,
      run: () => duck.bars(`SELECT ${SELECTED} FROM ${source} ${where}`, rows),
      check: same,
      most: repeats,
    })),
    { name: DUCKDB[2] as string, run: () => duck.bars(`SELECT ${SELECTED} FROM ${quoted(path)}`, rows), check: same },
    {
      name: POLARS[0] as string,
      run: () => readByPolars(at('duckdb.parquet'), { offset: first, length: rows }),
      check: sameTable,
    },
    { name: POLARS[1] as string, run: () => readByPolars(path), check: sameTable },
    {
      name: 'parquet-wasm offset, limit -> Arrow',
      run: () => readByParquetWasm(at('ours.parquet'), { offset: first, limit: rows }),
      check: sameTable,
      most: 5,
    },
    {
      name: 'hyparquet rowStart, rowEnd, our 10y file',
      run: () => readByHyparquet(at('ours.parquet'), rows, first),
      check: same,
    },
    { name: 'hyparquet onChunk, our month file', run: () => readByHyparquet(path, rows), check: same },
  ]
  return {
    name: 'month',
    about: `one month (${rows} bars) of ${bars.timestamp.length} one-minute bars into one Arrow batch`,
    cases,
    limit: LIMIT,
    repeats,
    // A read of a millisecond is measured as it is in a loop: compiled.
    warmUps: 40,
    goals: [
      { name: 'month to the limit', of: CLIENT, over: [LIMIT], most: 2.5 },
      { name: 'client over codec', of: CLIENT, over: [CODEC] },
      { name: 'faster than DuckDB on the same store', of: CLIENT, over: DUCKDB.slice(0, 2), least: 8 },
      { name: 'faster than DuckDB given the file', of: CLIENT, over: DUCKDB.slice(2), least: 5 },
      { name: 'faster than Polars', of: CLIENT, over: POLARS.slice(0, 1), least: 8 },
      { name: 'faster than Polars given the file', of: CLIENT, over: POLARS.slice(1), least: 8 },
    ],
    async close() {
      await client.close()
      duck.close()
    },
  }
}
