/**
 * Markets without holidays: around the clock, on UTC weekdays, and foreign exchange.
 * @module
 */
import type { CalendarSpec } from '../spec.ts'

/** Every day, 00:00 to 24:00 UTC. Outages of a venue are facts of coverage, not of the calendar. */
export const ALWAYS: CalendarSpec = {
  name: '24/7',
  zone: 'UTC',
  week: 'Sun-Sat',
  hours: { open: '0:00', close: '24:00' },
  valid: { first: 1900, last: 2099 },
}

/** Monday to Friday, 00:00 to 24:00 UTC. */
export const WEEKDAYS_UTC: CalendarSpec = {
  name: 'weekdays',
  zone: 'UTC',
  hours: { open: '0:00', close: '24:00' },
  valid: { first: 1900, last: 2099 },
}

/**
 * Spot foreign exchange: Sunday 17:00 to Friday 17:00 in New York without a pause; the day changes at 17:00 there.
 * Christmas and New Year's Day are thin, not closed.
 */
export const FX: CalendarSpec = {
  name: 'FX',
  zone: 'America/New_York',
  hours: { open: '17:00-1d', close: '17:00' },
  valid: { first: 1971, last: 2049 },
}
