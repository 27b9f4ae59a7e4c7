/**
 * London Stock Exchange, <https://www.londonstockexchange.com/equities-trading/business-days>.
 * @module
 */
import type { CalendarSpec } from '../spec.ts'

/** London Stock Exchange, SETS. Hours are today's; before July 1999 trading began at 9:00. */
export const XLON: CalendarSpec = {
  name: 'XLON',
  zone: 'Europe/London',
  hours: { open: '8:00', close: '16:30' },
  holidays: [
    { on: '1-1', observe: 'weekend-to-monday' },
    'easter-2',
    'easter+1',
    { on: '5-Mon#1', except: [1995, 2020] },
    { on: '5-Mon#-1', except: [2002, 2012, 2022] },
    '8-Mon#-1',
    '12-25',
    '12-26',
    // Substitutes for Christmas and Boxing Day on a weekend.
    { on: ['12-27', '12-28'], days: 'Mon Tue' },
  ],
  closures: [
    '1995-05-08', // VE Day, 50 years
    '1999-12-31',
    '2002-06-03..2002-06-04', // Golden Jubilee
    '2011-04-29', // royal wedding
    '2012-06-04..2012-06-05', // Diamond Jubilee
    '2020-05-08', // VE Day, 75 years
    '2022-06-02..2022-06-03', // Platinum Jubilee
    '2022-09-19', // funeral of Elizabeth II
    '2023-05-08', // coronation
  ],
  specialCloses: { '12:30': [{ on: ['12-24', '12-31'], observe: 'weekend-to-friday' }] },
  valid: { first: 1990, last: 2049 },
}
