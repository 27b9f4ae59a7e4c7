/**
 * Deutsche Börse Xetra, <https://www.xetra.com/xetra-en/trading/trading-calendar-and-trading-hours>.
 * @module
 */
import type { CalendarSpec } from '../spec.ts'

/** Xetra. Hours are today's; from June 2000 to October 2003 trading went on to 20:00. */
export const XETR: CalendarSpec = {
  name: 'XETR',
  zone: 'Europe/Berlin',
  hours: { open: '9:00', close: '17:30' },
  holidays: [
    '1-1',
    'easter-2',
    'easter+1',
    '5-1',
    { on: 'easter+50', first: 2015, last: 2021 },
    { on: '10-3', first: 2014, last: 2021 },
    '12-24',
    '12-25',
    '12-26',
    '12-31',
  ],
  closures: [
    '2007-05-28', // Whit Monday
    '2017-10-31', // Reformation, 500 years
  ],
  specialCloses: { '14:00': [{ on: '12-31', observe: 'previous-weekday', first: 2010 }] },
  valid: { first: 1990, last: 2049 },
}
