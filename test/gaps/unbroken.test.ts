import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import { ticksFromMs, timestampsMs } from '../../src/contract/ticks.ts'
import type { GapInput } from '../../src/contract/gap-detector.ts'
import type { Interval } from '../../src/contract/interval.ts'
import { expectedSlots, slotsOf } from '../../src/contract/slots.ts'
import { createGapDetector } from '../../src/gaps/index.ts'
import { createSlotsMemo } from '../../src/gaps/slots-memo.ts'
import { isUnbroken } from '../../src/gaps/unbroken.ts'

const CASES: readonly (readonly [name: string, interval: Interval, start: string, end: string])[] = [
  ['24/7', '1m', '2024-01-01', '2024-01-04'],
  ['24/7', '1d', '1995-01-01', '2024-01-01'],
  ['24/7', '1w', '1960-01-01', '1990-01-01'],
  ['24/7', '1mo', '1950-01-01', '2024-01-01'],
  ['24/7', '1h', '1969-12-25', '1970-01-08'],
  ['XNYS', '1m', '2024-03-07', '2024-03-14'],
  ['XNYS', '1h', '2024-03-07', '2024-03-14'],
  ['XNYS', '1d', '2000-01-01', '2024-01-01'],
  ['XTKS', '5m', '2024-03-07', '2024-03-14'],
]

function openingsOf(name: string, interval: Interval, start: string, end: string) {
  const range = { startMs: Date.parse(start), endMs: Date.parse(end) }
  const slots = slotsOf(calendar(name), range, interval, 'clock')
  return { range, slots, openingsMs: expectedSlots(calendar(name), range, interval, 'clock') }
}

/** What the detector says with and without the openings in microseconds. */
function bothReports(name: string, interval: Interval, start: string, end: string, openingsMs: Float64Array) {
  const { range } = openingsOf(name, interval, start, end)
  const timestamp = ticksFromMs(openingsMs, 'us')
  const input: GapInput = {
    series: { provider: 'fake', schema: 'ohlcv', symbol: 'X', interval },
    range,
    timestampsMs: timestampsMs(timestamp, 'us'),
    coverage: [{ ...range, state: 'data', requestId: 'a', asOfMs: 0 }],
    calendar: calendar(name),
    capabilities: { barsWithoutTrades: 'emitted', finalityLagMs: 0, anchor: 'clock', dayBoundary: 'session' },
    nowMs: Date.UTC(2025, 0, 1),
  }
  const detector = createGapDetector()
  return [detector.detect(input), detector.detect({ ...input, timestamp })] as const
}

describe('isUnbroken', () => {
  test.each(CASES)('is true for exactly the slots of %s %s from %s to %s', (...given) => {
    const { slots, openingsMs } = openingsOf(...given)
    expect(openingsMs.length).toBeGreaterThan(10)
    expect(isUnbroken(ticksFromMs(openingsMs, 'us'), slots)).toBe(true)
  })

  test.each(CASES)('is false where one opening of %s %s is missing, doubled or beside its slot', (...given) => {
    const { slots, openingsMs } = openingsOf(...given)
    const whole = ticksFromMs(openingsMs, 'us')
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.constantFrom(1n, -1n, 1000n, 4_294_967_296n), (row, aside) => {
        expect(isUnbroken(BigInt64Array.from([...whole].toSpliced(row, 1)), slots)).toBe(false)
        expect(isUnbroken(BigInt64Array.from([...whole].toSpliced(row, 0, whole[row] as bigint)), slots)).toBe(false)
        const moved = whole.slice()
        moved[row]! += aside
        expect(isUnbroken(moved, slots)).toBe(false)
      }),
      { numRuns: 20 },
    )
  })

  test('does not take the least time for the first one, which is -0 where that is 0', () => {
    const { slots, openingsMs } = openingsOf('24/7', '1h', '1970-01-01', '1970-01-08')
    const ticks = ticksFromMs(openingsMs, 'us')
    expect(isUnbroken(ticks, slots)).toBe(true)
    ticks[0] = -(2n ** 63n)
    expect(isUnbroken(ticks, slots)).toBe(false)
  })

  test('is true for no rows where no slot is expected', () => {
    const { slots } = openingsOf('XNYS', '1m', '2024-03-09', '2024-03-10')
    expect(isUnbroken(new BigInt64Array(0), slots)).toBe(true)
  })
})

describe('the detector with openings in microseconds', () => {
  test.each(CASES)('reports the same of %s %s whole', (...given) => {
    const [without, quick] = bothReports(...given, openingsOf(...given).openingsMs)
    expect(quick).toEqual(without)
  })

  test.each(CASES)('reports the same of %s %s with holes', (...given) => {
    const { openingsMs } = openingsOf(...given)
    fc.assert(
      fc.property(fc.array(fc.nat(openingsMs.length - 1), { minLength: 1, maxLength: 5 }), (holes) => {
        const left = openingsMs.filter((_, row) => !holes.includes(row))
        const [without, quick] = bothReports(...given, left)
        expect(quick).toEqual(without)
      }),
      { numRuns: 20 },
    )
  })
})

describe('the memo of slots', () => {
  test('gives what slotsOf gives, and the same object for the same question', () => {
    const memo = createSlotsMemo()
    for (let round = 0; round < 2; round++) {
      for (const [name, interval, start, end] of CASES) {
        const range = { startMs: Date.parse(start), endMs: Date.parse(end) }
        const slots = memo(calendar(name), range, interval, 'clock')
        expect(slots).toEqual(slotsOf(calendar(name), range, interval, 'clock'))
        expect(memo(calendar(name), range, interval, 'clock')).toBe(slots)
      }
    }
  })
})
