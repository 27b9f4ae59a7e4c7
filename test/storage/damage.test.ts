import { appendFileSync, readFileSync, readdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { rowCount } from '../../src/contract/columns.ts'
import { unknownRanges } from '../../src/contract/coverage.ts'
import type { Snapshot, Storage } from '../../src/contract/storage.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { BARS, barRun, barsOf, checkRows, openOf, provenBars } from '../../src/testkit/storage-checks.ts'
import { filesBelow, freshStore } from './place.ts'
import { recordingFs } from './recording-fs.ts'

const FOLDER = 'ohlcv/provider=contract/interval=1m/symbol=BTC-USD'
const ROWS = 100_000
/** Bars of January 2024. */
const JANUARY = 44_640

async function loaded(
  options: Parameters<typeof freshStore>[0] = {},
): Promise<{ root: string; storage: Storage; head: Snapshot; folder: string }> {
  const { root, storage } = freshStore(options)
  const change = { opId: 'load', upsert: barRun(0, ROWS), coverage: provenBars(0, ROWS), rowsPerYear: 525_600 }
  const head = await storage.commit(BARS, null, change)
  return { root, storage, head, folder: `${root}/${FOLDER}` }
}

const dataFile = (folder: string, part: string): string =>
  `${folder}/_data/${readdirSync(`${folder}/_data`).find((name) => name.startsWith(`${part}.`)) as string}`

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] as number) ^ 0x10
  writeFileSync(path, bytes)
}

describe('a file of rows that is not what was written', () => {
  test.each([
    ['a flipped bit', (path: string) => flip(path, 5_000)],
    ['a cut', (path: string) => truncateSync(path, 1_000)],
    ['an appended byte', (path: string) => appendFileSync(path, 'x')],
    ['its loss', (path: string) => unlinkSync(path)],
  ])('is told once after %s, set aside, and its range is unknown from then on', async (_, damage) => {
    const { root, head, folder } = await loaded()
    const path = dataFile(folder, '2024-02')
    damage(path)
    const storage = createLocalStorage({ root })
    await expect(storage.read(head, {})).rejects.toMatchObject({ code: 'storage/corrupt', path })
    const next = (await storage.head(BARS)) as Snapshot
    expect(next.version).toBe(2)
    const left = await storage.read(next, {})
    expect(rowCount(left)).toBe(next.rows)
    const february = { startMs: Date.UTC(2024, 1, 1), endMs: Date.UTC(2024, 2, 1) }
    expect(unknownRanges(next.coverage, { startMs: openOf(0), endMs: openOf(ROWS) })).toEqual([february])
    checkRows(
      await storage.read(next, { range: { startMs: openOf(0), endMs: february.startMs } }),
      barRun(0, JANUARY),
      'January',
    )
    expect((await storage.verify({ deep: true })).issues.filter(({ path: at }) => at !== path)).toEqual([])
    expect(readdirSync(folder)).not.toContain('2024-02.parquet')
    const again = barRun(JANUARY, 29 * 1_440)
    const healed = await storage.commit(BARS, next, { opId: 'again', upsert: again, coverage: provenBars(0, ROWS) })
    checkRows(await storage.read(healed, {}), barRun(0, ROWS), 'after a new fetch')
  })

  test('keeps its content in quarantine with the reason', async () => {
    const { root, head, folder } = await loaded()
    const path = dataFile(folder, '2024-01')
    flip(path, 9_999)
    const bytes = readFileSync(path)
    await createLocalStorage({ root })
      .read(head, {})
      .catch(() => {})
    const name = path.split('/').at(-1) as string
    expect(readFileSync(`${folder}/_quarantine/${name}`).equals(bytes)).toBe(true)
    expect(readFileSync(`${folder}/_quarantine/${name}.json`, 'utf8')).toContain('checksum')
  })

  test('is noticed by a commit that needs it, which then succeeds on the next version', async () => {
    const { root, head, folder } = await loaded()
    flip(dataFile(folder, '2024-01'), 77)
    const storage = createLocalStorage({ root })
    const change = { opId: 'revise', upsert: barsOf([3], 5), coverage: head.coverage }
    await expect(storage.commit(BARS, head, change)).rejects.toMatchObject({ code: 'storage/corrupt' })
    const next = (await storage.head(BARS)) as Snapshot
    expect((await storage.commit(BARS, next, { ...change, coverage: next.coverage })).rows).toBe(ROWS - JANUARY + 1)
  })

  test('in a store that cannot be written is told each time', async () => {
    const { root, head, folder } = await loaded()
    flip(dataFile(folder, '2024-01'), 77)
    const { fs } = recordingFs(({ op }) => {
      if (op !== 'list') throw Object.assign(new Error('EROFS'), { code: 'EROFS' })
    })
    const storage = createLocalStorage({ root, fs })
    for (let i = 0; i < 2; i++) await expect(storage.read(head, {})).rejects.toMatchObject({ code: 'storage/corrupt' })
    expect((await storage.head(BARS))?.version).toBe(1)
  })

  test('is found by deep verification and set aside by repair', async () => {
    const { root, folder } = await loaded()
    const path = dataFile(folder, '2024-01')
    flip(path, 20_000)
    const storage = createLocalStorage({ root })
    expect((await storage.verify()).ok).toBe(true)
    const { ok, issues } = await storage.verify({ deep: true })
    expect([ok, issues.map((issue) => issue.path)]).toEqual([false, [path]])
    const dry = await storage.maintain({ kind: 'repair', series: BARS, dryRun: true })
    expect(dry.actions.length).toBe(1)
    expect((await storage.head(BARS))?.version).toBe(1)
    expect((await storage.maintain({ kind: 'repair', series: BARS })).version).toBe(2)
    expect((await storage.maintain({ kind: 'repair', series: BARS })).actions).toEqual([])
  })
})

describe('a head that cannot be read', () => {
  const head2 = (folder: string): string => `${folder}/_log/00000000000000000002.json`

  test('is refused by readers and writers, and replaced by repair with what the version before held', async () => {
    const { root, storage: first, head, folder } = await loaded()
    await first.commit(BARS, head, { opId: 'more', upsert: barRun(ROWS, 5), coverage: provenBars(0, ROWS + 5) })
    flip(head2(folder), 100)
    const said: string[] = []
    const storage = createLocalStorage({ root, onWarning: ({ code }) => said.push(code) })
    await expect(storage.head(BARS)).rejects.toMatchObject({ code: 'storage/corrupt', path: head2(folder) })
    const more = { opId: 'x', upsert: barRun(ROWS + 5, 1), coverage: [] }
    await expect(storage.commit(BARS, head, more)).rejects.toMatchObject({ code: 'storage/corrupt' })
    expect((await storage.list()).map((entry) => entry.head.version)).toEqual([1])
    expect(said).toEqual(['corrupt-head'])
    expect((await storage.verify()).ok).toBe(false)
    expect((await storage.maintain({ kind: 'repair', series: BARS })).version).toBe(3)
    const next = (await storage.head(BARS)) as Snapshot
    expect([next.version, next.parent, next.rows]).toEqual([3, head.hash, ROWS])
    expect(next.coverage).toEqual(head.coverage)
    expect((await storage.verify({ deep: true })).issues).toEqual([])
    await storage.maintain({ kind: 'collect', graceMs: 0 })
    checkRows(await storage.read(next, {}), barRun(0, ROWS), 'rows')
  })

  test('and a log that is lost are rebuilt from the files, with all their rows and no coverage', async () => {
    const { root, storage: first, head, folder } = await loaded()
    let last = await first.commit(BARS, head, {
      opId: 'a',
      upsert: barsOf([7, 50_000], 777),
      coverage: head.coverage,
      meta: { assetClass: 'crypto' },
    })
    for (let i = 0; i < 3; i++)
      last = await first.commit(BARS, last, {
        opId: `b${i}`,
        upsert: barRun(ROWS + 2_000 * i, 2_000),
        coverage: head.coverage,
      })
    const before = await first.read(last, {})
    rmSync(`${folder}/_log`, { recursive: true })
    const storage = createLocalStorage({ root })
    expect(await storage.head(BARS)).toBeNull()
    const report = await storage.maintain({ kind: 'repair', series: BARS })
    expect(report.actions.length).toBe(1)
    const next = (await storage.head(BARS)) as Snapshot
    expect([next.rows, next.coverage, next.meta, next.partition]).toEqual([
      last.rows,
      [],
      { assetClass: 'crypto' },
      'month',
    ])
    expect(next.version).toBeGreaterThanOrEqual(last.version)
    checkRows(await storage.read(next, {}), before, 'rows')
    expect((await storage.verify({ deep: true })).issues).toEqual([])
    const more = await storage.commit(BARS, next, { opId: 'c', upsert: barRun(ROWS + 6_000, 1), coverage: [] })
    expect(more.rows).toBe(last.rows + 1)
  })
})

describe('readers', () => {
  test('that hold a version keep reading it through updates, compaction and collection, until the history rule takes it', async () => {
    const { storage, head, folder } = await loaded({ history: { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 3 } })
    let last = head
    for (let i = 0; i < 2; i++)
      last = await storage.commit(BARS, last, { opId: `u${i}`, upsert: barsOf([i], 9), coverage: [] })
    await storage.maintain({ kind: 'collect', graceMs: 0 })
    checkRows(await storage.read(head, {}), barRun(0, ROWS), 'held')
    for (let i = 2; i < 5; i++)
      last = await storage.commit(BARS, last, { opId: `u${i}`, upsert: barsOf([i], 9), coverage: [] })
    const scan = storage.scan(last, {})[Symbol.asyncIterator]()
    const batch = await scan.next()
    for (let i = 5; i < 12; i++)
      last = await storage.commit(BARS, last, { opId: `u${i}`, upsert: barsOf([i], 9), coverage: [] })
    await storage.maintain({ kind: 'collect', graceMs: 0 })
    await expect(storage.read(head, {})).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    let rows = rowCount(batch.value)
    for (let next = await scan.next(); next.done !== true; next = await scan.next()) rows += rowCount(next.value)
    expect(rows).toBe(ROWS)
    await storage.maintain({ kind: 'collect', graceMs: 0 })
    expect([...filesBelow(`${folder}/_log`).keys()].length).toBe(3)
    expect((await storage.verify({ deep: true })).issues).toEqual([])
  })

  test('of a series that is dropped meanwhile get an expired version', async () => {
    const { root, storage, head } = await loaded()
    const reader = createLocalStorage({ root })
    const scan = reader.scan(head, {})[Symbol.asyncIterator]()
    await scan.next()
    await storage.drop(BARS)
    const rest = async (): Promise<void> => {
      for (let next = await scan.next(); next.done !== true; next = await scan.next())
        expect(rowCount(next.value)).toBeGreaterThan(0)
    }
    await expect(rest()).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    await expect(reader.read(head, {})).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    expect([...filesBelow(root).keys()]).toEqual([])
  })

  test.runIf(process.platform === 'linux')('that stop half-way leave no file open', async () => {
    const { storage, head } = await loaded({ io: 'async' })
    const open = (): number => readdirSync('/proc/self/fd').length
    const before = open()
    for (let i = 0; i < 50; i++) await storage.scan(head, { batchRows: 10 })[Symbol.asyncIterator]().next()
    expect(open()).toBeLessThanOrEqual(before + 2)
  })
})
