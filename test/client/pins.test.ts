/** Versions that are kept, found again, or refused. */
import type { Table } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import type { DataClient } from '../../src/client/data-client.ts'
import type { TableView } from '../../src/contract/query.ts'
import { type SnapshotReference, columnsOf, coverageOf, rowsOf, snapshotOf } from '../../src/query/table.ts'
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

describe('what is stored beside a result reads the same table again, after the series went on', () => {
  const END = START + 30 * DAY
  const views: readonly (readonly [what: string, view: TableView])[] = [
    ['as stored', {}],
    ['unadjusted', { adjust: 'none' }],
    ['adjusted for all', { adjust: 'all' }],
    ['filled', { fill: { method: 'forward' } }],
    ['filled with zeros, in short runs', { fill: { method: 'zero', maxRun: 1, zeroPrices: true } }],
    ['columns in an order of their own', { columns: ['volume', 'close'] }],
    ['no columns but the time', { columns: [] }],
    ['all of it', { adjust: 'all', fill: { method: 'interpolate', maxRun: 3 }, columns: ['close', 'open'] }],
  ]

  const setUp = async (): Promise<{ client: DataClient; goOn: () => Promise<void> }> => {
    const clock = { nowMs: END + 1000 }
    const vendor = vendorOf(
      Array.from({ length: 100 }, (_, i) => ({ ms: START + i * DAY, close: 100 + i })).filter((_, i) => i % 7 !== 3),
    )
    vendor.dividends = [{ ms: START + 11 * DAY, amount: 1 }]
    vendor.splits = [{ ms: START + 20 * DAY, ratio: 2 }]
    const storage = createMemoryStorage({ now: () => clock.nowMs })
    const { client } = testClient({ clock, storage, providers: [vendor.provider] })
    await client.get({ ...KEY, start: START, end: END })
    const goOn = async (): Promise<void> => {
      clock.nowMs += 20 * DAY
      vendor.bars = vendor.bars.map((bar) => (bar.ms > START + 25 * DAY ? { ...bar, close: bar.close + 1 } : bar))
      vendor.dividends = [...vendor.dividends, { ms: START + 40 * DAY, amount: 3 }]
      await client.update({ ...KEY, lookbackDays: 60 })
    }
    return { client, goOn }
  }

  const readAgain = (client: DataClient, stored: string): Promise<Table> => {
    const { series, hash, requested, adjust, fill, columns } = JSON.parse(stored) as SnapshotReference
    const view = { adjust, fill, columns } as TableView
    return client.read({ ...series, ...view, start: requested.startMs, end: requested.endMs, version: hash })
  }

  test.each(views)('%s', async (_what, view) => {
    const { client, goOn } = await setUp()
    const first = await client.read({ ...KEY, ...view })
    const stored = JSON.stringify(snapshotOf(first))
    expect(coverageOf(first)).toMatchObject(view)
    await goOn()
    const again = await readAgain(client, stored)
    expect(again.schema.fields.map(({ name }) => name)).toEqual(first.schema.fields.map(({ name }) => name))
    expect(rowsOf(again)).toEqual(rowsOf(first))
    expect(again.numRows).toBe(first.numRows)
    expect(JSON.stringify(snapshotOf(again))).toBe(stored)
    // The view matters, or the test would say nothing.
    expect((await client.read({ ...KEY, ...view, end: END })).numRows).toBeGreaterThan(0)
    expect(JSON.stringify(snapshotOf(await client.read({ ...KEY, ...view, end: END })))).not.toBe(stored)
  })

  test('a view is named only where it is not the default', async () => {
    const { client } = await setUp()
    const plain = snapshotOf(await client.read({ ...KEY, adjust: 'source', fill: false }))
    expect(Object.keys(plain)).toEqual(['series', 'version', 'hash', 'actions', 'requested'])
    const seen = await Promise.all(
      views.map(async ([, view]) => JSON.stringify(rowsOf(await client.read({ ...KEY, ...view })))),
    )
    expect(new Set(seen).size).toBe(views.length)
  })

  test('batches name it too', async () => {
    const { client } = await setUp()
    const batches = await client.scan({ ...KEY, adjust: 'all', columns: ['close'], batchRows: 10 }).collect()
    for (const batch of batches) expect(snapshotOf(batch)).toMatchObject({ adjust: 'all', columns: ['close'] })
    const rows = await Promise.all(batches.map((batch) => readAgain(client, JSON.stringify(snapshotOf(batch)))))
    expect(rows.map((table) => rowsOf(table))).toEqual(batches.map((batch) => rowsOf(batch)))
  })
})
