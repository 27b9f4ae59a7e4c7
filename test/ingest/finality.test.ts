import { describe, expect, test } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import type { Interval } from '../../src/contract/interval.ts'
import { closedEnd, closedTest, finalEnd } from '../../src/ingest/finality.ts'
import type { BarClock } from '../../src/ingest/finality.ts'

const clock = (name: string, interval: Interval, more: Partial<BarClock['capabilities']> = {}): BarClock => ({
  series: { provider: 'fake', schema: 'ohlcv', symbol: 'X', interval },
  calendar: calendar(name),
  capabilities: { anchor: 'session', dayBoundary: 'session', finalityLagMs: 0, ...more },
})
const at = (text: string): number => Date.parse(`${text}Z`)
const day = (text: string): number => Date.parse(`${text}T00:00Z`)

describe('the closed end', () => {
  test.each([
    // Tokyo: 00:00–02:30 and 03:30–06:30 UTC since 2024-11-05; the afternoon's bars begin at 03:30.
    ['XTKS', '1h', '2025-03-04T04:10', '2025-03-04T03:30'],
    ['XTKS', '1h', '2025-03-04T04:30', '2025-03-04T04:30'],
    ['XTKS', '1h', '2025-03-04T01:59', '2025-03-04T01:00'],
    ['XHKG', '1h', '2025-03-04T05:45', '2025-03-04T05:00'],
    ['XNYS', '1h', '2025-03-04T15:29', '2025-03-04T14:30'],
    // The same hour in summer time.
    ['XNYS', '1h', '2025-03-11T14:29', '2025-03-11T13:30'],
    ['XNYS', '1h', '2025-03-11T20:05', '2025-03-11T20:00'],
  ] as const)('of %s %s bars at %s is %s', (name, interval, now, end) => {
    expect(new Date(closedEnd(clock(name, interval), at(now))).toISOString()).toBe(new Date(at(end)).toISOString())
  })

  test.each([
    // A running session, its evening, the weekend, a holiday (Good Friday 2025).
    ['XNYS', '1d', '2025-03-04T18:00', '2025-03-04'],
    ['XNYS', '1d', '2025-03-04T21:00', '2025-03-05'],
    ['XNYS', '1d', '2025-03-08T12:00', '2025-03-09'],
    ['XNYS', '1d', '2025-04-18T15:00', '2025-04-19'],
    // The week ends with Friday's close.
    ['XNYS', '1w', '2025-03-07T20:00', '2025-03-03'],
    ['XNYS', '1w', '2025-03-07T21:00', '2025-03-10'],
    ['XNYS', '1w', '2025-03-08T12:00', '2025-03-10'],
    ['XNYS', '1w', '2025-03-10T15:00', '2025-03-10'],
    ['XNYS', '1mo', '2025-03-31T15:00', '2025-03-01'],
    ['XNYS', '1mo', '2025-03-31T21:00', '2025-04-01'],
    ['XTKS', '1d', '2025-03-04T05:00', '2025-03-04'],
    ['XTKS', '1d', '2025-03-04T07:00', '2025-03-05'],
    // Tuesday's session of the futures opens on Monday evening.
    ['CMES', '1d', '2025-03-03T23:30', '2025-03-04'],
    ['CMES', '1d', '2025-03-04T15:00', '2025-03-04'],
    ['FX', '1d', '2025-03-09T22:00', '2025-03-10'],
    ['FX', '1d', '2025-03-10T20:00', '2025-03-10'],
    ['FX', '1d', '2025-03-10T22:00', '2025-03-11'],
    ['24/7', '3d', '2025-03-06T12:00', '2025-03-04'],
  ] as const)('of %s %s bars at %s is %s', (name, interval, now, end) => {
    expect(new Date(closedEnd(clock(name, interval), at(now))).toISOString().slice(0, 10)).toBe(end)
  })

  test('never calls a bar closed whose close lies ahead, at any minute of a week', () => {
    for (const [name, interval] of [
      ['XTKS', '1h'],
      ['XHKG', '30m'],
      ['XNYS', '1h'],
      ['CMES', '4h'],
      ['FX', '1h'],
    ] as const) {
      const bars = calendar(name).expectedBars({ start: '2025-03-02', end: '2025-03-16' }, interval, 'session')
      const rules = clock(name, interval)
      const sessions = calendar(name).sessions({ start: '2025-02-28', end: '2025-03-18' })
      const endOf = (open: number): number => {
        const length = interval === '30m' ? 1_800_000 : interval === '4h' ? 14_400_000 : 3_600_000
        const i = sessions.open.findIndex((from, k) => from <= open && open < (sessions.close[k] as number))
        const pause = sessions.breakStart[i] as number
        const border = open < pause ? pause : (sessions.close[i] as number)
        return Math.min(open + length, border)
      }
      for (let now = day('2025-03-03'); now < day('2025-03-15'); now += 7 * 60_000) {
        const isClosed = closedTest(rules, now)
        for (const open of bars) {
          if (endOf(open) > now)
            expect(
              isClosed(open),
              `${name} ${interval} ${new Date(open).toISOString()} at ${new Date(now).toISOString()}`,
            ).toBe(false)
          else if (open + 5 * 3_600_000 <= now) expect(isClosed(open)).toBe(true)
        }
      }
    }
  })
})

test('a bar is final a lag after its close', () => {
  const lagging = clock('XNYS', '1d', { finalityLagMs: 86_400_000 })
  expect(finalEnd(lagging, at('2025-03-05T20:59'))).toBe(day('2025-03-04'))
  expect(finalEnd(lagging, at('2025-03-05T21:00'))).toBe(day('2025-03-05'))
})
