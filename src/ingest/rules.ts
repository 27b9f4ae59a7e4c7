/**
 * The rules that rows are checked by, as a table.
 * @module
 */
import { type Column, type Columns, isNullable, isValid, valuesOf } from '../contract/columns.ts'
import type { AssetClass } from '../contract/series.ts'

/** `error` keeps a row out of the series and in its rejects; `warn` stores and counts it. */
export type Severity = 'error' | 'warn'

/** Bounds of the numbers of one column, whether a bitmap marks them as null or not. */
export interface Extent {
  /** `Infinity` of a column without any number. */
  readonly least: number
  readonly most: number
  readonly hasNaN: boolean
}

/** What a rule may look at. */
export interface RuleContext {
  readonly assetClass: AssetClass
  /** Is a bar expected to open exactly at this row? Null where there is no grid. */
  readonly onGrid: ((row: number) => boolean) | null
  /** Bounds of a column of these rows, counted once for all rules. */
  extentOf(values: Float64Array): Extent
}

/** Bounds of columns, remembered. */
export function extents(): (values: Float64Array) => Extent {
  const known = new Map<Float64Array, Extent>()
  return (values) => {
    const extent = known.get(values) ?? extentOf(values)
    known.set(values, extent)
    return extent
  }
}

function extentOf(values: Float64Array): Extent {
  let [least, most, hasNaN] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, false]
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number
    if (value < least) least = value
    if (value > most) most = value
    if (value !== value) hasNaN = true
  }
  return { least, most, hasNaN }
}

/** One rule. */
export interface Rule {
  readonly id: string
  readonly severity: Severity
  /** What a row that breaks it is. */
  readonly sentence: string
  /** Makes a test that is true for rows which break the rule; null where the rule does not apply. */
  test(columns: Columns, context: RuleContext): ((row: number) => boolean) | null
}

const PRICES = ['open', 'high', 'low', 'close', 'price', 'value', 'rate', 'ratio', 'open_interest'] as const

/** Futures, spreads and rates have traded below zero; a share, a coin or an index cannot. */
const MAY_BE_NEGATIVE: ReadonlySet<AssetClass> = new Set<AssetClass>(['future', 'rate', 'option'])

function numbers(columns: Columns, name: string): Float64Array | null {
  if (!Object.hasOwn(columns, name)) return null
  const values = valuesOf(columns[name] as Column)
  return values instanceof Float64Array ? values : null
}

/** `breaks` is true below a bound, above one, or for NaN: then a column between two numbers that pass is clean. */
function anyOf(
  columns: Columns,
  names: readonly string[],
  { extentOf: boundsOf }: RuleContext,
  breaks: (value: number) => boolean,
): ((row: number) => boolean) | null {
  const found = names.flatMap((name) => {
    const values = numbers(columns, name)
    if (values === null || values.length === 0) return []
    const { least, most, hasNaN } = boundsOf(values)
    // Nearly all columns are clean, and their bounds say so sooner than a question a row.
    const isSuspect = breaks(least) || breaks(most) || (hasNaN && breaks(Number.NaN))
    return isSuspect ? [{ values, column: columns[name] as Column }] : []
  })
  if (found.length === 0) return null
  return (row) => found.some(({ values, column }) => isValid(column, row) && breaks(values[row] as number))
}

function breaksOrder(open: number, high: number, low: number, close: number): boolean {
  return high < open || high < close || high < low || low > open || low > close
}

/** Are all rows in order? A loop of its own takes a third of the time of a question a row. */
function isOrdered(open: Float64Array, high: Float64Array, low: Float64Array, close: Float64Array): boolean {
  for (let row = 0; row < open.length; row++)
    if (breaksOrder(open[row] as number, high[row] as number, low[row] as number, close[row] as number)) return false
  return true
}

const present = (columns: Columns, names: readonly string[]): Column[] =>
  names.filter((name) => Object.hasOwn(columns, name)).map((name) => columns[name] as Column)

/** Every rule, in the order in which a row is tried; the first `error` that breaks is the one recorded. */
export const RULES: readonly Rule[] = [
  {
    id: 'missing-price',
    severity: 'error',
    sentence: 'a price is missing while others are there',
    test(columns) {
      const prices = present(columns, ['open', 'high', 'low', 'close', 'price']).filter(isNullable)
      return prices.length === 0 ? null : (row) => prices.some((column) => !isValid(column, row))
    },
  },
  {
    id: 'not-finite',
    severity: 'error',
    sentence: 'a number is NaN or infinite',
    test: (columns, context) =>
      anyOf(columns, [...PRICES, 'volume', 'size', 'adj_close', 'vwap'], context, (value) => !Number.isFinite(value)),
  },
  {
    id: 'not-positive',
    severity: 'error',
    sentence: 'a price is zero or less, which this kind of instrument cannot trade at',
    test(columns, context) {
      if (MAY_BE_NEGATIVE.has(context.assetClass)) return null
      return anyOf(columns, ['open', 'high', 'low', 'close', 'price'], context, (value) => value <= 0)
    },
  },
  {
    id: 'ohlc-order',
    severity: 'warn',
    sentence: 'high is not the highest or low not the lowest of the four prices',
    test(columns) {
      const [o, h, l, c] = ['open', 'high', 'low', 'close'].map((name) => numbers(columns, name))
      if (!o || !h || !l || !c) return null
      return isOrdered(o, h, l, c)
        ? null
        : (row) => breaksOrder(o[row] as number, h[row] as number, l[row] as number, c[row] as number)
    },
  },
  {
    id: 'negative-volume',
    severity: 'warn',
    sentence: 'the volume is less than zero',
    test: (columns, context) =>
      anyOf(columns, ['volume', 'size', 'quote_volume', 'trade_count'], context, (value) => value < 0),
  },
  {
    id: 'off-grid',
    severity: 'warn',
    sentence: 'the bar opens beside the grid of its interval',
    test: (columns, { onGrid }) => (onGrid === null || !Object.hasOwn(columns, 'open') ? null : (row) => !onGrid(row)),
  },
]
