import { readFileSync, readdirSync, unlinkSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, test } from 'vitest'
import { bytesSource, readFooter } from '../../src/codecs/parquet/index.ts'
import type { Snapshot, Storage } from '../../src/contract/storage.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { BARS, barRun, barsOf, openOf } from '../../src/testkit/storage-checks.ts'
import { freshFolder, freshStore } from './place.ts'
import { recordingFs } from './recording-fs.ts'

const FOLDER = 'ohlcv/provider=contract/interval=1m/symbol=BTC-USD'

let query: (sql: string) => Promise<unknown[][]>

beforeAll(async () => {
  const connection = await (await DuckDBInstance.create()).connect()
  query = async (sql) => (await connection.runAndReadAll(sql)).getRows()
})

let operations = 0
const upsert = async (storage: Storage, base: Snapshot | null, rows: ReturnType<typeof barRun>): Promise<Snapshot> =>
  await storage.commit(BARS, base, { opId: `view-${++operations}`, upsert: rows, coverage: [], rowsPerYear: 525_600 })

const counts = async (root: string): Promise<number[]> => {
  const [row] = await query(`select count(*), count(distinct timestamp) from '${root}/ohlcv/**/*.parquet'`)
  return (row as bigint[]).map(Number)
}

describe('the view', () => {
  test('DuckDB counts exactly the live rows, each once, after appends, revisions, folds and a new cut', async () => {
    const { root, storage } = freshStore()
    let head = await upsert(storage, null, barRun(0, 60_000))
    for (let i = 0; i < 12; i++) head = await upsert(storage, head, barRun(60_000 + 1_100 * i, 1_100))
    expect(await counts(root)).toEqual([head.rows, head.rows])
    head = await upsert(storage, head, barsOf([5, 44_700, 72_000], 900))
    expect(await counts(root)).toEqual([head.rows, head.rows])
    const range = { startMs: openOf(1_000), endMs: openOf(50_000) }
    head = await storage.commit(BARS, head, {
      opId: 'cut',
      replace: [{ range, rows: barRun(2_000, 10) }],
      coverage: [],
    })
    expect(await counts(root)).toEqual([head.rows, head.rows])
    for (const partition of ['day', 'all', 'month'] as const) {
      await storage.maintain({ kind: 'compact', series: BARS, partition })
      expect(await counts(root), partition).toEqual([head.rows, head.rows])
    }
    const symbols = await query(
      `select distinct provider, interval, symbol from read_parquet('${root}/ohlcv/**/*.parquet', hive_partitioning = true)`,
    )
    expect(symbols).toEqual([['contract', '1m', 'BTC-USD']])
    const sums = await query(`select sum(close) from '${root}/${FOLDER}/*.parquet'`)
    const { close } = await storage.read(head, { columns: ['close'] })
    expect(sums[0]?.[0]).toBeCloseTo(
      (close as Float64Array).reduce((sum, x) => sum + x, 0),
      3,
    )
  })

  test('shows no row twice at any moment, and after each commit all of them', async () => {
    const root = freshFolder()
    let checks = 0
    const { fs } = recordingFs(({ path, to }) => {
      if (!(to ?? path).includes('.parquet')) return
      checks++
      expectDistinct(root)
    })
    const storage = createLocalStorage({ root, fs })
    let head: Snapshot | null = null
    for (let i = 0; i < 22; i++) head = await upsert(storage, head, barRun(1_100 * i, 1_100))
    head = await upsert(storage, head, barsOf([1, 3_000, 9_000, 22_000, 70_000], 500))
    await storage.maintain({ kind: 'compact', series: BARS })
    await storage.maintain({ kind: 'compact', series: BARS, partition: 'day' })
    await storage.maintain({ kind: 'compact', series: BARS, partition: 'quarter' })
    head = (await storage.head(BARS)) as Snapshot
    expect(expectDistinct(root)).toBe(head.rows)
    expect(checks).toBeGreaterThan(80)
  })

  test('is mended by the next writer and by repair', async () => {
    const { root, storage } = freshStore()
    let head = await upsert(storage, null, barRun(0, 100_000))
    unlinkSync(`${root}/${FOLDER}/2024-01.parquet`)
    expect((await storage.verify()).issues.map(({ message }) => message)).toEqual(['does not show the newest version'])
    head = await upsert(createLocalStorage({ root }), head, barRun(100_000, 1))
    expect(await counts(root)).toEqual([head.rows, head.rows])
    unlinkSync(`${root}/${FOLDER}/2024-02.parquet`)
    const report = await storage.maintain({ kind: 'repair', series: BARS })
    expect(report.actions.length).toBe(1)
    expect(await counts(root)).toEqual([head.rows, head.rows])
  })
})

/** Fails unless the files that a glob finds now hold disjoint spans. @returns their rows */
function expectDistinct(root: string): number {
  const folder = `${root}/${FOLDER}`
  const names = readdirSync(folder).filter((name) => name.endsWith('.parquet') && !name.startsWith('.'))
  const footers = names.map((name) => readFooter(bytesSource(readFileSync(`${folder}/${name}`))))
  const spans = footers
    .map(({ groups }) => [groups[0]?.span?.first ?? 0n, groups.at(-1)?.span?.last ?? 0n] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [i, [first]] of spans.entries())
    expect(i === 0 || (spans[i - 1]?.[1] ?? 0n) < first, names.join(' ')).toBe(true)
  return footers.reduce((sum, { rows }) => sum + rows, 0)
}
