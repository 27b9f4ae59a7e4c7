import { describe, expect, it } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import type { CoverageRecord, CoverageReason, CoverageState } from '../../src/contract/coverage.ts'
import type { GapInput, GapReport } from '../../src/contract/gap-detector.ts'
import type { Interval } from '../../src/contract/interval.ts'
import { createGapDetector } from '../../src/gaps/index.ts'

const at = (text: string): number => Date.parse(text)
const times = (...texts: string[]): Float64Array => Float64Array.from(texts, at)

export function covered(
  start: string,
  end: string,
  state: CoverageState = 'data',
  reason?: CoverageReason,
): CoverageRecord {
  return {
    startMs: at(start),
    endMs: at(end),
    state,
    requestId: 'r1',
    asOfMs: 0,
    ...(reason === undefined ? {} : { reason }),
  }
}

interface Case {
  readonly interval: Interval
  readonly range: readonly [string, string]
  readonly rows: Float64Array
  readonly calendar?: string
  readonly coverage?: readonly CoverageRecord[]
  readonly now?: string
  readonly rejected?: Float64Array
  readonly failed?: readonly (readonly [string, string])[]
  readonly capabilities?: Partial<GapInput['capabilities']>
  readonly tolerance?: number
  readonly minGapSlots?: number
}

function report(given: Case): GapReport {
  const [start, end] = given.range
  const options = {
    ...(given.tolerance === undefined ? {} : { tolerance: given.tolerance }),
    ...(given.minGapSlots === undefined ? {} : { minGapSlots: given.minGapSlots }),
  }
  return createGapDetector(options).detect({
    series: { provider: 'test', schema: 'ohlcv', symbol: 'X', interval: given.interval },
    range: { startMs: at(start), endMs: at(end) },
    timestampsMs: given.rows,
    coverage: given.coverage ?? [covered(start, end)],
    calendar: calendar(given.calendar ?? 'XNYS'),
    capabilities: {
      barsWithoutTrades: 'emitted',
      finalityLagMs: 0,
      anchor: 'session',
      dayBoundary: 'session',
      ...given.capabilities,
    },
    nowMs: at(given.now ?? '2030-01-01'),
    ...(given.rejected === undefined ? {} : { rejectedMs: given.rejected }),
    ...(given.failed === undefined ? {} : { failed: given.failed.map(([a, b]) => ({ startMs: at(a), endMs: at(b) })) }),
  })
}

const shown = (r: GapReport): string[] =>
  r.gaps.map(
    (g) =>
      `${g.kind} ${new Date(g.startMs).toISOString().slice(0, 16)}..${new Date(g.endMs).toISOString().slice(0, 16)} ${g.slots}/${g.sessions}`,
  )

const bars = (
  name: string,
  start: string,
  end: string,
  interval: Interval,
  anchor: 'clock' | 'session' = 'session',
): Float64Array => calendar(name).expectedBars({ start, end }, interval, anchor)

describe('gaps', () => {
  it('finds none in a whole week of minutes: nights, the weekend and the half day are no gaps', () => {
    const range = ['2024-11-25', '2024-12-03'] as const
    const r = report({ interval: '1m', range, rows: bars('XNYS', ...range, '1m') })
    expect(r).toMatchObject({ gaps: [], expected: 390 * 4 + 210, present: 390 * 4 + 210, coverageRatio: 1 })
  })

  it('names a hole in the middle, and one that spans a night as one gap over two sessions', () => {
    const all = bars('XNYS', '2024-01-08', '2024-01-10', '1h')
    const rows = all.filter((_, i) => i !== 2 && i !== 6 && i !== 7)
    expect(shown(report({ interval: '1h', range: ['2024-01-08', '2024-01-10'], rows }))).toEqual([
      'provider-missing 2024-01-08T16:30..2024-01-08T17:30 1/1',
      'provider-missing 2024-01-08T20:30..2024-01-09T15:30 2/2',
    ])
  })

  it('cuts a hole where coverage changes', () => {
    const r = report({
      interval: '1d',
      range: ['2024-01-01', '2024-02-01'],
      rows: times('2024-01-08'),
      coverage: [
        covered('2024-01-01', '2024-01-09'),
        covered('2024-01-09', '2024-01-10', 'empty', 'holiday'),
        covered('2024-01-10', '2024-01-12', 'unavailable', 'not-entitled'),
        covered('2024-01-22', '2024-01-23', 'partial', 'null-row'),
        covered('2024-01-23', '2024-02-01', 'partial', 'not-final'),
      ],
      failed: [['2024-01-16', '2024-01-18']],
      rejected: times('2024-01-04'),
      now: '2024-01-25T12:00Z',
    })
    expect(shown(r)).toEqual([
      'provider-missing 2024-01-02T00:00..2024-01-04T00:00 2/2',
      'rejected 2024-01-04T00:00..2024-01-05T00:00 1/1',
      'provider-missing 2024-01-05T00:00..2024-01-06T00:00 1/1',
      'unavailable 2024-01-10T00:00..2024-01-12T00:00 2/2',
      'unfetched 2024-01-12T00:00..2024-01-13T00:00 1/1',
      'failed 2024-01-16T00:00..2024-01-18T00:00 2/2',
      'unfetched 2024-01-18T00:00..2024-01-20T00:00 2/2',
      'provider-missing 2024-01-22T00:00..2024-01-23T00:00 1/1',
      'unfetched 2024-01-23T00:00..2024-01-25T00:00 2/2',
      'pending 2024-01-25T00:00..2024-02-01T00:00 5/5',
    ])
    expect(r.noTrades).toBe(1)
  })

  it('counts what is odd and keeps it apart from what is missing', () => {
    const slots = bars('XNYS', '2024-01-08', '2024-01-09', '1h')
    const rows = Float64Array.from([
      at('2024-01-08T12:00Z'),
      ...slots,
      slots[0]! + 5 * 60_000,
      slots[2]!,
      slots[3]! + 20 * 60_000,
      at('2024-01-08T21:00Z'),
    ]).sort()
    expect(report({ interval: '1h', range: ['2024-01-08', '2024-01-09'], rows })).toMatchObject({
      gaps: [],
      expected: 7,
      present: 7,
      duplicates: 2,
      offGrid: 1,
      outOfSession: 2,
      coverageRatio: 1,
    })
  })

  it('takes rows beside their slot for it up to the tolerance', () => {
    const rows = bars('XNYS', '2024-01-08', '2024-01-09', '1h').map((open) => open + 6 * 60_000)
    const of = (tolerance: number): number =>
      report({ interval: '1h', range: ['2024-01-08', '2024-01-09'], rows, tolerance }).present
    expect([of(0), of(0.09), of(0.1), of(0.5)]).toEqual([0, 0, 7, 7])
  })

  it('is pending until the bar can no longer change', () => {
    const pending = (now: string, lagMinutes: number): string[] =>
      shown(
        report({
          interval: '1h',
          range: ['2024-01-08', '2024-01-09'],
          rows: new Float64Array(0),
          coverage: [],
          now,
          capabilities: { finalityLagMs: lagMinutes * 60_000 },
        }),
      ).map((line) => line.replaceAll('2024-01-08T', ''))
    expect(pending('2024-01-08T16:29:59Z', 0)).toEqual(['unfetched 14:30..15:30 1/1', 'pending 15:30..21:00 6/1'])
    expect(pending('2024-01-08T16:30Z', 0)).toEqual(['unfetched 14:30..16:30 2/1', 'pending 16:30..21:00 5/1'])
    expect(pending('2024-01-08T16:44Z', 15)).toEqual(['unfetched 14:30..15:30 1/1', 'pending 15:30..21:00 6/1'])
    // The last slot is short: complete at the close, not an hour after its opening.
    expect(pending('2024-01-08T21:00Z', 0)).toEqual(['unfetched 14:30..21:00 7/1'])
  })

  it('days are complete at the close of their session, or at 24:00 UTC', () => {
    const missing = (dayBoundary: 'session' | 'utc', now: string): string | undefined =>
      report({
        interval: '1d',
        range: ['2024-01-08', '2024-01-09'],
        rows: new Float64Array(0),
        coverage: [],
        now,
        capabilities: { dayBoundary },
      }).gaps[0]?.kind
    expect([missing('session', '2024-01-08T20:59Z'), missing('session', '2024-01-08T21:00Z')]).toEqual([
      'pending',
      'unfetched',
    ])
    expect([missing('utc', '2024-01-08T23:59Z'), missing('utc', '2024-01-09T00:00Z')]).toEqual(['pending', 'unfetched'])
  })

  it('weeks and months exist where they have a session, and are named by their label', () => {
    expect(
      shown(
        report({
          interval: '1w',
          range: ['2024-01-01', '2024-02-05'],
          rows: times('2024-01-01', '2024-01-08', '2024-01-29'),
        }),
      ),
    ).toEqual(['provider-missing 2024-01-15T00:00..2024-01-29T00:00 2/9'])
    expect(
      shown(report({ interval: '1mo', range: ['2024-01-01', '2024-04-01'], rows: times('2024-01-01', '2024-03-01') })),
    ).toEqual(['provider-missing 2024-02-01T00:00..2024-03-01T00:00 1/20'])
  })

  it.each<[string, CoverageState, CoverageReason | undefined, GapInput['capabilities']['barsWithoutTrades'], string]>([
    ['a range with data, of a source that sends every bar', 'data', undefined, 'emitted', 'provider-missing'],
    ['a range with data, of a source that omits bars without trades', 'data', undefined, 'omitted', 'none'],
    [
      'an empty range without a reason, of a source that sends every bar',
      'empty',
      undefined,
      'emitted',
      'provider-missing',
    ],
    ['an empty range without a reason, of a source that omits them', 'empty', undefined, 'omitted', 'none'],
    ['before the listing', 'empty', 'before-listing', 'emitted', 'none'],
    ['a holiday that only the source knows', 'empty', 'holiday', 'emitted', 'none'],
    ['a session that the source is known to have lost', 'empty', 'provider-missing', 'omitted', 'provider-missing'],
    ['a row of nulls', 'partial', 'null-row', 'omitted', 'provider-missing'],
    ['a provisional range that is final now', 'partial', 'not-final', 'emitted', 'unfetched'],
    ['not entitled', 'unavailable', 'not-entitled', 'emitted', 'unavailable'],
  ])('%s', (_, state, reason, barsWithoutTrades, expected) => {
    const range = ['2024-01-08', '2024-01-09'] as const
    const r = report({
      interval: '1h',
      range,
      rows: new Float64Array(0),
      coverage: [covered(...range, state, reason)],
      capabilities: { barsWithoutTrades },
    })
    expect(shown(r)).toEqual(expected === 'none' ? [] : [`${expected} 2024-01-08T14:30..2024-01-08T21:00 7/1`])
    expect(r.noTrades).toBe(expected === 'none' ? 7 : 0)
  })

  it('of a source that does not say, long holes and sessions with less than half their bars are gaps', () => {
    const range = ['2024-01-08', '2024-01-11'] as const
    const all = bars('XNYS', ...range, '30m')
    const without = (...missing: number[]): Float64Array => all.filter((_, i) => !missing.includes(i))
    const of = (rows: Float64Array, minGapSlots?: number): string[] =>
      shown(
        report({
          interval: '30m',
          range,
          rows,
          capabilities: { barsWithoutTrades: 'unknown' },
          ...(minGapSlots === undefined ? {} : { minGapSlots }),
        }),
      )
    expect(of(without(1, 2, 5))).toEqual([])
    expect(of(without(1, 2, 3, 6))).toEqual(['provider-missing 2024-01-08T15:00..2024-01-08T16:30 3/1'])
    expect(of(without(1, 2, 3, 6), 4)).toEqual([])
    expect(of(without(1, 2, 3, 6), 1)).toHaveLength(2)
    // Seven of thirteen missing, never more than two in a row.
    expect(of(without(0, 1, 3, 4, 6, 7, 9))).toHaveLength(4)
    expect(of(without(0, 1, 3, 4, 6, 7))).toEqual([])
  })

  it('of a source that does not say, holes as long as is usual in their hour are none', () => {
    const range = ['2024-01-01', '2024-03-01'] as const
    const all = bars('24/7', ...range, '5m')
    // Every hour lacks four bars in a row, on the last day one hour lacks six.
    const rows = all.filter((_, i) => {
      const inHour = i % 12
      return i < all.length - 12 * 24 ? inHour >= 4 : inHour >= (i >= all.length - 12 ? 6 : 0)
    })
    const quiet = report({
      interval: '5m',
      range,
      rows,
      calendar: '24/7',
      capabilities: { barsWithoutTrades: 'unknown' },
    })
    expect(shown(quiet)).toHaveLength(24 * 59 + 1)
    const long = ['2024-01-01', '2024-06-01'] as const
    const usual = bars('24/7', ...long, '5m').filter((_, i) =>
      Math.floor(i / 12) === 3000 ? i % 12 >= 6 : i % 12 >= 4,
    )
    expect(
      shown(
        report({
          interval: '5m',
          range: long,
          rows: usual,
          calendar: '24/7',
          capabilities: { barsWithoutTrades: 'unknown' },
        }),
      ),
    ).toEqual(['provider-missing 2024-05-05T00:00..2024-05-05T00:30 6/1'])
  })

  it('says of dates that the calendar does not know only what was never fetched', () => {
    const range = ['1952-09-01', '1952-10-04'] as const
    const r = report({
      interval: '1d',
      range,
      rows: times('1952-09-02', '1952-09-29', '1952-10-01'),
      coverage: [covered('1952-09-02', '1952-10-04')],
    })
    expect(shown(r)).toEqual([
      'unfetched 1952-09-01T00:00..1952-09-02T00:00 0/0',
      'provider-missing 1952-09-30T00:00..1952-10-01T00:00 1/1',
      'provider-missing 1952-10-02T00:00..1952-10-04T00:00 2/2',
    ])
    expect(r).toMatchObject({
      expected: 5,
      present: 2,
      unchecked: [{ startMs: at('1952-09-01'), endMs: at('1952-09-29') }],
    })
    const before = report({
      interval: '1m',
      range: ['1950-01-01', '1951-01-01'],
      rows: new Float64Array(0),
      coverage: [],
    })
    expect(shown(before)).toEqual(['unfetched 1950-01-01T00:00..1951-01-01T00:00 0/0'])
    expect(before.coverageRatio).toBe(1)
  })

  it('looks at the rows of the range only', () => {
    const rows = bars('XNYS', '2024-01-05', '2024-01-11', '1h')
    expect(report({ interval: '1h', range: ['2024-01-08', '2024-01-09'], rows })).toMatchObject({
      expected: 7,
      present: 7,
      outOfSession: 0,
      gaps: [],
    })
  })

  it('refuses options and rows that cannot be', () => {
    expect(() => createGapDetector({ tolerance: 0.6 })).toThrow(
      /config\/option.*gapDetector\.tolerance: 0\.6 is not between 0 and 0\.5/,
    )
    expect(() => createGapDetector({ tolerance: NaN })).toThrow(/tolerance/)
    expect(() => createGapDetector({ minGapSlots: 0 })).toThrow(/minGapSlots: 0 is no whole number/)
    expect(() => createGapDetector({ tolerence: 0.1 } as never)).toThrow(
      /gapDetector\.tolerence: 0\.1 is not known: use tolerance or minGapSlots/,
    )
    const unsorted = Float64Array.of(at('2024-01-08T15:30Z'), at('2024-01-08T14:30Z'))
    expect(() => report({ interval: '1h', range: ['2024-01-08', '2024-01-09'], rows: unsorted })).toThrow(
      /data\/invalid.*timestampsMs: row 1/,
    )
  })
})
