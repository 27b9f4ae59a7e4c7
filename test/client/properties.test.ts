import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Page, Provider } from '../../src/contract/provider.ts'
import { intersectRanges, subtractRanges, totalMs, unionRanges } from '../../src/contract/range.ts'
import { columnsOf, coverageOf } from '../../src/query/table.ts'
import { type FakeBar, fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const

/** Cuts a range at random borders and shuffles the pieces, some of them twice. */
const pieces = fc.record({
  cuts: fc.array(fc.integer({ min: 1, max: 239 }), { maxLength: 6 }),
  order: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 14, maxLength: 14 }),
  holes: fc.array(fc.integer({ min: 0, max: 239 }), { maxLength: 30 }),
})

function scattered(base: Provider, bars: FakeBar[], cuts: readonly number[], order: readonly number[]): Provider {
  const single = fakeSource(bars).provider
  return {
    ...base,
    async *fetch(request, context): AsyncGenerator<Page> {
      const borders = [0, ...new Set(cuts), 240].toSorted((a, b) => a - b)
      const ranges = borders
        .slice(1)
        .map((end, i) => ({ startMs: START + (borders[i] as number) * MINUTE, endMs: START + end * MINUTE }))
      const twice = [...ranges, ...ranges].map((range, i) => ({ range, key: order[i % order.length] ?? 0 }))
      for (const { range } of twice.toSorted((a, b) => a.key - b.key)) {
        const [part] = intersectRanges([range], [request.range])
        if (part !== undefined) yield* single.fetch({ ...request, range: part }, context)
      }
    },
  }
}

describe('properties of the way in', () => {
  test('order, borders and repeats of pages do not matter', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async ({ cuts, order, holes }) => {
        const bars = minuteBars(START, 240).filter((_, i) => !holes.includes(i))
        const query = { ...KEY, start: new Date(START), end: new Date(START + 240 * MINUTE) }
        const plain = testClient({ providers: [fakeSource(bars).provider] }).client
        const odd = testClient({ providers: [scattered(fakeSource(bars).provider, bars, cuts, order)] }).client
        const [a, b] = [await plain.get(query), await odd.get(query)]
        expect([...columnsOf(b).timestampMs]).toEqual([...columnsOf(a).timestampMs])
        expect([...(columnsOf(b).close as Float64Array)]).toEqual([...(columnsOf(a).close as Float64Array)])
        const state = (table: typeof a): unknown =>
          coverageOf(table).records.map(({ startMs, endMs, state, reason }) => ({ startMs, endMs, state, reason }))
        expect(state(b)).toEqual(state(a))
        expect(coverageOf(b).missing).toEqual(coverageOf(a).missing)
      }),
      { numRuns: 60 },
    )
  })

  test('requested is covered and missing outside it, disjoint and whole; no request is in vain', async () => {
    const asks = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 120 })), {
      minLength: 1,
      maxLength: 8,
    })
    await fc.assert(
      fc.asyncProperty(asks, async (ranges) => {
        const source = fakeSource(minuteBars(START, 500), { rowsPerRequest: 50 })
        const { client } = testClient({ providers: [source.provider], clock: { nowMs: START + 400 * MINUTE } })
        for (const [first, length] of ranges) {
          const range = { startMs: START + first * MINUTE, endMs: START + (first + length) * MINUTE }
          const before = await client.coverage(KEY).then(
            (report) => report.covered,
            () => [],
          )
          source.requests.length = 0
          const proof = coverageOf(
            await client.get({ ...KEY, start: new Date(range.startMs), end: new Date(range.endMs) }),
          )
          const outside = proof.missing.filter(
            (missing) => missing.kind !== 'provider-missing' && missing.kind !== 'rejected',
          )
          expect(unionRanges([...proof.covered, ...outside])).toEqual([range])
          expect(intersectRanges(proof.covered, outside)).toEqual([])
          expect(totalMs(unionRanges(source.requests))).toBe(totalMs(source.requests))
          for (const asked of source.requests) expect(subtractRanges([asked], before)).not.toEqual([])
        }
        expect(subtractRanges(source.requests, [{ startMs: START, endMs: START + 400 * MINUTE }])).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('a plan covers exactly what is missing, once, in requests that fit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 0, max: 400 }),
        async (limit, length, stored) => {
          const source = fakeSource(minuteBars(START, 1000), { rowsPerRequest: limit })
          const { client } = testClient({ providers: [source.provider] })
          if (stored > 0) await client.get({ ...KEY, start: new Date(START), end: new Date(START + stored * MINUTE) })
          const plan = await client.plan({ ...KEY, start: new Date(START), end: new Date(START + length * MINUTE) })
          const wanted = subtractRanges(
            [{ startMs: START, endMs: START + length * MINUTE }],
            stored > 0 ? [{ startMs: START, endMs: START + stored * MINUTE }] : [],
          )
          expect(unionRanges(plan.requests.map((request) => request.range))).toEqual(wanted)
          expect(totalMs(plan.requests.map((request) => request.range))).toBe(totalMs(wanted))
          expect(plan.requests.every((request) => request.expectedRows <= limit && request.expectedRows > 0)).toBe(true)
          expect(plan.requests.length).toBe(Math.ceil(totalMs(wanted) / MINUTE / limit))
        },
      ),
      { numRuns: 60 },
    )
  })
})
