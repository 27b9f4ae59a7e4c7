/**
 * Time zones: one table of transitions per zone, read from `Intl` decade by decade as they are needed.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

/** Clock readings counted as if they were UTC: milliseconds after 1970-01-01 00:00 on the local clock. */
export type LocalMs = number

/** A time zone. */
export interface Zone {
  readonly name: string
  /**
   * The instant at which local clocks show this. A reading that a clock change skips is taken with the offset before
   * the change (later instant), one that occurs twice is the first: what Temporal calls `compatible`.
   */
  toUtc(local: LocalMs): EpochMs
  /** Milliseconds by which local clocks are ahead of UTC at this instant. */
  offsetAt(ms: EpochMs): number
}

/** Transitions of one decade: from `at[i]` on, clocks are `offset[i]` ahead. `at[0]` is -Infinity. */
interface Transitions {
  readonly at: readonly number[]
  readonly offset: readonly number[]
}

// Shorter than any stretch of summer time on record, so that no pair of changes falls between two samples.
const SAMPLE_MS = 21 * DAY_MS
// Neighbouring decades overlap: a local reading near New Year finds its transitions in either.
const MARGIN_MS = 30 * DAY_MS
const QUARTER_HOUR_MS = 900_000

const UTC: Zone = { name: 'UTC', toUtc: (local) => local, offsetAt: () => 0 }

const zones = new Map<string, Zone>([['UTC', UTC]])

/**
 * The zone of an IANA name. Its tables are built once and shared.
 * @throws {ConfigError} `config/option` for a name that the platform does not know
 */
export function zoneOf(name: string, field = 'zone'): Zone {
  const known = zones.get(name)
  if (known !== undefined) return known
  const zone = createZone(name, field)
  zones.set(name, zone)
  return zone
}

function createZone(name: string, field: string): Zone {
  const offset = offsetReader(name, field)
  const decades = new Map<number, Transitions>()
  const transitionsAt = (ms: number): Transitions => {
    const decade = Math.floor(new Date(ms).getUTCFullYear() / 10)
    const known = decades.get(decade)
    if (known !== undefined) return known
    const startMs = Date.UTC(decade * 10, 0, 1) - MARGIN_MS
    const found = findTransitions(offset, startMs, Date.UTC(decade * 10 + 10, 0, 1) + MARGIN_MS)
    decades.set(decade, found)
    return found
  }
  return {
    name,
    toUtc(local) {
      const { at, offset: of } = transitionsAt(local)
      let i = at.length - 1
      while (i > 0 && (at[i] as number) + Math.max(of[i - 1] as number, of[i] as number) > local) i--
      return local - (of[i] as number)
    },
    offsetAt(ms) {
      const { at, offset: of } = transitionsAt(ms)
      let i = at.length - 1
      while ((at[i] as number) > ms) i--
      return of[i] as number
    },
  }
}

/** Reads an offset such as `GMT-05:00` or `GMT+00:19:32` from a formatted date. */
function offsetReader(name: string, field: string): (ms: number) => number {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch (cause) {
    const message = `${field}: ${JSON.stringify(name)} is no time zone here: use an IANA name such as America/New_York`
    throw new ConfigError('config/option', message, { field, value: name, cause })
  }
  return (ms) => {
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(ms))
    if (match?.[1] === undefined) return 0
    const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
    return (match[1] === '-' ? -seconds : seconds) * 1000
  }
}

function findTransitions(offset: (ms: number) => number, startMs: number, endMs: number): Transitions {
  const at = [-Infinity]
  const of = [offset(startMs)]
  let before = startMs
  while (before < endMs) {
    const old = of.at(-1) as number
    const after = Math.min(before + SAMPLE_MS, endMs)
    if (offset(after) !== old) {
      const change = bisect(offset, old, before, after)
      at.push(change)
      of.push(offset(change))
      before = change
    } else before = after
  }
  return { at, offset: of }
}

/** First second whose offset is no longer the old one; nearly all changes lie on a quarter of an hour. */
function bisect(offset: (ms: number) => number, old: number, before: number, after: number): number {
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
