/**
 * Bars of Polygon: their lengths, what they are made of, and when they begin.
 * @module
 */
import type { Column } from '../contract/columns.ts'
import { type Interval, barOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns } from '../contract/provider.ts'
import { DAY_MS } from '../contract/time.ts'
import { timeColumn } from './columns.ts'
import type { Aggregates } from './polygon-scan.ts'

const MINUTE_MS = 60_000

/** Ours -> theirs, and what their bars are made of. Longer intraday bars follow midnight in New York, not UTC. */
export const SERVED: readonly (readonly [Interval, string, baseMs: number])[] = [
  ['1s', '1/second', 1000],
  ['5s', '5/second', 1000],
  ['15s', '15/second', 1000],
  ['30s', '30/second', 1000],
  ['1m', '1/minute', MINUTE_MS],
  ['3m', '3/minute', MINUTE_MS],
  ['5m', '5/minute', MINUTE_MS],
  ['15m', '15/minute', MINUTE_MS],
  ['30m', '30/minute', MINUTE_MS],
  ['1h', '1/hour', MINUTE_MS],
  ['1d', '1/day', DAY_MS],
  ['1w', '1/week', DAY_MS],
  ['1mo', '1/month', DAY_MS],
]
/** A fact of every length that is served. */
export const perInterval = <T>(of: (row: (typeof SERVED)[number]) => T): Partial<Record<Interval, T>> =>
  Object.fromEntries(SERVED.map((row) => [row[0], of(row)]))

/** Bars of a day and longer begin at midnight in New York, a few hours into their UTC date; weeks on Sunday. */
export function opensOf(t: Float64Array, interval: Interval): Float64Array {
  const aheadMs = interval === '1w' ? DAY_MS : 0
  return isLabelled(interval) ? t.map((ms) => barOpen(interval, ms + aheadMs)) : t
}

/** Columns of aggregates. */
export function barColumns({ t, values }: Aggregates, interval: Interval): PageColumns {
  const times = opensOf(t, interval)
  const { o, h, l, c, v, vw, n } = values as Record<string, Column>
  const columns = { open: o, high: h, low: l, close: c, volume: v, vwap: vw, trade_count: n }
  return { timestamp: timeColumn(times.length, (i) => times[i]), ...(columns as Record<string, Column>) }
}
