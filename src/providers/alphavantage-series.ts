/**
 * Answers of Alpha Vantage: objects keyed by wall-clock stamps, newest first, whose fields are numbered.
 * @module
 */
import { DAY_MS, type EpochMs, HOUR_MS } from '../contract/time.ts'
import { type Row, malformed, objectAt } from './answer.ts'

/** `1. open`, `4a. close (USD)` -> `open`, `close`: the numbers differ from call to call. */
function fieldsOf(row: Row): Row {
  const fields = new Map<string, unknown>()
  for (const [key, value] of Object.entries(row)) {
    const name = key.replace(/^\d+[a-z]?\.\s*/, '').replace(/\s*\(.*\)$/, '')
    if (!fields.has(name)) fields.set(name, value)
  }
  return Object.fromEntries(fields)
}

/** A series as it was answered, ascending. */
export interface TimeSeries {
  /** Stamps as the wall clock of `zone` shows them, as if it were UTC. */
  readonly walls: readonly EpochMs[]
  /** Fields without their numbers: `open`, `close`. */
  readonly rows: readonly Row[]
  /** Zone of the stamps, IANA or an old name of one. */
  readonly zone: string
  /** When the vendor made the series, as it writes it; empty where it does not say. */
  readonly refreshed: string
}

/** Reads an answer. @throws {ProviderError} `provider/response` */
export function timeSeriesOf(body: unknown): TimeSeries {
  const answer = objectAt(body, 'answer')
  const key = Object.keys(answer).find(
    (name) => name.includes('Time Series') || name.includes('Weekly') || name.includes('Monthly'),
  )
  if (key === undefined) throw malformed('answer', Object.keys(answer), 'a time series')
  const meta = fieldsOf(objectAt(answer['Meta Data'] ?? {}, 'Meta Data'))
  const entries = Object.entries(objectAt(answer[key], key)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const walls = entries.map(([stamp]) => {
    const ms = Date.parse(stamp.length > 10 ? `${stamp.replace(' ', 'T')}Z` : stamp)
    if (Number.isNaN(ms)) throw malformed(key, stamp, 'a time')
    return ms
  })
  const zone = String(meta['Time Zone'] ?? 'US/Eastern').split(' ')[0] as string
  return {
    walls,
    rows: entries.map(([, row]) => fieldsOf(objectAt(row, key))),
    zone,
    refreshed: String(meta['Last Refreshed'] ?? ''),
  }
}


/**
 * Are intraday bars stamped by their close? They were until 2021 at least and are no more; no page says which. A day
 * tells by its ends: extended hours run from 04:00 to 20:00, regular ones from 09:30 to 16:00. Where no day is whole,
 * the year decides.
 */
export function isStampedByClose(walls: readonly EpochMs[], refreshed: string): boolean {
  const clocks = new Set(walls.map((ms) => ms % DAY_MS))
  if (clocks.has(4 * HOUR_MS)) return false
  if (clocks.has(20 * HOUR_MS)) return true
  const [first, last] = [Math.min(...clocks), Math.max(...clocks)]
  if (first === 9.5 * HOUR_MS && last < 16 * HOUR_MS) return false
  if (last === 16 * HOUR_MS && first > 9.5 * HOUR_MS) return true
  return refreshed !== '' && refreshed < '2022-01-01'
}
