/**
 * How an exchange is written down: one plain table, no code. `defineCalendar()` turns it into a calendar.
 * @module
 */

/** A date as `YYYY-MM-DD`. */
export type IsoDate = string

/** First or last day of a rule: `YYYY-MM-DD`, or a year alone (`'2013'` or `2013`: its first, or its last day). */
export type Bound = string | number

/**
 * A time on the clock of the calendar's zone: `'9:30'`, `'16:00:00'`, `'24:00'`.
 * `'17:00-1d'` is on the day before the session date, `'01:00+1d'` on the day after;
 * `'16:00@America/New_York'` is on the clock of another zone.
 */
export type Clock = string

/** Short name of a weekday. */
export type Weekday = 'Sun' | 'Mon' | 'Tue' | 'Wed' | 'Thu' | 'Fri' | 'Sat'

/** Weekdays as a list (`['Sun', 'Mon']`) or as text: `'Mon-Fri'`, `'Sun-Thu'`, `'Sat'`, `'Mon Wed Fri'`. */
export type Weekdays = string | readonly Weekday[]

/** Weekdays that trade, from a day on. */
export interface Week {
  readonly days: Weekdays
  /** First session date with this week, inclusive. @default all before */
  readonly first?: Bound
  /** Last session date with this week, inclusive. @default all after */
  readonly last?: Bound
}

/** Trading hours, from a day on or on some weekdays only. */
export interface Hours {
  readonly open: Clock
  /** Exclusive; after `open`. */
  readonly close: Clock
  /** Lunch or maintenance break inside the session; null or absent = none. */
  readonly break?: readonly [start: Clock, end: Clock] | null
  /** First session date with these hours, inclusive. @default all before */
  readonly first?: Bound
  /** Last session date with these hours, inclusive. @default all after */
  readonly last?: Bound
  /** Weekdays of the session date with these hours. @default all */
  readonly days?: Weekdays
}

/**
 * What moves a holiday that falls on certain weekdays. A name, or a table of your own: days to add by weekday of
 * the date itself, null = not held then; `{ Sat: -1, Sun: 1 }` is `nearest-weekday`.
 *
 * | name | moves |
 * |---|---|
 * | `none` | nothing |
 * | `nearest-weekday` | Sat to Fri, Sun to Mon |
 * | `sunday-to-monday` | Sun to Mon |
 * | `saturday-to-monday` | Sat to Mon |
 * | `saturday-to-friday` | Sat to Fri |
 * | `sunday-to-tuesday` | Sun to Tue |
 * | `sunday-to-wednesday` | Sun to Wed |
 * | `weekend-to-monday` | Sat and Sun to Mon |
 * | `weekend-to-friday` | Sat and Sun to the Fri before |
 * | `weekend-to-tuesday` | Sat to Mon, Sun to Tue, Mon to Tue: the second of two adjoining holidays (Boxing Day) |
 * | `next-monday` | every day but Monday to the Mon after |
 * | `nearest-monday` | Tue to Thu to the Mon before, Fri to Sun to the Mon after |
 * | `previous-weekday` | strictly back to the last Mon–Fri day before |
 * | `next-weekday` | strictly on to the first Mon–Fri day after |
 * | `previous-session` | strictly back to the last session before; special opens, closes and breaks only |
 * | `next-session` | strictly on to the first session after; special opens, closes and breaks only |
 * | `this-or-previous-session` | the day itself if it is a session, else the last before; same restriction |
 * | `this-or-next-session` | the day itself if it is a session, else the first after; same restriction |
 */
export type Observance = string | Readonly<Partial<Record<Weekday, number | null>>>

/**
 * Which days a rule names.
 *
 * | text | days |
 * |---|---|
 * | `'12-25'` | every year on this month and day (`'2-29'`: leap years only) |
 * | `'11-Thu#4'` `'5-Mon#-1'` | nth weekday of a month; negative counts from its end; skipped where there is none |
 * | `'Mon<=5-24'` `'Fri>=6-19'` `'Mon<5-25'` `'Sat>10-30'` | nearest such weekday on, before or after a month and day |
 * | `'easter-2'` `'orthodox+1'` | days from Western or Orthodox Easter Sunday |
 * | `'ching-ming'` `'japan-vernal-equinox'` `'japan-autumnal-equinox'` | festivals by formula |
 * | `'@diwali'` `'@seollal-1'` | dates of one of the spec's own `tables` |
 * | `'2001-09-11'` `'2001-09-11..2001-09-14'` | one date; a run of dates, both inclusive |
 * | `'Wed'` `'Sat'` | every such weekday; use with `first` and `last` |
 * | `'between-holidays'` | a day whose two neighbours are holidays by other rules (not by `closures`) |
 * | `'bridge'` | a Monday before a Tuesday holiday, a Friday after a Thursday holiday |
 *
 * All but the last four may end in `+n` or `-n` days: `'11-Thu#4+1'` is the day after Thanksgiving.
 */
export type On = string

/** A rule with conditions. They are checked in the order of the members here. */
export interface RuleTable {
  /** One or several texts, see {@link On}. */
  readonly on: On | readonly On[]
  /** Only in these years of the date itself. @default all */
  readonly years?: readonly number[]
  /** Not in these years of the date itself. @default none */
  readonly except?: readonly number[]
  /** Only if the date itself, before it is moved, falls on one of these weekdays. @default all */
  readonly falling?: Weekdays
  /** How the date is moved. @default 'none' */
  readonly observe?: Observance
  /** Days added after it was moved. @default 0 */
  readonly add?: number
  /**
   * Substitute holidays: a date that was moved, or that meets another holiday, moves on day by day past other
   * holidays (`holidays`), or past them and weekly days off (`closed`). Holidays only, not special hours.
   */
  readonly avoid?: 'holidays' | 'closed'
  /** First date as observed, inclusive. @default all before */
  readonly first?: Bound
  /** Last date as observed, inclusive. @default all after */
  readonly last?: Bound
  /** Only if the date as observed falls on one of these weekdays. @default all */
  readonly days?: Weekdays
}

/** Days of the year by rule: a text alone, or a text with conditions. */
export type Rule = On | RuleTable

/** Hours of one session; what is absent is as on a regular day of that date. */
export interface SessionHours {
  readonly open?: Clock
  readonly close?: Clock
  readonly break?: readonly [start: Clock, end: Clock] | null
}

/**
 * An exchange as a table.
 *
 * For each date: is it in `sessions`, it trades; else in `closures`, or a holiday, or not in the `week`, it does not.
 * Its hours are the last line of `hours` that matches, changed by special opens, closes and breaks (an explicit date
 * beats a rule, else a later line beats an earlier one), then by `sessions`. A break that does not lie wholly inside
 * the hours that result is dropped: an early close at lunch ends the day.
 */
export interface CalendarSpec {
  /** Name, such as the ISO 10383 MIC of the exchange: 1 to 32 of `A-Z a-z 0-9 _ / . -`. */
  readonly name: string
  /** IANA time zone of all hours, or `UTC`. */
  readonly zone: string
  /** Weekdays that trade; several lines where that changed, later matching lines win. @default 'Mon-Fri' */
  readonly week?: Weekdays | readonly Week[]
  /** Trading hours; several lines where they changed, later matching lines win. */
  readonly hours: Hours | readonly Hours[]
  /** Days without session, by rule. */
  readonly holidays?: readonly Rule[]
  /** Days without session once: dates, or runs of dates `A..B`. */
  readonly closures?: readonly string[]
  /** Openings that differ from the regular ones, earlier or later: time -> days. */
  readonly specialOpens?: Readonly<Record<Clock, readonly Rule[]>>
  /** Closings that differ from the regular ones, earlier or later: time -> days. */
  readonly specialCloses?: Readonly<Record<Clock, readonly Rule[]>>
  /** Breaks that differ from the regular ones: `'12:00..12:30'` or `'none'` -> days. */
  readonly specialBreaks?: Readonly<Record<string, readonly Rule[]>>
  /** Sessions that week or holidays would not give, or with hours of their own: make-up Saturdays, evening sessions. */
  readonly sessions?: readonly string[] | Readonly<Record<IsoDate, SessionHours>>
  /** Dates of festivals that follow no formula, for rules `'@name'`; any number a year. */
  readonly tables?: Readonly<Record<string, readonly IsoDate[]>>
  /**
   * Session dates for which the table speaks, both inclusive; outside, every question is refused.
   * @default { first: 1970, last: 2049 }
   */
  readonly valid?: { readonly first?: Bound; readonly last?: Bound }
}
