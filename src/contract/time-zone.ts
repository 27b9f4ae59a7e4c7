/**
 * Time zones: one table of clock changes per zone, read from the platform decade by decade as they are needed.
 * @module
 */
import { DAY_MS, EARLIEST_MS, type EpochMs, LATEST_MS } from './time.ts'

/** Clock readings counted as if they were UTC: milliseconds after 1970-01-01 00:00 on the local clock. */
export type LocalMs = number

/** A time zone. */
export interface TimeZone {
  readonly name: string
  /**
   * The instant at which local clocks show this. A reading that a clock change skips is taken with the offset before
   * the change (later instant), one that occurs twice is the first: what Temporal calls `compatible`.
   */
  toUtc(local: LocalMs): EpochMs
  /** Milliseconds by which local clocks are ahead of UTC at this instant. */
  offsetAt(ms: EpochMs): number
}

type OffsetReader = (ms: EpochMs) => number

/** Clock changes of one decade: from `at[i]` on, clocks are `offset[i]` ahead. `at[0]` is -Infinity. */
interface Decade {
  /** Inclusive. */
  readonly startMs: EpochMs
  /** Exclusive. */
  readonly endMs: EpochMs
  readonly at: readonly number[]
  readonly offset: readonly number[]
}

// Shorter than any stretch of summer time on record, so that no pair of changes falls between two samples.
const SAMPLE_MS = 21 * DAY_MS
// Neighbouring decades overlap: a local reading near New Year finds its changes in either.
const MARGIN_MS = 30 * DAY_MS
const QUARTER_HOUR_MS = 900_000

const UTC: TimeZone = { name: 'UTC', toUtc: (local) => local, offsetAt: () => 0 }

// Tables never change, and there are only as many as the platform knows zones.
const zones = new Map<string, TimeZone>([['UTC', UTC]])

/** The zone of an IANA name, or null where the platform does not know it. Its tables are built once and shared. */
export function timeZoneOf(name: string): TimeZone | null {
  const known = zones.get(name)
  if (known !== undefined) return known
  const offset = offsetReader(name)
  if (offset === null) return null
  const zone = createZone(name, offset)
  zones.set(name, zone)
  return zone
}

const NO_DECADE: Decade = { startMs: 0, endMs: 0, at: [], offset: [] }

function createZone(name: string, offset: OffsetReader): TimeZone {
  const decades = new Map<number, Decade>()
  let recent = NO_DECADE
  const decadeAt = (ms: number): Decade => {
    if (ms >= recent.startMs && ms < recent.endMs) return recent
    const year = new Date(ms).getUTCFullYear()
    const startMs = Date.UTC(year - (year % 10), 0, 1)
    recent = decades.get(startMs) ?? decadeOf(offset, startMs)
    decades.set(startMs, recent)
    return recent
  }
  // Beyond the years that a bar may carry nothing is kept, so that wild times cost no memory.
  const hasTable = (ms: number): boolean => ms >= EARLIEST_MS && ms < LATEST_MS
  return {
    name,
    toUtc(local) {
      if (!hasTable(local)) return local - offset(local)
      const { at, offset: of } = decadeAt(local)
      let i = at.length - 1
      while (i > 0 && (at[i] as number) + Math.max(of[i - 1] as number, of[i] as number) > local) i--
      return local - (of[i] as number)
    },
    offsetAt(ms) {
      if (!hasTable(ms)) return offset(ms)
      const { at, offset: of } = decadeAt(ms)
      let i = at.length - 1
      while ((at[i] as number) > ms) i--
      return of[i] as number
    },
  }
}

/** Reads an offset such as `GMT-05:00` or `GMT+00:19:32` from a formatted date. */
function offsetReader(name: string): OffsetReader | null {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch {
    return null
  }
  return (ms) => {
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(ms))
    if (match?.[1] === undefined) return 0
    const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
    return (match[1] === '-' ? -seconds : seconds) * 1000
  }
}

function decadeOf(offset: OffsetReader, startMs: EpochMs): Decade {
  const endMs = Date.UTC(new Date(startMs).getUTCFullYear() + 10, 0, 1)
  const at = [-Infinity]
  const of = [offset(startMs - MARGIN_MS)]
  let before = startMs - MARGIN_MS
  while (before < endMs + MARGIN_MS) {
    const old = of.at(-1) as number
    const after = Math.min(before + SAMPLE_MS, endMs + MARGIN_MS)
    if (offset(after) !== old) {
      const change = bisect(offset, old, before, after)
      at.push(change)
      of.push(offset(change))
      before = change
    } else before = after
  }
  return { startMs, endMs, at, offset: of }
}

/** First second whose offset is no longer the old one; nearly all changes lie on a quarter of an hour. */
function bisect(offset: OffsetReader, old: number, before: number, after: number): number {
  let [low, high] = [before, after]
  for (const step of [QUARTER_HOUR_MS, 1000]) {
    while (high - low > step) {
      const middle = Math.floor((low + high) / 2 / step) * step
      const inside = middle > low && middle < high ? middle : low + step
      if (offset(inside) === old) low = inside
      else high = inside
    }
    if (offset(high - 1000) === old) return high
  }
  return high
}
