/**
 * The rules that rows are checked by, as a table.
 * @module
 */
import { type Column, type Columns, isNullable, isValid, valuesOf } from '../contract/columns.ts'
import type { AssetClass } from '../contract/series.ts'

/** `error` keeps a row out of the series and in its rejects; `warn` stores and counts it. */
export type Severity = 'error' | 'warn'

/** What a rule may look at. */
export interface RuleContext {
  readonly assetClass: AssetClass
  /** Is a bar expected to open exactly at this row? */
  onGrid(row: number): boolean
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

function anyOf(
  columns: Columns,
  names: readonly string[],
  breaks: (value: number) => boolean,
): ((row: number) => boolean) | null {
  const found = names.flatMap((name) => {
    const values = numbers(columns, name)
    // Nearly all columns are clean, and one pass over each says so sooner than a question a row.
    return values === null || !hasAny(values, breaks) ? [] : [{ values, column: columns[name] as Column }]
  })
  if (found.length === 0) return null
  return (row) => found.some(({ values, column }) => isValid(column, row) && breaks(values[row] as number))
}

function hasAny(values: Float64Array, breaks: (value: number) => boolean): boolean {
  for (let row = 0; row < values.length; row++) if (breaks(values[row] as number)) return true
  return false
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
    test: (columns) =>
      anyOf(columns, [...PRICES, 'volume', 'size', 'adj_close', 'vwap'], (value) => !Number.isFinite(value)),
  },
  {
    id: 'not-positive',
    severity: 'error',
    sentence: 'a price is zero or less, which this kind of instrument cannot trade at',
    test(columns, { assetClass }) {
      if (MAY_BE_NEGATIVE.has(assetClass)) return null
      return anyOf(columns, ['open', 'high', 'low', 'close', 'price'], (value) => value <= 0)
    },
  },
  {
    id: 'ohlc-order',
    severity: 'warn',
    sentence: 'high is not the highest or low not the lowest of the four prices',
    test(columns) {
      const [o, h, l, c] = ['open', 'high', 'low', 'close'].map((name) => numbers(columns, name))
      if (!o || !h || !l || !c) return null
      return (row) => {
        const [open, high, low, close] = [o[row] as number, h[row] as number, l[row] as number, c[row] as number]
        return high < open || high < close || high < low || low > open || low > close
      }
    },
  },
  {
    id: 'negative-volume',
    severity: 'warn',
    sentence: 'the volume is less than zero',
    test: (columns) => anyOf(columns, ['volume', 'size', 'quote_volume', 'trade_count'], (value) => value < 0),
  },
  {
    id: 'off-grid',
    severity: 'warn',
    sentence: 'the bar opens beside the grid of its interval',
    test: (columns, { onGrid }) => (Object.hasOwn(columns, 'open') ? (row) => !onGrid(row) : null),
  },
]
