import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Columns, rowCount, valueAt } from '../../src/contract/columns.ts'
import type { PageColumns } from '../../src/contract/provider.ts'
import { normalisePage } from '../../src/ingest/normalise.ts'

const MINUTE = 60_000
const START = Date.UTC(2024, 0, 8)
const series = { provider: 'made', schema: 'ohlcv', symbol: 'AAPL', interval: '1m' } as const
const range = { startMs: START, endMs: START + 10 * MINUTE }
const context = { series, range, isClosed: (ms: number) => ms < START + 8 * MINUTE }

/** A page whose price is the row's own number, or null. */
function page(times: readonly number[], isNull: (row: number) => boolean = () => false): PageColumns {
  const price = Float64Array.from(times, (_, row) => row + 1)
  const valid = new Uint8Array((times.length + 7) >> 3)
  for (let row = 0; row < times.length; row++) if (!isNull(row)) valid[row >> 3]! |= 1 << (row & 7)
  const column = { values: price, valid }
  return { timestamp: Float64Array.from(times), open: column, high: column, low: column, close: column, volume: price }
}

const rowsOf = (rows: Columns): (readonly [number, unknown])[] =>
  Array.from({ length: rowCount(rows) }, (_, row) => [Number(rows.timestamp[row]) / 1000, valueAt(rows['close']!, row)])

/** The same, said plainly. */
function model(times: readonly number[], isNull: (row: number) => boolean): unknown {
  const [kept, nullMs] = [new Map<number, number>(), new Set<number>()]
  let [outside, forming, duplicates, untimed] = [0, 0, 0, 0]
  for (const [row, ms] of times.entries()) {
    if (!Number.isFinite(ms)) untimed++
    else if (ms < range.startMs || ms >= range.endMs) outside++
    else if (!context.isClosed(ms)) forming++
    else if (isNull(row)) nullMs.add(ms)
    else {
      if (kept.has(ms)) duplicates++
      kept.set(ms, row + 1)
    }
  }
  const byTime = (a: number, b: number): number => a - b
  return {
    rows: [...kept].toSorted(([a], [b]) => a - b),
    nullMs: [...nullMs].toSorted(byTime),
    outside,
    forming,
    duplicates,
    untimed,
  }
}

describe('a normalised page', () => {
  it('holds every closed row of the range once, in order, the later of two', () => {
    const time = fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: -2, max: 12 }).map((minute) => START + minute * MINUTE) },
      { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 9 * MINUTE }).map((ms) => START + ms) },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(time, fc.boolean()), { maxLength: 40 }), (items) => {
        const times = items.map(([ms]) => ms)
        const isNull = (row: number): boolean => items[row]?.[1] === true
        const { rows, untimed, ...rest } = normalisePage(page(times, isNull), context)
        const found = { rows: rowsOf(rows), ...rest, untimed: untimed === null ? 0 : rowCount(untimed) }
        expect(found).toEqual(model(times, isNull))
      }),
    )
  })

  it('sends rows in order through as they are, without copies', () => {
    const sent = page([START, START + MINUTE, START + 2 * MINUTE])
    const { rows } = normalisePage(sent, context)
    expect(rows['volume']).toBe(sent['volume'])
    expect(rows['close']).toBe((sent['close'] as { values: unknown }).values)
  })

  it.each([
    ['microseconds', START * 1000],
    ['the year 1899', Date.UTC(1899, 11, 31, 23, 59)],
    ['the year 2100', Date.UTC(2100, 0, 1)],
    ['1e300', 1e300],
  ])('refuses %s for milliseconds', (_, ms) => {
    const around = { ...context, range: { startMs: 0, endMs: 2 * START } }
    expect(() => normalisePage(page([ms]), around)).toThrow(
      expect.objectContaining({ code: 'provider/units' }) as Error,
    )
  })

  it('takes the first and the last instant of the years 1900 to 2099', () => {
    const times = [Date.UTC(1900, 0, 1), Date.UTC(2100, 0, 1) - 1]
    const around = { series, range: { startMs: times[0]!, endMs: Date.UTC(2100, 0, 1) }, isClosed: () => true }
    expect(rowsOf(normalisePage(page(times), around).rows)).toEqual(times.map((ms, row) => [ms, row + 1]))
  })

  it('tells nanoseconds of one millisecond apart, and keeps equal ones in the order sent', () => {
    const at = BigInt(START) * 1_000_000n
    const ticks = [at + 2n, at + 999_999n, at + 1n, at + 2n, at - 1n, at + 600_000_000_000n]
    const price = Float64Array.from(ticks, (_, row) => row)
    const side = { indices: new Int32Array(ticks.length), dictionary: ['buy'] }
    const trades = { provider: 'made', schema: 'trades', symbol: 'AAPL' } as const
    const sent = { timestamp: BigInt64Array.from(ticks), price, size: price, side } as unknown as PageColumns
    const { rows, outside } = normalisePage(sent, { series: trades, range, isClosed: () => true })
    expect([...rows.timestamp]).toEqual([at + 1n, at + 2n, at + 2n, at + 999_999n])
    expect([...(rows['price'] as Float64Array)]).toEqual([2, 0, 3, 1])
    expect(outside).toBe(2)
  })
})

it('keeps the microseconds of a page in which one time is missing', () => {
  const times = [START + 0.125, Number.NaN, START + 1.25]
  const { rows, untimed } = normalisePage(page(times), context)
  expect([...rows.timestamp]).toEqual([BigInt(START) * 1000n + 125n, BigInt(START) * 1000n + 1250n])
  expect(rowCount(untimed!)).toBe(1)
})
