/**
 * What is stored where new answers fall: rows, finality, withdrawals.
 * @module
 */
import { type Columns, concatColumns, msOf, rowCount, timestampsMs, valueAt } from '../contract/columns.ts'
import { type CoverageRecord, provenRanges } from '../contract/coverage.ts'
import { type Range, intersect, unionRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Snapshot, Storage } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'

/** No rows. */
export const NO_ROWS: Columns = { timestamp: new BigInt64Array(0) }

export async function readStored(
  storage: Storage,
  head: Snapshot | null,
  proven: readonly Range[],
  fresh: Columns,
  series: Series,
): Promise<Columns> {
  if (head === null || head.span === null) return NO_ROWS
  const unit = SCHEMAS[series.schema].timeUnit
  const span = { startMs: msOf(head.span.first, unit), endMs: msOf(head.span.last, unit) + 1 }
  const parts: Columns[] = []
  const ranges = unionRanges([...proven, ...freshSpan(fresh, unit)])
  for (const range of ranges) {
    // Ranges beyond the stored rows need no read: an append stays an append.
    const inside = intersect(range, span)
    if (inside !== null) parts.push(await storage.read(head, { range: inside }))
  }
  return parts.length === 0 ? NO_ROWS : concatColumns(parts)
}

function freshSpan(fresh: Columns, unit: 'us' | 'ns'): Range[] {
  const rows = rowCount(fresh)
  if (rows === 0) return []
  return [{ startMs: msOf(fresh.timestamp[0] as bigint, unit), endMs: msOf(fresh.timestamp[rows - 1] as bigint, unit) + 1 }]
}

export function finalTest(coverage: readonly CoverageRecord[]): (ms: EpochMs) => boolean {
  const final = provenRanges(coverage)
  return (ms) => final.some((range) => range.startMs <= ms && ms < range.endMs)
}

/** Rows marked withdrawn and not restored since, so that the same loss is recorded once. */
export async function withdrawnTest(storage: Storage, head: Snapshot | null, proven: readonly Range[]): Promise<(ticks: bigint) => boolean> {
  if (head === null || head.revisions === 0 || proven.length === 0) return () => false
  const range = { startMs: (proven[0] as Range).startMs, endMs: (proven.at(-1) as Range).endMs }
  const table = await storage.read(head, { table: 'revisions', range })
  const gone = new Set<bigint>()
  const order = Array.from({ length: rowCount(table) }, (_, row) => row).toSorted((a, b) => seenAt(table, a) - seenAt(table, b))
  for (const row of order) {
    const kind = valueAt(table['kind'] as never, row)
    if (kind === 'withdrawn') gone.add(table.timestamp[row] as bigint)
    if (kind === 'restored') gone.delete(table.timestamp[row] as bigint)
  }
  return (ticks) => gone.has(ticks)
}

const seenAt = (table: Columns, row: number): number => Number(valueAt(table['seen_at'] as never, row) ?? 0)

export function mergedOpenings(stored: Columns, fresh: Columns, series: Series): Float64Array {
  const unit = SCHEMAS[series.schema].timeUnit
  const [a, b] = [timestampsMs(stored.timestamp, unit), timestampsMs(fresh.timestamp, unit)]
  const out = new Float64Array(a.length + b.length)
  let n = 0
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i] ?? Infinity, b[j] ?? Infinity]
    out[n++] = Math.min(x, y)
    if (x <= y) i++
    if (y <= x) j++
  }
  return out.subarray(0, n)
}

export function firstRow(head: Snapshot | null, openings: Float64Array, series: Series): EpochMs | null {
  const stored = head?.span ? msOf(head.span.first, SCHEMAS[series.schema].timeUnit) : Infinity
  const first = Math.min(stored, openings[0] ?? Infinity)
  return Number.isFinite(first) ? first : null
}

export function lowerIndex(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

export function hasRowsIn(openings: Float64Array, range: Range, endMs: EpochMs): boolean {
  const at = lowerIndex(openings, range.startMs)
  return at < openings.length && (openings[at] as number) < Math.min(range.endMs, endMs)
}
