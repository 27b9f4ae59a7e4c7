/**
 * Compares rows of two tables, many times over.
 * @module
 */
import { type Column, type Columns, isValid, sameValue } from '../contract/columns.ts'

/** Are row `rowA` of one table and row `rowB` of another the same? */
export type SameRow = (rowA: number, rowB: number) => boolean

/** Compares rows of two tables to the bit. A column that one side lacks is null there. */
export function rowComparer(a: Columns, b: Columns): SameRow {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => name !== 'timestamp')
  const same = names.map((name) => columnComparer(a[name], b[name]))
  return (rowA, rowB) => {
    for (const compare of same) if (!compare(rowA, rowB)) return false
    return true
  }
}

function columnComparer(a: Column | undefined, b: Column | undefined): SameRow {
  if (a === undefined) return (_, row) => !isValid(b as Column, row)
  if (b === undefined) return (row) => !isValid(a, row)
  const [x, y] = [lanesOf(a), lanesOf(b)]
  if (x === null || y === null) return (rowA, rowB) => sameValue(a, rowA, b, rowB)
  return (rowA, rowB) => x[2 * rowA] === y[2 * rowB] && x[2 * rowA + 1] === y[2 * rowB + 1]
}

/** The halves of eight-byte values without nulls. */
function lanesOf(column: Column): Int32Array | null {
  if (!(column instanceof Float64Array || column instanceof BigInt64Array)) return null
  return new Int32Array(column.buffer, column.byteOffset, column.length * 2)
}
