/**
 * Session dates of the stamps of a Yahoo chart, by the clock of its exchange.
 * @module
 */
import { DAY_MS, type EpochMs, HOUR_MS } from '../contract/time.ts'
import { malformed, numberOf } from './columns.ts'
import { type ZoneClock, zoneClock } from './zone.ts'

const LATE_MS = 22 * HOUR_MS

/**
 * The clock of the exchange. `gmtoffset` holds for the moment of the request only, so it is the last resort.
 * @throws {ProviderError} `provider/response` where neither is there
 */
export function clockOf(meta: Readonly<Record<string, unknown>>): ZoneClock {
  const zone = meta['exchangeTimezoneName']
  if (typeof zone === 'string' && zone !== '') return zoneClock(zone)
  const offset = numberOf(meta['gmtoffset'])
  if (offset === null) throw malformed('meta.exchangeTimezoneName', zone, 'a time zone')
  return {
    offsetMs: () => offset * 1000,
    offsetsMs: (ms) => new Float64Array(ms.length).fill(offset * 1000),
    utcMs: (wallMs) => wallMs - offset * 1000,
  }
}

/**
 * Session dates of stamps, at 00:00 UTC. Stamps are the opening on the wall clock, and around a change of the clock
 * some come an hour early, at 23:00 of the day before: late evening counts for the next day. The live row carries the
 * time of the last trade, which is on its own day whatever the hour.
 */
export function sessionDates(times: Float64Array, clock: ZoneClock, liveRow: number): Float64Array {
  const dates = datesOfAnyOffset(times, clock)
  if (dates !== null) return dates
  const offsets = clock.offsetsMs(times)
  return times.map((ms, row) => {
    const wall = ms + (offsets[row] as number)
    const early = row !== liveRow && timeOfDay(wall) >= LATE_MS
    return Math.floor((early ? wall + DAY_MS - LATE_MS : wall) / DAY_MS) * DAY_MS
  })
}

const timeOfDay = (wallMs: EpochMs): number => wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS

/**
 * The dates of stamps around the middle of the day, which are the same whatever the clock was set to; null where one
 * of them is not. Spares thousands of questions for the offset, which are slow.
 */
function datesOfAnyOffset(times: Float64Array, clock: ZoneClock): Float64Array | null {
  if (times.length < 50) return null
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const row of [0, times.length >> 1, times.length - 1]) {
    const year = new Date(times[row] as number).getUTCFullYear()
    for (const month of [0, 6]) {
      const offset = clock.offsetMs(Date.UTC(year, month, 1))
      least = Math.min(least, offset)
      most = Math.max(most, offset)
    }
  }
  const out = new Float64Array(times.length)
  for (let row = 0; row < times.length; row++) {
    // No clock is set further than an hour beyond what it shows in January and July.
    const [early, late] = [(times[row] as number) + least - HOUR_MS, (times[row] as number) + most + HOUR_MS]
    const day = Math.floor(early / DAY_MS)
    // Late on the same day, and not so late that it would be counted for the next.
    if (!(late - day * DAY_MS < LATE_MS)) return null
    out[row] = day * DAY_MS
  }
  return out
}
