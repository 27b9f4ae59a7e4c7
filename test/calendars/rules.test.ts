import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { easter, orthodoxEaster } from '../../src/calendars/almanac.ts'
import { isoOf } from '../../src/calendars/day.ts'
import { type CalendarSpec, type Rule, defineCalendar } from '../../src/calendars/index.ts'
import { isDataClientError } from '../../src/contract/errors.ts'

const BASE: CalendarSpec = {
  name: 'TEST',
  zone: 'UTC',
  week: 'Sun-Sat',
  hours: { open: '9:00', close: '17:00', break: ['12:00', '13:00'] },
  valid: { first: 1960 },
}

/** Days without session in a year, as MM-DD. */
function closed(year: number, spec: Partial<CalendarSpec>): string[] {
  const market = defineCalendar({ ...BASE, ...spec })
  const open = new Set(market.sessions({ start: `${year}-01-01`, end: `${year + 1}-01-01` }).session)
  const out: string[] = []
  for (let ms = Date.UTC(year, 0, 1); ms < Date.UTC(year + 1, 0, 1); ms += 86_400_000) {
    if (!open.has(ms)) out.push(new Date(ms).toISOString().slice(5, 10))
  }
  return out
}

const held = (year: number, ...holidays: Rule[]): string[] => closed(year, { holidays })

/** Hours of one session as text. */
function hours(day: string, spec: Partial<CalendarSpec>): string {
  const s = defineCalendar({ ...BASE, ...spec }).sessions({ start: day, end: new Date(Date.parse(day) + 86_400_000) })
  if (s.n === 0) return 'closed'
  const text = (ms: number): string => (Number.isNaN(ms) ? '-' : new Date(ms).toISOString().slice(11, 16))
  return [s.open, s.breakStart, s.breakEnd, s.close].map((times) => text(times[0] as number)).join(' ')
}

describe('Easter', () => {
  it('falls on the published Sundays, west and east', () => {
    // Published tables of both churches.
    expect([1961, 1990, 2000, 2008, 2011, 2024, 2025, 2038, 2049].map((y) => isoOf(easter(y)).slice(5))).toEqual([
      '04-02',
      '04-15',
      '04-23',
      '03-23',
      '04-24',
      '03-31',
      '04-20',
      '04-25',
      '04-18',
    ])
    expect(
      [1990, 2000, 2008, 2011, 2016, 2024, 2025, 2026, 2049].map((y) => isoOf(orthodoxEaster(y)).slice(5)),
    ).toEqual(['04-15', '04-30', '04-27', '04-24', '05-01', '05-05', '04-20', '04-12', '04-25'])
  })
})

describe('days of a rule', () => {
  it.each<[string, number, Rule, string[]]>([
    ['a month and day', 2024, '12-25', ['12-25']],
    ['February 29th in a leap year', 2024, '2-29', ['02-29']],
    ['February 29th in another year', 2023, '2-29', []],
    ['the nth weekday', 2024, '11-Thu#4', ['11-28']],
    ['the day after the nth weekday', 2024, '11-Thu#4+1', ['11-29']],
    ['the last weekday', 2024, '5-Mon#-1', ['05-27']],
    ['the fifth weekday where there is one', 2024, '1-Wed#5', ['01-31']],
    ['the fifth weekday where there is none', 2024, '2-Fri#5', []],
    ['a weekday on or before a date', 2024, 'Mon<=5-24', ['05-20']],
    ['a weekday on or before a date that is one', 2027, 'Mon<=5-24', ['05-24']],
    ['a weekday strictly before', 2027, 'Mon<5-24', ['05-17']],
    ['a weekday on or after', 2024, 'Fri>=6-19', ['06-21']],
    ['a weekday strictly after', 2024, 'Thu>4-18', ['04-25']],
    ['the day before such a weekday', 2024, 'Sat>=6-20-1', ['06-21']],
    ['days from Easter', 2024, { on: ['easter-2', 'easter+1', 'easter+50'] }, ['03-29', '04-01', '05-20']],
    [
      'days from Orthodox Easter',
      2024,
      { on: ['orthodox-48', 'orthodox-2', 'orthodox+1'] },
      ['03-18', '05-03', '05-06'],
    ],
    [
      'single dates and runs',
      2001,
      { on: ['2001-09-11..2001-09-14', '2001-12-03'] },
      ['09-11', '09-12', '09-13', '09-14', '12-03'],
    ],
    [
      'every such weekday in bounds',
      1968,
      { on: 'Wed', first: '1968-06-10', last: '1968-06-27' },
      ['06-12', '06-19', '06-26'],
    ],
    [
      'formulas',
      2024,
      { on: ['ching-ming', 'japan-vernal-equinox', 'japan-autumnal-equinox'] },
      ['03-20', '04-04', '09-22'],
    ],
    ['only some years', 2024, { on: '6-2', years: [2018, 2024] }, ['06-02']],
    ['all but some years', 2020, { on: '5-Mon#1', except: [2020] }, []],
    ['bounds by year', 2013, { on: '5-5', last: 2012 }, []],
    ['bounds by date, inclusive', 2013, { on: '5-5', first: '2013-05-05', last: '2013-05-05' }, ['05-05']],
  ])('%s', (_, year, rule, expected) => expect(held(year, rule)).toEqual(expected))

  it('come from tables of dates', () => {
    const tables = { diwali: ['2023-11-12', '2024-11-01'], 'new-year-2': ['2024-03-03'] }
    expect(closed(2024, { tables, holidays: ['@diwali', '@diwali+1', '@diwali-1', '@new-year-2'] })).toEqual([
      '03-03',
      '10-31',
      '11-01',
      '11-02',
    ])
  })
})

describe('observances', () => {
  // In 2022 July 4th is a Monday, so July 2nd to 8th runs Saturday to Friday.
  const week = (observe: Rule extends infer R ? (R extends { observe?: infer O } ? O : never) : never): string[] =>
    ['7-2', '7-3', '7-4', '7-5', '7-6', '7-7', '7-8'].map((on) => held(2022, { on, observe })[0] ?? 'none')

  it.each([
    ['none', ['07-02', '07-03', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['nearest-weekday', ['07-01', '07-04', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['sunday-to-monday', ['07-02', '07-04', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['saturday-to-monday', ['07-04', '07-03', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['saturday-to-friday', ['07-01', '07-03', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['sunday-to-tuesday', ['07-02', '07-05', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['sunday-to-wednesday', ['07-02', '07-06', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['weekend-to-monday', ['07-04', '07-04', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['weekend-to-friday', ['07-01', '07-01', '07-04', '07-05', '07-06', '07-07', '07-08']],
    ['weekend-to-tuesday', ['07-04', '07-05', '07-05', '07-05', '07-06', '07-07', '07-08']],
    ['next-monday', ['07-04', '07-04', '07-04', '07-11', '07-11', '07-11', '07-11']],
    ['nearest-monday', ['07-04', '07-04', '07-04', '07-04', '07-04', '07-04', '07-11']],
    ['previous-weekday', ['07-01', '07-01', '07-01', '07-04', '07-05', '07-06', '07-07']],
    ['next-weekday', ['07-04', '07-04', '07-05', '07-06', '07-07', '07-08', '07-11']],
    [{ Tue: -1, Wed: -2, Thu: 4, Fri: 3, Sat: null }, ['none', '07-03', '07-04', '07-04', '07-04', '07-11', '07-11']],
  ])('%s', (observe, expected) => expect(week(observe)).toEqual(expected))

  it('cross New Year both ways', () => {
    expect(held(2021, { on: '1-1', observe: 'nearest-weekday' })).toEqual(['01-01', '12-31'])
    expect(held(2023, { on: '12-31', observe: 'weekend-to-monday' })).toEqual(['01-02'])
    expect(held(2024, { on: '12-31', observe: 'weekend-to-monday' })).toEqual(['01-01', '12-31'])
  })

  it('test the date before it moves with falling, after it moved with days, first and last', () => {
    expect(held(2022, { on: '7-3', falling: 'Sun', observe: 'sunday-to-monday' })).toEqual(['07-04'])
    expect(held(2022, { on: '7-3', falling: 'Mon', observe: 'sunday-to-monday' })).toEqual([])
    expect(held(2022, { on: '7-3', days: 'Sun', observe: 'sunday-to-monday' })).toEqual([])
    expect(held(2022, { on: '7-3', observe: 'sunday-to-monday', first: '2022-07-04' })).toEqual(['07-04'])
    expect(held(2022, { on: '7-3', observe: 'sunday-to-monday', add: 1 })).toEqual(['07-05'])
  })
})

describe('holidays that depend on others', () => {
  it("substitutes move on past other holidays, as in Korea: Children's Day and Buddha's Birthday on one day in 2025", () => {
    const rule = (on: string): Rule => ({ on, observe: 'weekend-to-monday', avoid: 'closed' })
    const spec = {
      week: 'Mon-Fri',
      tables: { buddha: ['2023-05-27', '2025-05-05'] },
      holidays: [rule('5-5'), rule('@buddha')],
    }
    expect(closed(2025, spec).filter((day) => day.startsWith('05-0'))).toEqual(['05-03', '05-04', '05-05', '05-06'])
    expect(closed(2023, spec).filter((day) => day > '05-26' && day < '05-31')).toEqual(['05-27', '05-28', '05-29'])
  })

  it('three days of which one is a Sunday get a fourth, wherever the Sunday is', () => {
    const days = (first: string): string[] =>
      closed(2024, {
        tables: { festival: [first] },
        holidays: [{ on: ['@festival', '@festival+1', '@festival+2'], observe: { Sun: 1 }, avoid: 'closed' }],
      })
    expect(days('2024-06-07')).toEqual(['06-07', '06-08', '06-10'])
    expect(days('2024-06-08')).toEqual(['06-08', '06-10', '06-11'])
    expect(days('2024-06-09')).toEqual(['06-10', '06-11', '06-12'])
    expect(days('2024-06-10')).toEqual(['06-10', '06-11', '06-12'])
  })

  it('a day between two holidays, and a bridge to the weekend', () => {
    expect(held(2015, '9-Mon#3', '9-23', 'between-holidays')).toEqual(['09-21', '09-22', '09-23'])
    expect(held(2015, '9-Mon#3', '9-23', { on: 'between-holidays', first: 2016 })).toEqual(['09-21', '09-23'])
    expect(
      closed(2024, { week: 'Mon-Fri', holidays: ['8-15', '10-1', 'bridge'] }).filter((day) =>
        /^(08-1[4-9]|09-30|10-0[12])/.test(day),
      ),
    ).toEqual(['08-15', '08-16', '08-17', '08-18', '09-30', '10-01'])
  })

  it('closures are no holidays for such rules', () => {
    expect(closed(2015, { holidays: ['9-23', 'between-holidays'], closures: ['2015-09-21'] })).toEqual([
      '09-21',
      '09-23',
    ])
  })
})

describe('weeks and hours', () => {
  it('weeks change over time', () => {
    const week = [
      { days: 'Sun-Thu' },
      { first: '2026-01-05', days: 'Mon-Fri' },
      { first: '2026-06-01', last: '2026-06-07', days: 'Sun-Sat' },
    ]
    const open = (day: string): boolean => hours(day, { week }) !== 'closed'
    expect(
      ['2026-01-02', '2026-01-04', '2026-01-05', '2026-01-09', '2026-01-11', '2026-06-06', '2026-06-13'].map(open),
    ).toEqual([false, true, true, true, false, true, false])
    expect(hours('2024-01-06', { week: ['Sat', 'Sun'] })).toBe('09:00 12:00 13:00 17:00')
  })

  it('hours change over time and by weekday, and the last line that holds wins', () => {
    const lines = [
      { open: '10:00', close: '15:00', break: ['12:00', '13:00'] },
      { first: 2010, open: '9:00', close: '15:00' },
      { first: 2010, days: 'Fri', open: '9:00', close: '13:00', break: null },
      { first: '2020-03-20', last: '2020-04-30', open: '9:00', close: '12:00' },
    ] as const
    const on = (day: string): string => hours(day, { hours: lines })
    expect([on('2009-12-31'), on('2010-01-05'), on('2010-01-08'), on('2020-04-03'), on('2020-05-01')]).toEqual([
      '10:00 12:00 13:00 15:00',
      '09:00 - - 15:00',
      '09:00 - - 13:00',
      '09:00 - - 12:00',
      '09:00 - - 13:00',
    ])
  })

  it('times lie on the day before, the day after, and on the clock of another zone', () => {
    const span = (day: string, zone: string, open: string, close: string): string[] => {
      const s = defineCalendar({ name: 'TEST', zone, hours: { open, close } }).sessions({
        start: day,
        end: new Date(Date.parse(day) + 1),
      })
      return [s.open[0], s.close[0]].map((ms) => new Date(ms as number).toISOString().slice(0, 16))
    }
    expect(span('2024-01-08', 'America/Chicago', '17:00-1d', '16:00')).toEqual(['2024-01-07T23:00', '2024-01-08T22:00'])
    expect(span('2024-01-08', 'Asia/Shanghai', '9:00', '2:30+1d')).toEqual(['2024-01-08T01:00', '2024-01-08T18:30'])
    expect(span('2024-01-08', 'America/Sao_Paulo', '10:00', '16:00@America/New_York')).toEqual([
      '2024-01-08T13:00',
      '2024-01-08T21:00',
    ])
    expect(span('2024-07-08', 'America/Sao_Paulo', '10:00', '16:00@America/New_York')).toEqual([
      '2024-07-08T13:00',
      '2024-07-08T20:00',
    ])
  })

  it('special hours come earlier or later, and drop a break that no longer fits', () => {
    const spec: Partial<CalendarSpec> = {
      specialOpens: { '10:00': ['2024-01-02'], '13:30': ['2024-01-03'] },
      specialCloses: { '12:00': ['2024-01-04'], '12:30': ['2024-01-05'], '18:00': ['2024-01-06'] },
      specialBreaks: { '11:30..12:30': ['2024-01-07'], none: ['2024-01-08'] },
    }
    expect(['02', '03', '04', '05', '06', '07', '08'].map((day) => hours(`2024-01-${day}`, spec))).toEqual([
      '10:00 12:00 13:00 17:00',
      '13:30 - - 17:00',
      '09:00 - - 12:00',
      '09:00 - - 12:30',
      '09:00 12:00 13:00 18:00',
      '09:00 11:30 12:30 17:00',
      '09:00 - - 17:00',
    ])
  })

  it('special hours move to sessions: the last before Christmas, the first of the year', () => {
    const spec: Partial<CalendarSpec> = {
      week: 'Mon-Fri',
      holidays: ['1-1', '12-25', '12-26', { on: '12-24', days: 'Mon' }],
      specialCloses: { '14:10': [{ on: ['12-25', '1-1'], observe: 'previous-session' }] },
      specialOpens: {
        '10:00': [{ on: '1-1', observe: 'next-session' }],
        '11:00': [{ on: '6-1', observe: 'this-or-next-session' }],
      },
    }
    expect(
      ['2023-12-22', '2023-12-29', '2024-01-02', '2024-06-03', '2025-06-02', '2026-06-01'].map((day) =>
        hours(day, spec),
      ),
    ).toEqual([
      '09:00 12:00 13:00 14:10',
      '09:00 12:00 13:00 14:10',
      '10:00 12:00 13:00 17:00',
      '11:00 12:00 13:00 17:00',
      '11:00 12:00 13:00 17:00',
      '11:00 12:00 13:00 17:00',
    ])
  })

  it('an explicit date beats a pattern, a later line an earlier one, a holiday both', () => {
    const spec: Partial<CalendarSpec> = {
      holidays: ['2025-12-24'],
      specialCloses: { '14:00': ['2024-12-24'], '13:00': ['12-24'], '12:30': [{ on: '12-24', years: [2023] }] },
    }
    expect(['2022', '2023', '2024', '2025'].map((year) => hours(`${year}-12-24`, spec))).toEqual(
      ['09:00 12:00 13:00 13:00', '09:00 - - 12:30', '09:00 12:00 13:00 14:00', 'closed'].map((text) =>
        text === '09:00 12:00 13:00 13:00' ? '09:00 - - 13:00' : text,
      ),
    )
  })

  it('extra sessions trade on days off and holidays, with hours of their own if given', () => {
    const spec: Partial<CalendarSpec> = {
      week: 'Mon-Fri',
      holidays: ['11-12'],
      sessions: {
        '2024-02-03': {},
        '2024-11-12': { open: '18:15', close: '19:15', break: null },
        '2024-03-02..2024-03-03': { close: '12:30' },
      },
    }
    expect(
      ['2024-02-03', '2024-02-04', '2024-11-12', '2024-03-02', '2024-03-03'].map((day) => hours(day, spec)),
    ).toEqual(['09:00 12:00 13:00 17:00', 'closed', '18:15 - - 19:15', '09:00 - - 12:30', '09:00 - - 12:30'])
    expect(hours('2024-02-03', { week: 'Mon-Fri', sessions: ['2024-02-03'] })).toBe('09:00 12:00 13:00 17:00')
  })
})

describe('a wrong table', () => {
  it.each<[string, unknown, RegExp]>([
    ['no name', { name: '' }, /calendar\.name: "" is no name/],
    ['no zone', { zone: 'Mars/Base' }, /TEST\.zone: "Mars\/Base" is no time zone/],
    ['no hours', { hours: undefined }, /TEST\.hours: undefined/],
    ['hours that end first', { hours: { open: '17:00', close: '16:00' } }, /TEST\.hours: .*17:00-1d/],
    ['a time that is none', { hours: { open: '9.30', close: '16:00' } }, /TEST\.hours\.open: "9\.30" is no time/],
    [
      'a time beyond the clock',
      { hours: { open: '9:30', close: '25:00' } },
      /TEST\.hours\.close: "25:00" does not exist/,
    ],
    [
      'a rule that is none',
      { holidays: ['12-25', 'Boxing Day'] },
      /TEST\.holidays\[1\]\.on: "Boxing Day" names no day/,
    ],
    ['a day that is none', { holidays: ['2-30'] }, /TEST\.holidays\[0\]\.on: "2-30" is no day of any year/],
    ['a date that is none', { closures: ['2023-02-29'] }, /TEST\.closures\[0\]: "2023-02-29" is no date/],
    ['a run backwards', { closures: ['2023-02-10..2023-02-01'] }, /earlier one first/],
    ['a table that is not there', { holidays: ['@eid'] }, /"@eid" names no table: add it to tables/],
    ['another word', { holidays: [{ on: '12-25', from: 2000 }] }, /TEST\.holidays\[0\]\.from: 2000 .*write "first"/],
    ['another word in the spec', { tz: 'UTC' }, /calendar\.tz: "UTC" .*write "zone"/],
    [
      'an unknown observance',
      { holidays: [{ on: '1-1', observe: 'friday' }] },
      /observe: "friday" is no observance: use none, nearest-weekday/,
    ],
    ['an observance for no weekday', { holidays: [{ on: '1-1', observe: { Saturday: 1 } }] }, /observe\.Saturday/],
    ['sessions among holidays', { holidays: [{ on: '1-1', observe: 'next-session' }] }, /use avoid: "closed"/],
    ['weekdays that are none', { week: 'Mo-Fr' }, /TEST\.week: "Mo-Fr" is no weekday/],
    ['years that are none', { holidays: [{ on: '1-1', years: ['all'] }] }, /years: "all" is no year/],
    ['bounds that cross', { holidays: [{ on: '1-1', first: 2010, last: 2009 }] }, /ends before it starts/],
    ['a break that is none', { hours: { open: '9:00', close: '17:00', break: '12:00' } }, /break: "12:00" is no break/],
    ['a list that is none', { holidays: '12-25' }, /TEST\.holidays: "12-25" is no list of rules/],
  ])('%s is refused with place, value and remedy', (_, change, message) => {
    expect(() => defineCalendar({ ...BASE, ...(change as object) } as CalendarSpec)).toThrow(message)
    expect(() => defineCalendar({ ...BASE, ...(change as object) } as CalendarSpec)).toThrow(
      expect.objectContaining({ code: 'config/option' }),
    )
  })

  it('that leaves a session without hours, or closes it before it opens, is refused when that session is asked for', () => {
    expect(() => hours('2009-06-01', { hours: { first: 2010, open: '9:00', close: '17:00' } })).toThrow(
      /session of 2009-01-01 has no hours/,
    )
    expect(() => hours('2024-06-03', { specialCloses: { '8:00': ['2024-06-03'] } })).toThrow(
      /session of 2024-06-03 closes before it opens/,
    )
  })

  it('of any shape is refused with an error of ours, or works', () => {
    const texts = fc.oneof(
      fc.constantFrom(
        '12-25',
        '11-Thu#4',
        'easter-2',
        '@a',
        '2024-01-05..2024-01-08',
        'Wed',
        'Mon-Fri',
        '9:30',
        '17:00-1d',
        'none',
        'bridge',
      ),
      fc.string(),
      fc.integer(),
      fc.anything({ withBigInt: true, withDate: true }),
    )
    const rule = fc.oneof(
      texts,
      fc.record(
        { on: texts, observe: texts, first: texts, days: texts, avoid: fc.constantFrom('closed', 'holidays', 'x') },
        { requiredKeys: [] },
      ),
    )
    const part = fc.oneof(
      texts,
      fc.array(rule, { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('9:30', '13:00', 'a', 'first'), fc.array(rule, { maxLength: 2 })),
    )
    const keys = [
      'week',
      'hours',
      'holidays',
      'closures',
      'specialOpens',
      'specialCloses',
      'specialBreaks',
      'sessions',
      'tables',
      'valid',
      'zone',
    ]
    let works = 0
    fc.assert(
      fc.property(fc.constantFrom(...keys), part, (key, value) => {
        try {
          const market = defineCalendar({ ...BASE, [key]: value } as CalendarSpec)
          market.sessions({ start: '2024-01-01', end: '2024-03-01' })
          works++
        } catch (error) {
          expect(isDataClientError(error), String(error)).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
    expect(works).toBeGreaterThan(50)
  })
})
