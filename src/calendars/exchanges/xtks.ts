/**
 * Tokyo Stock Exchange, <https://www.jpx.co.jp/english/corporate/about-jpx/calendar/>.
 * @module
 */
import type { CalendarSpec, Rule } from '../spec.ts'

const sundayToMonday = (on: string, bounds: { readonly first?: number; readonly last?: number } = {}): Rule => ({
  on,
  observe: 'sunday-to-monday',
  ...bounds,
})

/** Golden Week: since 2007 a holiday on Sunday is made up for on the next day that is none. */
const substituted = (on: string): Rule => ({ on, observe: 'sunday-to-monday', avoid: 'holidays', first: 2007 })

/** Tokyo Stock Exchange, cash equities. The lunch break is the one since November 2011. */
export const XTKS: CalendarSpec = {
  name: 'XTKS',
  zone: 'Asia/Tokyo',
  hours: [
    { open: '9:00', close: '15:00', break: ['11:30', '12:30'] },
    { first: '2024-11-05', open: '9:00', close: '15:30', break: ['11:30', '12:30'] },
  ],
  holidays: [
    '12-31',
    '1-1',
    '1-2',
    '1-3',
    // Coming of Age
    sundayToMonday('1-15', { last: 1999 }),
    { on: '1-Mon#2', first: 2000 },
    // Foundation, Emperor's Birthday
    sundayToMonday('2-11'),
    sundayToMonday('2-23', { first: 2020 }),
    sundayToMonday('12-23', { last: 2018 }),
    // Golden Week
    sundayToMonday('4-29'),
    { on: ['5-3', '5-4'], observe: 'sunday-to-monday', last: 2006 },
    { on: '5-5', observe: 'sunday-to-monday', last: 2006 },
    substituted('5-3'),
    substituted('5-4'),
    substituted('5-5'),
    // Marine, Mountain: moved for the Olympic Games in 2020 and 2021
    sundayToMonday('7-20', { first: 1996, last: 2002 }),
    { on: '7-Mon#3', first: 2003, except: [2020, 2021] },
    { on: '8-11', observe: 'sunday-to-monday', first: 2016, except: [2020, 2021] },
    // Respect for the Aged, Sports
    sundayToMonday('9-15', { last: 2002 }),
    { on: '9-Mon#3', first: 2003 },
    sundayToMonday('10-10', { last: 1999 }),
    { on: '10-Mon#2', first: 2000, except: [2020, 2021] },
    // Culture, Labor Thanksgiving
    sundayToMonday('11-3'),
    sundayToMonday('11-23'),
    sundayToMonday('japan-vernal-equinox'),
    sundayToMonday('japan-autumnal-equinox'),
    // A day between two holidays is one by law; in practice between Respect for the Aged and the equinox.
    { on: 'between-holidays', first: 2007 },
  ],
  closures: [
    '1990-11-12', // enthronement
    '1993-06-09', // wedding of the crown prince
    '2019-04-30..2019-05-02', // abdication, accession
    '2019-10-22', // enthronement
    '2020-07-23..2020-07-24',
    '2020-08-10',
    '2020-10-01', // failure of the trading system
    '2021-07-22..2021-07-23',
    '2021-08-09',
  ],
  valid: { first: 1990, last: 2049 },
}
