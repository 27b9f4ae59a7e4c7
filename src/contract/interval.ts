/**
 * The lengths of bars, as a table, and the arithmetic on their openings.
 * @module
 */
import { ConfigError } from './errors.ts'
import type { Range } from './range.ts'
import { DAY_MS, type EpochMs } from './time.ts'

/** Facts of one interval. */
export interface IntervalFacts {
  /** Length in milliseconds; of a month, the mean month, good for estimates only. */
  readonly ms: number
  /** `clock` intervals divide the UTC clock; `day` and longer carry labels at 00:00 UTC. */
  readonly kind: 'clock' | 'day' | 'week' | 'month'
}

const SECOND = 1000
const MINUTE = 60_000
const HOUR = 3_600_000
const clock = (ms: number): IntervalFacts => ({ ms, kind: 'clock' })

const TABLE = {
  '1s': clock(SECOND),
  '5s': clock(5 * SECOND),
  '15s': clock(15 * SECOND),
  '30s': clock(30 * SECOND),
  '1m': clock(MINUTE),
  '3m': clock(3 * MINUTE),
  '5m': clock(5 * MINUTE),
  '15m': clock(15 * MINUTE),
  '30m': clock(30 * MINUTE),
  '1h': clock(HOUR),
  '2h': clock(2 * HOUR),
  '4h': clock(4 * HOUR),
  '6h': clock(6 * HOUR),
  '8h': clock(8 * HOUR),
  '12h': clock(12 * HOUR),
  '1d': { ms: DAY_MS, kind: 'day' },
  '3d': { ms: 3 * DAY_MS, kind: 'day' },
  '1w': { ms: 7 * DAY_MS, kind: 'week' },
  '1mo': { ms: 30.436875 * DAY_MS, kind: 'month' },
} as const satisfies Record<string, IntervalFacts>

/** The length of a bar. `1w` starts Monday, `1mo` on the 1st, `3d` counts from the epoch. */
export type Interval = keyof typeof TABLE

/** Every interval with its length and kind, shortest first. */
export const INTERVALS: Readonly<Record<Interval, IntervalFacts>> = TABLE

/** Is this the name of an interval? */
export function isInterval(value: unknown): value is Interval {
  return typeof value === 'string' && Object.hasOwn(TABLE, value)
}

/**
 * Reads the name of an interval.
 * @throws {ConfigError} `config/interval`; for `1M` it names both `1m` and `1mo`
 */
export function parseInterval(value: unknown, field = 'interval'): Interval {
  if (isInterval(value)) return value
  const why =
    value === '1M'
      ? '"1M" means a minute to one vendor and a month to another: write "1m" (a minute) or "1mo" (a month)'
      : `${JSON.stringify(value) ?? String(value)} is no interval: use ${Object.keys(TABLE).join(' ')}`
  throw new ConfigError('config/interval', `${field}: ${why}`, { field, value })
}

/** Is a bar of this interval a day or longer, so that it carries a label at 00:00 UTC? */
export function isLabelled(interval: Interval): boolean {
  return INTERVALS[interval].kind !== 'clock'
}

/** Monday 1970-01-05, the first week opening after the epoch. */
const FIRST_MONDAY_MS = 4 * DAY_MS

/** Opening of the bar that holds this instant, on the UTC clock. */
export function barOpen(interval: Interval, ms: EpochMs): EpochMs {
  const { kind, ms: length } = INTERVALS[interval]
  if (kind === 'month') {
    const date = new Date(ms)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  }
  const anchor = kind === 'week' ? FIRST_MONDAY_MS : 0
  return Math.floor((ms - anchor) / length) * length + anchor
}

/** Opening of the bar after the one that opens here: also the close of that bar, exclusive. */
export function nextOpen(interval: Interval, openMs: EpochMs): EpochMs {
  const { kind, ms: length } = INTERVALS[interval]
  if (kind !== 'month') return openMs + length
  const date = new Date(openMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
}

/** Opening of the first bar that opens at or after this instant, on the UTC clock. */
export function ceilOpen(interval: Interval, ms: EpochMs): EpochMs {
  const open = barOpen(interval, ms)
  return open === ms ? ms : nextOpen(interval, open)
}

/** Moves an opening by a number of bars, which may be negative. */
export function shiftOpen(interval: Interval, openMs: EpochMs, bars: number): EpochMs {
  const { kind, ms: length } = INTERVALS[interval]
  if (kind !== 'month') return openMs + bars * length
  const date = new Date(openMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + bars, date.getUTCDate())
}

/** Number of openings on the UTC clock inside a range: the rows of an unbroken series. */
export function countOpens(interval: Interval, range: Range): number {
  const first = ceilOpen(interval, range.startMs)
  if (first >= range.endMs) return 0
  if (INTERVALS[interval].kind !== 'month') return Math.ceil((range.endMs - first) / INTERVALS[interval].ms)
  const [a, b] = [new Date(first), new Date(range.endMs - 1)]
  return (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth() + 1
}

/**
 * The range of labels that a range of time means: for bars of a day and longer, from the first label inside to the label
 * after the last one. Other ranges stay as they are.
 */
export function labelRange(interval: Interval | undefined, range: Range): Range {
  if (interval === undefined || !isLabelled(interval)) return range
  const startMs = ceilOpen(interval, range.startMs)
  return { startMs, endMs: Math.max(startMs, ceilOpen(interval, range.endMs)) }
}
