import { describe, expect, test } from 'vitest'
import type { HistoryOptions } from '../../src/storage/local/index.ts'
import { hasCode } from '../../src/contract/errors.ts'
import { checkHolds, checkLog, checkView } from './check.ts'
import {
  type Action,
  type Expected,
  NOTHING,
  SERIES,
  type World,
  after,
  bars,
  openWorld,
  perform,
  rowsOfColumns,
} from './world.ts'

/** Old versions go as soon as they may. */
const SHORT: HistoryOptions = { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 1, historyBytes: 0 }

interface Story {
  readonly world: World
  expected: Expected
  commits: number
}

const begin = (options: Parameters<typeof openWorld>[0]): Story => ({
  world: openWorld(options),
  expected: NOTHING,
  commits: 0,
})

async function act(story: Story, action: Action): Promise<void> {
  await perform(story.world, story.expected, action, `op-${story.commits++}`)
  story.expected = after(story.expected, action)
  story.world.clock.nowMs += 60_000
}

const upsert = (first: number, count: number, price: number): Action => ({
  kind: 'upsert',
  rows: bars(first, count, price),
})

/** Everything that makes old files superfluous. */
async function churn(story: Story, commits: number): Promise<void> {
  for (let i = 0; i < commits; i++) await act(story, upsert(i, 250, 500 + i))
  await story.world.storage.maintain({ kind: 'compact', series: SERIES, partition: 'day' })
  for (let i = 0; i < commits; i++) await act(story, upsert(i + 7, 250, 900 + i))
  story.world.clock.nowMs += 100 * 86_400_000
  await story.world.storage.maintain({ kind: 'collect', graceMs: 0 })
}

async function readAll(
  { storage }: World,
  snapshot: Parameters<World['storage']['read']>[0],
): Promise<[number, number][]> {
  return rowsOfColumns(await storage.read(snapshot, {}))
}

describe('a reader', () => {
  test('that holds a version within the history rule keeps reading it through updates, compaction and collection', async () => {
    const story = begin({})
    await act(story, upsert(0, 300, 1))
    const held = await story.world.storage.head(SERIES)
    const before = await readAll(story.world, held!)
    await churn(story, 8)
    expect(await readAll(story.world, held!)).toEqual(before)
    const elsewhere = openWorld({ disk: story.world.sim.disk, nowMs: story.world.clock.nowMs, seed: 2 })
    expect(await readAll(elsewhere, held!)).toEqual(before)
  })

  test('that pinned a version keeps reading it past the history rule, until it is unpinned', async () => {
    const story = begin({ history: SHORT })
    await act(story, upsert(0, 300, 1))
    await act(story, { kind: 'pin', name: 'mine' })
    await churn(story, 20)
    expect(await checkHolds(story.world, story.expected)).toEqual([])
    expect(checkLog(story.world.sim, { keepLast: 1 })).toEqual([])
    const pinned = await story.world.storage.snapshot(SERIES, 'mine')
    await act(story, { kind: 'unpin', name: 'mine' })
    await churn(story, 20)
    await expect(readAll(story.world, pinned)).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    await expect(story.world.storage.snapshot(SERIES, 'mine')).rejects.toMatchObject({
      code: 'storage/snapshot-expired',
    })
  })

  test('that holds a version past the history rule is told that it expired, and nothing is quarantined for it', async () => {
    const story = begin({ history: SHORT })
    await act(story, upsert(0, 300, 1))
    const held = await story.world.storage.head(SERIES)
    await churn(story, 20)
    await expect(readAll(story.world, held!)).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    expect(await checkHolds(story.world, story.expected)).toEqual([])
    expect(story.world.sim.paths().filter((path) => path.includes('_quarantine'))).toEqual([])
  })

  test('that scans gets every row of its version, although all files are replaced and collected meanwhile', async () => {
    const story = begin({ history: SHORT, partition: 'day' })
    await act(story, upsert(0, 4_000, 1))
    const held = await story.world.storage.head(SERIES)
    const before = await readAll(story.world, held!)
    const found: [number, number][] = []
    let batches = 0
    for await (const batch of story.world.storage.scan(held!, { batchRows: 500 })) {
      found.push(...rowsOfColumns(batch))
      if (batches++ === 1) {
        for (let i = 0; i < 20; i++) await act(story, upsert(0, 4_000, 10 + i))
        story.world.clock.nowMs += 100 * 86_400_000
        await story.world.storage.maintain({ kind: 'collect', graceMs: 0 })
      }
    }
    expect(found).toEqual(before)
    // What the scan held is gone once it is over.
    await story.world.storage.maintain({ kind: 'collect', graceMs: 0 })
    await expect(readAll(story.world, held!)).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
  })

  test('that scans while another process collects gets the right rows or is told that they expired', async () => {
    const story = begin({ history: SHORT, partition: 'day' })
    await act(story, upsert(0, 4_000, 1))
    const reader = openWorld({ disk: story.world.sim.disk, nowMs: story.world.clock.nowMs, seed: 2 })
    const held = await reader.storage.head(SERIES)
    const before = await readAll(story.world, held!)
    const found: [number, number][] = []
    let batches = 0
    const scanning = (async () => {
      for await (const batch of reader.storage.scan(held!, { batchRows: 500 })) {
        found.push(...rowsOfColumns(batch))
        if (batches++ !== 1) continue
        for (let i = 0; i < 20; i++) await act(story, upsert(0, 4_000, 10 + i))
        await story.world.storage.maintain({ kind: 'collect', graceMs: 0 })
      }
    })()
    await expect(scanning).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    expect(found).toEqual(before.slice(0, found.length))
  })

  test('of a dropped series is told so, also when the series begins again with the same numbers', async () => {
    const story = begin({})
    await act(story, upsert(0, 300, 1))
    const held = await story.world.storage.head(SERIES)
    const elsewhere = openWorld({ disk: story.world.sim.disk, nowMs: story.world.clock.nowMs, seed: 2 })
    const heldElsewhere = await elsewhere.storage.head(SERIES)
    await act(story, { kind: 'drop' })
    const outcomes = async (): Promise<unknown[]> => [
      await readAll(story.world, held!).catch((error: unknown) => error),
      await readAll(elsewhere, heldElsewhere!).catch((error: unknown) => error),
    ]
    for (const outcome of await outcomes()) expect(hasCode(outcome, 'storage/snapshot-expired')).toBe(true)
    await act(story, upsert(0, 300, 77))
    for (const outcome of await outcomes()) expect(hasCode(outcome, 'storage/snapshot-expired')).toBe(true)
    expect(await checkHolds(story.world, story.expected)).toEqual([])
    expect(await checkHolds(elsewhere, story.expected)).toEqual([])
  })

  test('that scans while the series is dropped never sees rows of the one that takes its place', async () => {
    const story = begin({ partition: 'day' })
    await act(story, upsert(0, 4_000, 1))
    const before = await readAll(story.world, (await story.world.storage.head(SERIES))!)
    const reader = openWorld({ disk: story.world.sim.disk, nowMs: story.world.clock.nowMs, seed: 2 })
    const found: [number, number][] = []
    const scanning = (async () => {
      for await (const batch of reader.storage.scan((await reader.storage.head(SERIES))!, { batchRows: 500 })) {
        if (found.length === 0) {
          await act(story, { kind: 'drop' })
          await act(story, upsert(0, 4_000, 900))
        }
        found.push(...rowsOfColumns(batch))
      }
    })()
    await expect(scanning).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    expect(found).toEqual(before.slice(0, found.length))
  })
})

describe('a full disk', () => {
  test('refuses a commit, keeps what is there, and is emptied by collection', async () => {
    const story = begin({ history: SHORT })
    await act(story, upsert(0, 300, 1))
    for (let i = 0; i < 10; i++) await act(story, upsert(i, 250, 20 + i))
    const { sim, storage, clock } = story.world
    const paths = new Set(sim.paths())
    sim.capacityBytes = 1
    await expect(perform(story.world, story.expected, upsert(0, 300, 5), 'full')).rejects.toMatchObject({
      code: 'storage/full',
    })
    expect(await checkHolds(story.world, story.expected)).toEqual([])
    expect(sim.paths().filter((path) => !paths.has(path))).toEqual([])
    clock.nowMs += 100 * 86_400_000
    const report = await storage.maintain({ kind: 'collect', graceMs: 0 })
    expect(report.bytesRemoved).toBeGreaterThan(0)
    expect(await checkHolds(story.world, story.expected)).toEqual([])
    expect(checkLog(sim, { keepLast: 1 })).toEqual([])
    sim.capacityBytes = Infinity
    await act(story, upsert(0, 300, 5))
    expect(await checkHolds(story.world, story.expected)).toEqual([])
    expect(await checkView(sim)).toEqual([])
  })
})
