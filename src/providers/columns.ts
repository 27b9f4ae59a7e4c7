/**
 * Rows of a vendor as columns: one pass a column, nulls in a bitmap, numbers as text accepted.
 * @module
 */
import { type Column, type DictionaryColumn, bitmap, setBit } from '../contract/columns.ts'
import { ProviderError } from '../contract/errors.ts'
import type { PageColumns } from '../contract/provider.ts'

/**
 * Number of a value as vendors write it: a number, or a number as text. Null where there is none: null, absent, empty,
 * or text that is no number, such as `None` or `N/D`. An overflow such as `1e400` stays infinite and fails the checks.
 */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value === '') return null
  const number = decimalOf(value)
  return Number.isNaN(number) || (number === 0 && value.trim() === '') ? null : number
}

const POWERS: readonly number[] = Array.from({ length: 10 }, (_, exponent) => 10 ** exponent)
const MOST_DIGITS = 9
const ZERO = 48
const POINT = 46
const MINUS = 45
/** Letters of `0x10`, `0o7` and `0b1`, which the platform would read as numbers and no vendor means so. */
const OTHER_BASE = /[xob]/i

/**
 * Number of a plain decimal such as `42000.37000000`, to the bit the same as `Number(text)` and twice as fast: digits
 * and power of ten are exact doubles, so one division rounds as it should.
 * Source: W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990, section 3.
 */
export function decimalOf(text: string): number {
  const { length } = text
  const isNegative = text.charCodeAt(0) === MINUS
  const start = isNegative ? 1 : 0
  let at = start
  let whole = 0
  let fraction = 0
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) break
    whole = (whole * 10 + digit) | 0
  }
  const wholeDigits = at - start
  const pointAt = at
  if (at < length && text.charCodeAt(at) === POINT) {
    for (at++; at < length; at++) {
      const digit = text.charCodeAt(at) - ZERO
      if (digit < 0 || digit > 9) break
      fraction = (fraction * 10 + digit) | 0
    }
  }
  const places = Math.max(0, at - pointAt - 1)
  // Anything but a few digits around a point is read by the platform.
  if (at < length || wholeDigits === 0 || wholeDigits > MOST_DIGITS || places > MOST_DIGITS)
    return OTHER_BASE.test(text) ? Number.NaN : Number(text)
  const power = POWERS[places] as number
  const digits = whole * power + fraction
  if (digits > Number.MAX_SAFE_INTEGER) return Number(text)
  return isNegative ? -(digits / power) : digits / power
}

/** A column of numbers; a value that is null gets a bitmap, a column without nulls has none. */
export function floatColumn(rows: number, valueAt: (row: number) => unknown): Column {
  const values = new Float64Array(rows)
  let valid: Uint8Array | undefined
  for (let row = 0; row < rows; row++) {
    const value = valueAt(row)
    if (typeof value === 'number') {
      values[row] = value
      continue
    }
    const number = numberOf(value)
    if (number === null) {
      valid ??= bitmap(rows, true)
      setBit(valid, row, false)
      values[row] = Number.NaN
    } else values[row] = number
  }
  return valid === undefined ? values : { values, valid }
}

/** A column of the field that `read` takes from every row; the fast way where all rows are of one shape. */
export function fieldColumn<Row>(rows: readonly Row[], read: (row: Row) => unknown): Column {
  const values = new Float64Array(rows.length)
  for (let row = 0; row < rows.length; row++) {
    const value = read(rows[row] as Row)
    if (typeof value === 'number') values[row] = value
    else if (typeof value === 'string' && value !== '') {
      const number = decimalOf(value)
      if (Number.isNaN(number) || (number === 0 && value.trim() === ''))
        return floatColumn(rows.length, (at) => read(rows[at] as Row))
      values[row] = number
    } else return floatColumn(rows.length, (at) => read(rows[at] as Row))
  }
  return values
}

/** A column of a list of values, or of some of its rows; null where the list is absent. */
export function listColumn(list: readonly unknown[] | undefined, length: number, rows?: Int32Array): Column {
  if (list === undefined) return floatColumn(length, () => null)
  const values = new Float64Array(length)
  for (let row = 0; row < length; row++) {
    const value = list[rows === undefined ? row : (rows[row] as number)]
    if (typeof value !== 'number')
      return floatColumn(length, (at) => list[rows === undefined ? at : (rows[at] as number)])
    values[row] = value
  }
  return values
}

/** A column of texts; null where the value is no text. */
export function textColumn(rows: number, valueAt: (row: number) => unknown): Column {
  const codes = new Map<string, number>()
  const indices = new Int32Array(rows)
  let valid: Uint8Array | undefined
  for (let row = 0; row < rows; row++) {
    const text = valueAt(row)
    if (typeof text !== 'string') {
      valid ??= bitmap(rows, true)
      setBit(valid, row, false)
      continue
    }
    const code = codes.get(text) ?? codes.size
    codes.set(text, code)
    indices[row] = code
  }
  const column: DictionaryColumn = { indices, dictionary: [...codes.keys()] }
  return valid === undefined ? column : { values: column, valid }
}

/** A column of whole numbers that may exceed 2^53 as text. @throws {ProviderError} `provider/response` for anything else */
export function integerColumn(rows: number, valueAt: (row: number) => unknown): BigInt64Array {
  const values = new BigInt64Array(rows)
  for (let row = 0; row < rows; row++) {
    const value = valueAt(row)
    const whole =
      (typeof value === 'number' && Number.isSafeInteger(value)) || (typeof value === 'string' && /^-?\d+$/.test(value))
    if (!whole) throw malformed(`[${row}]`, value, 'a whole number')
    values[row] = BigInt(value as number | string)
  }
  return values
}

/** Epoch milliseconds of every row. @throws {ProviderError} `provider/response` where a row has no time */
export function timeColumn(rows: number, msAt: (row: number) => unknown): Float64Array {
  const values = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const ms = msAt(row)
    if (typeof ms !== 'number' || !Number.isFinite(ms)) throw malformed(`[${row}].time`, ms, 'a time')
    values[row] = ms
  }
  return values
}

/** The failure of an answer whose shape is not known, naming the place and what stands there. */
export function malformed(path: string, found: unknown, expected: string): ProviderError {
  const shown = found === undefined ? 'nothing' : (JSON.stringify(found) ?? String(found)).slice(0, 100)
  const message = `answered ${shown} at ${path} where ${expected} was expected`
  return new ProviderError('provider/response', message, { field: path, issues: [{ path, message }] })
}

/** The list at a place of an answer. @throws {ProviderError} `provider/response` if it is none */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(path, value, 'a list')
  return value
}

/** The object at a place of an answer, read only by names that are known. @throws {ProviderError} `provider/response` */
export function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(path, value, 'an object')
  return value as Readonly<Record<string, unknown>>
}

/** One bar as a plain object. More numeric fields become columns of the same name. */
export interface BarRow {
  /** Bar open: epoch milliseconds, `Date` or ISO text. */
  readonly time?: number | string | Date
  /** The same under its other name. */
  readonly timestamp?: number | string | Date
  readonly open?: number | string | null
  readonly high?: number | string | null
  readonly low?: number | string | null
  readonly close?: number | string | null
  readonly volume?: number | string | null
  readonly [column: string]: unknown
}

function msOfRow(row: BarRow): number {
  const time = row.time ?? row.timestamp
  if (time instanceof Date) return time.getTime()
  if (typeof time === 'number') return time
  // A date alone is 00:00 UTC, and so is every date-time that carries an offset; one without is ambiguous.
  const hasZone = typeof time === 'string' && (/^\d{4}-\d{2}-\d{2}$/.test(time) || /(Z|[+-]\d{2}:?\d{2})$/i.test(time))
  return hasZone ? Date.parse(time) : Number.NaN
}

/**
 * Columns of bars from plain objects, in the given order.
 * null, undefined and text that is no number become null, never 0.
 * @throws {ProviderError} `provider/response` for a row without a time
 */
export function barPage(rows: readonly BarRow[]): PageColumns {
  const times = rows.map(msOfRow)
  const extras = new Set(rows.flatMap((row) => Object.keys(row)))
  const columns: Record<string, Column> & { timestamp: Float64Array } = {
    timestamp: timeColumn(rows.length, (i) => times[i]),
  }
  for (const name of ['open', 'high', 'low', 'close', 'volume']) {
    columns[name] = floatColumn(rows.length, (i) => rows[i]?.[name])
    extras.delete(name)
  }
  for (const name of extras) {
    if (name !== 'time' && name !== 'timestamp') columns[name] = floatColumn(rows.length, (i) => rows[i]?.[name])
  }
  return columns
}
