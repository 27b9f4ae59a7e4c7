/**
 * New York Stock Exchange and Nasdaq, <https://www.nyse.com/markets/hours-calendars>.
 * @module
 */
import type { CalendarSpec, Rule } from '../spec.ts'

/** Holidays of United States markets today. New Year's Day on a Saturday is not made up for. */
export const US: Readonly<Record<string, Rule>> = {
  newYear: { on: '1-1', observe: 'sunday-to-monday' },
  martinLutherKing: { on: '1-Mon#3', first: 1998 },
  presidents: { on: '2-Mon#3', first: 1971 },
  goodFriday: 'easter-2',
  memorial: { on: '5-Mon#-1', first: 1971 },
  juneteenth: { on: '6-19', observe: 'nearest-weekday', first: 2022 },
  independence: { on: '7-4', observe: 'nearest-weekday', first: 1954 },
  labor: '9-Mon#1',
  thanksgiving: '11-Thu#4',
  christmas: { on: '12-25', observe: 'nearest-weekday', first: 1954 },
}

/** Holidays that New York kept in former years, since it closed on Saturdays. */
const FORMER: readonly Rule[] = [
  { on: ['2-12', '7-4', '10-12', '11-11', '12-25'], observe: 'sunday-to-monday', last: 1953 },
  { on: ['2-22', '5-30'], observe: 'sunday-to-monday', last: 1963 },
  { on: '2-22', observe: 'nearest-weekday', first: 1964, last: 1970 },
  { on: '5-30', observe: 'nearest-weekday', first: 1964, last: 1969 },
  // Election Day
  { on: 'Tue>=11-2', last: 1968 },
  { on: 'Tue>=11-2', years: [1972, 1976, 1980] },
]

/** Days of mourning for presidents: Nixon, Reagan, Ford, G. H. W. Bush, Carter. */
export const US_MOURNING: readonly string[] = ['1994-04-27', '2004-06-11', '2007-01-02', '2018-12-05', '2025-01-09']

/** New York Stock Exchange, core session. Late openings and halts of single days are not in the table. */
export const XNYS: CalendarSpec = {
  name: 'XNYS',
  zone: 'America/New_York',
  hours: [
    { open: '10:00', close: '15:30' },
    { first: '1974-10-01', open: '10:00', close: '16:00' },
    { first: '1985-09-30', open: '9:30', close: '16:00' },
  ],
  holidays: [...Object.values(US), ...FORMER],
  closures: [
    '1956-12-24',
    '1958-12-26',
    '1961-05-29',
    '1963-11-25', // funeral of Kennedy
    '1968-02-12',
    '1968-04-09',
    '1968-07-05',
    '1968-11-11',
    // Wednesdays of the paperwork crisis
    '1968-06-12',
    '1968-06-19',
    '1968-06-26',
    '1968-07-10',
    '1968-07-17',
    '1968-07-24',
    '1968-07-31',
    '1968-08-07',
    '1968-08-14',
    '1968-08-21',
    '1968-08-28',
    '1968-09-11',
    '1968-09-18',
    '1968-09-25',
    '1968-10-02',
    '1968-10-09',
    '1968-10-16',
    '1968-10-23',
    '1968-10-30',
    '1968-11-20',
    '1968-12-04',
    '1968-12-11',
    '1968-12-18',
    '1969-02-10', // snow
    '1969-03-31', // funeral of Eisenhower
    '1969-07-21', // landing on the moon
    '1972-12-28',
    '1973-01-25', // funerals of Truman and Johnson
    '1977-07-14', // blackout
    '1985-09-27', // hurricane Gloria
    '2001-09-11..2001-09-14',
    '2012-10-29..2012-10-30', // hurricane Sandy
    ...US_MOURNING,
  ],
  specialCloses: {
    '14:00': [
      { on: '12-24', first: 1990, last: 1992, days: 'Mon-Thu' },
      { on: '11-Thu#4+1', years: [1992] },
      '1974-12-24',
      '1975-12-24',
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
  valid: { first: '1952-09-29', last: 2049 },
}

/** Nasdaq: the sessions of New York; it opened in 1971. */
export const XNAS: CalendarSpec = { ...XNYS, name: 'XNAS', valid: { first: '1971-02-08', last: 2049 } }
