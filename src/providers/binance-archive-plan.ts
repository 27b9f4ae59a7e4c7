/**
 * Which of Binance's files hold a range, and what is left to the exchange's own interface.
 * @module
 */
import { INTERVALS, type Interval, countOpens } from '../contract/interval.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

/** One part of what was asked: a file, or a stretch of the interface. */
export interface Segment extends Range {
  readonly kind: 'monthly' | 'daily' | 'rest'
}

// A month is filed on the first Monday of the next, a day on the day after.
const MONTH_FILED_MS = 8 * DAY_MS
const DAY_FILED_MS = DAY_MS
/** A range of this many pages of the interface is not worth a file. */
const REST_PAGES = 2

function nextMonth(ms: EpochMs): EpochMs {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

/** Which files hold a range; pure. Neighbouring stretches of the interface are one. */
export function planSegments(range: Range, interval: Interval, nowMs: EpochMs, restRows: number): Segment[] {
  const rest: Segment = { kind: 'rest', ...range }
  if (INTERVALS[interval].ms >= DAY_MS || countOpens(interval, range) <= REST_PAGES * restRows) return [rest]
  const segments: Segment[] = []
  // A month of seconds is larger than any body that is read.
  const hasMonths = interval !== '1s'
  for (let ms = range.startMs; ms < range.endMs;) {
    const monthEnd = nextMonth(ms)
    const dayEnd = (Math.floor(ms / DAY_MS) + 1) * DAY_MS
    const [kind, endMs]: [Segment['kind'], EpochMs] =
      hasMonths && monthEnd + MONTH_FILED_MS <= nowMs
        ? ['monthly', monthEnd]
        : dayEnd + DAY_FILED_MS <= nowMs
          ? ['daily', dayEnd]
          : ['rest', range.endMs]
    segments.push({ kind, startMs: ms, endMs: Math.min(endMs, range.endMs) })
    ms = endMs
  }
  return segments
}
