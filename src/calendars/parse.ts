/**
 * The small texts of a calendar table: weekdays, bounds, clock times.
 * @module
 */
import { type EpochDay, WEEKDAYS, dayOf, parseIsoDay } from './day.ts'
import { refuse } from './refuse.ts'
import type { LocalMs } from '../contract/time-zone.ts'

/** Seven flags, Sunday first. */
export type WeekdaySet = readonly boolean[]

/** Days from first to last, both inclusive. */
export interface DayBounds {
  readonly first: EpochDay
  readonly last: EpochDay
}

/** A time on a clock: milliseconds after 00:00 of the session date, and the zone where it is not the calendar's own. */
export interface ClockTime {
  readonly ms: LocalMs
  readonly zone: string | null
}

/** Every weekday. */
export const EVERY_DAY: WeekdaySet = [true, true, true, true, true, true, true]

/** Reads the name of a weekday, short or long; 0 = Sunday, -1 = none. */
export function weekdayNumber(name: string): number {
  const text = name.trim().toLowerCase()
  if (text.length < 3) return -1
  return ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'].findIndex(
    (long) => long === text || long.slice(0, 3) === text || (text.length === 4 && long.startsWith(text)),
  )
}

/** Reads weekdays. */
export function parseWeekdays(value: unknown, field: string): WeekdaySet {
  const list = typeof value === 'string' ? value.split(/[\s,]+/).filter((part) => part !== '') : value
  if (!Array.isArray(list) || list.length === 0) return refuse(field, value, `are no weekdays: ${WEEKDAY_HELP}`)
  const set = EVERY_DAY.map(() => false)
  for (const part of list as unknown[]) {
    const [low, high = low] = (typeof part === 'string' ? part : '').split(/-|\.\.|–/)
    const [a, b] = [weekdayNumber(low ?? ''), weekdayNumber(high ?? '')]
    if (a < 0 || b < 0) return refuse(field, part, `is no weekday: ${WEEKDAY_HELP}`)
    for (let day = a; ; day = (day + 1) % 7) {
      set[day] = true
      if (day === b) break
    }
  }
  return set
}

const WEEKDAY_HELP = `use ${WEEKDAYS.join(' ')}, such as "Mon-Fri" or ["Sun", "Mon"]`

/** Reads a bound: a date, or a year alone. */
export function parseBound(value: unknown, end: 'first' | 'last', field: string): EpochDay {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string') {
    if (/^\d{4}$/.test(text)) return end === 'first' ? dayOf(Number(text), 1, 1) : dayOf(Number(text), 12, 31)
    const day = parseIsoDay(text)
    if (day !== null) return day
  }
  return refuse(field, value, 'is no date or year: use "2013-01-31", "2013" or 2013')
}

/** Reads `first` and `last` of a line. */
export function parseBounds(line: { readonly first?: unknown; readonly last?: unknown }, field: string): DayBounds {
  const first = line.first === undefined ? -Infinity : parseBound(line.first, 'first', `${field}.first`)
  const last = line.last === undefined ? Infinity : parseBound(line.last, 'last', `${field}.last`)
  if (first > last) refuse(field, { first: line.first, last: line.last }, 'ends before it starts: swap first and last')
  return { first, last }
}

const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([+-]\d)?d?(?:\s*@\s*([A-Za-z][\w+\-/]*))?$/

/** Reads a time on a clock. */
export function parseClock(value: unknown, field: string): ClockTime {
  const match = typeof value === 'string' ? CLOCK.exec(value.trim()) : null
  if (match === null) {
    return refuse(field, value, 'is no time: use "9:30", "24:00", "17:00-1d" (day before) or "16:00@America/New_York"')
  }
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1000
  if (minutes > 59 || seconds > 59 || ms > 86_400_000)
    return refuse(field, value, 'does not exist on a clock of 24 hours')
  return { ms: ms + Number(match[4] ?? 0) * 86_400_000, zone: match[5] ?? null }
}

/** Reads a break: a pair of times, or null for none. */
export function parseBreak(value: unknown, field: string): readonly [ClockTime, ClockTime] | null {
  if (value === null) return null
  if (!Array.isArray(value) || value.length !== 2)
    return refuse(field, value, 'is no break: use ["11:30", "12:30"] or null')
  return [parseClock(value[0], `${field}[0]`), parseClock(value[1], `${field}[1]`)]
}

/** Reads a date of a table. */
export function parseDate(value: unknown, field: string): EpochDay {
  const day = typeof value === 'string' ? parseIsoDay(value) : null
  return day ?? refuse(field, value, 'is no date: use "2001-09-11"')
}

/** Reads a date or a run of dates `A..B`, both inclusive. */
export function parseDates(value: unknown, field: string): EpochDay[] {
  if (typeof value !== 'string') return refuse(field, value, 'is no date: use "2001-09-11" or "2001-09-11..2001-09-14"')
  const [low, high = low] = value.split('..')
  const [first, last] = [parseDate(low, field), parseDate(high, field)]
  if (first > last || last - first > 400) return refuse(field, value, 'is no run of dates: give the earlier one first')
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
