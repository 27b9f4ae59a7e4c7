/**
 * Are two tables the same to the bit?
 * @module
 */
import {
  type Column,
  type Columns,
  isDictionary,
  isNullable,
  rowCount,
  sameValue,
  valueAt,
} from '../../contract/columns.ts'

/** Compares all rows. A column that one side lacks must be null in the other. */
export function sameRows(a: Columns, b: Columns): boolean {
  const rows = rowCount(a)
  if (rowCount(b) !== rows) return false
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => sameColumn(a[name], b[name], rows))
}

function sameColumn(a: Column | undefined, b: Column | undefined, rows: number): boolean {
  if (a === undefined || b === undefined) {
    const there = (a ?? b) as Column
    return everyRow(rows, (row) => valueAt(there, row) === null)
  }
  if (isNullable(a) || isNullable(b) || isDictionary(a) || isDictionary(b)) {
    return everyRow(rows, (row) => sameValue(a, row, b, row))
  }
  return a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b))
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)

function everyRow(rows: number, holds: (row: number) => boolean): boolean {
  for (let row = 0; row < rows; row++) if (!holds(row)) return false
  return true
}
