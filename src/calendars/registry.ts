/**
 * Built-in calendars by name.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import { type ExchangeCalendar, defineCalendar } from './calendar.ts'
import { ALWAYS, FX, WEEKDAYS_UTC } from './exchanges/always.ts'
import { CMES, GLOBEX_EQ, NYMEX } from './exchanges/cme.ts'
import { XETR } from './exchanges/xetr.ts'
import { XHKG } from './exchanges/xhkg.ts'
import { XLON } from './exchanges/xlon.ts'
import { XNAS, XNYS } from './exchanges/xnys.ts'
import { XTKS } from './exchanges/xtks.ts'
import type { CalendarSpec } from './spec.ts'

const SPECS: readonly CalendarSpec[] = [
  ALWAYS,
  CMES,
  FX,
  GLOBEX_EQ,
  NYMEX,
  WEEKDAYS_UTC,
  XETR,
  XHKG,
  XLON,
  XNAS,
  XNYS,
  XTKS,
]

/** Other names of the same calendars. */
const ALIASES: Readonly<Record<string, string>> = { '24-7': '24/7', '24/5': 'weekdays', '24-5': 'weekdays' }

const byName = new Map(SPECS.map((spec) => [spec.name.toLowerCase(), spec]))
const made = new Map<string, ExchangeCalendar>()

/**
 * A built-in calendar. Names are taken in either case; `24/5` is another name of `weekdays`.
 * @throws {ConfigError} `config/option` for a name that is not built in
 */
export function calendar(name: string): ExchangeCalendar {
  const key = String(name).trim().toLowerCase()
  const spec = byName.get((ALIASES[key] ?? key).toLowerCase())
  if (spec === undefined) {
    const remedy = `use ${calendarNames().join(', ')}, or defineCalendar(table), given to the client as calendars: { ${JSON.stringify(name)}: … }`
    const message = `calendar: ${JSON.stringify(name)} is not built in: ${remedy}`
    throw new ConfigError('config/option', message, { field: 'calendar', value: name })
  }
  let found = made.get(spec.name)
  if (found === undefined) {
    found = defineCalendar(spec)
    made.set(spec.name, found)
  }
  return found
}

/** Names of the built-in calendars, in alphabetical order. */
export function calendarNames(): readonly string[] {
  return SPECS.map((spec) => spec.name)
}
