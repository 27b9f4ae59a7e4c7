import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, type Columns, bitmap, setBit } from '../../src/contract/columns.ts'
import { RULES, type RuleContext, extents } from '../../src/ingest/rules.ts'

const NAMES = ['open', 'high', 'low', 'close', 'volume'] as const
const context = (assetClass: RuleContext['assetClass']): RuleContext => ({
  assetClass,
  onGrid: null,
  extentOf: extents(),
})

function columnOf(values: readonly (number | null)[]): Column {
  const numbers = Float64Array.from(values, (value) => value ?? Number.NaN)
  if (!values.includes(null)) return numbers
  const valid = bitmap(values.length, true)
  for (const [row, value] of values.entries()) if (value === null) setBit(valid, row, false)
  return { values: numbers, valid }
}

function broken(id: string, columns: Columns, about: RuleContext): number[] {
  const breaks = RULES.find((rule) => rule.id === id)?.test(columns, about) ?? null
  return breaks === null ? [] : [...columns.timestamp.keys()].filter((row) => breaks(row))
}

type Row = Readonly<Record<(typeof NAMES)[number], number | null>>
const some = (row: Row, names: readonly (keyof Row)[], is: (value: number) => boolean): boolean =>
  names.some((name) => row[name] !== null && is(row[name]))
const PRICES = ['open', 'high', 'low', 'close'] as const

/** What each rule says of a row, plainly. */
const SAYS: Readonly<Record<string, (row: Row) => boolean>> = {
  'missing-price': (row) => PRICES.some((name) => row[name] === null),
  'not-finite': (row) => some(row, NAMES, (value) => !Number.isFinite(value)),
  'not-positive': (row) => some(row, PRICES, (value) => value <= 0),
  'ohlc-order': ({ open, high, low, close }) => {
    const [o, h, l, c] = [open, high, low, close].map((value) => value ?? Number.NaN) as [
      number,
      number,
      number,
      number,
    ]
    return h < o || h < c || h < l || l > o || l > c
  },
  'negative-volume': (row) => some(row, ['volume'], (value) => value < 0),
}

describe('the rules', () => {
  const value = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(1, 2, 3) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(0, -0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null),
    },
  )
  const rows = fc.array(fc.record({ open: value, high: value, low: value, close: value, volume: value }), {
    maxLength: 12,
  })

  it.each(Object.keys(SAYS))('%s breaks exactly the rows that it says', (id) => {
    fc.assert(
      fc.property(rows, (list) => {
        const columns = Object.fromEntries(NAMES.map((name) => [name, columnOf(list.map((row) => row[name]))]))
        const all = { timestamp: new BigInt64Array(list.length), ...columns } as Columns
        const expected = [...list.entries()].flatMap(([row, it]) => (SAYS[id]?.(it) === true ? [row] : []))
        expect(broken(id, all, context('equity'))).toEqual(expected)
      }),
    )
  })

  it('let futures trade below zero', () => {
    const below = { timestamp: new BigInt64Array(1), open: Float64Array.of(-37.63) } as unknown as Columns
    expect(broken('not-positive', below, context('future'))).toEqual([])
    expect(broken('not-positive', below, context('equity'))).toEqual([0])
  })

  it('ask for the grid of bars alone, and only where there is one', () => {
    const bars = { timestamp: new BigInt64Array(3), open: new Float64Array(3) } as unknown as Columns
    const about = { ...context('crypto'), onGrid: (row: number) => row !== 1 }
    expect(broken('off-grid', bars, about)).toEqual([1])
    expect(broken('off-grid', bars, context('crypto'))).toEqual([])
    expect(broken('off-grid', { timestamp: bars.timestamp }, about)).toEqual([])
  })
})
