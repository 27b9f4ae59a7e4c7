/** Weeks of updates at any moment on real calendars: nothing running is stored, nothing is missed, no alarm is false. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import type { Interval } from '../../src/contract/interval.ts'
import type { Page } from '../../src/contract/provider.ts'
import { slotsOf } from '../../src/contract/slots.ts'
import { columnsOf, coverageOf } from '../../src/query/table.ts'
import { fakeSource, testClient } from './support.ts'

const DAY = 86_400_000
const MINUTE = 60_000

interface Bar {
  readonly open: number
  readonly complete: number
}

/** Every bar of a market, with the instant at which it is complete. */
function barsOf(name: string, interval: Interval, startMs: number, endMs: number, anchor: 'clock' | 'session'): Bar[] {
  const { n, first, count, end, complete, stepMs } = slotsOf(calendar(name), { startMs, endMs }, interval, anchor)
  return Array.from({ length: n }).flatMap((_, run) =>
    Array.from({ length: count[run] as number }, (__, k) => {
      const open = (first[run] as number) + k * stepMs
      const isLast = k + 1 === (count[run] as number)
      return {
        open,
        complete: isLast
          ? Math.max(complete[run] as number, end[run] === complete[run] ? (end[run] as number) : 0)
          : open + stepMs,
      }
    }),
  )
}

const MARKETS = [
  ['XNYS', '1d', 'session', '2024-03-04', 'unknown'],
  ['XNYS', '1h', 'session', '2024-03-04', 'unknown'],
  ['XNYS', '15m', 'clock', '2024-10-28', 'emitted'],
  ['XNYS', '1w', 'session', '2024-11-18', 'unknown'],
  ['XNYS', '1mo', 'session', '2024-05-01', 'unknown'],
  ['XTKS', '1h', 'session', '2024-12-23', 'unknown'],
  ['XTKS', '1d', 'session', '2024-12-23', 'unknown'],
  ['XHKG', '30m', 'session', '2025-01-20', 'emitted'],
  ['XLON', '1h', 'session', '2024-03-25', 'unknown'],
  ['CMES', '1d', 'session', '2024-11-25', 'unknown'],
  ['GLOBEX_EQ', '1h', 'clock', '2024-11-25', 'emitted'],
  ['FX', '1d', 'session', '2024-03-04', 'unknown'],
  ['FX', '4h', 'clock', '2024-10-28', 'emitted'],
  ['24/7', '3d', 'clock', '2024-02-20', 'emitted'],
] as const

describe('an update at any moment', () => {
  test.each(MARKETS)('on %s of %s (%s)', async (name, interval, anchor, from, barsWithoutTrades) => {
    const startMs = Date.parse(`${from}T00:00Z`)
    const bars = barsOf(name, interval, startMs, startMs + 90 * DAY, anchor)
    const gaps = fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 600, max: 5_000 })), {
      minLength: 3,
      maxLength: 14,
    })
    await fc.assert(
      fc.asyncProperty(gaps, fc.constantFrom(0, 20, 1440), async (minutes, lagMinutes) => {
        const clock = { nowMs: startMs + 40 * DAY }
        const source = fakeSource([], {
          intervals: { [interval]: interval },
          calendar: name,
          anchor,
          barsWithoutTrades,
          dayBoundary: name === '24/7' ? 'utc' : 'session',
          finalityLagMs: lagMinutes * MINUTE,
        })
        const fetch = async function* ({ range }: { range: { startMs: number; endMs: number } }): AsyncGenerator<Page> {
          source.requests.push(range)
          // The source also sends the running bar.
          const inside = bars.filter(({ open }) => open >= range.startMs && open < range.endMs && open <= clock.nowMs)
          const price = Float64Array.from(inside, ({ complete }) => (complete <= clock.nowMs ? 100 : -1))
          yield {
            columns: {
              timestamp: Float64Array.from(inside, ({ open }) => open),
              open: price,
              high: price,
              low: price,
              close: price,
              volume: price,
            },
            proven: range,
          }
        }
        const { client } = testClient({ clock, providers: [{ ...source.provider, fetch }] })
        const key = { symbol: 'X', interval, assetClass: 'equity' } as const
        await client.get({ ...key, start: new Date(startMs) })
        for (const wait of minutes) {
          clock.nowMs += wait * MINUTE
          await client.update(key)
          const table = await client.read({ ...key, start: new Date(startMs), end: new Date(clock.nowMs + 40 * DAY) })
          const { timestampMs, close } = columnsOf(table)
          const closed = bars.filter(({ complete }) => complete <= clock.nowMs).map(({ open }) => open)
          const at = new Date(clock.nowMs).toISOString()
          expect(
            (close as Float64Array).every((value) => value === 100),
            `a running bar at ${at}`,
          ).toBe(true)
          // A source that is late by nothing is complete but for what closed within the hour, where sessions end off the clock.
          const stored = [...timestampMs]
          expect(stored, at).toEqual(closed.slice(0, stored.length))
          expect(
            closed.slice(stored.length).every((open) => open > clock.nowMs - 5 * 3_600_000 || interval.endsWith('d')),
            `${at}: ${closed.length - stored.length} late`,
          ).toBe(true)
          expect(
            coverageOf(table).missing.filter((missing) => missing.kind === 'provider-missing'),
            at,
          ).toEqual([])
          expect(
            (await client.gaps({ ...key, start: new Date(startMs), end: new Date(clock.nowMs) })).gaps.filter(
              (gap) => gap.kind === 'provider-missing',
            ),
            at,
          ).toEqual([])
        }
        expect((await client.status(key)).asks).toEqual([])
        expect((await client.rejects(key)).numRows).toBe(0)
      }),
      { numRuns: 12 },
    )
  })
})
