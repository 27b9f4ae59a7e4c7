/**
 * New York Stock Exchange and Nasdaq, <https://www.nyse.com/markets/hours-calendars>.
 * @module
 */
import type { CalendarSpec, Rule } from '../spec.ts'

/** Holidays of United States markets. New Year's Day on a Saturday is not made up for. */
export const US: Readonly<Record<string, Rule>> = {
  newYear: { on: '1-1', observe: 'sunday-to-monday' },
  martinLutherKing: { on: '1-Mon#3', first: 1998 },
  presidents: '2-Mon#3',
  goodFriday: 'easter-2',
  memorial: '5-Mon#-1',
  juneteenth: { on: '6-19', observe: 'nearest-weekday', first: 2022 },
  independence: { on: '7-4', observe: 'nearest-weekday' },
  labor: '9-Mon#1',
  thanksgiving: '11-Thu#4',
  christmas: { on: '12-25', observe: 'nearest-weekday' },
}

/** Days of mourning for presidents: Nixon, Reagan, Ford, G. H. W. Bush, Carter. */
export const US_MOURNING: readonly string[] = ['1994-04-27', '2004-06-11', '2007-01-02', '2018-12-05', '2025-01-09']

/** New York Stock Exchange, core session. */
export const XNYS: CalendarSpec = {
  name: 'XNYS',
  zone: 'America/New_York',
  hours: [
    { open: '10:00', close: '16:00' },
    { first: '1985-09-30', open: '9:30', close: '16:00' },
  ],
  holidays: Object.values(US),
  closures: [
    '1985-09-27', // hurricane Gloria
    '2001-09-11..2001-09-14',
    '2012-10-29..2012-10-30', // hurricane Sandy
    ...US_MOURNING,
  ],
  specialCloses: {
    '14:00': [
      { on: '12-24', last: 1992, days: 'Mon-Thu' },
      { on: '11-Thu#4+1', years: [1992] },
    ],
    '13:00': [
      { on: '7-3', first: 1995, days: 'Mon Tue Thu' },
      { on: '7-3', first: 2013, days: 'Wed' },
      { on: '7-5', first: 1995, last: 2012, days: 'Fri' },
      { on: '11-Thu#4+1', first: 1993 },
      { on: '12-24', first: 1993, days: 'Mon-Thu' },
      '1997-12-26',
      '1999-12-31',
      '2003-12-26',
    ],
  },
  valid: { first: 1985, last: 2049 },
}

/** Nasdaq: the sessions of New York. */
export const XNAS: CalendarSpec = { ...XNYS, name: 'XNAS' }
