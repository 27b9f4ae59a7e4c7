import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import type { CoverageRecord } from '../../src/contract/coverage.ts'
import type { GapInput } from '../../src/contract/gap-detector.ts'
import { INTERVALS, type Interval } from '../../src/contract/interval.ts'
import { createGapDetector } from '../../src/gaps/index.ts'
import { recordAll } from '../contract/record-all.ts'
import { gapModel, slotModel } from './model.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const FIRST = Date.parse('2024-02-26')

const REASONS = [undefined, 'holiday', 'no-trades', 'provider-missing', 'null-row', 'not-final'] as const

const record = fc
  .record({
    start: fc.integer({ min: 0, max: 26 * 24 }),
    hours: fc.integer({ min: 1, max: 200 }),
    state: fc.constantFrom(
      'data' as const,
      'data' as const,
      'empty' as const,
      'partial' as const,
      'unavailable' as const,
    ),
    reason: fc.constantFrom(...REASONS),
  })
  .map(({ start, hours, state, reason }): CoverageRecord => ({
    startMs: FIRST + start * HOUR,
    endMs: FIRST + (start + hours) * HOUR,
    state,
    requestId: 'r',
    asOfMs: 0,
    ...(reason === undefined ? {} : { reason }),
  }))

const span = fc.tuple(fc.integer({ min: 0, max: 26 * 24 }), fc.integer({ min: 1, max: 60 })).map(([start, hours]) => ({
  startMs: FIRST + start * HOUR,
  endMs: FIRST + (start + hours) * HOUR,
}))

const cases = fc.record({
  market: fc.constantFrom('XNYS', 'XTKS', 'GLOBEX_EQ', 'FX', '24/7'),
  interval: fc.constantFrom<Interval[]>('15m', '1h', '2h', '4h', '12h', '1d', '3d', '1w', '1mo'),
  anchor: fc.constantFrom('clock' as const, 'session' as const),
  dayBoundary: fc.constantFrom('utc' as const, 'session' as const),
  barsWithoutTrades: fc.constantFrom('emitted' as const, 'omitted' as const, 'unknown' as const),
  tolerance: fc.constantFrom(0, 0.1, 0.3, 0.5),
  minGapSlots: fc.integer({ min: 1, max: 6 }),
  startHour: fc.integer({ min: 0, max: 20 * 24 }),
  hours: fc.integer({ min: 1, max: 6 * 24 }),
  coverage: fc.oneof(
    fc.constant([
      { startMs: FIRST - 90 * DAY, endMs: FIRST + 90 * DAY, state: 'data' as const, requestId: 'r', asOfMs: 0 },
    ]),
    fc.array(record, { maxLength: 8 }).map((records) => recordAll([], records)),
  ),
  failed: fc.array(span, { maxLength: 2 }),
  nowHour: fc.integer({ min: 0, max: 60 * 24 }),
  lagHours: fc.constantFrom(0, 1, 30),
  share: fc.constantFrom(0, 0.3, 0.6, 0.9, 1),
  seed: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
})

describe('the detector', () => {
  it('says of every slot what a model made of sets says, with jitter, duplicates, off-grid and extra rows', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const random = (): number => given.seed.next().value as number
        const startMs = FIRST + given.startHour * HOUR
        const length = given.interval === '1w' || given.interval === '1mo' ? given.hours * 10 : given.hours
        const empty: GapInput = {
          series: { provider: 'model', schema: 'ohlcv', symbol: 'X', interval: given.interval },
          range: { startMs, endMs: startMs + length * HOUR },
          timestampsMs: new Float64Array(0),
          coverage: given.coverage,
          calendar: calendar(given.market),
          capabilities: {
            barsWithoutTrades: given.barsWithoutTrades,
            finalityLagMs: given.lagHours * HOUR,
            anchor: given.anchor,
            dayBoundary: given.dayBoundary,
          },
          nowMs: FIRST + given.nowHour * HOUR,
          failed: given.failed,
        }
        const step = INTERVALS[given.interval].ms
        const rows: number[] = []
        const rejected: number[] = []
        for (const { open } of slotModel(empty)) {
          if (random() < given.share) {
            rows.push(open + (random() < 0.2 ? Math.round((random() - 0.5) * 1.2 * given.tolerance * step) : 0))
            while (random() < 0.1) rows.push(open + Math.round((random() - 0.5) * step))
          } else if (random() < 0.1) rejected.push(open + Math.round((random() - 0.5) * 0.4 * step))
        }
        for (let extra = Math.floor(random() * 5); extra > 0; extra--)
          rows.push(startMs + Math.floor(random() * length * HOUR))
        const sorted = Float64Array.from(rows).sort()
        const input: GapInput = { ...empty, timestampsMs: sorted, rejectedMs: Float64Array.from(rejected) }
        const report = createGapDetector({ tolerance: given.tolerance, minGapSlots: given.minGapSlots }).detect(input)
        const model = gapModel(input, given.tolerance, given.minGapSlots)

        const { missing, ...counts } = model
        expect(report).toMatchObject(counts)
        const slots = slotModel(input)
        const found = new Map<number, string>()
        for (const gap of report.gaps) {
          const inside = slots.filter((slot) => slot.open >= gap.startMs && slot.open < gap.endMs)
          for (const slot of inside) found.set(slot.open, gap.kind)
          expect([gap.slots, gap.startMs, gap.endMs]).toEqual([inside.length, inside[0]?.open, inside.at(-1)?.end])
          const sessions = new Set(inside.flatMap((slot) => [...slot.sessions]))
          expect(gap.sessions).toBe(sessions.size)
        }
        expect([...found]).toEqual([...missing])
        for (let i = 1; i < report.gaps.length; i++)
          expect(report.gaps[i]!.startMs).toBeGreaterThanOrEqual(report.gaps[i - 1]!.endMs)
        expect(counts.expected).toBe(counts.present + counts.noTrades + missing.size)
      }),
      { numRuns: 250 },
    )
  })
})
