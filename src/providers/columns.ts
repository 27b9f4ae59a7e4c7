/**
 * Rows of a vendor as columns: one pass a column, nulls in a bitmap, numbers as text accepted.
 * @module
 */
import { type Column, type DictionaryColumn, bitmap, setBit } from '../contract/columns.ts'
import { malformed } from './answer.ts'
import { decimalOf, numberOf } from './decimal.ts'

export { listAt, malformed, objectAt } from './answer.ts'
export { decimalOf, numberOf } from './decimal.ts'

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

/** Fields of bars under their plain names. */
export const BAR_FIELDS = { open: 'open', high: 'high', low: 'low', close: 'close', volume: 'volume' } as const

/**
 * Columns of the same name in every row: ours -> the vendor's name of a field, or its place in a list. What is absent
 * is null.
 */
export function rowColumns(
  rows: readonly object[],
  fields: Readonly<Record<string, string | number>>,
): Record<string, Column> {
  const column = (field: string | number): Column =>
    floatColumn(rows.length, (i) => (rows[i] as Readonly<Record<string | number, unknown>>)[field])
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, column(field)]))
}

/** The same, of those fields only that some row has. */
export function presentColumns(
  rows: readonly object[],
  fields: Readonly<Record<string, string>>,
): Record<string, Column> {
  const present = Object.entries(fields).filter(([, field]) => rows.some((row) => Object.hasOwn(row, field)))
  return rowColumns(rows, Object.fromEntries(present))
}
