import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendar, calendarNames, countSlots, defineCalendar, segmentsOf, slotsOf } from '../../src/calendars/index.ts'
import type { Calendar } from '../../src/contract/calendar.ts'
import { type Interval, INTERVALS } from '../../src/contract/interval.ts'

const iso = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 16)
const at = (text: string): number => Date.parse(text)

/** Hours of one session in the market's own time. */
function local(name: string | Calendar, day: string): string {
  const market = typeof name === 'string' ? calendar(name) : name
  const s = market.sessions({ start: day, end: new Date(at(day) + 86_400_000) })
  if (s.n === 0) return 'closed'
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: market.zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  })
  const text = (times: Float64Array): string => (Number.isNaN(times[0]) ? '-' : format.format(times[0]))
  return [s.open, s.breakStart, s.breakEnd, s.close].map(text).join(' ')
}

describe('built-in calendars', () => {
  it.each<[string, string, string]>([
    ['XNYS', '2024-07-03', 'Wed 09:30 - - Wed 13:00'],
    ['XNYS', '2012-10-29', 'closed'],
    ['XNYS', '2025-01-09', 'closed'],
    ['XNYS', '1968-06-19', 'closed'],
    ['XNYS', '1980-11-04', 'closed'],
    ['XNYS', '1973-05-29', 'Tue 10:00 - - Tue 15:30'],
    ['XNYS', '1985-09-26', 'Thu 10:00 - - Thu 16:00'],
    ['XNYS', '2011-12-26', 'closed'],
    ['XNYS', '2021-12-31', 'Fri 09:30 - - Fri 16:00'],
    ['XLON', '2022-06-02', 'closed'],
    ['XLON', '2022-05-30', 'Mon 08:00 - - Mon 16:30'],
    ['XLON', '2020-05-08', 'closed'],
    ['XLON', '2021-12-28', 'closed'],
    ['XLON', '2021-12-24', 'Fri 08:00 - - Fri 12:30'],
    ['XLON', '2022-12-23', 'Fri 08:00 - - Fri 12:30'],
    ['XLON', '2023-12-22', 'Fri 08:00 - - Fri 12:30'],
    ['XLON', '1999-12-31', 'closed'],
    ['XETR', '2021-05-24', 'closed'],
    ['XETR', '2022-06-06', 'Mon 09:00 - - Mon 17:30'],
    ['XETR', '2017-10-31', 'closed'],
    ['XETR', '2023-12-29', 'Fri 09:00 - - Fri 14:00'],
    ['XTKS', '2024-11-01', 'Fri 09:00 Fri 11:30 Fri 12:30 Fri 15:00'],
    ['XTKS', '2024-11-05', 'Tue 09:00 Tue 11:30 Tue 12:30 Tue 15:30'],
    ['XTKS', '2019-05-02', 'closed'],
    ['XTKS', '2032-09-21', 'closed'],
    ['XTKS', '2037-09-22', 'closed'],
    ['XHKG', '2023-09-01', 'closed'],
    ['XHKG', '2023-09-08', 'closed'],
    ['XHKG', '2024-02-09', 'Fri 09:30 - - Fri 12:00'],
    ['XHKG', '2027-02-05', 'Fri 09:30 - - Fri 12:00'],
    ['XHKG', '2027-02-09', 'closed'],
    ['XHKG', '2026-04-07', 'closed'],
    ['XHKG', '2020-10-02', 'closed'],
    ['XHKG', '2010-12-31', 'Fri 10:00 - - Fri 12:30'],
    ['XHKG', '2011-03-07', 'Mon 09:30 Mon 12:00 Mon 13:00 Mon 16:00'],
    ['CMES', '2024-07-04', 'Wed 17:00 - - Thu 12:00'],
    ['GLOBEX_EQ', '2024-01-08', 'Sun 17:00 - - Mon 16:00'],
    ['GLOBEX_EQ', '2023-04-07', 'Thu 17:00 - - Fri 08:15'],
    ['GLOBEX_EQ', '2024-03-29', 'closed'],
    ['NYMEX', '2020-04-20', 'Sun 17:00 - - Mon 16:00'],
    ['NYMEX', '2023-02-20', 'Sun 17:00 - - Mon 13:30'],
    ['FX', '2024-03-11', 'Sun 17:00 - - Mon 17:00'],
    ['FX', '2024-12-25', 'Tue 17:00 - - Wed 17:00'],
    ['24/7', '2024-02-29', 'Thu 00:00 - - Fri 00:00'],
    ['24/5', '2024-03-02', 'closed'],
  ])('%s on %s: %s', (name, day, expected) => expect(local(name, day)).toBe(expected))

  it.each([
    ['XLON', [253, 253, 253, 252, 253, 253, 254, 253, 250, 251]],
    ['XETR', [252, 253, 255, 252, 251, 251, 254, 255, 257, 255]],
    ['XHKG', [247, 247, 245, 246, 246, 246, 248, 247, 246, 243]],
  ])('%s has as many sessions in each year from 2014 to 2023 as it had', (name, counts) => {
    const found = counts.map(
      (_, i) => calendar(name).sessions({ start: `${2014 + i}-01-01`, end: `${2015 + i}-01-01` }).n,
    )
    expect(found).toEqual(counts)
  })

  it('XNYS has as many sessions in each year from 1953 to 1989 as the exchange traded', () => {
    // Trading days as in the daily files of the Center for Research in Security Prices.
    const traded = [
      251, 252, 252, 251, 252, 252, 253, 252, 250, 252, 251, 253, 252, 252, 251, 226, 250, 254, 253, 251, 252, 253, 253,
      253, 252, 252, 253, 253, 253, 253, 253, 253, 252, 253, 253, 253, 252,
    ]
    const found = traded.map(
      (_, i) => calendar('XNYS').sessions({ start: `${1953 + i}-01-01`, end: `${1954 + i}-01-01` }).n,
    )
    expect(found).toEqual(traded)
  })

  it('are known by name, in either case, and by the names that other projects use', () => {
    expect(calendarNames()).toEqual([
      '24/7',
      'CMES',
      'FX',
      'GLOBEX_EQ',
      'NYMEX',
      'weekdays',
      'XETR',
      'XHKG',
      'XLON',
      'XNAS',
      'XNYS',
      'XTKS',
    ])
    expect(['xnys', '24-7', '24-5', '24/5', 'WEEKDAYS'].map((name) => calendar(name).name)).toEqual([
      'XNYS',
      '24/7',
      'weekdays',
      'weekdays',
      'weekdays',
    ])
    expect(calendar('XNYS')).toBe(calendar('xnys'))
    expect(() => calendar('NYSEE')).toThrow(/config\/option.*"NYSEE" is not built in: use 24\/7, CMES.*defineCalendar/)
  })

  it('trade foreign exchange from Sunday to Friday 17:00 in New York, through the weeks of clock changes', () => {
    const week = (start: string): string[] => {
      const s = segmentsOf(calendar('FX'), { startMs: at(start), endMs: at(start) + 7 * 86_400_000 })
      return [...s].map(iso)
    }
    expect(week('2024-03-09')).toEqual(['2024-03-10T21:00', '2024-03-15T21:00'])
    expect(week('2024-03-02')).toEqual(['2024-03-03T22:00', '2024-03-08T22:00'])
    expect(week('2024-11-02')).toEqual(['2024-11-03T22:00', '2024-11-08T22:00'])
  })
})

describe('questions', () => {
  const xnys = calendar('XNYS')
  const xtks = calendar('XTKS')

  it('take labels half-open, as text, Date or milliseconds', () => {
    const labels = (start: string | Date | number, end: string | Date | number): string[] =>
      [...xnys.sessions({ start, end }).session].map((ms) => iso(ms).slice(0, 10))
    expect(labels('2024-01-05', '2024-01-09')).toEqual(['2024-01-05', '2024-01-08'])
    expect(labels(new Date('2024-01-05T00:00:00.001Z'), at('2024-01-08T00:00:00.001Z'))).toEqual(['2024-01-08'])
    expect(labels('2023-12-29', '2024-01-03')).toEqual(['2023-12-29', '2024-01-02'])
    expect(labels('2024-01-06', '2024-01-08')).toEqual([])
  })

  it('refuse inverted ranges and dates for which the table does not speak', () => {
    expect(() => xnys.sessions({ start: '2024-01-05', end: '2024-01-05' })).toThrow(/config\/range.*not before/)
    expect(() => xnys.sessions({ start: '1950-01-01', end: '1960-01-01' })).toThrow(
      /config\/range.*outside the dates for which XNYS is known, 1952-09-29 .. 2050-01-01/,
    )
    expect(() => xnys.isOpen('2060-01-01')).toThrow(/config\/range/)
    expect(() => xnys.nextSession('2049-12-31T23:00Z')).toThrow(/config\/range.*no session after/)
    expect(() => xnys.previousSession('1952-09-29T10:00Z')).toThrow(/config\/range.*no session before/)
    expect(() => xnys.expectedBars({ start: '2024-01-01', end: '2024-02-01' }, '1M' as Interval)).toThrow(
      /config\/interval/,
    )
    expect(() => xnys.sessions({ start: '2024-01-05T09:30', end: '2024-02-01' })).toThrow(/config\/time/)
  })

  it('open at the opening, closed at the close, in breaks, at night, on weekends and holidays', () => {
    const open = (times: readonly string[], market: Calendar): boolean[] => times.map((time) => market.isOpen(time))
    expect(
      open(
        [
          '2024-07-03T13:29:59Z',
          '2024-07-03T13:30Z',
          '2024-07-03T16:59:59Z',
          '2024-07-03T17:00Z',
          '2024-07-04T15:00Z',
          '2024-07-06T15:00Z',
        ],
        xnys,
      ),
    ).toEqual([false, true, true, false, false, false])
    expect(open(['2024-06-03T02:29Z', '2024-06-03T02:30Z', '2024-06-03T03:29Z', '2024-06-03T03:30Z'], xtks)).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(open(['2024-12-31T23:30Z', '2025-01-01T12:00Z', '2025-01-01T23:30Z'], calendar('CMES'))).toEqual([
      false,
      false,
      true,
    ])
    expect(open(['2024-12-31T23:30Z', '1905-02-28T00:00Z'], calendar('24/7'))).toEqual([true, true])
  })

  it('next and previous session, across weekends and years', () => {
    expect(iso(xnys.nextSession('2024-12-31T14:30Z').open)).toBe('2025-01-02T14:30')
    expect(iso(xnys.nextSession('2024-12-31T14:29Z').open)).toBe('2024-12-31T14:30')
    expect(iso(xnys.previousSession('2025-01-02T20:59Z').session)).toBe('2024-12-31T00:00')
    expect(iso(xnys.previousSession('2025-01-02T21:00Z').session)).toBe('2025-01-02T00:00')
    expect(xtks.nextSession('2024-06-01')).toEqual({
      session: at('2024-06-03'),
      open: at('2024-06-03T00:00Z'),
      close: at('2024-06-03T06:00Z'),
      breakStart: at('2024-06-03T02:30Z'),
      breakEnd: at('2024-06-03T03:30Z'),
    })
    expect(xnys.nextSession('2024-06-01').breakStart).toBeNull()
  })

  it('agree with the list of sessions at any instant', () => {
    for (const name of ['XNYS', 'XTKS', 'XHKG', 'GLOBEX_EQ', 'FX', '24/7']) {
      const market = calendar(name)
      const s = market.sessions({ start: '2019-06-01', end: '2025-06-01' })
      fc.assert(
        fc.property(
          fc.integer({ min: at('2020-01-01'), max: at('2025-01-01') }),
          fc.constantFrom(0, 60_000, 3_600_000, 86_400_000),
          (any, grid) => {
            const ms = grid === 0 ? any : Math.floor(any / grid) * grid
            const inside = s.open.some(
              (open, i) => ms >= open && ms < s.close[i]! && !(ms >= s.breakStart[i]! && ms < s.breakEnd[i]!),
            )
            expect(market.isOpen(ms)).toBe(inside)
            expect(market.nextSession(ms).open).toBe(s.open.find((open) => open > ms))
            expect(market.previousSession(ms).close).toBe(s.close.findLast((close) => close <= ms))
          },
        ),
        { numRuns: 60 },
      )
    }
  })
})

describe('expected bars', () => {
  const bars = (name: string, start: string, end: string, interval: Interval, anchor?: 'clock' | 'session'): string[] =>
    [...calendar(name).expectedBars({ start, end }, interval, anchor)].map(iso)

  it('begin at the opening of the session, or on the clock', () => {
    expect(bars('XNYS', '2024-01-08', '2024-01-09', '1h').map((t) => t.slice(11))).toEqual([
      '14:30',
      '15:30',
      '16:30',
      '17:30',
      '18:30',
      '19:30',
      '20:30',
    ])
    expect(bars('XNYS', '2024-01-08', '2024-01-09', '1h', 'clock').map((t) => t.slice(11))).toEqual([
      '14:00',
      '15:00',
      '16:00',
      '17:00',
      '18:00',
      '19:00',
      '20:00',
    ])
    expect(bars('XNYS', '2024-01-08T15:00Z', '2024-01-08T17:30Z', '1h').map((t) => t.slice(11))).toEqual([
      '15:30',
      '16:30',
    ])
    expect(bars('XNYS', '2024-01-08T14:15Z', '2024-01-08T16:00Z', '1h', 'clock').map((t) => t.slice(11))).toEqual([
      '15:00',
    ])
  })

  it('begin anew after a break; on the clock, a slot over the break is one', () => {
    expect(bars('XTKS', '2024-06-03', '2024-06-04', '1h').map((t) => t.slice(11))).toEqual([
      '00:00',
      '01:00',
      '02:00',
      '03:30',
      '04:30',
      '05:30',
    ])
    expect(bars('XTKS', '2024-06-03', '2024-06-04', '2h', 'clock').map((t) => t.slice(11))).toEqual([
      '00:00',
      '02:00',
      '04:00',
    ])
    expect(bars('FX', '2024-06-03T16:00Z', '2024-06-04T08:00Z', '4h', 'clock').map((t) => t.slice(11))).toEqual([
      '16:00',
      '20:00',
      '00:00',
      '04:00',
    ])
  })

  it('are the labels of sessions, of the weeks and the months that have one', () => {
    expect(bars('XNYS', '2024-03-28', '2024-04-03', '1d').map((t) => t.slice(0, 10))).toEqual([
      '2024-03-28',
      '2024-04-01',
      '2024-04-02',
    ])
    expect(bars('XNYS', '2001-09-01', '2001-10-01', '1w').map((t) => t.slice(0, 10))).toEqual([
      '2001-09-03',
      '2001-09-10',
      '2001-09-17',
      '2001-09-24',
    ])
    expect(bars('XNYS', '2024-01-01', '2024-04-01', '1mo').map((t) => t.slice(0, 10))).toEqual([
      '2024-01-01',
      '2024-02-01',
      '2024-03-01',
    ])
    expect(bars('XNYS', '2024-01-02', '2024-02-02', '1mo').map((t) => t.slice(0, 10))).toEqual(['2024-02-01'])
    const golden = defineCalendar({
      name: 'W',
      zone: 'UTC',
      hours: { open: '9:00', close: '17:00' },
      closures: ['2024-10-01..2024-10-07'],
    })
    const weeks = golden.expectedBars({ start: '2024-09-23', end: '2024-10-21' }, '1w')
    expect([...weeks].map(iso).map((t) => t.slice(0, 10))).toEqual([
      '2024-09-23',
      '2024-09-30',
      '2024-10-07',
      '2024-10-14',
    ])
    const long = defineCalendar({
      name: 'W',
      zone: 'UTC',
      hours: { open: '9:00', close: '17:00' },
      closures: ['2024-10-07..2024-10-13'],
    })
    expect(long.expectedBars({ start: '2024-09-30', end: '2024-10-21' }, '1w')).toHaveLength(2)
  })

  it('are as many as are counted, lie inside segments, and do not depend on how a range is cut', () => {
    const intervals = Object.keys(INTERVALS).filter((name) => !name.endsWith('s')) as Interval[]
    const day = fc.integer({ min: 0, max: 60 })
    fc.assert(
      fc.property(
        fc.constantFrom('XNYS', 'XTKS', 'GLOBEX_EQ', 'CMES', 'FX', '24/7', 'weekdays'),
        fc.constantFrom(...intervals),
        fc.constantFrom('clock' as const, 'session' as const),
        day,
        day,
        day,
        fc.integer({ min: 0, max: 1439 }),
        (name, interval, anchor, a, b, c, minute) => {
          const market = calendar(name)
          const [start, cut, end] = [a, b, c]
            .toSorted((x, y) => x - y)
            .map((d, i) => at('2023-10-15') + d * 86_400_000 + i * minute * 60_000) as [number, number, number]
          if (start >= cut || cut >= end) return
          const whole = market.expectedBars({ start, end }, interval, anchor)
          const parts = [
            ...market.expectedBars({ start, end: cut }, interval, anchor),
            ...market.expectedBars({ start: cut, end }, interval, anchor),
          ]
          expect(whole.join() === parts.join()).toBe(true)
          expect(countSlots(market, { startMs: start, endMs: end }, interval, anchor)).toBe(whole.length)
          expect(whole.every((time, i) => i === 0 || time > (whole[i - 1] as number))).toBe(true)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('outside the dates for which the calendar is known there are none, and counting says so without failing', () => {
    expect(countSlots(calendar('XNYS'), { startMs: at('1901-01-01'), endMs: at('1902-01-01') }, '1d', 'session')).toBe(
      0,
    )
    const around = { startMs: at('1952-09-01'), endMs: at('1952-10-04') }
    expect(countSlots(calendar('XNYS'), around, '1d', 'session')).toBe(5)
    expect(segmentsOf(calendar('XNYS'), around)).toHaveLength(10)
    expect(slotsOf(calendar('XNYS'), around, '1h', 'session').n).toBe(5)
  })
})

describe('overlays', () => {
  const xnys = calendar('XNYS')
  const xhkg = calendar('XHKG')

  it('change one day and the version, and leave the calendar they came from alone', () => {
    const before = xnys.version
    const closed = xnys.withClosure('2026-03-02', '2026-03-03')
    expect([local(closed, '2026-03-02'), local(closed, '2026-03-03'), local(closed, '2026-03-04')]).toEqual([
      'closed',
      'closed',
      'Wed 09:30 - - Wed 16:00',
    ])
    expect(local(xnys, '2026-03-02')).toBe('Mon 09:30 - - Mon 16:00')
    expect(closed.name).toBe('XNYS')
    expect(xnys.version).toBe(before)
    const versions = [
      xnys,
      closed,
      xnys.withClosure('2026-03-02'),
      xnys.withEarlyClose('2026-03-02', '13:00'),
      xnys.withLateOpen('2026-03-02', '13:00'),
      xnys.withSession('2026-03-01'),
    ]
    expect(new Set(versions.map((c) => c.version)).size).toBe(versions.length)
  })

  it('add early closes, late opens and sessions; later ones win or add up', () => {
    expect(local(xnys.withEarlyClose('2026-03-02', '13:00').withLateOpen('2026-03-02', '10:30'), '2026-03-02')).toBe(
      'Mon 10:30 - - Mon 13:00',
    )
    expect(local(xhkg.withEarlyClose('2026-03-02', '12:00'), '2026-03-02')).toBe('Mon 09:30 - - Mon 12:00')
    expect(local(xhkg.withLateOpen('2026-03-02', '13:00'), '2026-03-02')).toBe('Mon 13:00 - - Mon 16:00')
    expect(local(xnys.withSession('2026-03-01', { open: '10:00', close: '12:00' }), '2026-03-01')).toBe(
      'Sun 10:00 - - Sun 12:00',
    )
    expect(local(xhkg.withSession('2026-12-25'), '2026-12-25')).toBe('Fri 09:30 Fri 12:00 Fri 13:00 Fri 16:00')
    expect(local(xnys.withClosure('2026-03-02').withSession('2026-03-02'), '2026-03-02')).toBe(
      'Mon 09:30 - - Mon 16:00',
    )
    expect(local(xnys.withSession('2026-03-01').withClosure('2026-03-01'), '2026-03-01')).toBe('closed')
  })

  it('move special hours that look for the session before', () => {
    const market = defineCalendar({
      name: 'TEST',
      zone: 'UTC',
      hours: { open: '9:00', close: '17:00' },
      holidays: ['12-25'],
      specialCloses: { '13:00': [{ on: '12-25', observe: 'previous-session' }] },
    })
    expect(local(market, '2026-12-24')).toBe('Thu 09:00 - - Thu 13:00')
    expect(local(market.withClosure('2026-12-24'), '2026-12-23')).toBe('Wed 09:00 - - Wed 13:00')
  })

  it('refuse what cannot be', () => {
    expect(() => xnys.withEarlyClose('2026-12-25', '13:00')).toThrow(
      /config\/option.*is no session of XNYS: use withSession/,
    )
    expect(() => xnys.withEarlyClose('2026-03-02', '9:00')).toThrow(/closes before it opens/)
    expect(() => xnys.withLateOpen('2026-03-02', '4 pm')).toThrow(/is no time/)
    expect(() => xnys.withClosure('tomorrow')).toThrow(/is no date/)
    expect(() => xnys.withClosure('2060-01-01')).toThrow(/config\/range/)
    expect(() => xnys.withSession('2026-03-01', { opens: '9:00' } as never)).toThrow(/withSession\.opens/)
  })
})
