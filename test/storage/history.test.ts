import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contract/storage.ts'
import { type HistoryFacts, versionsToKeep } from '../../src/storage/local/history-rule.ts'
import { BARS, barRun, barsOf, checkRows } from '../../src/testkit/storage-checks.ts'
import { HASTY_FS, filesBelow, freshStore } from './place.ts'
import { posixError, recordingFs } from './recording-fs.ts'

const HOUR = 3_600_000
const RULE = { everyMs: HOUR, hourlyMs: 24 * HOUR, dailyMs: 720 * HOUR, last: 20 }

/** Versions of these ages, each with a file of its own. */
function facts(ages: readonly number[], bytes = 10, pinned: readonly number[] = []): HistoryFacts {
  return {
    versions: ages.map((age, i) => ({ version: i + 1, committedAtMs: 1e12 - age, sizeBytes: bytes })),
    oldFiles: ages.slice(0, -1).map((_, i) => ({ sizeBytes: bytes, first: i + 1, last: i + 1 })),
    liveBytes: bytes,
    pinned: new Set(pinned),
  }
}

const kept = (given: HistoryFacts, rule: Parameters<typeof versionsToKeep>[2] = RULE): number[] =>
  [...versionsToKeep(given, 1e12, rule)].toSorted((a, b) => a - b)

const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i)

describe('the history rule', () => {
  test('keeps every version of the last hour, then one an hour for a day, one a day for 30 days', () => {
    const everyMinute = Array.from({ length: 60 * 24 * 40 }, (_, i) => (60 * 24 * 40 - 1 - i) * 60_000)
    const ages = kept(facts(everyMinute, 0)).map((version) => everyMinute[version - 1] as number)
    expect(ages.filter((age) => age <= HOUR).length).toBe(61)
    expect(ages.filter((age) => age > HOUR && age <= 24 * HOUR).length).toBeLessThanOrEqual(25)
    expect(ages.filter((age) => age > HOUR && age <= 24 * HOUR).length).toBeGreaterThanOrEqual(23)
    expect(ages.filter((age) => age > 24 * HOUR).length).toBeGreaterThanOrEqual(29)
    expect(ages.filter((age) => age > 24 * HOUR).length).toBeLessThanOrEqual(31)
    expect(ages.every((age) => age <= 720 * HOUR)).toBe(true)
  })

  test('always keeps the last 20 and the pinned ones, and gives up the oldest others for the bytes', () => {
    expect(
      kept(
        facts(
          Array.from({ length: 100 }, () => 1e11),
          10,
          [3],
        ),
      ),
    ).toEqual([3, ...from(81, 20)])
    const fresh = facts(
      Array.from({ length: 100 }, () => 0),
      10,
      [3],
    )
    expect(kept(fresh, { ...RULE, historyBytes: 600 })).toEqual([3, ...from(71, 30)])
    expect(kept({ ...fresh, pinned: new Set() }, { ...RULE, historyBytes: 0 })).toEqual(from(81, 20))
  })

  test('counts a file once that several versions need, until the last of them goes', () => {
    const shared = [{ sizeBytes: 1_000_000, first: 1, last: 3 }]
    const given = { ...facts([3, 2, 1, 0]), oldFiles: shared }
    expect(kept(given, { ...RULE, last: 1, historyBytes: 1_000_030 })).toEqual([1, 2, 3, 4])
    expect(kept(given, { ...RULE, last: 1, historyBytes: 1_000_020 })).toEqual([2, 3, 4])
    expect(kept(given, { ...RULE, last: 1, historyBytes: 999_999 })).toEqual([4])
    expect(kept({ ...given, pinned: new Set([2]) }, { ...RULE, last: 1, historyBytes: 999_999 })).toEqual([2, 4])
  })
})

describe('the log', () => {
  test('stays bounded over 2,000 one-bar commits, and so do the bytes', async () => {
    const { root, storage } = freshStore({ fs: HASTY_FS })
    let head = await storage.commit(BARS, null, {
      opId: 'load',
      upsert: barRun(0, 20_000),
      coverage: [],
      rowsPerYear: 525_600,
    })
    let [mostFiles, mostBytes] = [0, 0]
    for (let i = 0; i < 2_000; i++) {
      head = await storage.commit(BARS, head, { opId: `op-${i}`, upsert: barRun(20_000 + i, 1), coverage: [] })
      if (i % 100 !== 99) continue
      const files = [...filesBelow(root)].filter(([name]) => !name.endsWith('.parquet'))
      mostFiles = Math.max(mostFiles, files.length)
      mostBytes = Math.max(
        mostBytes,
        files.reduce((sum, [, size]) => sum + size, 0),
      )
    }
    expect(head.version).toBe(2_001)
    expect(mostFiles).toBeLessThan(700)
    expect(mostBytes).toBeLessThan(head.sizeBytes + 1.6 * 2 ** 20)
    checkRows(await storage.read(head, {}), barRun(0, 22_000), 'rows')
    expect((await storage.verify({ deep: true })).issues).toEqual([])
  }, 120_000)

  test('keeps one version an hour and a day under another name, readable and listed', async () => {
    let now = Date.UTC(2026, 0, 1)
    const { storage } = freshStore({ now: () => now, history: { last: 2 }, fs: HASTY_FS })
    let head: Snapshot | null = null
    for (let i = 0; i < 96; i++) {
      now += HOUR / 2
      head = await storage.commit(BARS, head, { opId: `op-${i}`, upsert: barsOf([i]), coverage: [] })
    }
    await storage.maintain({ kind: 'collect', graceMs: 0 })
    const history = await storage.history(BARS)
    const ages = history.map(({ committedAtMs }) => (now - committedAtMs) / HOUR)
    expect(ages.filter((age) => age <= 1).length).toBe(3)
    expect(ages.filter((age) => age > 1 && age <= 24).length).toBe(23)
    expect(history.length).toBeLessThan(30)
    for (const { version } of history) {
      const old = await storage.snapshot(BARS, version)
      checkRows(await storage.read(old, {}), barsOf(Array.from({ length: version }, (_, i) => i)), `version ${version}`)
    }
    expect((await storage.verify({ deep: true })).issues).toEqual([])
    expect((await storage.maintain({ kind: 'collect', graceMs: 0 })).actions).toEqual([])
  })

  test('removes files that no version names only after their grace', async () => {
    const { root, storage } = freshStore()
    await storage.commit(BARS, null, { opId: 'a', upsert: barRun(0, 10), coverage: [] })
    const folder = `${root}/ohlcv/provider=contract/interval=1m/symbol=BTC-USD`
    const { writeFileSync, existsSync } = await import('node:fs')
    const orphans = [`${folder}/_data/2024.abc-1.pq`, `${folder}/_log/.x.tmp`, `${folder}/.y.tmp`]
    for (const path of [...orphans, `${folder}/mine.parquet`, `${folder}/_data/notes.txt`]) writeFileSync(path, 'x')
    expect((await storage.maintain({ kind: 'collect' })).actions).toEqual([])
    const dry = await storage.maintain({ kind: 'collect', graceMs: -1_000, dryRun: true })
    expect([dry.actions.length, dry.filesRemoved]).toEqual([3, 3])
    expect(orphans.every((path) => existsSync(path))).toBe(true)
    expect((await storage.maintain({ kind: 'collect', graceMs: -1_000 })).filesRemoved).toBe(3)
    expect(orphans.some((path) => existsSync(path))).toBe(false)
    expect(existsSync(`${folder}/mine.parquet`) && existsSync(`${folder}/_data/notes.txt`)).toBe(true)
  })
})

test('a rule that cannot be applied is tried again when it is its turn, not at each commit', async () => {
  let isHeld = false
  const { fs } = recordingFs(({ op, to }) => {
    if (isHeld && op === 'rename' && to?.endsWith('.gone') === true) throw posixError('EIO')
  })
  const warnings: string[] = []
  const { storage } = freshStore({
    fs: { ...fs, fsync: async () => {}, fsyncFolder: async () => {} },
    history: { last: 1, historyBytes: 40_000 },
    onWarning: ({ code }) => void warnings.push(code),
  })
  let head: Snapshot | null = null
  const commit = async (i: number): Promise<void> => {
    head = await storage.commit(BARS, head, { opId: `op-${i}`, upsert: barsOf([i]), coverage: [] })
  }
  for (let i = 0; i < 64; i++) await commit(i)
  isHeld = true
  for (let i = 64; i < 144; i++) await commit(i)
  expect(warnings.length).toBeGreaterThan(1)
  expect(warnings.length).toBeLessThan(12)
  expect(new Set(warnings)).toEqual(new Set(['history-behind']))
})
