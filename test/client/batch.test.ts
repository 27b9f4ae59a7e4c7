import { describe, expect, test } from 'vitest'
import type { BatchProgress } from '../../src/client/data-client.ts'
import { fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const query = (symbol: string) =>
  ({ symbol, interval: '1m', start: new Date(START), end: new Date(START + 60_000 * 60) }) as const

describe('batch', () => {
  test('one failure never stops the others', async () => {
    const source = fakeSource(minuteBars(START, 60))
    source.before = ({ series }) => {
      if (series.symbol === 'BAD3') throw new Error('down')
    }
    const { client } = testClient({ providers: [source.provider] })
    const results = await client.batch(['A1', 'A2', 'BAD3', 'A4'].map(query), { concurrency: 2 }).collect()
    expect(
      results
        .filter((result) => result.ok)
        .map((result) => result.query.symbol)
        .toSorted(),
    ).toEqual(['A1', 'A2', 'A4'])
    expect(results.find((result) => !result.ok)?.query.symbol).toBe('BAD3')
    expect(await client.list()).toHaveLength(3)
  })

  test('checks every route before the first request', async () => {
    const source = fakeSource(minuteBars(START, 60))
    const { client } = testClient({ providers: [source.provider] })
    const results = await client.batch([query('A1'), { ...query('A2'), interval: '3d' }]).collect()
    expect(results.find((result) => !result.ok)?.error).toMatchObject({ code: 'config/provider' })
    expect(source.requests).toHaveLength(1)
  })

  test('tells progress once for all', async () => {
    const source = fakeSource(minuteBars(START, 60))
    const { client } = testClient({ providers: [source.provider] })
    const events: BatchProgress[] = []
    await client.batch(['A1', 'A2', 'A3'].map(query), { onProgress: (event) => events.push(event) }).collect()
    expect(events.at(-1)).toMatchObject({ done: 3, total: 3, failed: 0, rows: 180 })
  })

  test('updates yield reports', async () => {
    const source = fakeSource(minuteBars(START, 120))
    const { client } = testClient({ providers: [source.provider] })
    await client.batch(['A1', 'A2'].map(query)).collect()
    const results = await client
      .batch(
        ['A1', 'A2'].map((symbol) => ({ symbol, interval: '1m', end: new Date(START + 120 * 60_000) }) as const),
        { operation: 'update' },
      )
      .collect()
    expect(results.map((result) => result.report?.added)).toEqual([60, 60])
  })

  test('abandoned half-way starts nothing new', async () => {
    const source = fakeSource(minuteBars(START, 60))
    const { client } = testClient({ providers: [source.provider] })
    const symbols = Array.from({ length: 50 }, (_, i) => `S${i}`)
    for await (const result of client.batch(symbols.map(query), { concurrency: 1 })) {
      expect(result.ok).toBe(true)
      break
    }
    const asked = source.requests.length
    expect(asked).toBeLessThan(5)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(source.requests).toHaveLength(asked)
  })
})
