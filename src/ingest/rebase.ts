/**
 * Recognises that a source has put its prices on another basis. Pure.
 * @module
 */
import { type Column, type Columns, isValid, sameValue, valueAt, valuesOf } from '../contract/columns.ts'
import { msOf } from '../contract/ticks.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Snapshot } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import type { BufferedPage } from './buffer.ts'
import type { Revision } from './reconcile.ts'

/** Prices of a bar that no bar is without. */
export const PRICES = ['open', 'high', 'low', 'close'] as const
/** Smaller factors are the rounding of prices sent as float32 (2^-22), with room for a price of few digits. */
const SMALLEST_PRICE_CHANGE = 2e-5
/** Adjusted closes carry dividends of a few cents, and the noise of their own rounding. */
const SMALLEST_ADJUSTED_CHANGE = 2e-6
/** A single bar changed by less is rather a revision. */
const LARGE_CHANGE = 0.01
/** Oldest rows that must all have changed by one factor; and neighbours that a factor is taken from. */
export const LEAD_ROWS = 5

/** Rows of two sides that have the same timestamp, ascending. */
export interface RowPairs {
  readonly n: number
  readonly stored: Int32Array
  readonly fresh: Int32Array
}

/** No rows met. */
export const NO_PAIRS: RowPairs = { n: 0, stored: new Int32Array(0), fresh: new Int32Array(0) }

/** Pairs the rows of two sides. */
export function pairRows(
  stored: Columns,
  fresh: Columns,
  isCompared: (ticks: bigint) => boolean = () => true,
): RowPairs {
  const [a, b] = [stored.timestamp, fresh.timestamp]
  const most = Math.min(a.length, b.length)
  const pairs = { stored: new Int32Array(most), fresh: new Int32Array(most) }
  let n = 0
  for (let s = 0, f = 0; s < a.length && f < b.length;) {
    const [x, y] = [a[s] as bigint, b[f] as bigint]
    if (x === y && isCompared(x)) {
      pairs.stored[n] = s
      pairs.fresh[n++] = f
    }
    if (x <= y) s++
    if (y <= x) f++
  }
  return { n, stored: pairs.stored.subarray(0, n), fresh: pairs.fresh.subarray(0, n) }
}

/** New value over old; 1 where both are the same, null where there is no telling. */
function ratioAt(old: Column | undefined, s: number, now: Column | undefined, f: number): number | null {
  if (old === undefined || now === undefined || !isValid(old, s) || !isValid(now, f)) return null
  const [a, b] = [valuesOf(old), valuesOf(now)]
  if (!(a instanceof Float64Array) || !(b instanceof Float64Array)) return null
  const [x, y] = [a[s] as number, b[f] as number]
  return x === y ? 1 : x === 0 || !(y / x > 0) ? null : y / x
}

/** One factor for several ratios, or null. Prices of few digits are rounded coarsely, so ratios may differ by half of what they change. */
function commonFactor(ratios: readonly (number | null)[], smallest: number): number | null {
  let sum = 0
  for (const ratio of ratios) {
    if (ratio === null) return null
    sum += ratio
  }
  const factor = sum / ratios.length
  const room = Math.abs(factor - 1) / 2
  if (ratios.length === 0 || Math.abs(factor - 1) <= smallest) return null
  return ratios.every((ratio) => Math.abs((ratio as number) - factor) <= room) ? factor : null
}

/**
 * Do the oldest compared rows look as if the source had changed its basis? They all do then, since a split or a dividend
 * changes everything before it. Whether it is so is seen once the series was fetched whole.
 */
export function looksRebased(stored: Columns, fresh: Columns, pairs: RowPairs): boolean {
  if (pairs.n === 0) return false
  const scale = (i: number): number | null =>
    commonFactor(
      PRICES.map((name) => pairRatio(pairs, i, stored, fresh, name)),
      SMALLEST_PRICE_CHANGE,
    )
  const first = scale(0)
  if (first !== null && (pairs.n === 1 || scale(1) !== null || Math.abs(first - 1) > LARGE_CHANGE)) return true
  const lead = Array.from({ length: Math.min(2, pairs.n) }, (_, i) => pairRatio(pairs, i, stored, fresh, 'adj_close'))
  return commonFactor(lead, SMALLEST_ADJUSTED_CHANGE) !== null
}

/** New value over old of one pair; 1 where both are the same, null where there is no telling. */
export function pairRatio(pairs: RowPairs, i: number, stored: Columns, fresh: Columns, name: string): number | null {
  return ratioAt(stored[name], pairs.stored[i] as number, fresh[name], pairs.fresh[i] as number)
}

/** Is the oldest part of a series on another basis in what the source serves now? Five bars say so, or all there are. */
export function isRebased(stored: Columns, fresh: Columns, pairs: RowPairs): boolean {
  const lead = (name: string): (number | null)[] =>
    Array.from({ length: Math.min(LEAD_ROWS, pairs.n) }, (_, i) => pairRatio(pairs, i, stored, fresh, name))
  return (
    commonFactor(lead('close'), SMALLEST_PRICE_CHANGE) !== null ||
    commonFactor(lead('adj_close'), SMALLEST_ADJUSTED_CHANGE) !== null
  )
}

/** Does an answer bring a split or a dividend that took effect after the stored prices were last seen whole? */
export function bringsNewBasis(head: Snapshot, pages: readonly BufferedPage[]): boolean {
  const { basis } = head.meta
  if (basis === undefined || head.span === null) return false
  const firstMs = msOf(head.span.first, SCHEMAS.ohlcv.timeUnit)
  const hasAdjusted = basis.kind === 'all' || head.columns.some((column) => column.name === 'adj_close')
  return pages.some(({ actions }) => {
    if (actions === null) return false
    return actions.rows.timestamp.some((ticks, row) => {
      const exMs = msOf(ticks, SCHEMAS.actions.timeUnit)
      const kind = valueAt(actions.rows['kind'] as Column, row)
      return (
        exMs > basis.asOfMs && exMs > firstMs && (kind === 'split' ? basis.kind !== 'raw' || hasAdjusted : hasAdjusted)
      )
    })
  })
}

/** A split that took effect after the stored prices were last seen whole. */
export interface LaterSplit {
  readonly exMs: EpochMs
  readonly ratio: number
}

/** The later splits that some answers bring, oldest first. */
export function laterSplits(head: Snapshot, pages: readonly BufferedPage[]): LaterSplit[] {
  const { basis } = head.meta
  if (basis === undefined || basis.kind === 'raw') return []
  const found = new Map<string, LaterSplit>()
  for (const { actions } of pages) {
    if (actions === null) continue
    for (const [row, ticks] of actions.rows.timestamp.entries()) {
      const [exMs, ratio] = [msOf(ticks, SCHEMAS.actions.timeUnit), valueAt(actions.rows['value'] as Column, row)]
      const isSplit = valueAt(actions.rows['kind'] as Column, row) === 'split' && typeof ratio === 'number' && ratio > 0
      if (isSplit && exMs > basis.asOfMs) found.set(`${exMs} ${ratio}`, { exMs, ratio })
    }
  }
  return [...found.values()].toSorted((a, b) => a.exMs - b.exMs)
}

/**
 * What a change of basis did to rows that are still served: the first row of each stretch of one factor as `rebased`, and
 * as `revised` every row that changed otherwise. A record of each value would outgrow the series.
 */
export function rebasedRevisions(
  stored: Columns,
  fresh: Columns,
  pairs: RowPairs,
): { revisions: Revision[]; changed: number } {
  const revisions: Revision[] = []
  const isChanged = new Uint8Array(pairs.n)
  for (const name of Object.keys(fresh)) {
    const [old, now] = [stored[name], fresh[name]]
    if (name === 'timestamp' || old === undefined || now === undefined) continue
    let stretch = 1
    for (let i = 0; i < pairs.n; i++) {
      const [s, f] = [pairs.stored[i] as number, pairs.fresh[i] as number]
      if (sameValue(old, s, now, f)) {
        if (i + 1 < pairs.n && isNear(pairRatio(pairs, i + 1, stored, fresh, name), 1)) stretch = 1
        continue
      }
      isChanged[i] = 1
      const ratio = ratioAt(old, s, now, f)
      if (stretch !== 1 && isNear(ratio, stretch)) continue
      // A row alone is a revision; a factor that goes on is a stretch, though its second row may be revised on the way.
      const goesOn = (at: number): boolean =>
        at < pairs.n && ratio !== null && isNear(pairRatio(pairs, at, stored, fresh, name), ratio)
      const begins =
        ratio !== null && Math.abs(ratio - 1) > SMALLEST_ADJUSTED_CHANGE && (goesOn(i + 1) || goesOn(i + 2))
      if (begins) stretch = ratio
      revisions.push({
        ticks: fresh.timestamp[f] as bigint,
        column: name,
        old: number(old, s),
        new: number(now, f),
        kind: begins ? 'rebased' : 'revised',
      })
    }
  }
  return { revisions, changed: isChanged.reduce((sum, one) => sum + one, 0) }
}

function isNear(ratio: number | null, factor: number): boolean {
  return ratio !== null && Math.abs(ratio / factor - 1) <= Math.max(SMALLEST_ADJUSTED_CHANGE, Math.abs(factor - 1) / 50)
}

function number(column: Column, row: number): number | null {
  const value = valueAt(column, row)
  return typeof value === 'number' ? value : null
}
