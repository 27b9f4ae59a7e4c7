/** Random splits between random operations: whatever fails, no version of the series ever mixes two bases. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columnsOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { testClient } from './support.ts'
import { vendorOf } from './vendor.ts'

const START = Date.UTC(2023, 0, 2)
const DAY = 86_400_000
const DAYS = 260
const KEY = { symbol: 'TEST', interval: '1d' } as const
const raw = (i: number): number => 80 + 30 * Math.sin(i / 9) + ((i * 31) % 17)

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('update' as const), fail: fc.option(fc.integer({ min: 1, max: 5 })) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      from: fc.integer({ min: 0, max: 60 }),
      fail: fc.option(fc.integer({ min: 1, max: 5 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('past' as const),
      from: fc.integer({ min: 0, max: 30 }),
      length: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.constantFrom(1, 1, 2, 5, 11, 25) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clip' as const), days: fc.integer({ min: 20, max: 90 }) }) },
)
const life = fc.record({
  splits: fc.array(
    fc.record({ day: fc.integer({ min: 61, max: 240 }), ratio: fc.constantFrom(2, 3, 4, 0.1, 1.05, 20) }),
    { maxLength: 5 },
  ),
  tellsEvents: fc.boolean(),
  rows: fc.constantFrom(9, 40, 1000),
  lagDays: fc.constantFrom(0, 1),
  steps: fc.array(step, { minLength: 3, maxLength: 16 }),
})

test('all rows of a version are on the basis of one day, and a run that succeeds brings the newest', async () => {
  await fc.assert(
    fc.asyncProperty(life, async ({ splits, tellsEvents, rows, lagDays, steps }) => {
      const factor = (i: number, day: number): number =>
        splits.reduce((product, split) => (split.day > i && split.day <= day ? product * split.ratio : product), 1)
      let day = 60
      const clock = { nowMs: START + day * DAY + 1000 }
      const vendor = vendorOf([], { rowsPerRequest: rows, finalityLagMs: lagDays * DAY })
      const turn = (): void => {
        clock.nowMs = START + day * DAY + 1000
        // The basis is that of the last session that has closed.
        vendor.bars = Array.from({ length: day }, (_, i) => ({
          ms: START + i * DAY,
          close: raw(i) / factor(i, day - 1),
        }))
        vendor.splits = tellsEvents
          ? splits
              .filter((split) => split.day < day)
              .map((split) => ({ ms: START + split.day * DAY, ratio: split.ratio }))
          : []
      }
      turn()
      const { client } = testClient({ clock, storage: createMemoryStorage(), providers: [vendor.provider] })
      await client.get({ ...KEY, start: new Date(START + 20 * DAY) })
      let left: number | null = null
      vendor.before = () => {
        if (left !== null && --left <= 0) throw new Error('down')
      }
      for (const one of steps) {
        let isDone = false
        if (one.kind === 'wait') day = Math.min(DAYS, day + one.days)
        if (one.kind === 'clip') vendor.fromMs = Math.max(vendor.fromMs, START + (day - one.days) * DAY)
        turn()
        // A source that serves nothing that is stored, and tells no events, gives nothing to see a new basis by.
        const lastMs = (await client.list())[0]?.lastMs as number
        const isHidden = splits.some((split) => START + split.day * DAY < vendor.fromMs)
        if ((!tellsEvents || isHidden || one.kind === 'past') && vendor.fromMs > lastMs - lagDays * DAY - 2 * DAY) break
        left = 'fail' in one ? one.fail : null
        const start = one.kind === 'get' || one.kind === 'past' ? new Date(START + one.from * DAY) : undefined
        const work =
          one.kind === 'update'
            ? client.update(KEY)
            : one.kind === 'get'
              ? client.get({ ...KEY, start: start as Date })
              : one.kind === 'past'
                ? client.get({ ...KEY, start: start as Date, end: new Date(START + (one.from + one.length) * DAY) })
                : null
        if (work !== null)
          isDone = await work.then(
            () => true,
            (error: unknown) => (expect(String(error)).toContain('down'), false),
          )
        const { timestampMs, close } = columnsOf(await client.read(KEY))
        const stored = [...timestampMs].map((ms, row) => ({
          i: (ms - START) / DAY,
          close: (close as Float64Array)[row] as number,
        }))
        const fits = (at: number): boolean =>
          stored.every(({ i, close: value }) => Math.abs(value / (raw(i) / factor(i, at)) - 1) < 1e-9)
        const days = [...new Set([59, ...splits.map((split) => split.day), day - 1])].filter((at) => at < day)
        expect(days.some(fits), `${one.kind} on day ${day}: two bases`).toBe(true)
        if (isDone && one.kind === 'update') expect(fits(day - 1), `update on day ${day} left an old basis`).toBe(true)
      }
    }),
    { numRuns: 120 },
  )
})
