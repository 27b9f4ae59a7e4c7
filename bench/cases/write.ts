/**
 * Writing one symbol-year from memory.
 * @module
 */
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeFileSync, writevSync } from 'node:fs'
import { join } from 'node:path'
import { encodeParquet } from '../../src/codecs/parquet/index.ts'
import { type Snapshot, createLocalStorage } from '../../src/index.ts'
import { type Bars, MINUTE_MS, columnsOfArrow, expectBars, openMs } from '../data.ts'
import type { Case, Goal, Suite } from '../harness.ts'
import { SELECTED, openDuck, quoted } from '../peers/duckdb.ts'
import { ipcBytes, polarsWriter, readIpc, writeByHyparquet } from '../peers/others.ts'
import { COMPRESSORS, SHAPE, benchClient, createFeed, loadBars, temporaryFolder } from '../store.ts'
import { joined, rawBytes } from './read.ts'
import { expectBytes, expectStored } from './stored.ts'

const LIMIT = 'writeFileSync of the raw bytes'
const CODEC = 'codec: encode and write one file'
const CODEC_DURABLE = 'codec: encode, write and fsync one file'
const COMMIT = 'marketlake commit of a new series, durable'
const COPY = 'DuckDB COPY'
const COPY_DURABLE = 'DuckDB COPY, then fsync'
const HYPARQUET = 'hyparquet-writer'

/** Names of the goals that hold for prices of two decimals. */
export const WRITE_GOALS: readonly Goal[] = [
  { name: 'codec faster than DuckDB COPY', of: CODEC, over: [COPY], least: 1.1 },
  { name: 'durable commit faster than DuckDB COPY and fsync', of: COMMIT, over: [COPY_DURABLE], least: 1.1 },
  { name: 'codec faster than hyparquet-writer', of: CODEC, over: [HYPARQUET], least: 8 },
  { name: 'durable commit faster than hyparquet-writer', of: COMMIT, over: [HYPARQUET], least: 8 },
]

/** What is written. */
export interface WriteTask {
  readonly name: string
  readonly about: string
  readonly bars: Bars
  readonly repeats: number
  readonly goals?: readonly Goal[]
  /** Most bytes a row of a store, where that is a goal. */
  readonly mostBytesPerRow?: number
}

/** Prepares the cases that write the same bars. */
export async function writeSuite({
  name,
  about,
  bars,
  repeats,
  goals = [],
  mostBytesPerRow,
}: WriteTask): Promise<Suite> {
  const folder = temporaryFolder('write')
  const rows = bars.timestamp.length
  const at = (file: string): string => join(folder, file)
  const raw = rawBytes(bars)
  const ipc = ipcBytes(bars)
  const duck = await openDuck(at('bars.duckdb'))
  writeFileSync(at('ours.parquet'), joined(encodeParquet(bars, { ...SHAPE, compressors: COMPRESSORS })))
  await duck.run(`CREATE TABLE bars AS SELECT ${SELECTED} FROM ${quoted(at('ours.parquet'))}`)
  const writeByPolars = polarsWriter(ipc)
  const same = expectBars(bars)
  const sizes = new Map<string, number>()
  const target = at('target.parquet')
  const clear = (): void => rmSync(target, { force: true })
  const checkTarget = (label: string) => async (): Promise<void> => {
    sizes.set(label, statSync(target).size)
    same(await duck.bars(`SELECT ${SELECTED} FROM ${quoted(target)}`, rows))
  }
  const written = (label: string, run: () => unknown, most?: number): Case => ({
    name: label,
    before: clear,
    run,
    check: checkTarget(label),
    ...(most === undefined ? {} : { most }),
  })
  const encode = (compression: 'none' | 'zstd', isDurable: boolean): void => {
    const handle = openSync(target, 'w')
    writevSync(handle, encodeParquet(bars, { ...SHAPE, compression, compressors: COMPRESSORS }) as Uint8Array[])
    if (isDurable) fsyncSync(handle)
    closeSync(handle)
  }
  const sync = (): void => {
    const handle = openSync(target, 'r+')
    fsyncSync(handle)
    closeSync(handle)
  }
  const cases: Case[] = [
    { name: LIMIT, before: clear, run: () => writeFileSync(target, raw), check: () => expectBytes(target, raw) },
    written(CODEC, () => encode('none', false)),
    written(CODEC_DURABLE, () => encode('none', true)),
    written('codec: encode with zstd and write one file', () => encode('zstd', false)),
    commitCase(folder, bars, sizes),
    loadCase(folder, bars),
    written(COPY, () => duck.run(`COPY bars TO ${quoted(target)} (FORMAT parquet)`)),
    written(COPY_DURABLE, async () => {
      await duck.run(`COPY bars TO ${quoted(target)} (FORMAT parquet)`)
      sync()
    }),
    written('DuckDB COPY, zstd', () => duck.run(`COPY bars TO ${quoted(target)} (FORMAT parquet, COMPRESSION zstd)`)),
    written('Polars writeParquet, zstd', () => writeByPolars(target, 'zstd')),
    {
      name: 'Arrow IPC file',
      before: clear,
      run: () => writeFileSync(target, ipcBytes(bars)),
      check: () => same(columnsOfArrow(readIpc(target))),
    },
    written(HYPARQUET, () => writeByHyparquet(target, bars), 4),
  ]
  const sizeGoal = (): Goal[] => {
    const size = sizes.get(COMMIT)
    return mostBytesPerRow === undefined || size === undefined
      ? []
      : [{ name: 'bytes a row in the store', of: size / rows, most: mostBytesPerRow }]
  }
  return {
    name,
    about,
    cases,
    limit: LIMIT,
    repeats,
    goals: () => [...goals, ...sizeGoal()],
    figures: () => Object.fromEntries([...sizes].map(([label, size]) => [`bytes a row, ${label}`, size / rows])),
    close: () => duck.close(),
  }
}

function commitCase(folder: string, bars: Bars, sizes: Map<string, number>): Case {
  let run = 0
  let root = ''
  return {
    name: COMMIT,
    before() {
      root = join(folder, `store-${run++}`)
    },
    run() {
      const storage = createLocalStorage({ root, now: () => openMs(bars, -1) + MINUTE_MS })
      const coverage = [
        {
          startMs: openMs(bars, 0),
          endMs: openMs(bars, -1) + MINUTE_MS,
          state: 'data' as const,
          requestId: 'bench',
          asOfMs: 0,
        },
      ]
      return storage.commit({ provider: 'bench', schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' }, null, {
        opId: 'fill',
        upsert: bars,
        coverage,
        rowsPerYear: bars.timestamp.length,
      })
    },
    async check(snapshot: Snapshot) {
      sizes.set(COMMIT, snapshot.sizeBytes)
      const { timestamp, ...prices } = await createLocalStorage({ root }).read(snapshot, {})
      expectBars(bars)({ timestamp, ...prices } as unknown as Bars)
    },
    after: () => rmSync(root, { recursive: true }),
  }
}

function loadCase(folder: string, bars: Bars): Case {
  let run = 0
  let root = ''
  return {
    name: 'marketlake load through the client',
    before() {
      root = join(folder, `client-${run++}`)
    },
    async run() {
      const feed = createFeed({ barsWithoutTrades: 'omitted' })
      const client = benchClient(root, feed, { nowMs: openMs(bars, -1) + MINUTE_MS })
      await loadBars(client, feed, 'BTCUSDT', '1m', bars)
      await client.close()
    },
    check: () => expectStored(root, bars),
    after: () => rmSync(root, { recursive: true }),
    note: 'pages, checks, compares, commits, reads back',
    most: 4,
  }
}
