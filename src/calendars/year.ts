/**
 * The sessions of one year, from a compiled table.
 * @module
 */
import type { Sessions } from '../contract/calendar.ts'
import { ConfigError } from '../contract/errors.ts'
import { DAY_MS } from '../contract/time.ts'
import { type Compiled, type HoursLine, type HoursPatch, lineOf } from './compile.ts'
import { type EpochDay, dayOf, isoOf, weekdayOf, yearOf } from './day.ts'
import type { ToSession } from './observe.ts'
import type { ClockTime } from './parse.ts'
import { holidaysAround, ruleDays } from './rule.ts'
import { zoneOf } from './zone.ts'

/** One day set by hand over the table: closed, or a session with these hours. */
export type Overlay = { readonly kind: 'closed' } | { readonly kind: 'session'; readonly hours: HoursPatch }

/** Farther than any stretch of days without session. */
const LONGEST_CLOSURE_DAYS = 400

/** Evaluates a table year by year; each year once. */
export interface YearTables {
  isSession(day: EpochDay): boolean
  sessionsOf(year: number): Sessions
}

/** Prepares the years of a table; `overlays` win over everything in it. */
export function createYears(table: Compiled, overlays: ReadonlyMap<EpochDay, Overlay>): YearTables {
  const holidays = perYear((year) => holidaysAround(table.holidays, year, (day) => isWorkday(table, day)))
  const isSession = (day: EpochDay): boolean => {
    const overlay = overlays.get(day)
    if (overlay !== undefined) return overlay.kind === 'session'
    if (table.sessions.has(day)) return true
    return isWorkday(table, day) && !table.closures.has(day) && !holidays(yearOf(day)).has(day)
  }
  return { isSession, sessionsOf: perYear((year) => buildYear(table, overlays, isSession, year)) }
}

function perYear<T>(build: (year: number) => T): (year: number) => T {
  const years = new Map<number, T>()
  return (year) => {
    let found = years.get(year)
    if (found === undefined) {
      found = build(year)
      years.set(year, found)
    }
    return found
  }
}

function isWorkday(table: Compiled, day: EpochDay): boolean {
  for (let i = table.week.length - 1; i >= 0; i--) {
    const line = table.week[i]
    if (line !== undefined && day >= line.first && day <= line.last) return line.days[weekdayOf(day)] === true
  }
  return false
}

function buildYear(
  table: Compiled,
  overlays: ReadonlyMap<EpochDay, Overlay>,
  isSession: (day: EpochDay) => boolean,
  year: number,
): Sessions {
  const specials = specialHours(table, isSession, year)
  const first = dayOf(year, 1, 1)
  const days = dayOf(year + 1, 1, 1) - first
  const [session, open, close] = [new Float64Array(days), new Float64Array(days), new Float64Array(days)]
  const [breakStart, breakEnd] = [new Float64Array(days).fill(NaN), new Float64Array(days).fill(NaN)]
  const own = zoneOf(table.zone)
  const at = (day: EpochDay, time: ClockTime): number =>
    (time.zone === null ? own : zoneOf(time.zone)).toUtc(day * DAY_MS + time.ms)
  let n = 0
  for (let day = first; day < first + days; day++) {
    if (!isSession(day)) continue
    const hours = hoursOn(table, day, specials.get(day), overlays.get(day))
    session[n] = day * DAY_MS
    open[n] = at(day, hours.open)
    close[n] = at(day, hours.close)
    if (!((open[n] as number) < (close[n] as number)))
      throw noHours(table, day, 'closes before it opens: correct its special hours')
    if (hours.break !== null) {
      const [start, end] = [at(day, hours.break[0]), at(day, hours.break[1])]
      if (start > (open[n] as number) && start < end && end < (close[n] as number)) {
        breakStart[n] = start
        breakEnd[n] = end
      }
    }
    n++
  }
  const cut = (array: Float64Array): Float64Array => array.subarray(0, n)
  return {
    n,
    session: cut(session),
    open: cut(open),
    close: cut(close),
    breakStart: cut(breakStart),
    breakEnd: cut(breakEnd),
  }
}

type FullHours = Pick<HoursLine, 'open' | 'close' | 'break'>

function hoursOn(
  table: Compiled,
  day: EpochDay,
  special: HoursPatch | undefined,
  overlay: Overlay | undefined,
): FullHours {
  const regular: Partial<FullHours> = lineOf(table.hours, day) ?? {}
  const set = overlay?.kind === 'session' ? overlay.hours : {}
  const { open, close, break: pause = null } = { ...regular, ...special, ...table.sessions.get(day), ...set }
  if (open === undefined || close === undefined)
    throw noHours(table, day, 'has no hours: add a line to hours that holds on it')
  return { open, close, break: pause }
}

function noHours(table: Compiled, day: EpochDay, why: string): ConfigError {
  const field = `${table.name}.hours`
  return new ConfigError('config/option', `${field}: the session of ${isoOf(day)} ${why}`, { field, value: isoOf(day) })
}

/** Special hours of a year by day. A later line wins over an earlier one, a date named by itself over a pattern. */
function specialHours(table: Compiled, isSession: (day: EpochDay) => boolean, year: number): Map<EpochDay, HoursPatch> {
  const found = new Map<EpochDay, HoursPatch>()
  for (const exact of [false, true]) {
    for (const { patch, rules } of table.specials) {
      for (const rule of rules) {
        if (rule.named.exact !== exact) continue
        for (const own of ruleDays(rule, year)) {
          const day = rule.move.toSession === null ? own : sessionNear(own, rule.move.toSession, isSession)
          if (day !== null && rule.keeps(day)) found.set(day, { ...found.get(day), ...patch })
        }
      }
    }
  }
  return found
}

function sessionNear(
  day: EpochDay,
  { step, inclusive }: ToSession,
  isSession: (day: EpochDay) => boolean,
): EpochDay | null {
  let at = inclusive ? day : day + step
  for (let i = 0; i < LONGEST_CLOSURE_DAYS; i++, at += step) if (isSession(at)) return at
  return null
}
