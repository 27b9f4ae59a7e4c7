import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import type { GapInput, GapReport } from '../../src/contract/gap-detector.ts'
import { type Interval, barOpen, nextOpen } from '../../src/contract/interval.ts'
import { createGapDetector } from '../../src/gaps/index.ts'

const FIXTURES = process.env['MARKETLAKE_FIXTURES']

const read = (file: string): string => readFileSync(join(FIXTURES as string, 'providers/series', file), 'utf8')
const lines = (file: string): string[][] =>
  read(file)
    .trim()
    .split('\n')
    .map((line) => line.split(/[,;]/))

/** Openings of the bars of each file; files that stamp the end of a bar are shifted. */
const SERIES: Readonly<Record<string, () => number[]>> = {
  'SPY 1m': () =>
    lines('SPY_1m_2011-03_DST.csv').map(([stamp = '']) => {
      const [, y, mo, d, h, mi] = (/^(\d{4})(\d\d)(\d\d) (\d\d)(\d\d)/.exec(stamp) ?? []).map(Number)
      return Date.UTC(y as number, (mo as number) - 1, d, h, mi) - 60_000
    }),
  'MSFT 5m': () =>
    lines('MSFT_5m_2018-12_halfday.csv')
      .slice(1)
      .map(([stamp = '']) => Date.parse(stamp.replace(' ', 'T'))),
  'BTC 1m': () => (JSON.parse(read('UNITTEST_BTC-1m.json')) as number[][]).map(([time]) => time as number),
  'ADABTC 5m': () =>
    lines('ADABTC_5m.csv')
      .slice(1)
      .map(([stamp = '']) => Date.parse(stamp)),
  'XRPUSDT 1h': () =>
    lines('XRPUSDT_USDM_1h_futures.csv')
      .slice(1)
      .map(([stamp = '']) => Date.parse(stamp)),
  'XRPUSDT 8h': () =>
    lines('XRPUSDT_USDM_8h_funding_rate.csv')
      .slice(1)
      .map(([stamp = '']) => Date.parse(stamp)),
  'BTCUSD 1mo': () =>
    lines('BTCUSD_1mo_2012-2024.csv')
      .slice(1)
      .map(([stamp = '']) => barOpen('1mo', Date.parse(stamp))),
  'GOOG 1d': () =>
    lines('GOOG_1d_2004-2013.csv')
      .slice(1)
      .map(([stamp = '']) => Date.parse(stamp)),
  'YHOO 1d': () =>
    lines('YHOO_1d_2003-2005_yahoo.csv')
      .slice(1)
      .map(([stamp = '']) => Date.parse(stamp)),
  'AAPL 1d': () =>
    lines('AAPL_1d_2014-2019_IEX_SANDBOX_scrambled.csv')
      .slice(1)
      .map(([stamp = '']) => Date.parse(stamp)),
  'SPY 1d': () =>
    ['2010', '2011', '2012'].flatMap((year) =>
      lines(`SPY_1d_${year}_yahoo.csv`)
        .slice(1)
        .reverse()
        .map(([stamp = '']) => Date.parse(stamp)),
    ),
}

interface RealCase {
  readonly series: string
  readonly interval: Interval
  readonly calendar: string
  readonly trades?: 'emitted' | 'omitted' | 'unknown'
  /** Bars to take out, by opening: `[first, end)`. */
  readonly cut?: readonly (readonly [string, string])[]
  readonly gaps: readonly string[]
  readonly counts: Partial<GapReport>
}

const at = (text: string): number => Date.parse(text.length === 10 ? text : `${text}Z`)

function detect({ series, interval, calendar: name, trades = 'emitted', cut = [] }: RealCase): GapReport {
  const all = (SERIES[series] as () => number[])().sort((a, b) => a - b)
  const rows = all.filter((time) => !cut.some(([first, end]) => time >= at(first) && time < at(end)))
  const range = { startMs: all[0] as number, endMs: nextOpen(interval, all.at(-1) as number) }
  const input: GapInput = {
    series: { provider: 'recorded', schema: 'ohlcv', symbol: 'X', interval },
    range,
    timestampsMs: Float64Array.from(rows),
    coverage: [{ ...range, state: 'data', requestId: 'r', asOfMs: 0 }],
    calendar: calendar(name),
    capabilities: { barsWithoutTrades: trades, finalityLagMs: 0, anchor: 'session', dayBoundary: 'session' },
    nowMs: range.endMs + 86_400_000 * 40,
  }
  return createGapDetector().detect(input)
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16)
const shown = (report: GapReport): string[] =>
  report.gaps.map((gap) => `${iso(gap.startMs)} ${iso(gap.endMs)} ${gap.slots}/${gap.sessions}`)

const CASES: readonly RealCase[] = [
  // March 2011 with the change to summer time on the 13th: every minute of 23 sessions traded; the rest is before and after hours.
  {
    series: 'SPY 1m',
    interval: '1m',
    calendar: 'XNYS',
    gaps: [],
    counts: { expected: 8970, present: 8970, outOfSession: 8607, offGrid: 0, noTrades: 0 },
  },
  {
    series: 'SPY 1m',
    interval: '1m',
    calendar: 'XNYS',
    trades: 'omitted',
    cut: [['2011-03-11T20:00', '2011-03-11T20:07']],
    gaps: [],
    counts: { present: 8963, noTrades: 7 },
  },
  {
    series: 'SPY 1m',
    interval: '1m',
    calendar: 'XNYS',
    trades: 'unknown',
    cut: [
      ['2011-03-04T15:00', '2011-03-04T15:02'],
      ['2011-03-11T20:00', '2011-03-11T20:07'],
    ],
    gaps: ['2011-03-11T20:00 2011-03-11T20:07 7/1'],
    counts: { present: 8961, noTrades: 2 },
  },
  // An outage from Friday afternoon in winter time to Monday morning in summer time is one gap over two sessions.
  {
    series: 'SPY 1m',
    interval: '1m',
    calendar: 'XNYS',
    cut: [['2011-03-11T20:30', '2011-03-14T14:00']],
    gaps: ['2011-03-11T20:30 2011-03-14T14:00 60/2'],
    counts: { present: 8910 },
  },
  // The first and the last minute of a session, on both sides of the change.
  {
    series: 'SPY 1m',
    interval: '1m',
    calendar: 'XNYS',
    cut: [
      ['2011-03-10T14:30', '2011-03-10T14:31'],
      ['2011-03-14T13:30', '2011-03-14T13:31'],
      ['2011-03-16T19:59', '2011-03-16T20:00'],
    ],
    gaps: [
      '2011-03-10T14:30 2011-03-10T14:31 1/1',
      '2011-03-14T13:30 2011-03-14T13:31 1/1',
      '2011-03-16T19:59 2011-03-16T20:00 1/1',
    ],
    counts: { present: 8967 },
  },
  // A weekend, a half day on the 24th and Christmas are no gaps.
  {
    series: 'MSFT 5m',
    interval: '5m',
    calendar: 'XNYS',
    gaps: [],
    counts: { expected: 510, present: 510, outOfSession: 0 },
  },
  {
    series: 'MSFT 5m',
    interval: '5m',
    calendar: 'XNYS',
    cut: [['2018-12-24T17:55', '2018-12-26T14:35']],
    gaps: ['2018-12-24T17:55 2018-12-26T14:35 2/2'],
    counts: { present: 508 },
  },
  {
    series: 'MSFT 5m',
    interval: '5m',
    calendar: 'XNYS',
    cut: [['2018-12-26', '2018-12-28']],
    gaps: ['2018-12-26T14:30 2018-12-27T21:00 156/2'],
    counts: { present: 354 },
  },
  // The same stock on a calendar without holidays: the night would be a gap each day.
  {
    series: 'MSFT 5m',
    interval: '5m',
    calendar: 'weekdays',
    cut: [['2018-12-21', '2018-12-31']],
    gaps: ['2018-12-20T21:00 2018-12-31T14:30 1938/8'],
    counts: { present: 156 },
  },
  // Crypto trades around the clock: an outage is a gap to the minute.
  {
    series: 'ADABTC 5m',
    interval: '5m',
    calendar: '24/7',
    gaps: [
      '2018-01-15T10:10 2018-01-15T10:15 1/1',
      '2018-01-15T10:30 2018-01-15T10:35 1/1',
      '2018-01-15T11:10 2018-01-15T11:30 4/1',
      '2018-01-15T11:45 2018-01-15T11:50 1/1',
      '2018-01-15T12:00 2018-01-15T14:45 33/1',
    ],
    counts: { expected: 5760, present: 5720 },
  },
  {
    series: 'ADABTC 5m',
    interval: '5m',
    calendar: '24/7',
    trades: 'omitted',
    gaps: [],
    counts: { present: 5720, noTrades: 40 },
  },
  {
    series: 'ADABTC 5m',
    interval: '5m',
    calendar: '24/7',
    trades: 'unknown',
    gaps: ['2018-01-15T11:10 2018-01-15T11:30 4/1', '2018-01-15T12:00 2018-01-15T14:45 33/1'],
    counts: { noTrades: 3 },
  },
  { series: 'XRPUSDT 1h', interval: '1h', calendar: '24/7', gaps: [], counts: { expected: 100, present: 100 } },
  { series: 'XRPUSDT 8h', interval: '8h', calendar: '24/7', gaps: [], counts: { expected: 91, present: 91 } },
  { series: 'BTCUSD 1mo', interval: '1mo', calendar: '24/7', gaps: [], counts: { expected: 156, present: 156 } },
  {
    series: 'BTCUSD 1mo',
    interval: '1mo',
    calendar: '24/7',
    cut: [['2020-02-01', '2020-04-01']],
    gaps: ['2020-02-01T00:00 2020-04-01T00:00 2/60'],
    counts: { present: 154 },
  },
  // Daily bars: weekends and holidays are no gaps, in nine years of one stock and over the funeral of a president.
  {
    series: 'GOOG 1d',
    interval: '1d',
    calendar: 'XNYS',
    gaps: [],
    counts: { expected: 2148, present: 2148, outOfSession: 0 },
  },
  { series: 'YHOO 1d', interval: '1d', calendar: 'XNYS', gaps: [], counts: { expected: 756, present: 756 } },
  { series: 'SPY 1d', interval: '1d', calendar: 'XNYS', gaps: [], counts: { expected: 754, present: 754 } },
  { series: 'AAPL 1d', interval: '1d', calendar: 'XNYS', gaps: [], counts: { expected: 1258, present: 1258 } },
  // Hurricane Sandy closed the market on the 29th and 30th; the sessions around it are missing here.
  {
    series: 'SPY 1d',
    interval: '1d',
    calendar: 'XNYS',
    cut: [['2012-10-26', '2012-11-01']],
    gaps: ['2012-10-26T00:00 2012-11-01T00:00 2/2'],
    counts: { present: 752 },
  },
  // A session without its daily bar is a gap even from a source that omits bars without trades.
  {
    series: 'SPY 1d',
    interval: '1d',
    calendar: 'XNYS',
    trades: 'omitted',
    cut: [['2011-07-05', '2011-07-06']],
    gaps: ['2011-07-05T00:00 2011-07-06T00:00 1/1'],
    counts: { present: 753, noTrades: 0 },
  },
]

describe.skipIf(FIXTURES === undefined)('gaps of recorded series', () => {
  it.each(
    CASES.map(
      (one) =>
        [
          `${one.series} on ${one.calendar}, ${one.trades ?? 'emitted'}, ${one.cut?.map((span) => span.join('..')).join(' ') ?? 'whole'}`,
          one,
        ] as const,
    ),
  )('%s', (_, one) => {
    const report = detect(one)
    expect(shown(report)).toEqual(one.gaps)
    expect(report).toMatchObject(one.counts)
    expect(report.duplicates).toBe(0)
  })

  it('names all 538 holes of quiet minutes in ten days of a small coin, each as the step between its neighbours shows', () => {
    const rows = (SERIES['BTC 1m'] as () => number[])()
    const holes = rows.slice(1).flatMap((time, i) => {
      const before = rows[i] as number
      return time - before > 60_000 ? [`${iso(before + 60_000)} ${iso(time)} ${(time - before) / 60_000 - 1}`] : []
    })
    const report = detect({ series: 'BTC 1m', interval: '1m', calendar: '24/7', gaps: [], counts: {} })
    expect(report.gaps.map((gap) => `${iso(gap.startMs)} ${iso(gap.endMs)} ${gap.slots}`)).toEqual(holes)
    expect(holes).toHaveLength(538)
    expect([report.expected, report.present]).toEqual([13_681 + 717, 13_681])
  })

  it('shows stamps of the end of a bar taken for its opening: the first slot of each session is empty, a row lies behind the last', () => {
    const rows = (SERIES['MSFT 5m'] as () => number[])().map((time) => time + 300_000)
    const range = { startMs: at('2018-12-20'), endMs: at('2019-01-01') }
    const report = createGapDetector().detect({
      series: { provider: 'recorded', schema: 'ohlcv', symbol: 'MSFT', interval: '5m' },
      range,
      timestampsMs: Float64Array.from(rows),
      coverage: [{ ...range, state: 'data', requestId: 'r', asOfMs: 0 }],
      calendar: calendar('XNYS'),
      capabilities: { barsWithoutTrades: 'emitted', finalityLagMs: 0, anchor: 'session', dayBoundary: 'session' },
      nowMs: at('2019-02-01'),
    })
    const opens = [...calendar('XNYS').sessions({ start: '2018-12-20', end: '2019-01-01' }).open]
    expect(report.gaps.map((gap) => [gap.startMs, gap.slots])).toEqual(opens.map((open) => [open, 1]))
    expect(report.outOfSession).toBe(7)
  })
})
