/** Schemas other than bars through the whole client. */
import { describe, expect, test } from 'vitest'
import type { Columns } from '../../src/contract/columns.ts'
import type { FetchRequest, Page, Provider } from '../../src/contract/provider.ts'
import { coverageOf, rowsOf } from '../../src/query/table.ts'
import { fakeSource, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const DAY = 86_400_000

interface Print {
  readonly ns: bigint
  readonly price: number
  readonly size: number
}

const at = (ms: number, ns = 0): bigint => BigInt(ms) * 1_000_000n + BigInt(ns)
const print = (ms: number, ns: number, price: number, size = 1): Print => ({ ns: at(ms, ns), price, size })

function tickColumns(prints: readonly Print[]): Page['columns'] {
  return {
    timestamp: BigInt64Array.from(prints, (one) => one.ns),
    price: Float64Array.from(prints, (one) => one.price),
    size: Float64Array.from(prints, (one) => one.size),
  }
}

/** A source whose pages a test makes. */
function pagedSource(
  pages: (request: FetchRequest) => Iterable<Page>,
  schemas: Provider['capabilities']['schemas'] = ['trades'],
): Provider {
  const { provider } = fakeSource([], { schemas })
  return {
    ...provider,
    async *fetch(request) {
      yield* pages(request)
    },
  }
}

const TRADES = { symbol: 'BTCUSDT', schema: 'trades', start: new Date(START), end: new Date(START + 1000) } as const
const prices = (table: Parameters<typeof rowsOf>[0]): unknown[] => rowsOf(table).map((row) => row['price'])

describe('trades', () => {
  test('keep identical prints and their order, and a second load changes nothing', async () => {
    const prints = [print(START, 5, 10), print(START, 5, 10), print(START, 5, 11), print(START + 3, 0, 12)]
    const { client } = testClient({
      providers: [pagedSource(({ range }) => [{ columns: tickColumns(prints), proven: range }])],
    })
    const first = await client.load(TRADES)
    expect(prices(first)).toEqual([10, 10, 11, 12])
    expect(coverageOf(await client.load(TRADES)).version).toBe(coverageOf(first).version)
  })

  test('of pages that split inside a millisecond keep every print once, whatever a page holds beyond its proof', async () => {
    const prints = [
      print(START, 1, 1),
      print(START + 5, 1, 2),
      print(START + 5, 2, 3),
      print(START + 5, 2, 3),
      print(START + 9, 0, 4),
    ]
    const pages = ({ range }: FetchRequest): Page[] => [
      { columns: tickColumns(prints.slice(0, 3)), proven: { startMs: range.startMs, endMs: START + 5 } },
      { columns: tickColumns(prints.slice(1)), proven: { startMs: START + 5, endMs: range.endMs } },
    ]
    for (const order of [pages, (request: FetchRequest) => pages(request).toReversed()]) {
      const { client } = testClient({ providers: [pagedSource(order)] })
      expect(prices(await client.load(TRADES))).toEqual([1, 2, 3, 3, 4])
    }
  })

  test('of a page that comes twice keep every print once', async () => {
    const prints = [print(START, 1, 1), print(START, 1, 1), print(START + 5, 0, 2)]
    const page = ({ range }: FetchRequest): Page => ({ columns: tickColumns(prints), proven: range })
    const { client } = testClient({ providers: [pagedSource((request) => [page(request), page(request)])] })
    expect(prices(await client.load(TRADES))).toEqual([1, 1, 2])
  })

  test('that the source takes back are told, and only what differs is replaced', async () => {
    let prints = [print(START, 0, 1), print(START + 10, 0, 2), print(START + 20, 0, 3)]
    const { client } = testClient({
      providers: [pagedSource(({ range }) => [{ columns: tickColumns(prints), proven: range }])],
    })
    await client.load(TRADES)
    prints = [print(START, 0, 1), print(START + 10, 0, 2.5), print(START + 20, 0, 3)]
    expect(prices(await client.load(TRADES))).toEqual([1, 2.5, 3])
    expect(rowsOf(await client.revisions(TRADES))).toMatchObject([
      { column: 'price', old: 2, new: 2.5, kind: 'revised' },
    ])
  })

  test('that are final outlive an answer without any', async () => {
    let prints = [print(START, 0, 1), print(START + 10, 0, 2)]
    const { client } = testClient({
      providers: [pagedSource(({ range }) => [{ columns: tickColumns(prints), proven: range }])],
    })
    await client.load(TRADES)
    prints = []
    expect(prices(await client.load(TRADES))).toEqual([1, 2])
    expect(rowsOf(await client.revisions(TRADES)).map((row) => row['kind'])).toEqual(['withdrawn', 'withdrawn'])
    await client.load(TRADES)
    expect(rowsOf(await client.revisions(TRADES))).toHaveLength(2)
  })

  test('of one endless request are committed while it runs', async () => {
    let stored: number | null = null
    const pages = async function* ({ range }: FetchRequest): AsyncGenerator<Page> {
      for (let i = 0; i < 200; i++) {
        const startMs = range.startMs + i * 1000
        const prints = Array.from({ length: 2000 }, (_, k) => print(startMs, k, k + 1))
        if (i === 190) stored = (await client.read({ symbol: 'BTCUSDT', schema: 'trades' })).numRows
        yield { columns: tickColumns(prints), proven: { startMs, endMs: startMs + 1000 } }
      }
    }
    const { provider } = fakeSource([], { schemas: ['trades'] })
    const { client } = testClient({ providers: [{ ...provider, fetch: pages }] })
    const table = await client.get({ ...TRADES, end: new Date(START + 200_000) })
    expect(table.numRows).toBe(400_000)
    expect(stored).toBeGreaterThanOrEqual(200_000)
  })
})

describe('actions', () => {
  const event = (ms: number, kind: string, value: number): { ms: number; kind: string; value: number } => ({
    ms,
    kind,
    value,
  })
  const actionPage = (events: readonly ReturnType<typeof event>[]): Page['columns'] => ({
    timestamp: Float64Array.from(events, (one) => one.ms),
    kind: { indices: Int32Array.from(events.keys()), dictionary: events.map((one) => one.kind) },
    value: Float64Array.from(events, (one) => one.value),
  })
  const ACTIONS = { symbol: 'AAPL', schema: 'actions', start: '2024-01-01', end: '2024-02-01' } as const

  test('are got alone, keep when they were first seen, and what is superseded stays', async () => {
    let events = [event(START + 3 * DAY, 'split', 2), event(START + 9 * DAY, 'dividend', 0.5)]
    const { client, clock } = testClient({
      providers: [pagedSource(({ range }) => [{ columns: actionPage(events), proven: range }], ['actions'])],
    })
    const seen = clock.nowMs
    const first = await client.get(ACTIONS)
    expect(rowsOf(first).map((row) => [row['kind'], row['value'], row['superseded']])).toEqual([
      ['split', 2, null],
      ['dividend', 0.5, null],
    ])
    expect(coverageOf(first).missing).toEqual([])
    clock.nowMs += DAY
    expect(coverageOf(await client.load(ACTIONS)).version).toBe(coverageOf(first).version)
    events = [event(START + 3 * DAY, 'split', 2), event(START + 9 * DAY, 'dividend', 0.25)]
    const rows = rowsOf(await client.load(ACTIONS))
    expect(rows.map((row) => [row['value'], row['superseded'] === null])).toEqual([
      [2, true],
      [0.5, false],
      [0.25, true],
    ])
    expect(rows.map((row) => Number(new Date(row['first_seen'] as string | number | Date)))).toEqual([
      seen,
      seen,
      clock.nowMs,
    ])
  })
})

describe('values and funding', () => {
  test('values may be null, are revised, and are updated', async () => {
    let values: (number | null)[] = [1, null, 3]
    const page = (): Columns => ({
      timestamp: BigInt64Array.from(values, (_, i) => BigInt(START + i * DAY) * 1000n),
      value: {
        values: Float64Array.from(values, (value) => value ?? 0),
        valid: Uint8Array.of(values.reduce<number>((bits, value, i) => bits | (value === null ? 0 : 1 << i), 0)),
      },
    })
    const clock = { nowMs: START + 3 * DAY }
    const { client } = testClient({
      clock,
      providers: [pagedSource(({ range }) => [{ columns: page(), proven: range }], ['values'])],
    })
    const key = { symbol: 'DGS10', schema: 'values' } as const
    expect(rowsOf(await client.get({ ...key, start: '2024-01-01' })).map((row) => row['value'])).toEqual([1, null, 3])
    values = [1, 2, 3, 4]
    clock.nowMs += DAY + DAY / 2
    expect(await client.update({ ...key, lookbackDays: 1 / 3 })).toMatchObject({ added: 1, changed: 0 })
    expect(await client.update({ ...key, lookbackDays: 7 })).toMatchObject({ added: 0, changed: 1, revised: 1 })
    expect(rowsOf(await client.read(key)).map((row) => row['value'])).toEqual([1, 2, 3, 4])
  })

  test('funding has no slots, so an update asks for the tail only', async () => {
    const requests: FetchRequest[] = []
    const clock = { nowMs: START + 3 * DAY }
    const source = pagedSource(
      (request) => {
        requests.push(request)
        const stamps = Array.from({ length: 40 }, (_, i) => START + i * 8 * 3_600_000).filter(
          (ms) => ms >= request.range.startMs && ms < request.range.endMs,
        )
        return [
          {
            columns: { timestamp: Float64Array.from(stamps), rate: new Float64Array(stamps.length).fill(1e-4) },
            proven: request.range,
          },
        ]
      },
      ['funding'],
    )
    const { client } = testClient({ clock, providers: [source] })
    const key = { symbol: 'BTCUSDT', schema: 'funding' } as const
    expect((await client.get({ ...key, start: '2024-01-01' })).numRows).toBe(9)
    clock.nowMs += DAY
    expect(await client.update({ ...key, lookbackDays: 0 })).toMatchObject({ added: 3, missing: [] })
    expect(requests.at(-1)?.range).toEqual({ startMs: START + 3 * DAY, endMs: START + 4 * DAY })
    await expect(client.gaps(key)).rejects.toMatchObject({ code: 'config/interval' })
  })
})
