/**
 * Hong Kong Exchanges, <https://www.hkex.com.hk/News/HKEX-Calendar>.
 * @module
 */
import type { CalendarSpec } from '../spec.ts'
import { LUNAR_FESTIVALS } from './lunar.ts'

/**
 * Hong Kong Exchanges, securities market. The lunch break is the one since March 2012. Typhoons and rainstorms closed
 * the market on single days until September 2024; since then it trades through them.
 */
export const XHKG: CalendarSpec = {
  name: 'XHKG',
  zone: 'Asia/Hong_Kong',
  hours: [
    { open: '10:00', close: '16:00', break: ['12:00', '13:00'] },
    { first: '2011-03-07', open: '9:30', close: '16:00', break: ['12:00', '13:00'] },
  ],
  tables: LUNAR_FESTIVALS,
  holidays: [
    { on: '1-1', observe: 'sunday-to-monday' },
    'easter-2',
    'easter+1',
    { on: '5-1', observe: 'sunday-to-monday', first: 1999 },
    { on: '7-1', observe: 'sunday-to-monday', first: 1997 },
    { on: '10-1', observe: 'sunday-to-monday', first: '1997-07-01' },
    '12-25',
    '12-26',
    { on: '12-27', days: 'Mon Tue' },
    // Liberation Day and the Queen's Birthday, until 1997
    { on: '8-Mon#-1', last: '1997-06-30' },
    { on: '6-Mon#3', last: '1997-05-31', except: [1993, 1994] },
    { on: '6-Mon#2', years: [1993, 1994] },
    { on: ['@lunar-new-year', '@lunar-new-year+1', '@lunar-new-year+2'] },
    // The second day on a Sunday was made up for by the eve until 2012; since then any of the three by the fourth day.
    { on: '@lunar-new-year-1', days: 'Fri', last: 2012 },
    { on: '@lunar-new-year+3', days: 'Mon Tue Wed', first: 2013 },
    { on: 'ching-ming', observe: 'sunday-to-monday', avoid: 'holidays' },
    { on: ['@buddhas-birthday', '@dragon-boat', '@double-ninth'], observe: 'sunday-to-monday' },
    { on: '@mid-autumn+1', avoid: 'holidays', last: 2021, except: [1993] },
    { on: '@mid-autumn+1', observe: 'sunday-to-monday', avoid: 'holidays', first: 2022 },
  ],
  closures: [
    '1991-06-18',
    '1992-07-22',
    '1993-09-17',
    '1994-06-14',
    '1997-06-30',
    '1997-07-02',
    '1997-08-18',
    '1997-10-02',
    '1998-08-17',
    '1998-10-02',
    '1999-04-06',
    '1999-09-16',
    '1999-12-31',
    '2001-07-06',
    '2001-07-25',
    '2008-08-06',
    '2008-08-22',
    '2010-04-06',
    '2011-09-29',
    '2012-10-02',
    '2013-08-14',
    '2015-04-07',
    '2015-09-03',
    '2016-08-02',
    '2016-10-21',
    '2017-08-23',
    '2020-10-13',
    '2021-10-13',
    '2022-09-12',
    '2023-07-17',
    '2023-09-01', // typhoon Saola
    '2023-09-08', // black rainstorm
    '2024-09-06',
  ],
  specialCloses: {
    '12:30': [
      { on: '12-24', last: '2011-03-06' },
      { on: '12-31', last: '2011-03-06', except: [1999] },
    ],
    '12:00': [
      { on: ['12-24', '12-31'], first: '2011-03-07' },
      { on: '@lunar-new-year-1', first: 2013 },
    ],
  },
  valid: { first: 1990, last: 2049 },
}
