import { describe, expect, test, vi } from 'vitest'
import { decodeDelta } from '../../src/codecs/parquet/decode-delta.ts'
import { encodeDelta } from '../../src/codecs/parquet/encode-delta.ts'
import type { Slots } from '../../src/contract/slots.ts'
import { isUnbroken } from '../../src/gaps/unbroken.ts'

/** Times as a processor counts them that was told to take the smallest doubles for 0. */
vi.mock('../../src/contract/tick-doubles.ts', async (load) => ({
  ...(await load<typeof import('../../src/contract/tick-doubles.ts')>()),
  keepsTicks: () => false,
  asDoubles: (ticks: BigInt64Array) => new Float64Array(ticks.length),
  doubleOf: () => 0,
}))

const ROWS = 1_000
const FIRST_MS = Date.UTC(2024, 0, 1)
const STEP_MS = 60_000
const times = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(FIRST_MS + i * STEP_MS) * 1000n)

describe('where the processor takes the smallest doubles for 0', () => {
  test('times are decoded as they were written', () => {
    const out = new BigInt64Array(ROWS)
    decodeDelta(encodeDelta(times, 8 * ROWS) as Uint8Array, ROWS, out, 0)
    expect(out).toEqual(times)
  })

  test('only whole series are unbroken', () => {
    const one = (value: number): Float64Array => Float64Array.of(value)
    const slots: Slots = {
      n: 1,
      stepMs: STEP_MS,
      first: one(FIRST_MS),
      count: one(ROWS),
      end: one(FIRST_MS + ROWS * STEP_MS),
      complete: one(FIRST_MS + ROWS * STEP_MS),
      firstSession: one(0),
      lastSession: one(0),
      total: ROWS,
    }
    // The second look goes to what was kept of the first.
    for (let look = 0; look < 3; look++) expect(isUnbroken(times, slots)).toBe(true)
    expect(isUnbroken(times.with(500, 1n), slots)).toBe(false)
  })
})
