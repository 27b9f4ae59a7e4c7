/**
 * Appending one day of minutes, so that it survives a power cut, to a short and to a long series.
 * @module
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { encodeParquet } from '../../src/codecs/parquet/index.ts'
import { type CoverageRecord, type Snapshot, type Storage, createLocalStorage } from '../../src/index.ts'
import { type Bars, COLUMNS, DAY_MS, MINUTE_MS, expectBars, openMs, sliceBars } from '../data.ts'
import type { Case, Suite } from '../harness.ts'
import { type Duck, SELECTED, openDuck, quoted } from '../peers/duckdb.ts'
import { ipcBytes, rewriteByPolars } from '../peers/others.ts'
import { COMPRESSORS, SHAPE, benchClient, createFeed, loadBars, temporaryFolder } from '../store.ts'
import { joined, rawBytes } from './read.ts'
import { expectBytes, expectStored } from './stored.ts'

const DAY_ROWS = 1440
const SERIES = { provider: 'bench', schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' } as const
const LIMIT = 'write and fsync of the raw bytes, then rename'

const label = (what: string, rows: number): string =>
  `${what}, ${rows >= 1e6 ? `${(rows / 1e6).toFixed(1)} M` : `${Math.round(rows / 1e3)} k`} stored`

/** Stored rows and the days that come after them. */
export interface AppendTask {
  readonly bars: Bars
  /** Rows stored before the first append, of each length compared; ascending. */
  readonly lengths: readonly number[]
  readonly repeats: number
}

/** A day that is appended next, counted up by each append. */
interface Days {
  readonly storedRows: number
  next: number
  readonly at: (day: number) => Bars
  /** All that is stored after the days appended so far. */
  readonly whole: () => Bars
}

/** Things to close, and whole series to compare at the end: read after each append they would warm what is measured. */
type Closers = (() => void | Promise<void>)[]

/** Prepares stores of each length, ours and the others'. */
export async function appendSuite({ bars, lengths, repeats }: AppendTask): Promise<Suite> {
  const folder = temporaryFolder('append')
  const closers: Closers = []
  const cases: Case[] = [limitCase(folder, sliceBars(bars, 0, DAY_ROWS))]
  for (const storedRows of lengths) {
    const days = (): Days => ({
      storedRows,
      next: 0,
      at: (day) => sliceBars(bars, storedRows + day * DAY_ROWS, storedRows + (day + 1) * DAY_ROWS),
      whole() {
        return sliceBars(bars, 0, storedRows + this.next * DAY_ROWS)
      },
    })
    const here = join(folder, String(storedRows))
    const stored = sliceBars(bars, 0, storedRows)
    cases.push(await storeCase(`${here}-store`, stored, days(), closers))
    cases.push(...(await clientCases(here, stored, bars, days, closers)))
    cases.push(...(await duckCases(here, stored, days(), closers)))
  }
  const long = lengths.at(-1) as number
  const short = lengths[0] as number
  const ours = (rows: number): string => label('marketlake commit', rows)
  return {
    name: 'append',
    about: `one day (${DAY_ROWS} minute bars) appended and fsynced, to ${lengths.join(' and ')} stored rows`,
    cases,
    limit: LIMIT,
    repeats,
    warmUps: 10,
    goals: [
      ...lengths.map((rows) => ({
        name: label("commit to DuckDB's durable INSERT", rows),
        of: ours(rows),
        over: [label('DuckDB INSERT', rows)],
        most: 2,
      })),
      { name: 'as fast at the long series as at the short', of: ours(long), over: [ours(short)], most: 1.2 },
      {
        name: 'client as fast at the long series as at the short',
        of: label('marketlake update', long),
        over: [label('marketlake update', short)],
        most: 1.2,
      },
      {
        name: 'faster than a Parquet rewrite',
        of: ours(long),
        over: [label('DuckDB rewrite of Parquet', long)],
        least: 100,
      },
    ],
    async close() {
      for (const closer of closers) await closer()
    },
  }
}

function limitCase(folder: string, day: Bars): Case {
  const bytes = rawBytes(day)
  let at = 0
  return {
    name: LIMIT,
    run() {
      const path = join(folder, `raw-${at++}`)
      const handle = openSync(`${path}.tmp`, 'w')
      writeSync(handle, bytes)
      fsyncSync(handle)
      closeSync(handle)
      renameSync(`${path}.tmp`, path)
    },
    check: () => expectBytes(join(folder, `raw-${at - 1}`), bytes),
  }
}

/** The store alone: rows are given, the next version is durable when the call returns. */
async function storeCase(root: string, stored: Bars, days: Days, closers: Closers): Promise<Case> {
  let nowMs = openMs(stored, -1) + MINUTE_MS
  const storage = createLocalStorage({ root, now: () => nowMs })
  let head: Snapshot | null = null
  const coverageTo = (endMs: number): CoverageRecord[] => [
    { startMs: openMs(stored, 0), endMs, state: 'data', requestId: 'bench', asOfMs: nowMs },
  ]
  // One commit a year keeps the memory of preparing flat.
  for (let row = 0; row < stored.timestamp.length; row += 525_600) {
    const part = sliceBars(stored, row, Math.min(row + 525_600, stored.timestamp.length))
    head = await put(storage, head, part, coverageTo(openMs(part, -1) + MINUTE_MS), `fill-${row}`)
  }
  closers.push(() => expectStored(root, days.whole()))
  return {
    name: label('marketlake commit', days.storedRows),
    async run() {
      const day = days.at(days.next++)
      nowMs = openMs(day, -1) + MINUTE_MS
      head = await put(storage, head, day, coverageTo(nowMs), `day-${days.next}`)
      return head
    },
    async check(snapshot: Snapshot) {
      const wanted = days.storedRows + days.next * DAY_ROWS
      if (snapshot.rows !== wanted) throw new Error(`${snapshot.rows} rows, not ${wanted}`)
      await expectStored(root, days.at(days.next - 1))
    },
  }
}

function put(
  storage: Storage,
  base: Snapshot | null,
  upsert: Bars,
  coverage: readonly CoverageRecord[],
  opId: string,
): Promise<Snapshot> {
  return storage.commit(SERIES, base, { opId, upsert, coverage, rowsPerYear: 525_600 })
}

/** The client: asks a source, checks, compares and commits. */
async function clientCases(
  folder: string,
  stored: Bars,
  bars: Bars,
  days: () => Days,
  closers: Closers,
): Promise<Case[]> {
  const kinds = [
    { name: 'marketlake update', options: { lookbackDays: 0 } },
    { name: 'marketlake update with its recheck of 7 days', options: { lookbackDays: 7 } },
  ]
  const cases: Case[] = []
  for (const [i, { name, options }] of kinds.entries()) {
    const feed = createFeed()
    const clock = { nowMs: openMs(stored, -1) + MINUTE_MS }
    const root = `${folder}-client-${i}`
    const client = benchClient(root, feed, clock)
    await loadBars(client, feed, 'BTCUSDT', '1m', stored)
    feed.bars.set('BTCUSDT', bars)
    const mine = days()
    closers.push(async () => {
      await client.close()
      await expectStored(root, mine.whole())
    })
    cases.push({
      name: label(name, mine.storedRows),
      before() {
        clock.nowMs += DAY_MS
        mine.next++
      },
      run: () => client.update({ symbol: 'BTCUSDT', interval: '1m', ...options }),
      async check({ added }: { added: number }) {
        if (added !== DAY_ROWS) throw new Error(`${added} bars were added`)
        await expectStored(root, mine.at(mine.next - 1))
      },
      note: 'asks, checks, compares, commits',
    })
  }
  return cases
}

async function duckCases(folder: string, stored: Bars, days: Days, closers: Closers): Promise<Case[]> {
  const parquet = `${folder}-stored.parquet`
  writeFileSync(parquet, joined(encodeParquet(stored, { ...SHAPE, compressors: COMPRESSORS })))
  const duck = await openDuck(`${folder}.duckdb`)
  closers.push(async () => {
    const whole = days.whole()
    expectBars(whole)(await duck.bars(`SELECT ${SELECTED} FROM bars`, whole.timestamp.length))
    duck.close()
  })
  await duck.run(`CREATE TABLE bars AS SELECT ${SELECTED} FROM ${quoted(parquet)}`)
  await duck.run('CHECKPOINT')
  await duck.run("ATTACH ':memory:' AS staged")
  await duck.run('CREATE TABLE staged.day AS SELECT * FROM bars LIMIT 0')
  const stage = async (): Promise<void> => {
    const path = `${folder}-day.parquet`
    writeFileSync(path, joined(encodeParquet(days.at(days.next++), { ...SHAPE, compressors: COMPRESSORS })))
    await duck.run('DELETE FROM staged.day')
    await duck.run(`INSERT INTO staged.day SELECT ${SELECTED} FROM ${quoted(path)}`)
    rmSync(path)
  }
  const insert: Case = {
    name: label('DuckDB INSERT', days.storedRows),
    before: stage,
    run: () => duck.run('INSERT INTO bars SELECT * FROM staged.day'),
    async check() {
      const rows = await duck.value('SELECT count(*) FROM bars')
      if (rows !== days.storedRows + days.next * DAY_ROWS) throw new Error(`${rows} rows`)
      const day = days.at(days.next - 1)
      const added = `SELECT ${SELECTED} FROM bars WHERE epoch_us("timestamp") >= ${day.timestamp[0]}`
      expectBars(day)(await duck.bars(added, DAY_ROWS))
    },
    note: 'native table, rows staged in memory, write-ahead log fsynced',
  }
  return [insert, ...rewriteCases(folder, parquet, stored, duck, days)]
}

function rewriteCases(folder: string, parquet: string, stored: Bars, duck: Duck, days: Days): Case[] {
  const source = `${folder}-own.parquet`
  const target = `${folder}-rewritten.parquet`
  const tail = days.at(0)
  const ipc = ipcBytes(tail)
  const holds = (added: Bars) => async (): Promise<void> => {
    const found = await duck.bars(`SELECT ${SELECTED} FROM ${quoted(target)}`, days.storedRows + DAY_ROWS)
    const part = (start: number, end?: number): typeof found =>
      Object.fromEntries(COLUMNS.map((name) => [name, (found[name] as Float64Array).subarray(start, end)]))
    expectBars(stored)(part(0, days.storedRows))
    expectBars(added)(part(days.storedRows))
    rmSync(target)
  }
  return [
    {
      name: label('DuckDB rewrite of Parquet', days.storedRows),
      before: () => duck.run(`COPY (SELECT ${SELECTED} FROM ${quoted(parquet)}) TO ${quoted(source)}`),
      run: () =>
        duck.run(
          `COPY (SELECT ${SELECTED} FROM ${quoted(source)} UNION ALL SELECT ${SELECTED} FROM ${quoted(parquet)} LIMIT ${days.storedRows + DAY_ROWS}) TO ${quoted(target)}`,
        ),
      // What it puts behind is a day that it has at hand: the first one again.
      check: holds(sliceBars(stored, 0, DAY_ROWS)),
      most: 2,
    },
    {
      name: label('Polars rewrite of Parquet', days.storedRows),
      run: () => rewriteByPolars(parquet, ipc, target),
      check: holds(tail),
      most: 2,
    },
  ]
}
