/** A source that puts its prices on another basis: what is recognised, what is not, and what a failure leaves behind. */
import { describe, expect, test } from 'vitest'
import { columnsOf, coverageOf, rowsOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type TestClock, testClient } from './support.ts'
import { type Bar, type Vendor, vendorOf } from './vendor.ts'

const DAY = 86_400_000
const START = Date.UTC(2024, 0, 1)
const day = (i: number): number => START + i * DAY

const series = (days: number, price: (i: number) => number = (i) => 100 + i): Bar[] =>
  Array.from({ length: days }, (_, i) => ({ ms: day(i), close: price(i) }))
const KEY = { symbol: 'TEST', interval: '1d' } as const
const closes = async (
  client: ReturnType<typeof testClient>['client'],
  key: { symbol: string; interval: '1d' | '1w' | '1mo' } = KEY,
): Promise<number[]> => [...(columnsOf(await client.read(key)).close as Float64Array)]

async function loaded(
  vendor: Vendor,
  days: number,
  clock: TestClock = { nowMs: day(days) + 1000 },
): Promise<ReturnType<typeof testClient>> {
  const made = testClient({ clock, providers: [vendor.provider] })
  await made.client.get({ ...KEY, start: new Date(START) })
  return made
}

describe('a new basis is recognised', () => {
  test('of two splits between updates', async () => {
    const vendor = vendorOf(series(60))
    const { client, clock } = await loaded(vendor, 30)
    // One split lies inside the bars that are compared, the other after them.
    vendor.bars = series(60, (i) => (100 + i) / (i < 27 ? 6 : i < 33 ? 3 : 1))
    clock.nowMs = day(36) + 1000
    await client.update(KEY)
    expect(await closes(client)).toEqual(vendor.bars.slice(0, 36).map((bar) => bar.close))
  })

  test('of prices rounded to few digits', async () => {
    const cents = (value: number): number => Math.round(value * 10_000) / 10_000
    const vendor = vendorOf(series(40, (i) => cents(0.012 + (i % 7) * 0.0003)))
    const { client, clock } = await loaded(vendor, 30)
    vendor.bars = vendor.bars.map((bar) => ({ ...bar, close: cents(bar.close / 2) }))
    clock.nowMs = day(31) + 1000
    await client.update(KEY)
    expect(await closes(client)).toEqual(vendor.bars.slice(0, 31).map((bar) => bar.close))
  })

  test('of the adjusted closes alone, and not of their noise', async () => {
    const vendor = vendorOf(
      series(40).map((bar) => ({ ...bar, adjusted: bar.close * 0.9 })),
      { columns: ['adj_close'] },
    )
    const { client, clock } = await loaded(vendor, 30)
    vendor.requests = 0
    vendor.bars = vendor.bars.map((bar, i) => ({
      ...bar,
      adjusted: (bar.adjusted as number) * (1 + 3e-7 * ((i % 3) - 1)),
    }))
    clock.nowMs = day(31) + 1000
    await client.update(KEY)
    expect(vendor.requests).toBe(1)
    vendor.bars = vendor.bars.map((bar) => ({ ...bar, adjusted: (bar.adjusted as number) * 0.998 }))
    clock.nowMs = day(32) + 1000
    await client.update(KEY)
    expect(vendor.requests).toBe(3)
    expect(rowsOf(await client.read(KEY)).map((row) => row['adj_close'])).toEqual(
      vendor.bars.slice(0, 32).map((bar) => bar.adjusted),
    )
  })

  test.each([
    ['1w', 7],
    ['1mo', 31],
  ] as const)('of bars of %s, of which a week of looking back holds one', async (interval, days) => {
    const labels = Array.from({ length: 40 }, (_, i) =>
      interval === '1w' ? START + i * 7 * DAY : Date.UTC(2024, i, 1),
    )
    const vendor = vendorOf(labels.map((ms, i) => ({ ms, close: 100 + i })))
    const clock = { nowMs: (labels[20] as number) + 1000 }
    const { client } = testClient({ clock, providers: [vendor.provider] })
    await client.get({ symbol: 'TEST', interval, start: new Date(START) })
    vendor.bars = vendor.bars.map((bar) => ({ ...bar, close: bar.close / 4 }))
    clock.nowMs += days * DAY
    await client.update({ symbol: 'TEST', interval })
    expect((await closes(client, { symbol: 'TEST', interval })).slice(0, 20)).toEqual(
      vendor.bars.slice(0, 20).map((bar) => bar.close),
    )
  })

  test('by a get that only appends, and by one that only fills in the past', async () => {
    for (const range of [{ start: new Date(day(10)) }, { start: new Date(START), end: new Date(day(15)) }]) {
      const vendor = vendorOf(series(60))
      const clock = { nowMs: day(30) + 1000 }
      const { client } = testClient({ clock, providers: [vendor.provider] })
      await client.get({ ...KEY, start: new Date(day(10)) })
      vendor.bars = series(60, (i) => (100 + i) / (i < 32 ? 2 : 1))
      clock.nowMs = day(33) + 1000
      await client.get({ ...KEY, ...range })
      const stored = columnsOf(await client.read(KEY))
      expect([...(stored.close as Float64Array)]).toEqual(
        [...stored.timestampMs].map((ms) => vendor.bars[(ms - START) / DAY]?.close),
      )
    }
  })

  test('by the split that an answer brings, though nothing was compared', async () => {
    const vendor = vendorOf(series(60))
    const { client, clock } = await loaded(vendor, 30)
    vendor.bars = series(60, (i) => (100 + i) / (i < 31 ? 2 : 1))
    vendor.splits = [{ ms: day(31), ratio: 2 }]
    clock.nowMs = day(32) + 1000
    await client.update({ ...KEY, lookbackDays: 0 })
    expect(await closes(client)).toEqual(vendor.bars.slice(0, 32).map((bar) => bar.close))
    vendor.requests = 0
    clock.nowMs = day(33) + 1000
    await client.update({ ...KEY, lookbackDays: 0 })
    expect(vendor.requests).toBe(1)
  })
})

describe('no new basis', () => {
  test('is a constant revision of two bars, even where the source keeps little', async () => {
    const vendor = vendorOf(series(60))
    const { client, clock } = await loaded(vendor, 30)
    vendor.fromMs = day(20)
    vendor.bars = series(60, (i) => (100 + i) * (i === 23 || i === 24 ? 1.02 : 1))
    clock.nowMs = day(31) + 1000
    expect(await client.update(KEY)).toMatchObject({ changed: 2, revised: 10 })
    expect(await closes(client)).toEqual(vendor.bars.slice(0, 31).map((bar) => bar.close))
    const kinds = rowsOf(await client.revisions(KEY)).map((row) => row['kind'])
    expect(kinds.filter((kind) => kind === 'revised')).toHaveLength(10)
    expect(kinds).not.toContain('rebased')
  })

  test('is a single revised bar', async () => {
    const vendor = vendorOf(series(60))
    const { client, clock } = await loaded(vendor, 30)
    vendor.requests = 0
    vendor.bars = series(60, (i) => (100 + i) * (i === 26 ? 1.02 : 1))
    clock.nowMs = day(31) + 1000
    await client.update(KEY)
    expect(vendor.requests).toBe(1)
  })
})

describe('what the source no longer serves', () => {
  test('is multiplied once and says so, also where a row was revised on the way', async () => {
    const vendor = vendorOf(series(80))
    const { client, clock } = await loaded(vendor, 60)
    vendor.fromMs = day(40)
    vendor.bars = series(80, (i) => ((100 + i) / 4) * (i === 41 ? 1.1 : 1))
    clock.nowMs = day(61) + 1000
    await client.update(KEY)
    expect(await closes(client)).toEqual(vendor.bars.slice(0, 61).map((bar) => bar.close))
    const derived = coverageOf(await client.read(KEY)).records.filter((record) => record.condition === 'derived')
    expect(derived).toMatchObject([{ startMs: START, state: 'data' }])
    expect(derived[0]?.endMs).toBeLessThanOrEqual(day(40))
    const revisions = rowsOf(await client.revisions(KEY))
    expect(revisions.filter((row) => row['kind'] === 'revised')).toHaveLength(5)
    // One a column and stretch, not one a value.
    expect(revisions.filter((row) => row['kind'] === 'rebased')).toHaveLength(10)
    vendor.requests = 0
    clock.nowMs = day(62) + 1000
    await client.update(KEY)
    expect(vendor.requests).toBe(1)
    expect((await closes(client)).slice(0, 61)).toEqual(vendor.bars.slice(0, 61).map((bar) => bar.close))
  })

  test('is not multiplied twice when another writer was faster', async () => {
    const vendor = vendorOf(series(80))
    const storage = createMemoryStorage()
    const clock = { nowMs: day(60) + 1000 }
    const [one, two] = [
      testClient({ clock, storage, providers: [vendor.provider] }).client,
      testClient({ clock, storage: { ...storage, exclusive: (_series, work) => work() }, providers: [vendor.provider] })
        .client,
    ]
    await one.get({ ...KEY, start: new Date(START) })
    vendor.fromMs = day(40)
    vendor.bars = series(80, (i) => (100 + i) / 4)
    clock.nowMs = day(61) + 1000
    let other: Promise<unknown> | null = null
    const vendorFetch = vendor.before
    vendor.before = (range) => {
      vendorFetch(range)
      other ??= two.update(KEY)
    }
    await Promise.all([one.update(KEY), new Promise((resolve) => setTimeout(resolve, 20)).then(() => other)])
    expect(await closes(one)).toEqual(vendor.bars.slice(0, 61).map((bar) => bar.close))
  })
})

describe('a fetch of the whole series that fails', () => {
  test('stores nothing on the new basis, and the next run makes good', async () => {
    const vendor = vendorOf(series(80), { rowsPerRequest: 10 })
    const { client, clock } = await loaded(vendor, 60)
    const old = await closes(client)
    vendor.bars = series(80, (i) => (100 + i) / (i < 61 ? 4 : 1))
    clock.nowMs = day(63) + 1000
    let asked = 0
    for (const failAt of [3, 5, 8]) {
      asked = 0
      vendor.before = () => {
        if (++asked === failAt) throw new Error('down')
      }
      await expect(client.update({ ...KEY, lookbackDays: 7 })).rejects.toThrow('down')
      expect(await closes(client)).toEqual(old)
    }
    vendor.before = () => {}
    // The recheck is due again at once: the failed run compared, but could not act on it.
    await client.update(KEY)
    expect(await closes(client)).toEqual(vendor.bars.slice(0, 63).map((bar) => bar.close))
  })

  test('because it is aborted leaves the old version', async () => {
    const vendor = vendorOf(series(80), { rowsPerRequest: 10 })
    const { client, clock } = await loaded(vendor, 60)
    const old = await closes(client)
    vendor.bars = series(80, (i) => (100 + i) / 4)
    clock.nowMs = day(61) + 1000
    const abort = new AbortController()
    let asked = 0
    vendor.before = () => {
      if (++asked === 4) abort.abort(new Error('enough'))
    }
    await expect(client.update({ ...KEY, signal: abort.signal })).rejects.toThrow('enough')
    expect(await closes(client)).toEqual(old)
    vendor.before = () => {}
    await client.update(KEY)
    expect(await closes(client)).toEqual(vendor.bars.slice(0, 61).map((bar) => bar.close))
  })
})
