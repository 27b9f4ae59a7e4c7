/**
 * Points in time as callers write them, and as the inside counts them: epoch milliseconds, UTC.
 * @module
 */
import { ConfigError } from './errors.ts'

/** A point in time as a caller gives it: ISO text, `Date`, or epoch milliseconds. */
export type TimeInput = string | number | Date

/** Milliseconds after 1970-01-01T00:00:00Z. */
export type EpochMs = number

/** Milliseconds of a UTC day. */
export const DAY_MS = 86_400_000
/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000

/** First instant that a bar may carry: 1900-01-01Z, inclusive. */
export const EARLIEST_MS: EpochMs = Date.UTC(1900, 0, 1)
/** First instant that no bar may carry: 2100-01-01Z, exclusive. */
export const LATEST_MS: EpochMs = Date.UTC(2100, 0, 1)

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|z|[+-]\d{2}:?\d{2})?)?$/

/** Smallest plain number taken as milliseconds; below it a number is more likely seconds. */
const SMALLEST_MS = 1e11

function refuse(field: string, value: unknown, why: string): never {
  const shown = value instanceof Date ? 'Invalid Date' : JSON.stringify(value) ?? String(value)
  throw new ConfigError('config/time', `${field}: ${shown} ${why}`, { field, value })
}

/**
 * Reads a point in time given by a caller.
 * A date alone is 00:00 UTC; a date-time needs `Z` or an offset.
 * @returns epoch milliseconds, digits below a millisecond cut off
 * @throws {ConfigError} `config/time` for any other shape, a date-time without offset, or seconds given as a number
 */
export function parseTime(value: TimeInput, field = 'time'): EpochMs {
  if (value instanceof Date) {
    const ms = value.getTime()
    return Number.isNaN(ms) ? refuse(field, value, 'is no date') : inBounds(ms, field, value)
  }
  if (typeof value === 'number') return fromNumber(value, field)
  if (typeof value === 'string') return fromText(value, field)
  return refuse(field, value, 'is no time: use an ISO text, a Date or epoch milliseconds')
}

function fromNumber(value: number, field: string): EpochMs {
  if (!Number.isFinite(value)) return refuse(field, value, 'is no finite number of milliseconds')
  if (Math.abs(value) < SMALLEST_MS) {
    return refuse(field, value, 'looks like seconds: multiply by 1000, or give an ISO text for a time before 1973')
  }
  if (Math.abs(value) >= 1e14) return refuse(field, value, 'looks like microseconds or nanoseconds: give milliseconds')
  return inBounds(Math.trunc(value), field, value)
}

function fromText(text: string, field: string): EpochMs {
  const match = ISO.exec(text)
  if (match === null) return refuse(field, text, 'is no ISO date or date-time, such as 2024-01-31 or 2024-01-31T09:30:00Z')
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  if (hour !== undefined && zone === undefined) {
    return refuse(field, text, 'has no offset: add Z for UTC, or an offset such as +02:00')
  }
  const [y, mo, d] = [Number(year), Number(month), Number(day)]
  const [h, mi, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)]
  const midnight = new Date(0)
  midnight.setUTCFullYear(y, mo - 1, d)
  const exists = midnight.getUTCMonth() === mo - 1 && midnight.getUTCDate() === d
  if (!exists || h > 23 || mi > 59 || s > 59) return refuse(field, text, 'does not exist in the calendar or on the clock')
  const ms = midnight.getTime() + ((h * 60 + mi) * 60 + s) * 1000 + Number((fraction ?? '').padEnd(3, '0').slice(0, 3))
  return inBounds(ms - offsetMs(zone), field, text)
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000
}

function inBounds(ms: number, field: string, value: unknown): EpochMs {
  if (ms < EARLIEST_MS || ms > LATEST_MS) return refuse(field, value, 'lies outside the years 1900 to 2099')
  return ms
}

/** Writes epoch milliseconds as ISO text; midnight UTC as a date alone. */
export function formatTime(ms: EpochMs): string {
  if (!Number.isFinite(ms)) return String(ms)
  const iso = new Date(ms).toISOString()
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.replace('.000Z', 'Z')
}
