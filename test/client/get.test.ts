import { describe, expect, test } from 'vitest'
import { StorageError } from '../../src/contract/errors.ts'
import { columnsOf, coverageOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const QUERY = { symbol: 'BTCUSDT', interval: '1m', start: '2024-01-01', end: '2024-01-01T02:00:00Z' } as const

describe('get', () => {
  test('returns the bars of the range and proves them', async () => {
    const source = fakeSource(minuteBars(START, 120))
    const { client } = testClient({ providers: [source.provider] })
    const table = await client.get(QUERY)
    expect(table.numRows).toBe(120)
    expect([...columnsOf(table).timestampMs]).toEqual(minuteBars(START, 120).map(([ms]) => ms))
    const proof = coverageOf(table)
    expect(proof.missing).toEqual([])
    expect(proof.covered).toEqual([{ startMs: START, endMs: START + 120 * MINUTE }])
    expect(proof.source).toBe('fake')
    expect(proof.version).toBe(1)
  })

  test('asks nothing for a range that is covered', async () => {
    const source = fakeSource(minuteBars(START, 120))
    const { client } = testClient({ providers: [source.provider] })
    await client.get(QUERY)
    await client.get(QUERY)
    expect(source.requests).toHaveLength(1)
  })

  test('asks only for the half that is not stored', async () => {
    const source = fakeSource(minuteBars(START, 240))
    const { client } = testClient({ providers: [source.provider] })
    await client.get(QUERY)
    const table = await client.get({ ...QUERY, end: '2024-01-01T04:00:00Z' })
    expect(table.numRows).toBe(240)
    expect(source.requests[1]).toEqual({ startMs: START + 120 * MINUTE, endMs: START + 240 * MINUTE })
  })

  test('names a hole that the source cannot fill, and rejects complete: true', async () => {
    const bars = minuteBars(START, 120).filter(([ms]) => ms < START + 30 * MINUTE || ms >= START + 40 * MINUTE)
    const source = fakeSource(bars)
    const { client } = testClient({ providers: [source.provider] })
    const table = await client.get(QUERY)
    expect(table.numRows).toBe(110)
    const hole = { startMs: START + 30 * MINUTE, endMs: START + 40 * MINUTE, kind: 'provider-missing' }
    expect(coverageOf(table).missing).toEqual([hole])
    await expect(client.get({ ...QUERY, complete: true })).rejects.toMatchObject({ code: 'storage/incomplete' })
  })

  test('never stores a bar that is not closed, and calls its range pending', async () => {
    const source = fakeSource(minuteBars(START, 120))
    const { client } = testClient({ providers: [source.provider], clock: { nowMs: START + 60 * MINUTE + 30_000 } })
    const table = await client.get(QUERY)
    expect(table.numRows).toBe(60)
    expect(coverageOf(table).missing).toEqual([
      { startMs: START + 60 * MINUTE, endMs: START + 120 * MINUTE, kind: 'pending' },
    ])
  })

  test('keeps what was proven before a failure, and rejects with it', async () => {
    const source = fakeSource(minuteBars(START, 3000))
    source.before = ({ range }) => {
      if (range.startMs >= START + 2000 * MINUTE) throw new Error('down')
    }
    const { client } = testClient({ providers: [source.provider] })
    const query = { ...QUERY, end: new Date(START + 3000 * MINUTE) }
    await expect(client.get(query)).rejects.toThrow('down')
    const kept = await client.read({ ...query, provider: 'fake' })
    expect(kept.numRows).toBe(2000)
    const rest = await client.get({ ...query, onError: 'stored' })
    expect(coverageOf(rest).missing).toEqual([
      { startMs: START + 2000 * MINUTE, endMs: START + 3000 * MINUTE, kind: 'failed' },
    ])
  })

  test('turns rows without prices into provisional coverage, never into rows', async () => {
    const bars = minuteBars(START, 120).map(
      ([ms, close]) => (ms === START + 50 * MINUTE ? [ms, null] : [ms, close]) as never,
    )
    const source = fakeSource(bars)
    const { client } = testClient({ providers: [source.provider] })
    const pages: number[] = []
    client.on('page', (event) => pages.push(event.nullRows))
    const table = await client.get(QUERY)
    expect(table.numRows).toBe(119)
    expect(pages).toEqual([1])
    const proof = coverageOf(table)
    expect(proof.records.find((record) => record.state === 'partial')).toMatchObject({
      startMs: START + 50 * MINUTE,
      endMs: START + 51 * MINUTE,
      reason: 'null-row',
    })
    expect(proof.missing).toEqual([
      { startMs: START + 50 * MINUTE, endMs: START + 51 * MINUTE, kind: 'provider-missing' },
    ])
  })
})

describe('load', () => {
  test('twice gives the same version', async () => {
    const source = fakeSource(minuteBars(START, 120))
    const { client } = testClient({ providers: [source.provider] })
    const first = coverageOf(await client.load(QUERY))
    const second = coverageOf(await client.load(QUERY))
    expect(source.requests).toHaveLength(2)
    expect(second.version).toBe(first.version)
    expect(second.hash).toBe(first.hash)
  })
})

describe('an answer without rows', () => {
  test('may leave the columns out', async () => {
    const source = fakeSource([])
    source.provider.fetch = async function* ({ range }) {
      yield { columns: { timestamp: new Float64Array(0) }, proven: range }
    }
    const { client } = testClient({ providers: [source.provider] })
    const table = await client.get(QUERY)
    expect(table.numRows).toBe(0)
    expect(coverageOf(table).records).toMatchObject([{ state: 'empty' }])
  })
})

describe("onError: 'stored'", () => {
  test('bears with a failing source, not with a store that cannot keep what came', async () => {
    const storage = createMemoryStorage()
    const full = { ...storage, commit: () => Promise.reject(new StorageError('storage/full', 'no room')) }
    const { client } = testClient({ storage: full, providers: [fakeSource(minuteBars(START, 10)).provider] })
    await expect(client.get({ ...QUERY, onError: 'stored' })).rejects.toMatchObject({ code: 'storage/full' })
  })
})
