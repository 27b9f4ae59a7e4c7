/**
 * Calendars: questions about sessions, answered from a table, and corrections laid over it.
 * @module
 */
import type { Calendar, Session } from '../contract/calendar.ts'
import { ConfigError } from '../contract/errors.ts'
import { parseInterval } from '../contract/interval.ts'
import { type Range, formatRange, rangeOf } from '../contract/range.ts'
import { expectedSlots } from '../contract/slots.ts'
import { DAY_MS, type EpochMs, type TimeInput, formatTime, parseTime } from '../contract/time.ts'
import { type Compiled, compileCalendar, compileSessionHours } from './compile.ts'
import { type EpochDay, yearOf } from './day.ts'
import { parseClock, parseDate } from './parse.ts'
import { refuse } from './refuse.ts'
import { firstAbove, sessionAt, sliceSessions, tableVersion } from './sessions.ts'
import type { CalendarSpec, Clock, IsoDate, SessionHours } from './spec.ts'
import { type Overlay, createYears } from './year.ts'

/** A calendar with its table, to which corrections can be laid. */
export interface ExchangeCalendar extends Calendar {
  /** The table that it was made from, without overlays. */
  readonly spec: CalendarSpec
  /**
   * The same calendar without sessions on these dates, for a closure that no table knows yet.
   * @throws {ConfigError} `config/option` for a text that is no date, `config/range` outside `valid`
   */
  withClosure(...dates: readonly IsoDate[]): ExchangeCalendar
  /**
   * The same calendar with another closing time on one session, without its break where that lies later.
   * @throws {ConfigError} `config/option` where the date is no session or the time not after its opening
   */
  withEarlyClose(date: IsoDate, time: Clock): ExchangeCalendar
  /**
   * The same calendar with another opening time on one session.
   * @throws {ConfigError} `config/option` where the date is no session or the time not before its close
   */
  withLateOpen(date: IsoDate, time: Clock): ExchangeCalendar
  /**
   * The same calendar with a session on this date. Hours not given are the regular ones of that date.
   * @throws {ConfigError} `config/option` for wrong hours, `config/range` outside `valid`
   */
  withSession(date: IsoDate, hours?: SessionHours): ExchangeCalendar
}

/** An overlay as it was given, for the version. */
type Overlays = ReadonlyMap<EpochDay, Overlay>

/**
 * Makes a calendar from a table. Nothing is registered: pass the calendar to the client, or use it alone.
 * @throws {ConfigError} `config/option` naming the place in the table, the value and the remedy
 * @example
 * const XLIS = defineCalendar({
 *   name: 'XLIS', zone: 'Europe/Lisbon', hours: { open: '8:00', close: '16:30' },
 *   holidays: ['1-1', 'easter-2', 'easter+1', '5-1', '12-25', '12-26'], specialCloses: { '13:05': ['12-24', '12-31'] },
 * })
 */
export function defineCalendar(spec: CalendarSpec): ExchangeCalendar {
  return createCalendar(spec, compileCalendar(spec), new Map())
}

function createCalendar(spec: CalendarSpec, table: Compiled, overlays: Overlays): ExchangeCalendar {
  const { name, zone } = table
  const valid: Range = { startMs: table.valid.first * DAY_MS, endMs: (table.valid.last + 1) * DAY_MS }
  const years = createYears(table, overlays)
  const firstYear = yearOf(table.valid.first)
  const lastYear = yearOf(table.valid.last)

  const within = (range: Range): Range => {
    if (range.startMs >= valid.startMs && range.endMs <= valid.endMs) return range
    const known = `the dates for which ${name} is known, ${formatRange(valid)}`
    const message = `range: ${formatRange(range)} is outside ${known}: ask inside them`
    throw new ConfigError('config/range', message, { field: 'range', value: range })
  }
  const instant = (time: TimeInput): EpochMs => {
    const ms = parseTime(time)
    within({ startMs: ms, endMs: ms })
    return ms
  }
  const rangeIn = (range: { readonly start: TimeInput; readonly end: TimeInput }): Range =>
    within(rangeOf(parseTime(range.start, 'start'), parseTime(range.end, 'end')))
  /** The nearest session of which this member lies after the instant, or at or before it. */
  const search = (ms: EpochMs, step: 1 | -1, member: 'open' | 'close'): Session | null => {
    const start = yearOf(Math.floor(ms / DAY_MS)) - step
    for (let year = start; year >= firstYear - 1 && year <= lastYear + 1; year += step) {
      if (year < firstYear || year > lastYear) continue
      const sessions = years.sessionsOf(year)
      const above = firstAbove(sessions[member], ms)
      const i = step > 0 ? above : above - 1
      const label = sessions.session[i]
      if (label !== undefined && label >= valid.startMs && label < valid.endMs) return sessionAt(sessions, i)
    }
    return null
  }
  const found = (session: Session | null, time: TimeInput, side: string): Session => {
    if (session !== null) return session
    const ms = parseTime(time)
    const known = `the dates for which it is known, ${formatRange(valid)}`
    const message = `time: ${name} has no session ${side} ${formatTime(ms)} inside ${known}`
    throw new ConfigError('config/range', message, { field: 'time', value: ms })
  }
  const dayIn = (date: IsoDate, field: string): EpochDay => {
    const day = parseDate(date, field)
    within({ startMs: day * DAY_MS, endMs: (day + 1) * DAY_MS })
    return day
  }
  const overlaid = (changes: readonly (readonly [EpochDay, Overlay])[]): ExchangeCalendar => {
    const next = createCalendar(spec, table, new Map([...overlays, ...changes]))
    // Evaluates the changed years now, so that hours that cannot be are refused here and not at some later question.
    for (const [day] of changes) next.sessions({ start: new Date(day * DAY_MS), end: new Date((day + 1) * DAY_MS) })
    return next
  }
  const reHour = (date: IsoDate, hours: SessionHours, field: string): ExchangeCalendar => {
    const day = dayIn(date, field)
    if (!years.isSession(day)) return refuse(field, date, `is no session of ${name}: use withSession to add one`)
    const before = overlays.get(day)
    const patch = compileSessionHours(hours, field)
    return overlaid([
      [day, { kind: 'session', hours: { ...(before?.kind === 'session' ? before.hours : {}), ...patch } }],
    ])
  }

  const self: ExchangeCalendar = Object.freeze<ExchangeCalendar>({
    name,
    version: tableVersion(spec, overlays),
    zone,
    valid,
    spec,
    sessions: (range) => sliceSessions(rangeIn(range), years.sessionsOf),
    isOpen: (time) => {
      const ms = instant(time)
      const last = search(ms, -1, 'open')
      if (last === null || ms >= last.close) return false
      return last.breakStart === null || last.breakEnd === null || ms < last.breakStart || ms >= last.breakEnd
    },
    nextSession: (time) => found(search(instant(time), 1, 'open'), time, 'after'),
    previousSession: (time) => found(search(instant(time), -1, 'close'), time, 'before'),
    expectedBars: (range, interval, anchor = 'session') =>
      expectedSlots(self, rangeIn(range), parseInterval(interval), anchor),
    withClosure: (...dates) => overlaid(dates.map((date) => [dayIn(date, 'withClosure'), { kind: 'closed' }])),
    withEarlyClose: (date, time) => reHour(date, { close: clock(time, 'withEarlyClose') }, 'withEarlyClose'),
    withLateOpen: (date, time) => reHour(date, { open: clock(time, 'withLateOpen') }, 'withLateOpen'),
    withSession: (date, hours = {}) =>
      overlaid([[dayIn(date, 'withSession'), { kind: 'session', hours: compileSessionHours(hours, 'withSession') }]]),
  })
  return self
}

function clock(time: Clock, field: string): Clock {
  parseClock(time, field)
  return time
}
