import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { zoneOf } from '../../src/calendars/zone.ts'

const ZONES = [
  'America/New_York',
  'America/Chicago',
  'America/Sao_Paulo',
  'Europe/London',
  'Europe/Berlin',
  'Europe/Dublin',
  'Africa/Casablanca',
  'Asia/Tokyo',
  'Asia/Hong_Kong',
  'Asia/Jerusalem',
  'Asia/Tehran',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'UTC',
] as const
const DAY = 86_400_000

/** The clock of a zone by its written parts: knows nothing of offsets or transitions. */
function clockOf(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (ms) => {
    const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
    return Date.UTC(
      part['year'] as number,
      (part['month'] as number) - 1,
      part['day'],
      part['hour'],
      part['minute'],
      part['second'],
    )
  }
}

/** The instant of a clock reading by trial: the first that shows it, or, where none does, the one with the old offset. */
function expectedUtc(clock: (ms: number) => number, local: number): number {
  const offsets = [-2, -1, 0, 1, 2].map((days) => clock(local + days * DAY) - (local + days * DAY))
  const tries = [...new Set(offsets)].map((offset) => local - offset)
  const shown = tries.filter((ms) => clock(ms) === local)
  return shown.length > 0 ? Math.min(...shown) : Math.max(...tries)
}

describe('zones', () => {
  const clocks = new Map(ZONES.map((zone) => [zone, clockOf(zone)]))
  const start = Date.UTC(1970, 0, 3)
  const end = Date.UTC(2049, 11, 28)

  it('turn any clock reading into the instant that the platform shows so, the first of two, the later beside a gap', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.integer({ min: start / 60_000, max: end / 60_000 }), (zone, minute) => {
        const local = minute * 60_000
        expect(zoneOf(zone).toUtc(local)).toBe(expectedUtc(clocks.get(zone) as never, local))
      }),
      { numRuns: 3000 },
    )
  })

  it('are right on both sides of every clock change', () => {
    for (const zone of ZONES) {
      const { offsetAt, toUtc } = zoneOf(zone)
      const clock = clocks.get(zone) as (ms: number) => number
      const from = Date.UTC(2007, 0, 1)
      for (let day = from; day < Date.UTC(2027, 0, 1); day += DAY) {
        if (offsetAt(day) === offsetAt(day + DAY)) continue
        for (let local = day - DAY; local < day + 2 * DAY; local += 1_800_000) {
          expect([zone, local, toUtc(local)]).toEqual([zone, local, expectedUtc(clock, local)])
        }
        for (let ms = day; ms <= day + DAY; ms += 900_000) expect(offsetAt(ms)).toBe(clock(ms) - ms)
      }
    }
  })

  it('know the clock of years without a table, and keep nothing of them', () => {
    for (const zone of ZONES) {
      const { offsetAt, toUtc } = zoneOf(zone)
      const clock = clocks.get(zone) as (ms: number) => number
      for (const year of [1850, 1899, 1900, 2099, 2100, 2500]) {
        const ms = Date.UTC(year, 5, 15, 12)
        expect([zone, year, offsetAt(ms)]).toEqual([zone, year, clock(ms) - ms])
        expect([zone, year, toUtc(clock(ms))]).toEqual([zone, year, ms])
      }
    }
  })

  it('know summer time in New York and refuse a zone that is none', () => {
    const { toUtc } = zoneOf('America/New_York')
    const iso = (local: string): string => new Date(toUtc(Date.parse(local))).toISOString()
    expect(iso('2024-03-08T09:30Z')).toBe('2024-03-08T14:30:00.000Z')
    expect(iso('2024-03-11T09:30Z')).toBe('2024-03-11T13:30:00.000Z')
    expect(iso('2024-03-10T02:30Z')).toBe('2024-03-10T07:30:00.000Z')
    expect(iso('2024-11-03T01:30Z')).toBe('2024-11-03T05:30:00.000Z')
    expect(() => zoneOf('America/Gotham')).toThrow(/config\/option.*America\/Gotham.*IANA/)
  })
})
