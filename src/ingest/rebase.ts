/**
 * Recognises that a source has put its prices on another basis. Pure.
 * @module
 */
import { type Column, type Columns, type NullableColumn, isNullable, isValid, msOf, rowCount, valuesOf } from '../contract/columns.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { EpochMs } from '../contract/time.ts'
import type { Revision } from './reconcile.ts'

/** Columns that change together, each by its own constant factor. */
export interface Rebasing {
  /** Column -> new value over old value, for rows before `beforeMs`. */
  readonly ratios: Readonly<Record<string, number>>
  /** First compared row that did not change, or the end of the comparison: exclusive. */
  readonly beforeMs: EpochMs
}

/** Vendors send prices as float32, so equal factors differ by its rounding: 2^-22, with room for a price of few digits. */
const SAME_RATIO = 2e-4
const SMALLEST_CHANGE = 2e-5
const PRICE_GROUP = ['open', 'high', 'low', 'close'] as const

/**
 * Compares final stored rows with what the source sends now.
 * A factor that is constant over all rows before one point, and 1 after it, is a re-basing; anything else is a revision.
 */
export function findRebasing(
  series: Series,
  stored: Columns,
  fresh: Columns,
  wasFinal: (ms: EpochMs) => boolean,
): Rebasing | null {
  if (series.schema !== 'ohlcv') return null
  const pairs = matchRows(series, stored, fresh, wasFinal)
  if (pairs.length === 0) return null
  const close = columnRatio(pairs, stored, fresh, 'close')
  if (close !== null && close.rows >= 2) {
    const ratios: Record<string, number> = {}
    for (const name of [...PRICE_GROUP, 'vwap', 'adj_close', 'volume']) {
      const ratio = columnRatio(pairs.slice(0, close.rows), stored, fresh, name)
      if (ratio !== null && ratio.rows === close.rows) ratios[name] = ratio.ratio
    }
    if (PRICE_GROUP.every((name) => ratios[name] !== undefined)) return { ratios, beforeMs: close.beforeMs }
  }
  const adjusted = columnRatio(pairs, stored, fresh, 'adj_close', 1e-7)
  if (adjusted !== null && close === null) return { ratios: { adj_close: adjusted.ratio }, beforeMs: adjusted.beforeMs }
  return null
}

interface RowPair {
  readonly s: number
  readonly f: number
  readonly ms: EpochMs
}

function matchRows(series: Series, stored: Columns, fresh: Columns, wasFinal: (ms: EpochMs) => boolean): RowPair[] {
  const unit = SCHEMAS[series.schema].timeUnit
  const out: RowPair[] = []
  for (let s = 0, f = 0; s < rowCount(stored) && f < rowCount(fresh); ) {
    const [a, b] = [stored.timestamp[s] as bigint, fresh.timestamp[f] as bigint]
    if (a < b) s++
    else if (a > b) f++
    else {
      const ms = msOf(a, unit)
      if (wasFinal(ms)) out.push({ s, f, ms })
      s++
      f++
    }
  }
  return out
}

/** The constant factor of the leading rows of a column; null where no row changed or the factor is not constant. */
function columnRatio(
  pairs: readonly RowPair[],
  stored: Columns,
  fresh: Columns,
  name: string,
  smallest = SMALLEST_CHANGE,
): { ratio: number; rows: number; beforeMs: EpochMs } | null {
  const [old, now] = [stored[name], fresh[name]]
  if (old === undefined || now === undefined) return null
  let ratio = 1
  let rows = 0
  for (const pair of pairs) {
    const change = ratioAt(old, pair.s, now, pair.f)
    if (change === null) return null
    const isChanged = Math.abs(change - 1) > smallest
    if (rows === 0 && !isChanged) return null
    if (!isChanged && rows > 0) {
      // Rows after the point must all be unchanged, else it is no re-basing.
      const rest = pairs.slice(rows)
      const isQuiet = rest.every((later) => {
        const other = ratioAt(old, later.s, now, later.f)
        return other !== null && Math.abs(other - 1) <= smallest
      })
      return isQuiet ? { ratio, rows, beforeMs: pair.ms } : null
    }
    if (rows === 0) ratio = change
    else if (Math.abs(change / ratio - 1) > SAME_RATIO) return null
    rows++
  }
  const last = pairs.at(-1)
  return rows === 0 || last === undefined ? null : { ratio, rows, beforeMs: last.ms + 1 }
}

function ratioAt(old: Column, s: number, now: Column, f: number): number | null {
  if (!isValid(old, s) || !isValid(now, f)) return null
  const [a, b] = [valuesOf(old), valuesOf(now)]
  if (!(a instanceof Float64Array) || !(b instanceof Float64Array)) return null
  const [x, y] = [a[s] as number, b[f] as number]
  return x === y ? 1 : x === 0 ? null : y / x
}

/** Stored rows that the source no longer serves, put on the new basis, with a revision for each changed value. */
export function deriveRows(rows: Columns, ratios: Readonly<Record<string, number>>): { rows: Columns; revisions: Revision[] } {
  const out: Record<string, Column> = {}
  const revisions: Revision[] = []
  for (const [name, column] of Object.entries(rows)) {
    const ratio = ratios[name]
    const values = valuesOf(column)
    if (ratio === undefined || ratio === 1 || !(values instanceof Float64Array)) {
      out[name] = column
      continue
    }
    const scaled = values.map((value) => value * ratio)
    out[name] = isNullable(column) ? ({ values: scaled, valid: column.valid } satisfies NullableColumn) : scaled
    for (let row = 0; row < scaled.length; row++) {
      if (!isValid(column, row)) continue
      revisions.push({
        ticks: rows.timestamp[row] as bigint,
        column: name,
        old: values[row] as number,
        new: scaled[row] as number,
        kind: 'rebased',
      })
    }
  }
  return { rows: out as unknown as Columns, revisions }
}
