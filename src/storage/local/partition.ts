/**
 * How rows are cut into files by time.
 * @module
 */
import { type Columns, lowerBound } from '../../contract/columns.ts'
import { msOf, ticksOf } from '../../contract/ticks.ts'
import { INTERVALS } from '../../contract/interval.ts'
import { SCHEMAS } from '../../contract/schema.ts'
import type { Series } from '../../contract/series.ts'
import type { Partition } from '../../contract/storage.ts'
import { DAY_MS } from '../../contract/time.ts'

/** Most rows a year with which each cut is chosen: 24k to 131k rows a file. */
const LIMITS: readonly (readonly [rowsPerYear: number, partition: Partition])[] = [
  [10_000, 'all'],
  [80_000, 'year'],
  [320_000, 'quarter'],
  [1_600_000, 'month'],
]

const YEAR_MS = 365.25 * DAY_MS

/** The cut for a new series. Without an expectation, as if it had a row in every slot of its interval. */
export function choosePartition(series: Series, rowsPerYear: number | undefined): Partition {
  const { timeUnit } = SCHEMAS[series.schema]
  if (rowsPerYear === undefined && series.interval === undefined) return timeUnit === 'ns' ? 'day' : 'all'
  const expected = rowsPerYear ?? YEAR_MS / INTERVALS[series.interval as NonNullable<Series['interval']>].ms
  return LIMITS.find(([most]) => expected <= most)?.[1] ?? 'day'
}

/** A part of time with the name of its files. */
export interface Part {
  readonly name: string
  /** Inclusive. */
  readonly startMs: number
  /** Exclusive. */
  readonly endMs: number
}

/** As far as a date reaches. */
const ALWAYS_MS = 8.64e15

const two = (n: number): string => String(n).padStart(2, '0')

/** The part that holds an instant: `all`, `2024`, `2024-Q1`, `2024-01` or `2024-01-31`. */
export function partAt(partition: Partition, ms: number): Part {
  const date = new Date(ms)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const quarter = Math.floor(month / 3)
  const parts: Record<Partition, () => Part> = {
    all: () => ({ name: 'all', startMs: -ALWAYS_MS, endMs: ALWAYS_MS }),
    year: () => ({ name: `${year}`, startMs: Date.UTC(year, 0), endMs: Date.UTC(year + 1, 0) }),
    quarter: () => ({
      name: `${year}-Q${quarter + 1}`,
      startMs: Date.UTC(year, 3 * quarter),
      endMs: Date.UTC(year, 3 * quarter + 3),
    }),
    month: () => ({
      name: `${year}-${two(month + 1)}`,
      startMs: Date.UTC(year, month),
      endMs: Date.UTC(year, month + 1),
    }),
    day: () => ({
      name: `${year}-${two(month + 1)}-${two(day)}`,
      startMs: Date.UTC(year, month, day),
      endMs: Date.UTC(year, month, day + 1),
    }),
  }
  return parts[partition]()
}

/** Is this the name of a part of any cut? */
export function isPartName(name: string): boolean {
  return /^(all|\d{4}(-Q[1-4]|-\d{2}(-\d{2})?)?)$/.test(name)
}

/** Which parts rows fall into, with their rows `[start, end)`; rows must be sorted. */
export function partsOfRows(
  partition: Partition,
  unit: 'us' | 'ns',
  { timestamp }: Columns,
): { part: Part; start: number; end: number }[] {
  const out: { part: Part; start: number; end: number }[] = []
  let start = 0
  while (start < timestamp.length) {
    const part = partAt(partition, msOf(timestamp[start] as bigint, unit))
    const end = partition === 'all' ? timestamp.length : lowerBound(timestamp, ticksOf(part.endMs, unit))
    out.push({ part, start, end })
    start = end
  }
  return out
}
