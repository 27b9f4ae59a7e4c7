import { describe, expect, test } from 'vitest'
import { columnsOf, coverageOf, rowsOf } from '../../src/query/table.ts'
import type { FakeBar } from './support.ts'
import { fakeSource, minuteBars, testClient } from './support.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const

const dailyBars = (startMs: number, count: number): FakeBar[] =>
  Array.from({ length: count }, (_, i) => [startMs + i * DAY, 100 + i] as const)

describe('update', () => {
  test('of a series that was never loaded says what to call first', async () => {
    const { client } = testClient({ providers: [fakeSource([]).provider] })
    await expect(client.update(KEY)).rejects.toMatchObject({ code: 'config/not-loaded' })
  })

  test('with a start loads a series that was never loaded', async () => {
    const { client } = testClient({
      providers: [fakeSource(minuteBars(START, 60)).provider],
      clock: { nowMs: START + 60 * MINUTE },
    })
    const report = await client.update({ ...KEY, start: '2024-01-01' })
    expect(report).toMatchObject({ added: 60, versionBefore: null, version: 1, missing: [] })
  })

  test('stores the last of several rows of one time, and counts the others', async () => {
    const [first, ...rest] = minuteBars(START, 60) as [FakeBar, ...FakeBar[]]
    const source = fakeSource([first, [first[0], 777], ...rest])
    const { client } = testClient({ providers: [source.provider], clock: { nowMs: START + 60 * MINUTE } })
    const report = await client.update({ ...KEY, start: '2024-01-01' })
    expect(report).toMatchObject({ added: 60, warnings: { duplicate: 1 } })
    expect(columnsOf(await client.read(KEY)).close[0]).toBe(777)
  })

  test('with nothing new makes no version and asks nothing', async () => {
    const source = fakeSource(minuteBars(START, 60))
    const { client } = testClient({ providers: [source.provider], clock: { nowMs: START + 60 * MINUTE } })
    await client.get({ ...KEY, start: '2024-01-01' })
    const report = await client.update(KEY)
    expect(report).toMatchObject({ requests: 0, versionBefore: 1, version: 1 })
  })

  test('after three weeks asks only for the missing tail and the recheck', async () => {
    const clock = { nowMs: Date.UTC(2024, 0, 31) }
    const source = fakeSource(dailyBars(START, 60))
    const { client } = testClient({ providers: [source.provider], clock })
    const key = { symbol: 'BTCUSDT', interval: '1d' } as const
    await client.get({ ...key, start: '2024-01-01' })
    clock.nowMs = Date.UTC(2024, 1, 21)
    const plan = await client.plan(key, 'update')
    expect(plan.requests).toEqual([
      {
        range: { startMs: Date.UTC(2024, 0, 24), endMs: Date.UTC(2024, 1, 21) },
        reasons: ['recheck', 'unfetched'],
        expectedRows: 28,
      },
    ])
    source.requests.length = 0
    const report = await client.update(key)
    expect(source.requests).toEqual(plan.requests.map((request) => request.range))
    expect(report).toMatchObject({ added: 21, changed: 0, version: 2 })
  })

  test('records a revision when a final value changes, and keeps the new one', async () => {
    const clock = { nowMs: Date.UTC(2024, 0, 31) }
    const source = fakeSource(dailyBars(START, 60))
    const { client } = testClient({ providers: [source.provider], clock })
    const key = { symbol: 'BTCUSDT', interval: '1d' } as const
    await client.get({ ...key, start: '2024-01-01' })
    clock.nowMs = Date.UTC(2024, 1, 1)
    source.bars = source.bars.map(([ms, close]) => (ms === Date.UTC(2024, 0, 29) ? [ms, 500] : [ms, close]))
    const report = await client.update(key)
    expect(report).toMatchObject({ added: 1, changed: 1, revised: 5 })
    const revisions = rowsOf(await client.revisions(key))
    expect(revisions.map((row) => [row['column'], row['old'], row['new'], row['kind']])).toContainEqual([
      'close',
      128,
      500,
      'revised',
    ])
    expect(columnsOf(await client.read(key)).close?.[28]).toBe(500)
  })

  test('keeps a bar that the source withdraws, and marks it once', async () => {
    const clock = { nowMs: Date.UTC(2024, 0, 31) }
    const source = fakeSource(dailyBars(START, 60))
    const { client } = testClient({ providers: [source.provider], clock })
    const key = { symbol: 'BTCUSDT', interval: '1d' } as const
    await client.get({ ...key, start: '2024-01-01' })
    source.bars = source.bars.filter(([ms]) => ms !== Date.UTC(2024, 0, 29))
    expect(await client.update({ ...key, lookbackDays: 7 })).toMatchObject({ withdrawn: 1, version: 2 })
    expect(await client.update({ ...key, lookbackDays: 7 })).toMatchObject({ withdrawn: 0, version: 2 })
    expect((await client.read(key)).numRows).toBe(30)
    source.bars = dailyBars(START, 60)
    expect(await client.update({ ...key, lookbackDays: 7 })).toMatchObject({ version: 3 })
    expect(rowsOf(await client.revisions(key)).map((row) => row['kind'])).toEqual(['withdrawn', 'restored'])
  })

  test('asks a hole again the next day, then ever more rarely, and stops after 90 days', async () => {
    const clock = { nowMs: Date.UTC(2024, 0, 31) }
    const all = dailyBars(START, 400)
    const source = fakeSource(all.filter(([ms]) => ms !== Date.UTC(2024, 0, 10)))
    const { client } = testClient({ providers: [source.provider], clock })
    const key = { symbol: 'BTCUSDT', interval: '1d' } as const
    await client.get({ ...key, start: '2024-01-01' })
    const asked: number[] = []
    for (let day = 1; day <= 200; day++) {
      clock.nowMs = Date.UTC(2024, 0, 31) + day * DAY
      source.requests.length = 0
      await client.update({ ...key, lookbackDays: 0 })
      if (source.requests.some((range) => range.startMs <= Date.UTC(2024, 0, 10))) asked.push(day)
    }
    expect(asked).toEqual([1, 2, 3, 4, 6, 10, 18, 34, 64])
    expect(coverageOf(await client.read(key)).missing).toMatchObject([
      { startMs: Date.UTC(2024, 0, 10), kind: 'provider-missing' },
    ])
  })

  test('heals a session that the source lost for three days, on the fourth', async () => {
    const clock = { nowMs: Date.UTC(2024, 0, 31) }
    const all = dailyBars(START, 60)
    const lost = Date.UTC(2024, 0, 30)
    const source = fakeSource(all.map(([ms, close]) => (ms === lost ? [ms, null] : [ms, close])))
    const { client } = testClient({ providers: [source.provider], clock })
    const key = { symbol: 'BTCUSDT', interval: '1d' } as const
    await client.get({ ...key, start: '2024-01-01' })
    for (let day = 1; day <= 3; day++) {
      clock.nowMs += DAY
      await client.update(key)
      expect(coverageOf(await client.read(key)).missing.map((missing) => missing.startMs)).toEqual([lost])
    }
    source.bars = all
    clock.nowMs += DAY
    await client.update(key)
    expect(coverageOf(await client.read(key)).missing).toEqual([])
    expect((await client.read(key)).numRows).toBe(34)
  })

  test('overwrites provisional bars without a revision', async () => {
    const clock = { nowMs: START + 60 * MINUTE }
    const source = fakeSource(minuteBars(START, 60), { finalityLagMs: 10 * MINUTE })
    const { client } = testClient({ providers: [source.provider], clock })
    const table = await client.get({ ...KEY, start: '2024-01-01' })
    expect(coverageOf(table).provisional).toEqual([{ startMs: START + 50 * MINUTE, endMs: START + 60 * MINUTE }])
    source.bars = source.bars.map(([ms, close]) => (ms === START + 55 * MINUTE ? [ms, 999] : [ms, close]))
    clock.nowMs = START + 80 * MINUTE
    const report = await client.update({ ...KEY, lookbackDays: 0 })
    expect(report).toMatchObject({ changed: 1, revised: 0 })
    expect(
      (await client.get({ ...KEY, start: '2024-01-01', final: true, end: new Date(START + 60 * MINUTE) })).numRows,
    ).toBe(60)
  })

  test('puts the whole series on the new basis when the source splits its prices', async () => {
    const clock = { nowMs: Date.UTC(2024, 0, 31) }
    const source = fakeSource(dailyBars(START, 60))
    const { client } = testClient({ providers: [source.provider], clock })
    const key = { symbol: 'BTCUSDT', interval: '1d' } as const
    await client.get({ ...key, start: '2024-01-01' })
    const halved = (bar: FakeBar): FakeBar => [bar[0], (bar[1] as number) / 2]
    source.bars = source.bars.map(halved)
    clock.nowMs += DAY
    const report = await client.update(key)
    expect(report.version).toBe(2)
    const close = columnsOf(await client.read(key)).close as Float64Array
    expect([...close]).toEqual(dailyBars(START, 31).map((bar) => halved(bar)[1]))
  })
})

describe('rejects', () => {
  test('keep an equity at -1 aside, and let a future trade below zero', async () => {
    const bars = dailyBars(START, 3).map(([ms], i) => [ms, [100, -37.63, 102][i]] as FakeBar)
    const source = fakeSource(bars)
    const { client } = testClient({ providers: [source.provider] })
    const stock = { symbol: 'AAPL', interval: '1d', start: '2024-01-01', end: '2024-01-04' } as const
    const table = await client.get(stock)
    expect(table.numRows).toBe(2)
    expect(coverageOf(table)).toMatchObject({ rejected: 1, missing: [{ kind: 'rejected', startMs: START + DAY }] })
    expect(rowsOf(await client.rejects(stock))).toMatchObject([{ rule: 'not-positive', close: -37.63 }])
    await client.load(stock)
    expect(rowsOf(await client.rejects(stock))).toHaveLength(1)
    const future = await client.get({ ...stock, symbol: 'CL=F' })
    expect(columnsOf(future).close?.[1]).toBe(-37.63)
  })
})
