/**
 * How far an answer of CoinGecko reaches back: some days from now, of which the vendor allows only a few numbers.
 * @module
 */
import type { Interval } from '../contract/interval.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS } from '../contract/time.ts'
import type { PageContext } from './http/define.ts'

type Asked = Pick<PageContext<never, object>, 'range' | 'series' | 'nowMs'>

/** Days that an answer may be asked for, by length of the bars. */
const DAYS: Readonly<Partial<Record<Interval, readonly number[]>>> = {
  '30m': [1],
  '4h': [7, 14, 30],
  '1h': [1, 7, 14, 30, 90],
  '1d': [1, 7, 14, 30, 90, 180],
}

/** Days from now back to the start: the fewest that the vendor allows and that reach it. */
export function daysFor({ range, series, nowMs }: Asked): number {
  const needed = Math.ceil((nowMs - range.startMs) / DAY_MS)
  const allowed = series.interval === undefined ? [Math.max(1, needed)] : (DAYS[series.interval] as readonly number[])
  return allowed.find((days) => days >= needed) ?? (allowed.at(-1) as number)
}

/** What an answer that begins so many days before now proves of a range. */
export function provenBy(context: Asked): Range {
  const reachMs = context.nowMs - daysFor(context) * DAY_MS
  const startMs = Math.max(context.range.startMs, reachMs)
  return { startMs, endMs: Math.max(startMs, context.range.endMs) }
}
