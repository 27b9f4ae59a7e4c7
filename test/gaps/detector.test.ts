import { describe, expect, it } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import type { CoverageRecord, CoverageReason, CoverageState } from '../../src/contract/coverage.ts'
import type { GapInput, GapReport } from '../../src/contract/gap-detector.ts'
import type { Interval } from '../../src/contract/interval.ts'
import { createGapDetector } from '../../src/gaps/index.ts'

const at = (text: string): number => Date.parse(text)
const times = (...texts: string[]): Float64Array => Float64Array.from(texts, at)

export function covered(start: string, end: string, state: CoverageState = 'data', reason?: CoverageReason): CoverageRecord {
  return { startMs: at(start), endMs: at(end), state, requestId: 'r1', asOfMs: 0, ...(reason === undefined ? {} : { reason }) }
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
    capabilities: { barsWithoutTrades: 'emitted', finalityLagMs: 0, anchor: 'session', dayBoundary: 'session', ...given.capabilities },
    nowMs: at(given.now ?? '2030-01-01'),
    ...(given.rejected === undefined ? {} : { rejectedMs: given.rejected }),
    ...(given.failed === undefined ? {} : { failed: given.failed.map(([a, b]) => ({ startMs: at(a), endMs: at(b) })) }),
  })
}

const shown = (r: GapReport): string[] =>
  r.gaps.map((g) => `${g.kind} ${new Date(g.startMs).toISOString().slice(0, 16)}..${new Date(g.endMs).toISOString().slice(0, 16)} ${g.slots}/${g.sessions}`)

const bars = (name: string, start: string, end: string, interval: Interval, anchor: 'clock' | 'session' = 'session'): Float64Array =>
  calendar(name).expectedBars({ start, end }, interval, anchor)

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
})
