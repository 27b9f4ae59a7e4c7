/** Versions that are kept, found again, or refused. */
import { describe, expect, test } from 'vitest'
import { columnsOf, coverageOf, snapshotOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { fakeSource, testClient } from './support.ts'
import { vendorOf } from './vendor.ts'

const START = Date.UTC(2024, 0, 1)
const DAY = 86_400_000
const KEY = { symbol: 'TEST', interval: '1d' } as const

const closes = (table: Parameters<typeof columnsOf>[0]): number[] => [...(columnsOf(table).close as Float64Array)]

describe('a pin', () => {
  test('keeps the rows of a backtest through every later revision; what names them by hash does too', async () => {
    const clock = { nowMs: START + 20 * DAY }
    const source = fakeSource(Array.from({ length: 100 }, (_, i) => [START + i * DAY, 100 + i] as const))
    const { client } = testClient({ clock, providers: [source.provider] })
    const query = { ...KEY, start: new Date(START), end: new Date(START + 20 * DAY) }
    const first = await client.get(query)
    const reference = JSON.parse(JSON.stringify(snapshotOf(first))) as ReturnType<typeof snapshotOf>
    expect(await client.pin(KEY, 'backtest')).toMatchObject({ name: 'backtest', version: 1, hash: reference.hash })
    for (let i = 0; i < 30; i++) {
      source.bars = source.bars.map(
        ([ms, close]) => [ms, ms === START + (14 + (i % 5)) * DAY ? (close as number) + 1 : close] as const,
      )
      clock.nowMs += DAY
      await client.update(KEY)
    }
    expect(closes(await client.read(query))).not.toEqual(closes(first))
    for (const version of ['backtest', reference.hash, reference.version]) {
      const again = await client.read({ ...query, version })
      expect(closes(again)).toEqual(closes(first))
      expect(snapshotOf(again)).toEqual(reference)
    }
    const scanned = await client.scan({ ...query, version: 'backtest', batchRows: 7 }).collect()
    expect(scanned.flatMap(closes)).toEqual(closes(first))
    expect((await client.history(KEY)).find((entry) => entry.version === 1)?.pins).toEqual(['backtest'])
    await expect(client.read({ ...KEY, version: 2 })).rejects.toMatchObject({ code: 'storage/snapshot-expired' })
    await expect(client.pin(KEY, 'backtest')).rejects.toMatchObject({ code: 'config/option' })
    await expect(client.get({ ...query, version: 'backtest' })).rejects.toMatchObject({
      code: 'config/option',
      field: 'version',
    })
    await client.unpin(KEY, 'backtest')
    await expect(client.read({ ...query, version: 'backtest' })).rejects.toMatchObject({
      code: 'storage/snapshot-expired',
    })
  })

  test('keeps an adjusted view, though the version of the events it used was given up and others came', async () => {
    const clock = { nowMs: START + 30 * DAY + 1000 }
    const storage = createMemoryStorage({ now: () => clock.nowMs })
    const vendor = vendorOf(Array.from({ length: 100 }, (_, i) => ({ ms: START + i * DAY, close: 100 + i })))
    vendor.dividends = [{ ms: START + 10 * DAY, amount: 1 }]
    const { client } = testClient({ clock, storage, providers: [vendor.provider] })
    const query = { ...KEY, start: new Date(START), end: new Date(START + 30 * DAY), adjust: 'all' } as const
    await client.get({ ...KEY, start: new Date(START) })
    const first = await client.read(query)
    expect(closes(first)[0]).toBeCloseTo(100 * (1 - 1 / 109), 6)
    await client.pin(KEY, 'backtest')
    // Another interval of the same instrument keeps the events current; the vendor restates the dividend.
    await client.get({ ...KEY, interval: '1w', start: new Date(START) })
    for (let i = 0; i < 60; i++) {
      clock.nowMs += DAY
      vendor.dividends = [
        { ms: START + 10 * DAY, amount: 2 + (59 - i) / 100 },
        { ms: START + 40 * DAY, amount: 3 },
      ]
      await client.update({ ...KEY, interval: '1w', lookbackDays: 60 })
      await client.load({ symbol: 'TEST', interval: '1w', start: new Date(START) })
    }
    const series = coverageOf(first).series
    const actions = await storage.history({ provider: series.provider, schema: 'actions', symbol: 'TEST' })
    expect(actions.some((entry) => entry.version === coverageOf(first).actions)).toBe(false)
    expect(closes(await client.read({ ...query, version: 'backtest' }))).toEqual(closes(first))
    expect(closes(await client.read(query))).toEqual(closes(first))
    await client.update({ ...KEY, lookbackDays: 90 })
    expect(closes(await client.read(query))[0]).toBeCloseTo(100 * (1 - 2 / 109) * (1 - 3 / 139), 6)
  })
})
