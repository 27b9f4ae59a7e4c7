/** Four faults that were measured in a library of the same purpose, each as a test on the local store. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import { createDataClient } from '../../src/client.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import { columnsOf, coverageOf } from '../../src/query/table.ts'
import { type FakeBar, type FakeSource, fakeSource, minuteBars } from './support.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const STOCK = {
  calendar: 'XNYS',
  anchor: 'session',
  dayBoundary: 'session',
  barsWithoutTrades: 'unknown',
  rowsPerRequest: 20_000,
} as const
const date = (text: string): number => Date.parse(`${text}T00:00Z`)
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

let root = ''
const open: DataClient[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'marketlake-'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()))
  await rm(root, { recursive: true, force: true })
})

function clientOf(source: FakeSource, clock: { nowMs: number }): DataClient {
  const client = createDataClient({ root, providers: [source.provider], runtime: { now: () => clock.nowMs } })
  open.push(client)
  return client
}

/** A bar of each session, as the exchange held them. */
function sessionBars(start: string, end: string): FakeBar[] {
  return [...calendar('XNYS').sessions({ start, end }).session].map((ms, i) => [ms, 100 + i] as const)
}

const opens = async (client: DataClient, key: { symbol: string; interval: '1d' | '1m' }): Promise<number[]> => [
  ...columnsOf(await client.read(key)).timestampMs,
]

describe('weekend bars invented by update', () => {
  test('daily updates of ten weeks store the sessions and no other day', async () => {
    const bars = sessionBars('2024-01-02', '2024-03-16')
    const source = fakeSource(bars, STOCK)
    const clock = { nowMs: date('2024-01-06') }
    const client = clientOf(source, clock)
    const key = { symbol: 'SPY', interval: '1d' } as const
    await client.get({ ...key, start: '2024-01-02' })
    for (; clock.nowMs < date('2024-03-16'); clock.nowMs += DAY) await client.update(key)
    await client.update(key)
    expect(await opens(client, key)).toEqual(bars.map(([ms]) => ms))
    expect(coverageOf(await client.read(key)).missing).toEqual([])
  })

  test('one missing minute in three days is filled by that minute, and no night by anything', async () => {
    const all = [...calendar('XNYS').expectedBars({ start: '2024-03-05', end: '2024-03-08' }, '1m')].map(
      (ms, i) => [ms, 100 + i] as const,
    )
    const source = fakeSource(
      all.filter((_, i) => i !== 500),
      { ...STOCK, barsWithoutTrades: 'emitted' },
    )
    const clock = { nowMs: date('2024-03-08') }
    const client = clientOf(source, clock)
    const key = { symbol: 'SPY', interval: '1m' } as const
    await client.get({ ...key, start: '2024-03-05' })
    expect((await opens(client, key)).length).toBe(1_169)
    source.bars = all
    clock.nowMs += DAY
    await client.update({ ...key, end: '2024-03-08' })
    expect(await opens(client, key)).toEqual(all.map(([ms]) => ms))
  })
})

describe('summer sessions missing unreported', () => {
  test.each([
    ['July, of daily bars', '1d', '2024-07-01', '2024-07-09', ['2024-07-02', '2024-07-03', '2024-07-05']],
    ['January, of daily bars', '1d', '2024-01-08', '2024-01-17', ['2024-01-09', '2024-01-10', '2024-01-12']],
    ['July, of minutes', '1m', '2024-07-01', '2024-07-09', ['2024-07-02', '2024-07-03', '2024-07-05']],
  ] as const)(
    'three lost sessions in %s are named, the holiday and the nights between are not',
    async (_, interval, start, end, lost) => {
      const expected =
        interval === '1d'
          ? sessionBars(start, end).map(([ms]) => ms)
          : [...calendar('XNYS').expectedBars({ start, end }, interval)]
      const source = fakeSource(
        expected.filter((ms) => !lost.includes(iso(ms) as never)).map((ms) => [ms, 100] as const),
        STOCK,
      )
      const client = clientOf(source, { nowMs: date('2024-08-01') })
      const key = { symbol: 'SPY', interval } as const
      const { missing } = coverageOf(await client.get({ ...key, start, end }))
      const named = expected.filter((ms) => missing.some((one) => one.startMs <= ms && ms < one.endMs))
      expect(named.map(iso)).toEqual(expected.map(iso).filter((day) => lost.includes(day as never)))
      expect(missing.every((one) => one.kind === 'provider-missing')).toBe(true)
      const gaps = await client.gaps({ ...key, start, end })
      expect(gaps.gaps.reduce((sum, gap) => sum + gap.slots, 0)).toBe(named.length)
      await expect(client.read({ ...key, start, end, complete: true })).rejects.toMatchObject({
        code: 'storage/incomplete',
      })
    },
  )
})

describe('concurrent updates losing a bar', () => {
  test('two writers of disjoint bars, started together, lose none of forty-six', async () => {
    const start = date('2024-01-01')
    const bars: FakeBar[] = Array.from({ length: 46 }, (_, i) => [start + i * DAY, 100 + i] as const)
    for (let round = 0; round < 10; round++) {
      const clock = { nowMs: start + 46 * DAY }
      const source = fakeSource(bars, { rowsPerRequest: 5 })
      source.before = () => new Promise((resolve) => setTimeout(resolve, 1))
      const [one, two] = [clientOf(source, clock), clientOf(source, clock)]
      const key = { symbol: `BTCUSDT${round}`, interval: '1d', assetClass: 'crypto' } as const
      await Promise.all([
        one.get({ ...key, start: new Date(start), end: new Date(start + 23 * DAY) }),
        two.get({ ...key, start: new Date(start + 23 * DAY), end: new Date(start + 46 * DAY) }),
      ])
      expect(await opens(one, key)).toEqual(bars.map(([ms]) => ms))
      expect(await opens(two, key)).toEqual(bars.map(([ms]) => ms))
    }
  })
})

describe('a one-bar update rewriting the series', () => {
  test('writes the files of its partition alone, whatever the length of the series', async () => {
    const start = date('2023-01-01')
    const clock = { nowMs: start + 365 * DAY }
    const source = fakeSource(minuteBars(start, 366 * 1440), STOCK_FREE)
    const client = clientOf(source, clock)
    const key = { symbol: 'BTCUSDT', interval: '1m' } as const
    await client.get({ ...key, start: new Date(start) })
    const before = await sizes(root)
    clock.nowMs += MINUTE
    expect(await client.update(key)).toMatchObject({ added: 1, requests: 1 })
    const fresh = [...(await sizes(root))].filter(([name, facts]) => before.get(name) !== facts)
    const bytes = fresh
      .filter(([name]) => /\.(pq|json)$/.test(name))
      .reduce((sum, [, facts]) => sum + Number(facts.split(' ')[0]), 0)
    const total = [...before]
      .filter(([name]) => name.includes('_data'))
      .reduce((sum, [, facts]) => sum + Number(facts.split(' ')[0]), 0)
    expect(fresh.filter(([name]) => name.includes('_data'))).toHaveLength(1)
    expect(bytes).toBeLessThan(total / 20)
    expect((await client.read({ ...key, start: new Date(start) })).numRows).toBe(365 * 1440 + 1)
  })
})

const STOCK_FREE = { rowsPerRequest: 100_000 } as const

/** File -> size and inode. */
async function sizes(folder: string): Promise<Map<string, string>> {
  const out = new Map<string, string>()
  for (const name of await readdir(folder, { recursive: true })) {
    const facts = await stat(join(folder, name))
    if (facts.isFile()) out.set(name, `${facts.size} ${facts.ino}`)
  }
  return out
}
