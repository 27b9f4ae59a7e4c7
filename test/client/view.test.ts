import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { http } from 'msw'
import { setupServer } from 'msw/node'
import { createDataClient } from '../../src/client.ts'
import { yahoo } from '../../src/providers/index.ts'
import { columnsOf, coverageOf, rowsOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { HAVE_RECORDINGS, recording, responseOf } from '../msw/recordings.ts'
import { fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const

describe('fill', () => {
  test('adds marked rows for proven empty slots, and stores none of them', async () => {
    const bars = minuteBars(START, 60).filter(([ms]) => ms !== START + 30 * 60_000)
    const { client } = testClient({ providers: [fakeSource(bars).provider] })
    const query = { ...KEY, start: new Date(START), end: new Date(START + 60 * 60_000) }
    await client.get(query)
    const filled = columnsOf(await client.read({ ...query, end: new Date(START + 90 * 60_000), fill: 'forward' }))
    expect(filled.timestampMs).toHaveLength(60)
    expect(
      [...(filled['filled'] as unknown as Uint8Array)].map((mark, i) => (mark ? i : -1)).filter((i) => i >= 0),
    ).toEqual([30])
    expect(filled.close?.[30]).toBe(129)
    expect(filled.volume?.[30]).toBe(0)
    expect((await client.read(query)).numRows).toBe(59)
  })

  test('is refused for a scan, which does not know its neighbours', async () => {
    const { client } = testClient({ providers: [fakeSource(minuteBars(START, 60)).provider] })
    await client.get({ ...KEY, start: new Date(START), end: new Date(START + 60 * 60_000) })
    await expect(client.scan({ ...KEY, fill: 'forward' }).collect()).rejects.toMatchObject({
      code: 'config/option',
      field: 'fill',
    })
  })
})

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterAll(() => server.close())

describe('adjust', () => {
  test('without the actions that it needs is refused', async () => {
    const { client } = testClient({
      providers: [
        fakeSource([
          [START, 100],
          [START + 86_400_000, 101],
        ]).provider,
      ],
    })
    const query = { symbol: 'AAPL', interval: '1d', start: '2024-01-01', end: '2024-01-03' } as const
    await client.get(query)
    await expect(client.read({ ...query, adjust: 'all' })).rejects.toMatchObject({ code: 'data/basis-unavailable' })
    expect((await client.read({ ...query, adjust: 'none' })).numRows).toBe(2)
  })

  test.skipIf(!HAVE_RECORDINGS)('for dividends equals the column that Yahoo adjusted itself', async () => {
    const entry = recording('yahoo/chart_AAPL_1d_2025_2026.json')
    server.use(http.get('*', () => responseOf(entry)))
    const nowMs = Date.parse(entry.headers['date'] as string)
    const client = createDataClient({
      storage: createMemoryStorage(),
      providers: [yahoo()],
      runtime: { now: () => nowMs },
    })
    const query = { symbol: 'AAPL', interval: '1d', start: '2023-01-01' } as const
    await client.get(query)
    const table = await client.read({ ...query, adjust: 'all' })
    const { close, adj_close: adjusted } = columnsOf(table) as unknown as Record<string, Float64Array>
    expect(coverageOf(table).actions).toBe(1)
    expect((close as Float64Array).length).toBe(746)
    for (const [i, value] of (close as Float64Array).entries()) {
      expect(Math.abs(value / ((adjusted as Float64Array)[i] as number) - 1)).toBeLessThan(2 ** -22)
    }
    const actions = rowsOf(await client.read({ symbol: 'AAPL', schema: 'actions' }))
    expect(actions).toHaveLength(12)
    expect(actions[0]).toMatchObject({ kind: 'dividend', value: 0.23, timestamp: '2023-02-10T00:00:00.000Z' })
    const raw = await client.read({ ...query, columns: ['adj_close'] })
    expect(raw.schema.fields.map((field) => field.name)).toEqual(['timestamp', 'adj_close'])
  })
})
