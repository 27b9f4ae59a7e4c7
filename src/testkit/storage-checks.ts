/**
 * What the storage contract builds and compares.
 * @module
 */
import {
  type Column,
  type Columns,
  type PlainColumn,
  columnLength,
  isDictionary,
  isNullable,
  rowCount,
  sameValue,
  valueAt,
  valuesOf,
} from '../contract/columns.ts'
import type { CoverageRecord } from '../contract/coverage.ts'
import { type ErrorCode, hasCode } from '../contract/errors.ts'
import type { Series } from '../contract/series.ts'

/** Opening of the first bar that the contract writes. */
export const START_MS: number = Date.UTC(2024, 0, 1)
const MINUTE_MS = 60_000

/** A series of minute bars. */
export const BARS: Series = Object.freeze({ provider: 'contract', schema: 'ohlcv', symbol: 'BTC-USD', interval: '1m' })
/** A series of trades. */
export const TRADES: Series = Object.freeze({ provider: 'contract', schema: 'trades', symbol: 'ES.c.0' })

/** Opening of the n-th bar, epoch milliseconds. */
export function openOf(bar: number): number {
  return START_MS + bar * MINUTE_MS
}

/** Bars of these numbers; `close` says which writer wrote them. */
export function barsOf(numbers: readonly number[], close = 100): Columns {
  const price = (offset: number): Float64Array => Float64Array.from(numbers, (n) => close + offset + n / 1_000)
  return {
    timestamp: BigInt64Array.from(numbers, (n) => BigInt(openOf(n)) * 1_000n),
    open: price(0),
    high: price(1),
    low: price(-1),
    close: price(0.5),
    volume: Float64Array.from(numbers, (n) => n),
  }
}

/** `count` bars from the n-th on. */
export function barRun(first: number, count: number, close = 100): Columns {
  return barsOf(
    Array.from({ length: count }, (_, i) => first + i),
    close,
  )
}

/** Trades at these nanoseconds after the start. */
export function tradesOf(ns: readonly bigint[], price = 1): Columns {
  return {
    timestamp: BigInt64Array.from(ns, (n) => BigInt(START_MS) * 1_000_000n + n),
    price: Float64Array.from(ns, (_, i) => price + i),
    size: new Float64Array(ns.length).fill(1),
    side: { indices: Int32Array.from(ns, (_, i) => i % 2), dictionary: ['buy', 'sell'] },
  }
}

/** One record of proven data over bars `[first, end)`. */
export function provenBars(first: number, end: number, requestId = 'request-1'): CoverageRecord[] {
  return [{ startMs: openOf(first), endMs: openOf(end), state: 'data', requestId, asOfMs: START_MS }]
}

/** Fails with a sentence unless the condition holds. */
export function check(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence)
}

/** Fails unless both are the same as text; bigints as decimal digits. */
export function checkSame(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [textOf(actual), textOf(expected)]
  if (a === b) return
  // Long lists are shown from a little before the place where they part.
  const parted = [...a].findIndex((letter, i) => letter !== b[i])
  const from = Math.max(0, (parted < 0 ? a.length : parted) - 60)
  check(false, `${what}: expected ${excerpt(b, from)}, got ${excerpt(a, from)}`)
}

function excerpt(text: string, from: number): string {
  if (text.length <= 400) return text
  return `${from > 0 ? '…' : ''}${text.slice(from, from + 200)}${from + 200 < text.length ? '…' : ''} (${text.length} letters)`
}

function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'bigint') return `${inner}n`
      if (inner instanceof BigInt64Array) return [...inner].map(String)
      if (ArrayBuffer.isView(inner))
        return [...(inner as Float64Array)].map((n) => (Object.is(n, -0) ? '-0' : String(n)))
      if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
      return Object.fromEntries(Object.entries(inner).toSorted(([x], [y]) => (x < y ? -1 : 1)))
    }) ?? 'undefined'
  )
}

/** Fails unless both hold the same columns, rows and bits. A column that one lacks must be null in the other. */
export function checkRows(actual: Columns, expected: Columns, what: string): void {
  checkSame(rowCount(actual), rowCount(expected), `${what}, rows`)
  for (const name of new Set([...Object.keys(actual), ...Object.keys(expected)])) {
    const [a, b] = [actual[name], expected[name]]
    const rows = rowCount(expected)
    if (a !== undefined) checkSame(columnLength(a), rows, `${what}, length of ${name}`)
    for (let row = 0; row < rows; row++) {
      const same = a === undefined || b === undefined ? isNull(a ?? b, row) : sameValue(a, row, b, row)
      check(same, `${what}, ${name}, row ${row}: expected ${shown(b, row)}, got ${shown(a, row)}`)
    }
  }
}

function isNull(column: Column | undefined, row: number): boolean {
  return column === undefined || valueAt(column, row) === null
}

function shown(column: Column | undefined, row: number): string {
  const value = column === undefined ? undefined : valueAt(column, row)
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Fails unless the work rejects with an error of this code. Returns the error. */
export async function checkRejects(code: ErrorCode, work: () => Promise<unknown>): Promise<Error> {
  try {
    await work()
  } catch (error) {
    check(hasCode(error, code), `expected ${code}, got ${String(error)}`)
    return error as Error
  }
  throw new Error(`expected ${code}, but it succeeded`)
}

/** The values of a column without its bitmap, writable. */
export function writableValues(column: Column | undefined): Exclude<PlainColumn, { readonly indices: Int32Array }> {
  const values = valuesOf(column as Column)
  check(!isDictionary(values), 'a column of text has no values')
  return values
}

/** A column in which these rows are null. */
export function withNulls(values: PlainColumn, rows: number, nulls: readonly number[]): Column {
  const valid = new Uint8Array((rows + 7) >> 3).fill(0xff)
  for (const row of nulls) valid[row >> 3] = (valid[row >> 3] as number) & ~(1 << (row & 7))
  return isNullable(values as Column) ? values : { values, valid }
}

/** One column of floats by the number of the bar. */
export function valuesByBar(rows: Columns, name: string): Map<number, number> {
  const values = writableValues(rows[name])
  const found = new Map<number, number>()
  for (const [row, ticks] of rows.timestamp.entries()) {
    found.set((Number(ticks / 1_000n) - START_MS) / MINUTE_MS, Number(values[row]))
  }
  return found
}
