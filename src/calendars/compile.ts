/**
 * A calendar table, checked and read once.
 * @module
 */
import { type EpochDay, weekdayOf } from './day.ts'
import type { DateTables } from './on.ts'
import {
  type ClockTime,
  type DayBounds,
  type WeekdaySet,
  EVERY_DAY,
  parseBounds,
  parseBreak,
  parseClock,
  parseDate,
  parseDates,
  parseWeekdays,
} from './parse.ts'
import { checkMembers, refuse } from './refuse.ts'
import { type CompiledRule, parseRules } from './rule.ts'
import type { CalendarSpec } from './spec.ts'
import { zoneOf } from './zone.ts'

/** A break, or null for none. */
export type BreakTimes = readonly [ClockTime, ClockTime] | null

/** Hours of one day; what is absent is as usual. */
export interface HoursPatch {
  readonly open?: ClockTime
  readonly close?: ClockTime
  readonly break?: BreakTimes
}

/** Weekdays that trade, on some dates. */
export interface WeekLine extends DayBounds {
  readonly days: WeekdaySet
}

/** Hours that hold on some dates. */
export interface HoursLine extends WeekLine {
  readonly open: ClockTime
  readonly close: ClockTime
  readonly break: BreakTimes
}

/** Days on which one member of the hours differs. */
export interface SpecialLine {
  readonly patch: HoursPatch
  readonly rules: readonly CompiledRule[]
}

/** A calendar table as it is evaluated. */
export interface Compiled {
  readonly name: string
  readonly zone: string
  readonly week: readonly WeekLine[]
  readonly hours: readonly HoursLine[]
  readonly holidays: readonly CompiledRule[]
  readonly closures: ReadonlySet<EpochDay>
  readonly specials: readonly SpecialLine[]
  readonly sessions: ReadonlyMap<EpochDay, HoursPatch>
  readonly valid: DayBounds
}

const MEMBERS = [
  'name',
  'zone',
  'week',
  'hours',
  'holidays',
  'closures',
  'specialOpens',
  'specialCloses',
  'specialBreaks',
  'sessions',
  'tables',
  'valid',
] as const

/**
 * Checks a table and reads its texts.
 * @throws {ConfigError} `config/option` naming the place, the value and the remedy
 */
export function compileCalendar(spec: CalendarSpec): Compiled {
  checkMembers('calendar', spec, MEMBERS)
  const { name } = spec
  if (typeof name !== 'string' || !/^[\w/.-]{1,32}$/.test(name)) {
    return refuse('calendar.name', name, 'is no name: use 1 to 32 of A-Z a-z 0-9 _ / . -')
  }
  if (typeof spec.zone !== 'string')
    return refuse(`${name}.zone`, spec.zone, 'is no time zone: use an IANA name or "UTC"')
  zoneOf(spec.zone, `${name}.zone`)
  const tables = compileTables(spec.tables ?? {}, `${name}.tables`)
  return {
    name,
    zone: spec.zone,
    week: compileWeek(spec.week ?? 'Mon-Fri', `${name}.week`),
    hours: compileHours(spec.hours, `${name}.hours`),
    holidays: parseRules(spec.holidays, `${name}.holidays`, tables, 'holidays'),
    closures: new Set(
      listOf(spec.closures ?? [], `${name}.closures`).flatMap((day, i) => parseDates(day, `${name}.closures[${i}]`)),
    ),
    specials: [
      ...compileSpecials(spec.specialOpens, `${name}.specialOpens`, tables, (text, field) => ({
        open: clockIn(text, field),
      })),
      ...compileSpecials(spec.specialCloses, `${name}.specialCloses`, tables, (text, field) => ({
        close: clockIn(text, field),
      })),
      ...compileSpecials(spec.specialBreaks, `${name}.specialBreaks`, tables, (text, field) => ({
        break: breakText(text, field),
      })),
    ],
    sessions: compileSessions(spec.sessions ?? [], `${name}.sessions`),
    valid: compileValid(spec.valid ?? {}, `${name}.valid`),
  }
}

function listOf(value: unknown, field: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(field, value, 'is no list')
}

function clockIn(value: unknown, field: string): ClockTime {
  const clock = parseClock(value, field)
  if (clock.zone !== null) zoneOf(clock.zone, field)
  return clock
}

function breakIn(value: unknown, field: string): BreakTimes {
  const times = parseBreak(value, field)
  for (const time of times ?? []) if (time.zone !== null) zoneOf(time.zone, field)
  return times
}

function breakText(text: string, field: string): BreakTimes {
  return text === 'none' ? null : breakIn(text.split(text.includes('..') ? '..' : '-'), field)
}

function compileTables(value: unknown, field: string): DateTables {
  checkMembers(field, value, Object.keys(value ?? {}))
  return new Map(
    Object.entries(value as object).map(([name, dates]) => [
      name,
      listOf(dates, `${field}.${name}`).map((date, i) => parseDate(date, `${field}.${name}[${i}]`)),
    ]),
  )
}

function compileWeek(value: unknown, field: string): WeekLine[] {
  const lines = typeof value === 'object' && value !== null && (!Array.isArray(value) || typeof value[0] === 'object')
  if (!lines) return [{ first: -Infinity, last: Infinity, days: parseWeekdays(value, field) }]
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map((line, i) => {
    checkMembers(`${field}[${i}]`, line, ['days', 'first', 'last'])
    const { days } = line as { days?: unknown }
    return { ...parseBounds(line as object, `${field}[${i}]`), days: parseWeekdays(days, `${field}[${i}].days`) }
  })
}

function compileHours(value: unknown, field: string): HoursLine[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || value === undefined)
    return refuse(field, value, 'are missing: use { open: "9:30", close: "16:00" }')
  return list.map((line, i) => compileHoursLine(line, Array.isArray(value) ? `${field}[${i}]` : field))
}

function compileHoursLine(value: unknown, field: string): HoursLine {
  checkMembers(field, value, ['open', 'close', 'break', 'first', 'last', 'days'])
  const line = value as { open?: unknown; close?: unknown; break?: unknown; days?: unknown }
  const [open, close] = [clockIn(line.open, `${field}.open`), clockIn(line.close, `${field}.close`)]
  if (open.zone === close.zone && open.ms >= close.ms) {
    return refuse(
      field,
      value,
      'close before they open: an opening on the day before is "17:00-1d", a close after midnight "02:00+1d"',
    )
  }
  return {
    ...parseBounds(value as object, field),
    days: line.days === undefined ? EVERY_DAY : parseWeekdays(line.days, `${field}.days`),
    open,
    close,
    break: breakIn(line.break ?? null, `${field}.break`),
  }
}

function compileSpecials(
  value: unknown,
  field: string,
  tables: DateTables,
  patch: (text: string, field: string) => HoursPatch,
): SpecialLine[] {
  if (value === undefined) return []
  checkMembers(field, value, Object.keys(value ?? {}))
  return Object.entries(value as object).map(([text, rules]) => {
    const place = `${field}[${JSON.stringify(text)}]`
    return { patch: patch(text, place), rules: parseRules(rules, place, tables, 'hours') }
  })
}

/** Reads hours of one day. */
export function compileSessionHours(value: unknown, field: string): HoursPatch {
  checkMembers(field, value, ['open', 'close', 'break'])
  const hours = value as { open?: unknown; close?: unknown; break?: unknown }
  return {
    ...(hours.open === undefined ? {} : { open: clockIn(hours.open, `${field}.open`) }),
    ...(hours.close === undefined ? {} : { close: clockIn(hours.close, `${field}.close`) }),
    ...(hours.break === undefined ? {} : { break: breakIn(hours.break, `${field}.break`) }),
  }
}

function compileSessions(value: unknown, field: string): Map<EpochDay, HoursPatch> {
  if (Array.isArray(value)) {
    return new Map(
      value.flatMap((day: unknown, i) => parseDates(day, `${field}[${i}]`).map((one) => [one, {}] as const)),
    )
  }
  checkMembers(field, value, Object.keys(value ?? {}))
  return new Map(
    Object.entries(value as object).flatMap(([date, hours]) => {
      const patch = compileSessionHours(hours, `${field}[${JSON.stringify(date)}]`)
      return parseDates(date, field).map((day) => [day, patch] as const)
    }),
  )
}

function compileValid(value: unknown, field: string): DayBounds {
  checkMembers(field, value, ['first', 'last'])
  const { first = 1970, last = 2049 } = value as { first?: unknown; last?: unknown }
  return parseBounds({ first, last }, field)
}

/** The last line that holds on a day. */
export function lineOf<T extends WeekLine>(lines: readonly T[], day: EpochDay): T | null {
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i] as T
    if (day >= line.first && day <= line.last && line.days[weekdayOf(day)] === true) return line
  }
  return null
}
