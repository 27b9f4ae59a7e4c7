/**
 * What is stored where new answers fall: rows, finality, withdrawals.
 * @module
 */
import { type Columns, rowCount, valueAt } from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { msOf, timestampsMs } from '../contract/ticks.ts'
import { type CoverageRecord, provenRanges } from '../contract/coverage.ts'
import { type Range, intersectRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Snapshot, Storage } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import type { BufferedPage } from './buffer.ts'

/** No rows. */
export const NO_ROWS: Columns = { timestamp: new BigInt64Array(0) }

/** Stored rows wherever the pages prove something or have rows: an append stays an append, and a far hole reads no middle. */
export async function readStored(
  storage: Storage,
  head: Snapshot | null,
  pages: readonly BufferedPage[],
  series: Series,
): Promise<Columns> {
  if (head === null || head.span === null) return NO_ROWS
  const { timeUnit, identity } = SCHEMAS[series.schema]
  const span = { startMs: msOf(head.span.first, timeUnit), endMs: msOf(head.span.last, timeUnit) + 1 }
  const touched = pages.flatMap((page) =>
    identity === 'range' ? [page.answer.proven] : [page.answer.proven, ...rowSpan(page.rows, timeUnit)],
  )
  const parts: Columns[] = []
  for (const range of intersectRanges(touched, [span])) parts.push(await storage.read(head, { range }))
  return parts.length === 0 ? NO_ROWS : concatColumns(parts)
}

function rowSpan({ timestamp }: Columns, unit: 'us' | 'ns'): Range[] {
  if (timestamp.length === 0) return []
  return [{ startMs: msOf(timestamp[0] as bigint, unit), endMs: msOf(timestamp.at(-1) as bigint, unit) + 1 }]
}

/** Was an instant proven and final? By bisection: a long series may have thousands of records. */
export function finalTest(coverage: readonly CoverageRecord[]): (ms: EpochMs) => boolean {
  const final = provenRanges(coverage)
  const ends = Float64Array.from(final, (range) => range.endMs)
  return (ms) => {
    const at = lowerIndex(ends, ms + 1)
    return at < final.length && (final[at] as Range).startMs <= ms
  }
}

/** Rows marked withdrawn and not restored since, so that the same loss is recorded once. */
export async function withdrawnTest(
  storage: Storage,
  head: Snapshot | null,
  proven: readonly Range[],
): Promise<(ticks: bigint) => boolean> {
  if (head === null || head.revisions === 0 || proven.length === 0) return () => false
  const range = { startMs: (proven[0] as Range).startMs, endMs: (proven.at(-1) as Range).endMs }
  const table = await storage.read(head, { table: 'revisions', range })
  const gone = new Set<bigint>()
  const order = Array.from({ length: rowCount(table) }, (_, row) => row).toSorted(
    (a, b) => seenAt(table, a) - seenAt(table, b),
  )
  for (const row of order) {
    if (valueAt(table['column'] as never, row) !== '*') continue
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
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
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
