/** Random lives of a series against a model that knows only which rows the source ever sent. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProviderError } from '../../src/contract/errors.ts'
import type { Page } from '../../src/contract/provider.ts'
import { type Range, intersectRanges, subtractRanges, unionRanges } from '../../src/contract/range.ts'
import { columnsOf, coverageOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { fakeSource, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const SIZE = 400
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const

const usual = (i: number): number => 100 + ((i * 37) % 101)

type Bar = number | 'null' | 'none'

const slot = fc.integer({ min: 0, max: SIZE - 1 })
const stretch = fc.tuple(slot, fc.integer({ min: 1, max: 120 }))
const step = fc.oneof(
  fc.record({
    kind: fc.constantFrom('get' as const, 'load' as const),
    range: stretch,
    fail: fc.option(fc.integer({ min: 1, max: 4 })),
    oddMs: fc.integer({ min: 0, max: 59_999 }),
  }),
  fc.record({
    kind: fc.constant('update' as const),
    fail: fc.option(fc.integer({ min: 1, max: 6 })),
    lookbackDays: fc.constantFrom(undefined, 0, 0.05, 3),
  }),
  fc.record({ kind: fc.constant('wait' as const), minutes: fc.constantFrom(1, 7, 60, 1441) }),
  fc.record({
    kind: fc.constant('change' as const),
    slots: fc.array(slot, { minLength: 1, maxLength: 12 }),
    to: fc.constantFrom<Bar>('null', 'none', 1, 2, 50),
  }),
  fc.record({
    kind: fc.constant('clip' as const),
    from: slot,
    code: fc.constantFrom('provider/forbidden' as const, 'provider/unsupported' as const),
  }),
  fc.record({ kind: fc.constant('forget' as const) }),
)
const life = fc.record({
  lag: fc.constantFrom(0, 5, 90),
  rows: fc.constantFrom(7, 50, 1000),
  scatter: fc.boolean(),
  steps: fc.array(step, { minLength: 3, maxLength: 14 }),
})

describe('a random life', () => {
  test('stores every row that was ever sent as it was sent last, and no other; proves it, and names each hole', async () => {
    await fc.assert(
      fc.asyncProperty(life, async ({ lag, rows, scatter, steps }) => {
        const bars: Bar[] = Array.from({ length: SIZE }, (_, i) => usual(i))
        const sent = new Map<number, number>()
        const answered: Range[] = []
        const clock = { nowMs: START + 200 * MINUTE }
        const storage = createMemoryStorage()
        const source = fakeSource([], { rowsPerRequest: rows, finalityLagMs: lag * MINUTE })
        let failAt: number | null = null
        let clip = {
          fromMs: -Infinity,
          code: 'provider/forbidden' as const as 'provider/forbidden' | 'provider/unsupported',
        }
        const fetch = async function* ({ range }: { range: Range }): AsyncGenerator<Page> {
          expect(range.endMs).toBeLessThanOrEqual(clock.nowMs)
          if (failAt !== null && --failAt <= 0) throw new ProviderError('provider/unavailable', 'down')
          if (range.startMs < clip.fromMs) throw new ProviderError(clip.code, 'too old')
          const middle = range.startMs + Math.floor((range.endMs - range.startMs) / 2)
          const parts = scatter
            ? [
                { startMs: middle, endMs: range.endMs },
                { startMs: range.startMs, endMs: middle },
              ]
            : [range]
          for (const proven of parts.filter((part) => part.startMs < part.endMs)) {
            const inside = bars
              .map((bar, i) => ({ ms: START + i * MINUTE, bar }))
              .filter(({ ms, bar }) => bar !== 'none' && ms >= proven.startMs && ms < proven.endMs)
            for (const { ms, bar } of inside) if (typeof bar === 'number') sent.set(ms, bar)
            answered.push(proven)
            const valid = new Uint8Array((inside.length + 7) >> 3)
            inside.forEach(({ bar }, i) => {
              if (typeof bar === 'number') valid[i >> 3]! |= 1 << (i & 7)
            })
            const price = (offset: number) => ({
              values: Float64Array.from(inside, ({ bar }) => (typeof bar === 'number' ? bar + offset : 0)),
              valid,
            })
            // Openings never change, so that no revision looks like another basis.
            const open = { values: Float64Array.from(inside, ({ ms }) => usual((ms - START) / MINUTE)), valid }
            yield {
              columns: {
                timestamp: Float64Array.from(inside, ({ ms }) => ms),
                open,
                high: price(60),
                low: price(-60),
                close: price(0),
                volume: price(5),
              },
              proven,
            }
          }
        }
        const { client } = testClient({ clock, storage, providers: [{ ...source.provider, fetch }] })
        const run = async (work: () => Promise<unknown>): Promise<void> => {
          try {
            await work()
          } catch (error) {
            const codes = [
              'provider/unavailable',
              'provider/forbidden',
              'provider/unsupported',
              'config/not-loaded',
              'config/range',
            ]
            expect(codes, String(error)).toContain((error as ProviderError).code)
          }
          failAt = null
        }
        for (const one of steps) {
          if (one.kind === 'wait') clock.nowMs += one.minutes * MINUTE
          if (one.kind === 'change')
            for (const i of one.slots) bars[i] = typeof one.to === 'number' ? usual(i) + one.to + (i % 3) : one.to
          if (one.kind === 'clip') clip = { fromMs: START + (one.from - 200) * MINUTE, code: one.code }
          if (one.kind === 'forget')
            for (const { series } of await storage.list()) await storage.writeNote(series, 'status', 'lost')
          if (one.kind === 'update' || one.kind === 'get' || one.kind === 'load') failAt = one.fail
          if (one.kind === 'update')
            await run(() =>
              client.update({ ...KEY, ...(one.lookbackDays === undefined ? {} : { lookbackDays: one.lookbackDays }) }),
            )
          if (one.kind === 'get' || one.kind === 'load') {
            const startMs = START + one.range[0] * MINUTE + one.oddMs
            await run(() =>
              client[one.kind as 'get']({
                ...KEY,
                start: new Date(startMs),
                end: new Date(startMs + one.range[1] * MINUTE),
              }),
            )
          }
          if ((await client.list()).length === 0) {
            expect(sent.size === 0 || answered.length === 0).toBe(true)
            continue
          }
          const range = { start: new Date(START - MINUTE), end: new Date(START + (SIZE + 1600) * MINUTE) }
          const table = await client.read({ ...KEY, ...range })
          const { timestampMs, close } = columnsOf(table)
          const expected = [...sent].toSorted(([a], [b]) => a - b)
          expect([...timestampMs].map((ms, row) => [ms, (close as Float64Array)[row]])).toEqual(expected)
          const proof = coverageOf(table)
          expect(subtractRanges(proof.covered, answered)).toEqual([])
          expect(
            subtractRanges(
              intersectRanges(answered, [{ startMs: 0, endMs: Math.min(clock.nowMs, proof.requested.endMs) }]),
              proof.covered,
            ),
          ).toEqual([])
          const outside = proof.missing.filter((missing) => !['provider-missing', 'rejected'].includes(missing.kind))
          const beyond = outside.filter((missing) => intersectRanges([missing], proof.covered).length === 0)
          expect(unionRanges([...proof.covered, ...beyond])).toEqual([proof.requested])
          // Every proven final opening without a row is named, and nothing else is.
          const named = proof.missing.filter((missing) => missing.kind === 'provider-missing')
          for (let i = 0; i < SIZE; i++) {
            const ms = START + i * MINUTE
            const record = proof.records.find((candidate) => candidate.startMs <= ms && ms < candidate.endMs)
            const isProven =
              record !== undefined &&
              (record.state === 'data' || record.state === 'empty' || record.reason === 'null-row')
            const isNamed = named.some((missing) => missing.startMs <= ms && ms < missing.endMs)
            expect(isNamed, `slot ${i} ${JSON.stringify(record)}`).toBe(isProven && !sent.has(ms))
          }
        }
      }),
      { numRuns: 150 },
    )
  })
})
