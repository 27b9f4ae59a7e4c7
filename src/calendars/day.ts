/**
 * Days as whole numbers: 0 is 1970-01-01, in the proleptic Gregorian calendar, of no time zone.
 * @module
 */
import { DAY_MS } from '../contract/time.ts'
import type { Weekday } from './spec.ts'

/** Days after 1970-01-01; may be negative. */
export type EpochDay = number

/** Weekday as a number, 0 = Sunday. */
export type WeekdayNumber = number

/** Names of the weekdays, Sunday first. */
export const WEEKDAYS: readonly Weekday[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** Day of a year, month (1–12) and day of month; days beyond a month's end run on into the next. */
export function dayOf(year: number, month: number, day: number): EpochDay {
  const date = new Date(0)
  return date.setUTCFullYear(year, month - 1, day) / DAY_MS
}

/** Year of a day. */
export function yearOf(day: EpochDay): number {
  return new Date(day * DAY_MS).getUTCFullYear()
}

/** Weekday of a day, 0 = Sunday. */
export function weekdayOf(day: EpochDay): WeekdayNumber {
  return (((day + 4) % 7) + 7) % 7
}

/** `YYYY-MM-DD` of a day. */
export function isoOf(day: EpochDay): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** Does this day of month exist, in leap years at least? */
export function isMonthDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && dayOf(2000, month, day) < dayOf(2000, month + 1, 1)
}

/** Day of `YYYY-MM-DD`, or null where the text is no date. */
export function parseIsoDay(text: string): EpochDay | null {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text.trim())
  if (match === null) return null
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const found = dayOf(year, month, day)
  return month >= 1 && month <= 12 && day >= 1 && found < dayOf(year, month + 1, 1) ? found : null
}
