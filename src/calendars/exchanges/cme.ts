/**
 * Chicago Mercantile Exchange and New York Mercantile Exchange on Globex,
 * <https://www.cmegroup.com/tools-information/holiday-calendar.html>. The session date is the trade date.
 * @module
 */
import type { CalendarSpec, Rule } from '../spec.ts'
import { US, US_MOURNING } from './xnys.ts'

/** Good Fridays on the first Friday of April, with the employment report: stock index futures trade until 8:15. */
const JOBS_GOOD_FRIDAYS = [2010, 2012, 2015, 2021, 2023, 2026, 2034, 2037, 2042, 2045, 2048]

const NEW_YEAR: Rule = { on: '1-1', observe: 'sunday-to-monday' }
const CHRISTMAS: Rule = { on: '12-25', observe: 'nearest-weekday' }
const CHRISTMAS_EVE: Rule = { on: '12-24', days: 'Mon-Thu' }
const DAY_AFTER_THANKSGIVING: Rule = '11-Thu#4+1'
const INDEPENDENCE = { on: '7-4', observe: 'nearest-weekday' }

/** Products without a schedule of their own: a day of 24 hours, closed on days of mourning. */
export const CMES: CalendarSpec = {
  name: 'CMES',
  zone: 'America/Chicago',
  hours: { open: '17:00-1d', close: '17:00' },
  holidays: [NEW_YEAR, 'easter-2', CHRISTMAS],
  closures: US_MOURNING,
  specialCloses: {
    '12:00': [
      ...['martinLutherKing', 'presidents', 'memorial', 'juneteenth', 'independence', 'labor', 'thanksgiving'].map(
        (name) => US[name] as Rule,
      ),
      { on: DAY_AFTER_THANKSGIVING, first: 1993 },
      CHRISTMAS_EVE,
    ],
  },
  valid: { first: 1990, last: 2049 },
}

/** Stock index futures (ES, NQ, RTY, YM): Sunday 17:00 to Friday 16:00, halted 16:00 to 17:00 each day. */
export const GLOBEX_EQ: CalendarSpec = {
  name: 'GLOBEX_EQ',
  zone: 'America/Chicago',
  hours: { open: '17:00-1d', close: '16:00' },
  holidays: [NEW_YEAR, CHRISTMAS, { on: 'easter-2', except: JOBS_GOOD_FRIDAYS }],
  specialCloses: {
    '8:15': [{ on: 'easter-2', years: JOBS_GOOD_FRIDAYS }],
    '10:30': [
      { on: ['1-Mon#3', '2-Mon#3'], last: 2014 },
      { on: ['5-Mon#-1', '9-Mon#1', '11-Thu#4'], last: 2013 },
      { ...INDEPENDENCE, last: 2013 },
    ],
    '12:00': [
      { on: ['1-Mon#3', '2-Mon#3'], first: 2015 },
      { on: ['5-Mon#-1', '9-Mon#1', '11-Thu#4'], first: 2014 },
      { ...INDEPENDENCE, first: 2014 },
      { on: '6-19', observe: 'nearest-weekday', first: 2022 },
    ],
    '12:15': [{ on: '7-3', days: 'Mon-Thu' }, DAY_AFTER_THANKSGIVING, CHRISTMAS_EVE],
  },
  valid: { first: 2009, last: 2049 },
}

/** Energy and metals futures (CL, NG, RB, GC, SI, HG): Sunday 17:00 to Friday 16:00, halted 16:00 to 17:00 each day. */
export const NYMEX: CalendarSpec = {
  name: 'NYMEX',
  zone: 'America/Chicago',
  hours: { open: '17:00-1d', close: '16:00' },
  holidays: [NEW_YEAR, 'easter-2', CHRISTMAS],
  specialCloses: {
    '12:00': [
      { on: ['1-Mon#3', '2-Mon#3', '5-Mon#-1', '11-Thu#4'], last: 2021 },
      { ...INDEPENDENCE, last: 2021 },
      '9-Mon#1',
    ],
    '12:45': [DAY_AFTER_THANKSGIVING, CHRISTMAS_EVE],
    '13:30': [
      { on: ['1-Mon#3', '2-Mon#3', '5-Mon#-1', '11-Thu#4'], first: 2022 },
      { ...INDEPENDENCE, first: 2022 },
      { on: '6-19', observe: 'nearest-weekday', first: 2022 },
    ],
  },
  valid: { first: 2009, last: 2049 },
}
