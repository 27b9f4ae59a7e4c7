/**
 * Wall clocks of time zones that vendors name.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { timeZoneOf } from '../contract/time-zone.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

/** Converts between UTC and the wall clock of one zone. */
export interface ZoneClock {
  /** Milliseconds that the wall clock is ahead of UTC at an instant. */
  offsetMs(ms: EpochMs): number
  /** The same for ascending instants; looks once in four weeks unless the clock changes between. */
  offsetsMs(ascendingMs: Float64Array): Float64Array
  /** The instant at which the wall clock shows this; of two, the earlier; in a skipped hour, the instant after it. */
  utcMs(wallMs: EpochMs): EpochMs
}

// No zone has kept an offset for less than this between two changes.
const SAFE_STEP_MS = 28 * DAY_MS

/** Makes the clock of an IANA zone. @throws {ProviderError} `provider/response` for an unknown zone */
export function zoneClock(zone: string): ZoneClock {
  const table = timeZoneOf(zone)
  if (table === null) {
    throw new ProviderError('provider/response', `named the time zone ${JSON.stringify(zone)}, which does not exist`)
  }
  const { offsetAt, toUtc } = table
  const offsetsMs = (ascending: Float64Array): Float64Array => {
    const out = new Float64Array(ascending.length)
    let start = 0
    while (start < ascending.length) {
      const limit = (ascending[start] as number) + SAFE_STEP_MS
      let end = start + 1
      while (end < ascending.length && (ascending[end] as number) <= limit) end++
      const [first, last] = [offsetAt(ascending[start] as number), offsetAt(ascending[end - 1] as number)]
      if (first === last) out.fill(first, start, end)
      else for (let i = start; i < end; i++) out[i] = offsetAt(ascending[i] as number)
      start = end
    }
    return out
  }
  return { offsetMs: offsetAt, offsetsMs, utcMs: toUtc }
}
