/**
 * Dates and times as vendors write them: labels of days, instants with an offset, wall clocks without one.
 * @module
 */
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { malformed } from './answer.ts'
import { zoneClock } from './zone.ts'

/** The UTC day of an instant as `YYYY-MM-DD`. */
export function dayText(ms: EpochMs): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/**
 * The date that a text begins with, at 00:00 UTC; a time of day behind it is not looked at.
 * @throws {ProviderError} `provider/response` naming `path`
 */
export function dateMs(value: unknown, path: string): EpochMs {
  const text = typeof value === 'string' ? (/^\d{4}-\d{2}-\d{2}(?=$|[T ])/.exec(value)?.[0] ?? '') : ''
  const ms = Date.parse(text)
  // A day that does not exist, such as 2023-02-30, is read as one of the next month by some platforms.
  if (Number.isNaN(ms) || dayText(ms) !== text) throw malformed(path, value, 'a date')
  return ms
}

/**
 * An instant written with `Z` or an offset. Without one it would mean another instant on every machine.
 * @throws {ProviderError} `provider/response` naming `path`
 */
export function instantMs(value: unknown, path: string): EpochMs {
  const ms = typeof value === 'string' && /T.*(Z|[+-]\d{2}:\d{2})$/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw malformed(path, value, 'a time with Z or an offset')
  return ms
}

const NAIVE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?$/

/** Reads times without offset, `2023-01-10 09:30:00`, as the wall clock of a zone shows them. */
export function wallReader(zone: string): (value: unknown, path: string) => EpochMs {
  const clock = zoneClock(zone)
  return (value, path) => {
    const wallMs =
      typeof value === 'string' && NAIVE.test(value) ? Date.parse(`${value.replace(' ', 'T')}Z`) : Number.NaN
    if (Number.isNaN(wallMs)) throw malformed(path, value, 'a date and a time of day')
    return clock.utcMs(wallMs)
  }
}

/** The date that a zone's calendar shows at an instant, at 00:00 UTC. */
export function zoneDateMs(ms: EpochMs, zone: string): EpochMs {
  return Math.floor((ms + zoneClock(zone).offsetMs(ms)) / DAY_MS) * DAY_MS
}
