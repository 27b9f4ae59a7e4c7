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
  /** The same for many instants; of ascending ones it looks twice in two weeks unless the clock changes between. */
  offsetsMs(instantsMs: Float64Array): Float64Array
  /** The instant at which the wall clock shows this; of two, the earlier; in a skipped hour, the instant after it. */
  utcMs(wallMs: EpochMs): EpochMs
}

// Since 1970 no zone has kept an offset for less than sixteen days (Western Sahara, 1976); Egypt did for three weeks in 2010.
const SAFE_STEP_MS = 14 * DAY_MS

/** Makes the clock of an IANA zone. @throws {ProviderError} `provider/response` for an unknown zone */
export function zoneClock(zone: string): ZoneClock {
  const table = timeZoneOf(zone)
  if (table === null) {
    throw new ProviderError('provider/response', `named the time zone ${JSON.stringify(zone)}, which does not exist`)
  }
  const { offsetAt, toUtc } = table
  const offsetsMs = (ms: Float64Array): Float64Array => {
    const out = new Float64Array(ms.length)
    let start = 0
    while (start < ms.length) {
      const limit = (ms[start] as number) + SAFE_STEP_MS
      let end = start + 1
      while (end < ms.length && (ms[end] as number) <= limit && (ms[end] as number) >= (ms[end - 1] as number)) end++
      const [first, last] = [offsetAt(ms[start] as number), offsetAt(ms[end - 1] as number)]
      if (first === last) out.fill(first, start, end)
      else for (let i = start; i < end; i++) out[i] = offsetAt(ms[i] as number)
      start = end
    }
    return out
  }
  return { offsetMs: offsetAt, offsetsMs, utcMs: toUtc }
}
