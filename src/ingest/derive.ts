/**
 * Rows that a source no longer serves, put on its new basis. Pure.
 * @module
 */
import { type Column, type Columns, isNullable, isValid, rowCount, valuesOf } from '../contract/columns.ts'
import { msOf } from '../contract/ticks.ts'
import { SCHEMAS } from '../contract/schema.ts'
import { type LaterSplit, LEAD_ROWS, PRICES, type RowPairs, pairRatio } from './rebase.ts'
import type { Revision } from './reconcile.ts'

const PER_SHARE: ReadonlySet<string> = new Set([...PRICES, 'vwap', 'adj_close'])
const SHARES: ReadonlySet<string> = new Set(['volume', 'taker_buy_volume'])

/** What became of one value, told where a stretch of one factor begins. */
function rebased(rows: Columns, column: string, row: number, scaled: Float64Array): Revision {
  const old = (valuesOf(rows[column] as Column) as Float64Array)[row] as number
  return { ticks: rows.timestamp[row] as bigint, column, old, new: scaled[row] as number, kind: 'rebased' }
}

function withValues(column: Column, values: Float64Array): Column {
  return isNullable(column) ? { values, valid: column.valid } : values
}

/** Rows of which the source serves none any more, put on the new basis by the splits that it told. */
export function deriveBySplits(rows: Columns, splits: readonly LaterSplit[]): DerivedRows {
  const ms = Array.from(rows.timestamp, (ticks) => msOf(ticks, SCHEMAS.ohlcv.timeUnit))
  const ratios = ms.map((at) => splits.reduce((product, { exMs, ratio }) => (at < exMs ? product * ratio : product), 1))
  const revisions: Revision[] = []
  const out: Record<string, Column> = { ...rows }
  for (const [name, column] of Object.entries(rows)) {
    const values = valuesOf(column)
    if (!(values instanceof Float64Array) || !(PER_SHARE.has(name) || SHARES.has(name))) continue
    const scaled = values.map((value, row) =>
      PER_SHARE.has(name) ? value / (ratios[row] as number) : value * (ratios[row] as number),
    )
    out[name] = withValues(column, scaled)
    for (const [row, ratio] of ratios.entries()) {
      if (ratio === 1 || ratio === ratios[row - 1] || !isValid(column, row)) continue
      revisions.push(rebased(rows, name, row, scaled))
    }
  }
  return { rows: out as unknown as Columns, revisions, changed: ratios.filter((ratio) => ratio !== 1).length }
}

/** Rows that the source no longer serves, put on the new basis. */
export interface DerivedRows {
  readonly rows: Columns
  /** One a column and stretch of one factor: its first row. */
  readonly revisions: readonly Revision[]
  /** Rows of which a value changed. */
  readonly changed: number
}

/**
 * Multiplies rows by the factors of their neighbours that are still served: those before a row, for the oldest rows those
 * after. `before` holds the number of pairs before each row, ascending.
 */
export function deriveRows(
  rows: Columns,
  before: Int32Array,
  stored: Columns,
  fresh: Columns,
  pairs: RowPairs,
): DerivedRows {
  const out: Record<string, Column> = {}
  const revisions: Revision[] = []
  const isChanged = new Uint8Array(rowCount(rows))
  for (const [name, column] of Object.entries(rows)) {
    const values = valuesOf(column)
    out[name] = column
    if (!(values instanceof Float64Array) || fresh[name] === undefined) continue
    const scaled = values.slice()
    let factor = 1
    for (let row = 0; row < scaled.length; row++) {
      const isStretch = row === 0 || before[row] !== before[row - 1]
      if (isStretch) factor = factorNear(before[row] as number, stored, fresh, pairs, name)
      if (factor === 1 || !isValid(column, row)) continue
      scaled[row] = (values[row] as number) * factor
      isChanged[row] = 1
      if (isStretch) revisions.push(rebased(rows, name, row, scaled))
    }
    out[name] = withValues(column, scaled)
  }
  return { rows: out as unknown as Columns, revisions, changed: isChanged.reduce((sum, one) => sum + one, 0) }
}

/** Factor of a column beside a place among the pairs. A row that was revised in passing must not count, so the middle one of a few is taken. */
function factorNear(before: number, stored: Columns, fresh: Columns, pairs: RowPairs, name: string): number {
  const [start, end] = before === 0 ? [0, LEAD_ROWS] : [before - LEAD_ROWS, before]
  const near: { ratio: number; i: number }[] = []
  for (let i = Math.max(0, start); i < Math.min(pairs.n, end); i++) {
    const ratio = pairRatio(pairs, i, stored, fresh, name)
    if (ratio !== null) near.push({ ratio, i })
  }
  const middle = near.toSorted((a, b) => a.ratio - b.ratio)[near.length >> 1]?.ratio
  if (middle === undefined) return 1
  const agreeing = near.filter(({ ratio }) => Math.abs(ratio / middle - 1) <= Math.max(1e-6, Math.abs(middle - 1) / 10))
  if (agreeing.every(({ ratio }) => Math.abs(ratio / middle - 1) <= 1e-6)) return middle
  // Rounded to few digits: together they say it better than one.
  const total = (columns: Columns, rows: Int32Array): number =>
    agreeing.reduce(
      (sum, { i }) => sum + ((valuesOf(columns[name] as Column) as Float64Array)[rows[i] as number] as number),
      0,
    )
  return total(fresh, pairs.fresh) / total(stored, pairs.stored)
}
