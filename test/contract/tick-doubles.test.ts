import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MOST_TICKS, asDoubles, doubleOf, isRising } from '../../src/contract/tick-doubles.ts'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n
const ticks = fc.oneof(
  fc.bigInt({ min: MIN, max: MAX }),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(MIN, MAX, 0x7ff0_0000_0000_0001n),
)

describe('times as doubles', () => {
  it('have the bits of the number below the bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MOST_TICKS - 1 }), (tick) => {
        expect(new BigInt64Array(Float64Array.of(doubleOf(tick)).buffer)[0]).toBe(BigInt(tick))
      }),
    )
  })

  it('add and compare as the numbers do', () => {
    const below = fc.integer({ min: 0, max: MOST_TICKS / 2 - 1 })
    fc.assert(
      fc.property(below, below, (a, b) => {
        expect(doubleOf(a) + doubleOf(b)).toBe(doubleOf(a + b))
        expect(doubleOf(a) < doubleOf(b)).toBe(a < b)
      }),
    )
  })

  it('share the memory of what they are made of', () => {
    const times = BigInt64Array.of(0n, 1n, 2n)
    asDoubles(times.subarray(1))[0] = doubleOf(7)
    expect(times).toEqual(BigInt64Array.of(0n, 7n, 2n))
  })

  it('rise where each is later than the one before and none is before 1970', () => {
    fc.assert(
      fc.property(fc.array(ticks, { maxLength: 6 }), fc.boolean(), (list, isSorted) => {
        const times = BigInt64Array.from(isSorted ? list.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)) : list)
        const isExpected = times.every((tick, i) => tick >= 0n && (i === 0 || tick > (times[i - 1] as bigint)))
        // Beyond the largest finite double, which no time of the next 290,000 years reaches, it may say no.
        const isBelow = times.every((tick) => tick < 0x7ff0_0000_0000_0000n)
        if (isBelow) expect(isRising(times)).toBe(isExpected)
        else if (isRising(times)) expect(isExpected).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
