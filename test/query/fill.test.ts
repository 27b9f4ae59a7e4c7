import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Columns, bitmap, rowCount, setBit, valueAt } from '../../src/contract/columns.ts'
import { ticksFromMs, timestampsMs } from '../../src/contract/ticks.ts'
import type { Interval } from '../../src/contract/interval.ts'
import type { FillMethod } from '../../src/contract/query.ts'
import { type FillInput, fillColumns } from '../../src/query/fill.ts'
import { fillSlots } from '../../src/query/fill-slots.ts'
import { calendar } from '../../src/calendars/index.ts'

const MIN = 60_000
const T0 = Date.UTC(2024, 0, 2, 14, 30)

/** Bars whose close is `100 + k` and open `50 + k` at minute `k`. */
const barsAt = (minutes: readonly number[]): Columns => ({
  timestamp: ticksFromMs(
    Float64Array.from(minutes, (k) => T0 + k * MIN),
    'us',
  ),
  open: Float64Array.from(minutes, (k) => 50 + k),
  high: Float64Array.from(minutes, (k) => 200 + k),
  low: Float64Array.from(minutes, (k) => 10 + k),
  close: Float64Array.from(minutes, (k) => 100 + k),
  volume: Float64Array.from(minutes, (k) => 1000 + k),
  vwap: Float64Array.from(minutes, (k) => 100.5 + k),
  trade_count: Float64Array.from(minutes, () => 7),
})

const slots = (minutes: readonly number[]): Float64Array => Float64Array.from(minutes, (k) => T0 + k * MIN)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const filled = (
  minutes: readonly number[],
  input: Partial<FillInput> & { readonly method: FillMethod },
): unknown[][] => {
  const out = fillColumns(barsAt(minutes), { slotsMs: slots(upTo(10)), interval: '1m', ...input })
  const times = timestampsMs(out.timestamp, 'us')
  const names = ['open', 'high', 'low', 'close', 'volume', 'trade_count', 'vwap']
  return Array.from({ length: rowCount(out) }, (_, row) => [
    (times[row]! - T0) / MIN,
    ...names.map((name) => valueAt(out[name]!, row)),
    valueAt(out['filled']!, row),
  ])
}

const real = (k: number): unknown[] => [k, 50 + k, 200 + k, 10 + k, 100 + k, 1000 + k, 7, 100.5 + k, 0]

describe('methods', () => {
  test('forward carries the close before, with no volume, and leaves the leading run empty', () => {
    expect(filled([2, 5], { method: 'forward', slotsMs: slots(upTo(7)) })).toEqual([
      real(2),
      [3, 102, 102, 102, 102, 0, 0, null, 1],
      [4, 102, 102, 102, 102, 0, 0, null, 1],
      real(5),
      [6, 105, 105, 105, 105, 0, 0, null, 1],
    ])
  })

  test('backward takes the open after and leaves the trailing run empty', () => {
    expect(filled([2, 5], { method: 'backward', slotsMs: slots(upTo(7)) })).toEqual([
      [0, 52, 52, 52, 52, 0, 0, null, 2],
      [1, 52, 52, 52, 52, 0, 0, null, 2],
      real(2),
      [3, 55, 55, 55, 55, 0, 0, null, 2],
      [4, 55, 55, 55, 55, 0, 0, null, 2],
      real(5),
    ])
  })

  test('interpolate draws a line between closes and leaves both edges empty', () => {
    expect(filled([2, 5], { method: 'interpolate', slotsMs: slots(upTo(7)) })).toEqual([
      real(2),
      [3, 103, 103, 103, 103, 0, 0, null, 3],
      [4, 104, 104, 104, 104, 0, 0, null, 3],
      real(5),
    ])
  })

  test('zero puts null in prices everywhere, or 0 when asked', () => {
    expect(filled([1], { method: 'zero', slotsMs: slots(upTo(3)) })).toEqual([
      [0, null, null, null, null, 0, 0, null, 4],
      real(1),
      [2, null, null, null, null, 0, 0, null, 4],
    ])
    expect(filled([1], { method: 'zero', zeroPrices: true, slotsMs: slots([0, 1]) })[0]).toEqual([
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      null,
      4,
    ])
  })

  test('adj_close follows the close; text and unknown columns become null', () => {
    const columns: Columns = {
      ...barsAt([0, 2]),
      adj_close: Float64Array.of(9, 11),
      note: { indices: Int32Array.of(0, 1), dictionary: ['a', 'b'] },
    }
    const at = (method: FillMethod, name: string): unknown =>
      valueAt(fillColumns(columns, { method, slotsMs: slots([0, 1, 2]), interval: '1m' })[name]!, 1)
    expect([at('forward', 'adj_close'), at('backward', 'adj_close'), at('interpolate', 'adj_close')]).toEqual([
      9,
      null,
      10,
    ])
    expect(at('forward', 'note')).toBe(null)
  })

  test('a null neighbour gives null, never 0', () => {
    const valid = bitmap(2, true)
    setBit(valid, 0, false)
    const columns: Columns = { ...barsAt([0, 2]), close: { values: Float64Array.of(0, 5), valid } }
    for (const method of ['forward', 'interpolate'] as const) {
      expect(valueAt(fillColumns(columns, { method, slotsMs: slots([0, 1, 2]), interval: '1m' })['close']!, 1)).toBe(
        null,
      )
    }
  })
})

describe('runs', () => {
  test('longer than maxRun stay empty as a whole', () => {
    const times = filled([0, 3, 7], { method: 'forward', maxRun: 2 }).map((row) => row[0])
    expect(times).toEqual([0, 1, 2, 3, 7, 8, 9])
  })

  test('the default is one session: a day where there are none', () => {
    const minutes = upTo(3000)
    const day = fillColumns(barsAt([0, 1441, 2900]), { slotsMs: slots(minutes), interval: '1m', method: 'forward' })
    // 1,440 empty minutes are filled, 1,458 are not.
    expect(rowCount(day)).toBe(1 + 1440 + 1 + 1 + 99)
    const weekly = fillColumns(barsAt([0]), {
      slotsMs: Float64Array.of(T0, T0 + 7 * 86_400_000, T0 + 14 * 86_400_000),
      interval: '1w',
      method: 'forward',
    })
    expect(rowCount(weekly)).toBe(1)
  })

  test('do not cross sessions unless asked', () => {
    const sessionOf = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    const times = (input: Partial<FillInput>): unknown[] =>
      filled([1, 7], { method: 'forward', sessionOf, ...input }).map((row) => row[0])
    expect(times({})).toEqual([1, 2, 3, 4, 7, 8, 9])
    expect(times({ maxRun: 5 })).toEqual([1, 2, 3, 4, 7, 8, 9])
    expect(times({ maxRun: 6 })).toEqual(upTo(10).slice(1))
    expect(times({ acrossSessions: true })).toEqual(upTo(10).slice(1))
    expect(filled([1, 7], { method: 'backward', sessionOf }).map((row) => row[0])).toEqual([0, 1, 5, 6, 7])
    expect(filled([1, 7], { method: 'interpolate', sessionOf }).map((row) => row[0])).toEqual([1, 7])
    expect(filled([1, 7], { method: 'zero', sessionOf }).map((row) => row[0])).toEqual(upTo(10))
  })

  test('a row between two sessions belongs to neither', () => {
    const slotsMs = slots([0, 1, 2, 100, 101])
    expect(filled([50], { method: 'forward', slotsMs, sessionOf: [1, 1, 1, 2, 2] }).map((row) => row[0])).toEqual([50])
  })

  test('end at rows beside the slots, which are kept and carried on', () => {
    const rows = filled([0, 2.5], { method: 'forward', slotsMs: slots(upTo(5)) })
    expect(rows.map((row) => [row[0], row[4]])).toEqual([
      [0, 100],
      [1, 100],
      [2, 100],
      [2.5, 102.5],
      [3, 102.5],
      [4, 102.5],
    ])
  })

  test('a row within a tenth of the interval is in its slot', () => {
    expect(filled([0.1, 1.05], { method: 'forward', slotsMs: slots([0, 1]) }).length).toBe(2)
    expect(filled([0, 1.2], { method: 'forward', slotsMs: slots([0, 1]) }).map((row) => row[0])).toEqual([0, 1, 1.2])
  })
})

describe('borders', () => {
  test('no slots, no rows, nothing empty', () => {
    expect(filled([0, 1], { method: 'forward', slotsMs: new Float64Array(0) })).toEqual([real(0), real(1)])
    expect(filled([], { method: 'forward' })).toEqual([])
    expect(filled([], { method: 'zero' }).length).toBe(10)
    const whole = barsAt(upTo(10))
    const out = fillColumns(whole, { method: 'forward', slotsMs: slots(upTo(10)), interval: '1m' })
    expect(out['close']).toBe(whole['close'])
    expect(out['filled']).toEqual(new Uint8Array(10))
  })

  test('wrong options are refused by name', () => {
    const wrong =
      (input: object): (() => unknown) =>
      () =>
        fillColumns(barsAt([0]), { method: 'forward', slotsMs: slots([0]), interval: '1m', ...input } as FillInput)
    expect(wrong({ method: 'ffill' })).toThrow(/config\/option.*fill\.method.*forward/)
    expect(wrong({ maxRun: 0 })).toThrow(/fill\.maxRun/)
    expect(wrong({ maxRun: 1.5 })).toThrow(/fill\.maxRun/)
    expect(wrong({ tolerance: 0.6 })).toThrow(/fill\.tolerance/)
    const { close: _, ...rest } = barsAt([0])
    expect(() => fillColumns(rest as Columns, { method: 'forward', slotsMs: slots([0]), interval: '1m' })).toThrow(
      /column close/,
    )
  })
})

interface Case {
  readonly minutes: number[]
  readonly slotMinutes: number[]
  readonly sessionOf: number[]
  readonly method: FillMethod
  readonly maxRun: number | undefined
}

const anyCase: fc.Arbitrary<Case> = fc
  .record({
    quarters: fc.uniqueArray(fc.nat(160), { maxLength: 40 }),
    slotMinutes: fc.uniqueArray(fc.nat(40), { maxLength: 40 }),
    cuts: fc.uniqueArray(fc.nat(40), { maxLength: 4 }),
    method: fc.constantFrom<FillMethod>('forward', 'backward', 'interpolate', 'zero'),
    maxRun: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
  })
  .map(({ quarters, slotMinutes, cuts, method, maxRun }) => {
    const sorted = slotMinutes.toSorted((a, b) => a - b)
    return {
      minutes: quarters.toSorted((a, b) => a - b).map((q) => q / 4),
      slotMinutes: sorted,
      sessionOf: sorted.map((m) => cuts.filter((c) => c <= m).length),
      method,
      maxRun,
    }
  })

/** The same by definition, slot by slot, without regard to cost: the close of each slot that is filled. */
const model = ({ minutes, slotMinutes, sessionOf, method, maxRun }: Case): Map<number, number | null> => {
  const isPresent = (m: number): boolean => minutes.some((row) => Math.abs(row - m) <= 0.1)
  const sessionsOf = new Map<number, number[]>()
  for (const [i, m] of slotMinutes.entries())
    sessionsOf.set(sessionOf[i]!, [...(sessionsOf.get(sessionOf[i]!) ?? []), m])
  const longest = Math.max(0, ...[...sessionsOf.values()].map((s) => s.length))
  const across = maxRun !== undefined && maxRun > longest
  const limit = maxRun ?? longest
  const out = new Map<number, number | null>()
  for (const [i, m] of slotMinutes.entries()) {
    if (isPresent(m)) continue
    const session = across ? slotMinutes : sessionsOf.get(sessionOf[i]!)!
    const [from, to] = across ? [-Infinity, Infinity] : [session[0]! - 0.1, session.at(-1)! + 1]
    const before = minutes.filter((row) => row < m).at(-1)
    const after = minutes.find((row) => row > m)
    const run = session.filter(
      (other) => !isPresent(other) && !minutes.some((row) => row > Math.min(m, other) && row < Math.max(m, other)),
    )
    const previous = before !== undefined && before >= from && before < to ? before : undefined
    const next = after !== undefined && after >= from && after < to ? after : undefined
    if (run.length > limit) continue
    if (method === 'zero') out.set(m, null)
    else if (method === 'forward' && previous !== undefined) out.set(m, 100 + previous)
    else if (method === 'backward' && next !== undefined) out.set(m, 50 + next)
    else if (method === 'interpolate' && previous !== undefined && next !== undefined) out.set(m, 100 + m)
  }
  return out
}

describe('properties', () => {
  test('real rows are never dropped, moved or changed; filled rows are marked and are those of the definition', () => {
    fc.assert(
      fc.property(anyCase, (c) => {
        const valid = bitmap(c.minutes.length, true)
        for (const row of c.minutes.keys()) setBit(valid, row, row % 3 !== 1)
        const bars = barsAt(c.minutes)
        const columns: Columns = { ...bars, vwap: { values: bars['vwap'] as Float64Array, valid } }
        const before = structuredClone(columns)
        const out = fillColumns(columns, {
          slotsMs: slots(c.slotMinutes),
          sessionOf: c.sessionOf,
          interval: '1m',
          method: c.method,
          ...(c.maxRun === undefined ? {} : { maxRun: c.maxRun }),
        })
        expect(columns).toEqual(before)
        const mark = out['filled'] as Uint8Array
        const times = timestampsMs(out.timestamp, 'us')
        expect([...times]).toEqual([...times].toSorted((a, b) => a - b))
        const [kept, made] = [
          upTo(mark.length).filter((row) => mark[row] === 0),
          upTo(mark.length).filter((row) => mark[row] !== 0),
        ]
        for (const name of Object.keys(columns)) {
          expect(kept.map((row) => valueAt(out[name]!, row))).toEqual(
            c.minutes.map((_, row) => valueAt(columns[name]!, row)),
          )
        }
        const expected = model(c)
        expect(made.map((row) => (times[row]! - T0) / MIN)).toEqual([...expected.keys()])
        for (const [i, close] of [...expected.values()].entries()) {
          const got = valueAt(out['close']!, made[i]!)
          if (close === null || got === null) expect(got).toBe(close)
          else expect(got).toBeCloseTo(close, 9)
          expect(valueAt(out['volume']!, made[i]!)).toBe(0)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('filling twice changes nothing more', () => {
    fc.assert(
      fc.property(anyCase, (c) => {
        const input = {
          slotsMs: slots(c.slotMinutes),
          sessionOf: c.sessionOf,
          interval: '1m' as Interval,
          method: c.method,
          ...(c.maxRun === undefined ? {} : { maxRun: c.maxRun }),
        }
        if (c.method !== 'zero') return
        const { filled: _, ...once } = fillColumns(barsAt(c.minutes), input)
        expect(rowCount(fillColumns(once as Columns, input))).toBe(rowCount(once as Columns))
      }),
    )
  })
})

describe('slots of a calendar', () => {
  const day = (text: string): number => Date.parse(text)

  test('New York sessions are borders, nights and weekends have no slots', () => {
    const range = { startMs: day('2024-07-01'), endMs: day('2024-07-08') }
    const { slotsMs, sessionOf } = fillSlots(calendar('XNYS'), range, '1m', 'session', 'session')
    // Four sessions, one of which (3 July) closes at 13:00; the 4th is a holiday.
    expect(slotsMs.length).toBe(3 * 390 + 210)
    expect(new Set(sessionOf).size).toBe(4)
  })

  test('breaks are no borders, touching sessions are one', () => {
    const tokyo = fillSlots(
      calendar('XTKS'),
      { startMs: day('2024-07-01'), endMs: day('2024-07-02') },
      '1m',
      'session',
      'session',
    )
    expect([tokyo.slotsMs.length, new Set(tokyo.sessionOf).size]).toEqual([300, 1])
    const always = fillSlots(
      calendar('24/7'),
      { startMs: day('2024-07-01'), endMs: day('2024-07-03') },
      '1h',
      'clock',
      'utc',
    )
    expect([always.slotsMs.length, new Set(always.sessionOf).size]).toEqual([48, 1])
  })

  test('days have no session', () => {
    const days = fillSlots(
      calendar('XNYS'),
      { startMs: day('2024-07-01'), endMs: day('2024-07-08') },
      '1d',
      'session',
      'session',
    )
    expect(days.sessionOf).toBe(undefined)
    expect(days.slotsMs.length).toBe(4)
  })
})
