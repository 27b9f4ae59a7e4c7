/** The algebra of ranges and of coverage against models that know one slot at a time. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CoverageReason,
  type CoverageRecord,
  type CoverageState,
  forgetCoverage,
  provenRanges,
  rangesIn,
  recordCoverage,
  sameCoverage,
  unknownRanges,
} from '../../src/contract/coverage.ts'
import {
  type Range,
  contains,
  intersect,
  intersectRanges,
  subtractRanges,
  totalMs,
  unionRanges,
} from '../../src/contract/range.ts'
import { recordAll } from './record-all.ts'

const SIZE = 40
const range = fc
  .tuple(fc.integer({ min: 0, max: SIZE }), fc.integer({ min: 0, max: SIZE }))
  .map(([startMs, endMs]): Range => ({ startMs, endMs }))
/** Unsorted, overlapping, some empty, some the wrong way round. */
const ranges = fc.array(range, { maxLength: 8 })

const slots = (list: readonly Range[]): Set<number> =>
  new Set(
    Array.from({ length: SIZE }, (_, i) => i).filter((i) => list.some((one) => one.startMs <= i && i < one.endMs)),
  )

const slotsWhere = (is: (i: number) => boolean): Set<number> =>
  new Set(Array.from({ length: SIZE }, (_, i) => i).filter(is))

function expectTidy(list: readonly Range[]): void {
  for (const [i, one] of list.entries()) {
    expect(one.startMs).toBeLessThan(one.endMs)
    if (i > 0) expect(one.startMs).toBeGreaterThan((list[i - 1] as Range).endMs)
  }
}

describe('ranges', () => {
  test('union, difference and intersection are those of sets of slots, tidy and shortest', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [x, y] = [slots(a), slots(b)]
        const [union, minus, both] = [unionRanges([...a, ...b]), subtractRanges(a, b), intersectRanges(a, b)]
        expect(slots(union)).toEqual(slotsWhere((i) => x.has(i) || y.has(i)))
        expect(slots(minus)).toEqual(slotsWhere((i) => x.has(i) && !y.has(i)))
        expect(slots(both)).toEqual(slotsWhere((i) => x.has(i) && y.has(i)))
        for (const list of [union, both]) expectTidy(list)
        for (const [i, one] of minus.entries())
          if (i > 0) expect(one.startMs).toBeGreaterThanOrEqual((minus[i - 1] as Range).endMs)
        expect(totalMs(union)).toBe(slots(union).size)
        expect(unionRanges(union)).toEqual(union)
        expect(totalMs(minus) + totalMs(both)).toBe(x.size)
      }),
      { numRuns: 500 },
    )
  })

  test('near ranges join across a gap that is allowed, and no wider one', () => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 0, max: 6 }), (a, gapMs) => {
        const joined = unionRanges(a, gapMs)
        for (const [i, one] of joined.entries())
          if (i > 0) expect(one.startMs - (joined[i - 1] as Range).endMs).toBeGreaterThan(gapMs)
        expect(subtractRanges(a, joined)).toEqual([])
        for (const hole of subtractRanges(joined, a)) expect(hole.endMs - hole.startMs).toBeLessThanOrEqual(gapMs)
      }),
      { numRuns: 300 },
    )
  })

  test('two ranges meet where they share a slot, and one holds the other where it has all of its slots', () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        const both = intersect(a, b)
        expect(both === null ? 0 : both.endMs - both.startMs).toBe(
          [...slots([a])].filter((i) => slots([b]).has(i)).length,
        )
        if (b.startMs < b.endMs) expect(contains(a, b)).toBe([...slots([b])].every((i) => slots([a]).has(i)))
      }),
      { numRuns: 300 },
    )
  })
})

type Fact = Pick<CoverageRecord, 'state' | 'reason' | 'condition'>
const FACTS: readonly Fact[] = [
  { state: 'data' },
  { state: 'data', condition: 'derived' },
  { state: 'empty', reason: 'holiday' },
  { state: 'empty', reason: 'no-trades' },
  { state: 'partial', reason: 'not-final' },
  { state: 'unavailable', reason: 'not-entitled' },
]
const record = fc
  .tuple(range, fc.integer({ min: 0, max: FACTS.length - 1 }), fc.integer({ min: 0, max: 99 }))
  .map(([where, fact, asOfMs]): CoverageRecord => ({
    ...where,
    ...(FACTS[fact] as Fact),
    requestId: `r${asOfMs}`,
    asOfMs,
  }))
const records = fc.array(record, { maxLength: 12 })

const factOf = (one: Fact): string => [one.state, one.reason, one.condition].join(' ')

/** What each slot holds: the last fact written, with its first proof. */
function model(written: readonly CoverageRecord[]): (CoverageRecord | undefined)[] {
  const out: (CoverageRecord | undefined)[] = Array.from({ length: SIZE })
  for (const one of written) {
    for (let i = one.startMs; i < one.endMs; i++)
      if (out[i] === undefined || factOf(out[i] as CoverageRecord) !== factOf(one)) out[i] = one
  }
  return out
}

function expectSame(list: readonly CoverageRecord[], expected: readonly (CoverageRecord | undefined)[]): void {
  const found = Array.from({ length: SIZE }, (_, i) => list.find((one) => one.startMs <= i && i < one.endMs))
  expect(found.map((one) => one && factOf(one))).toEqual(expected.map((one) => one && factOf(one)))
  for (const [i, one] of list.entries()) {
    const before = list[i - 1]
    expect(one.startMs).toBeLessThan(one.endMs)
    if (before === undefined) continue
    expect(one.startMs).toBeGreaterThanOrEqual(before.endMs)
    // Equal neighbours are one record.
    if (one.startMs === before.endMs) expect(factOf(one)).not.toBe(factOf(before))
  }
}

describe('coverage', () => {
  test('holds in each slot the last fact that was written, sorted, disjoint and joined', () => {
    fc.assert(
      fc.property(records, (written) => {
        expectSame(recordAll([], written), model(written))
      }),
      { numRuns: 500 },
    )
  })

  test('names for each stretch a proof of its fact that is no younger than what any of its slots has', () => {
    fc.assert(
      fc.property(records, (written) => {
        const proofs = model(written)
        for (const one of recordAll([], written)) {
          for (const slot of proofs.slice(one.startMs, one.endMs))
            expect(one.asOfMs).toBeLessThanOrEqual((slot as CoverageRecord).asOfMs)
          expect(
            written.some(
              (proof) =>
                proof.requestId === one.requestId && proof.asOfMs === one.asOfMs && factOf(proof) === factOf(one),
            ),
          ).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is the same after any crash: what was written up to some commit, written again, and the rest', () => {
    fc.assert(
      fc.property(records, fc.nat(), (written, cut) => {
        const at = written.length === 0 ? 0 : cut % (written.length + 1)
        const committed = recordAll([], written.slice(0, at))
        const whole = recordAll([], written)
        expect(sameCoverage(recordAll(committed, written.slice(at)), whole)).toBe(true)
        expect(sameCoverage(recordAll(whole, []), whole)).toBe(true)
        // The last fact again changes nothing.
        const last = written.at(-1)
        if (last !== undefined) expect(sameCoverage(recordCoverage(whole, last), whole)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('ranges by state, unknown ranges and what is forgotten are those of the slots', () => {
    fc.assert(
      fc.property(records, range, (written, within) => {
        const list = recordAll([], written)
        const proofs = model(written)
        const inside = slots([within])
        const where = (is: (one: CoverageRecord | undefined) => boolean): Set<number> =>
          new Set([...inside].filter((i) => is(proofs[i])))
        for (const state of ['data', 'empty', 'partial', 'unavailable'] satisfies CoverageState[]) {
          const found = rangesIn(list, [state], within)
          expectTidy(found)
          expect(slots(found)).toEqual(where((one) => one?.state === state))
        }
        expect(slots(provenRanges(list, within))).toEqual(
          where((one) => one?.state === 'data' || one?.state === 'empty'),
        )
        expect(slots(unknownRanges(list, within))).toEqual(where((one) => one === undefined))
        expectSame(
          forgetCoverage(list, within),
          proofs.map((one, i) => (inside.has(i) ? undefined : one)),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('compares bounds, state, reason and condition, and not who proved it', () => {
    fc.assert(
      fc.property(records, record, (written, other) => {
        const list = recordAll([], written)
        expect(
          sameCoverage(
            list,
            list.map((one) => ({ ...one, requestId: 'x', asOfMs: 0 })),
          ),
        ).toBe(true)
        const changed = recordCoverage(list, other)
        const isSame =
          JSON.stringify(model([...written, other]).map((one) => one && factOf(one))) ===
          JSON.stringify(model(written).map((one) => one && factOf(one)))
        expect(sameCoverage(changed, list)).toBe(isSame)
      }),
      { numRuns: 300 },
    )
  })
})

const REASONS: readonly CoverageReason[] = ['holiday', 'before-listing']
test('the reason alone makes another fact', () => {
  const [a, b] = REASONS.map(
    (reason, i) =>
      ({ startMs: i * 10, endMs: i * 10 + 10, state: 'empty', reason, requestId: 'r', asOfMs: 1 }) as const,
  )
  expect(recordAll([], [a as CoverageRecord, b as CoverageRecord])).toHaveLength(2)
})
