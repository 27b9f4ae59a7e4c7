/**
 * Puts columns of several parts one after the other.
 * @module
 */
import {
  type Column,
  type Columns,
  type NumberArray,
  type PlainColumn,
  bitmap,
  isDictionary,
  isNullable,
  isValid,
  rowCount,
  setBit,
  valuesOf,
} from './columns.ts'
import { DataError } from './errors.ts'

/**
 * Puts parts one after the other into fresh arrays. A column that a part lacks is null there.
 * @throws {DataError} `data/schema-mismatch` where two parts hold a column in different types
 */
export function concatColumns(parts: readonly Columns[]): Columns {
  if (parts.length === 1) return parts[0] as Columns
  const names = [...new Set(parts.flatMap((part) => Object.keys(part)))]
  const out: Record<string, Column> = { timestamp: new BigInt64Array(0) }
  for (const name of names) out[name] = concatColumn(name, parts)
  return out as unknown as Columns
}

function concatColumn(name: string, parts: readonly Columns[]): Column {
  const total = parts.reduce((sum, part) => sum + rowCount(part), 0)
  const present = parts.map((part) => (Object.hasOwn(part, name) ? (part[name] as Column) : undefined))
  const sample = valuesOf(present.find((column) => column !== undefined) as Column)
  const dictionary = new Map<string, number>()
  const out = emptyLike(sample, total)
  const target: NumberArray = isDictionary(out) ? out.indices : out
  let valid: Uint8Array | undefined
  let at = 0
  for (const [i, column] of present.entries()) {
    const rows = rowCount(parts[i] as Columns)
    if (column === undefined || isNullable(column)) valid ??= bitmap(total, true)
    if (column === undefined) for (let row = 0; row < rows; row++) setBit(valid as Uint8Array, at + row, false)
    else {
      copyInto(name, target, at, valuesOf(column), dictionary)
      if (isNullable(column)) {
        for (let row = 0; row < rows; row++) if (!isValid(column, row)) setBit(valid as Uint8Array, at + row, false)
      }
    }
    at += rows
  }
  const values: PlainColumn = isDictionary(out) ? { indices: out.indices, dictionary: [...dictionary.keys()] } : out
  return valid === undefined ? values : { values, valid }
}

/** An unset column of the same type, `rows` long. */
export function emptyLike(sample: PlainColumn, rows: number): PlainColumn {
  if (isDictionary(sample)) return { indices: new Int32Array(rows), dictionary: [] }
  if (sample instanceof BigInt64Array) return new BigInt64Array(rows)
  if (sample instanceof Float64Array) return new Float64Array(rows)
  return sample instanceof Int32Array ? new Int32Array(rows) : new Uint8Array(rows)
}

function copyInto(
  name: string,
  target: NumberArray,
  at: number,
  source: PlainColumn,
  dictionary: Map<string, number>,
): void {
  if (isDictionary(source)) {
    if (!(target instanceof Int32Array)) throw mismatch(name)
    const codes = source.dictionary.map((text) => {
      const known = dictionary.get(text)
      if (known !== undefined) return known
      dictionary.set(text, dictionary.size)
      return dictionary.size - 1
    })
    for (let i = 0; i < source.indices.length; i++) target[at + i] = codes[source.indices[i] as number] ?? 0
    return
  }
  if (target.constructor !== source.constructor) throw mismatch(name)
  ;(target as Float64Array).set(source as Float64Array, at)
}

function mismatch(name: string): DataError {
  return new DataError('data/schema-mismatch', `column ${name}: parts hold it in different types`, { field: name })
}
