/**
 * Wall clocks of time zones, from the platform's own tables.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

/** Converts between UTC and the wall clock of one zone. */
export interface ZoneClock {
  /** Milliseconds that the wall clock is ahead of UTC at an instant. */
  offsetMs(ms: EpochMs): number
  /** The same for ascending instants; asks the platform once in four weeks unless the clock changes between. */
  offsetsMs(ascendingMs: Float64Array): Float64Array
  /** The instant at which the wall clock shows this; of two, the earlier; in a skipped hour, the instant after it. */
  utcMs(wallMs: EpochMs): EpochMs
}

// No zone has kept an offset for less than this between two changes.
const SAFE_STEP_MS = 28 * DAY_MS

/** Makes the clock of an IANA zone. @throws {ProviderError} `provider/response` for an unknown zone */
export function zoneClock(zone: string): ZoneClock {
  const format = formatOf(zone)
  const offsetMs = (ms: EpochMs): number => {
    const whole = Math.floor(ms / 1000) * 1000
    let [year, month, day, hour, minute, second] = [0, 0, 0, 0, 0, 0]
    for (const { type, value } of format.formatToParts(whole)) {
      if (type === 'year') year = Number(value)
      else if (type === 'month') month = Number(value)
      else if (type === 'day') day = Number(value)
      else if (type === 'hour') hour = Number(value)
      else if (type === 'minute') minute = Number(value)
      else if (type === 'second') second = Number(value)
    }
    return Date.UTC(year, month - 1, day, hour, minute, second) - whole
  }
  const offsetsMs = (ascending: Float64Array): Float64Array => {
    const out = new Float64Array(ascending.length)
    let start = 0
    while (start < ascending.length) {
      const limit = (ascending[start] as number) + SAFE_STEP_MS
      let end = start + 1
      while (end < ascending.length && (ascending[end] as number) <= limit) end++
      const [first, last] = [offsetMs(ascending[start] as number), offsetMs(ascending[end - 1] as number)]
      for (let i = start; i < end; i++) out[i] = first === last ? first : offsetMs(ascending[i] as number)
      start = end
    }
    return out
  }
  const utcMs = (wallMs: EpochMs): EpochMs => {
    const before = wallMs - offsetMs(wallMs - DAY_MS)
    const after = wallMs - offsetMs(wallMs + DAY_MS)
    for (const candidate of [Math.min(before, after), Math.max(before, after)]) {
      if (candidate + offsetMs(candidate) === wallMs) return candidate
    }
    return Math.max(before, after)
  }
  return { offsetMs, offsetsMs, utcMs }
}

// Formatters are slow to make and never change, and there are only as many as the platform knows zones.
const FORMATS = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone)
  if (known !== undefined) return known
  const format = makeFormat(zone)
  FORMATS.set(zone, format)
  return format
}

function makeFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (error) {
    throw new ProviderError('provider/response', `named the time zone ${JSON.stringify(zone)}, which does not exist`, {
      cause: error,
    })
  }
}
