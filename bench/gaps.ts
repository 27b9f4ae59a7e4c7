/**
 * Measures the gap detector over five million bars with a calendar, against one plain pass over the same timestamps.
 *
 * `node --expose-gc bench/gaps.ts [--json FILE]`
 * @module
 */
import { writeFileSync } from 'node:fs'
import { argv, stdout } from 'node:process'
import { calendar } from '../src/calendars/index.ts'
import type { GapInput, GapReport } from '../src/contract/gap-detector.ts'
import { createGapDetector } from '../src/gaps/index.ts'
import { type Case, type Suite, formatSuite, randomOf, runSuite } from './harness.ts'

const ROWS = 5_000_000

interface Market {
  readonly name: string
  readonly calendar: string
  readonly start: string
  readonly anchor: 'clock' | 'session'
  /** Share of bars left out. */
  readonly holes: number
}

const MARKETS: readonly Market[] = [
  { name: 'XNYS 1m, whole', calendar: 'XNYS', start: '1985-10-01', anchor: 'session', holes: 0 },
  { name: '24/7 1m, whole', calendar: '24/7', start: '2010-01-01', anchor: 'clock', holes: 0 },
  { name: 'GLOBEX_EQ 1m, whole', calendar: 'GLOBEX_EQ', start: '2009-01-01', anchor: 'session', holes: 0 },
  { name: 'XTKS 1m, whole', calendar: 'XTKS', start: '1990-01-01', anchor: 'session', holes: 0 },
  {
    name: 'XNYS 1m, every hundredth bar missing',
    calendar: 'XNYS',
    start: '1985-10-01',
    anchor: 'session',
    holes: 0.01,
  },
]

function inputOf(market: Market): { readonly input: GapInput; readonly left: number } {
  const random = randomOf(7)
  const zone = calendar(market.calendar)
  const startMs = Date.parse(market.start)
  const slots = zone.expectedBars({ start: new Date(startMs), end: new Date(zone.valid.endMs) }, '1m', market.anchor)
  const kept = slots.slice(0, ROWS)
  const timestampsMs = market.holes === 0 ? kept : kept.filter(() => random() >= market.holes)
  const endMs = (kept.at(-1) as number) + 60_000
  const input: GapInput = {
    series: { provider: 'bench', schema: 'ohlcv', symbol: 'X', interval: '1m' },
    range: { startMs, endMs },
    timestampsMs,
    coverage: [{ startMs, endMs, state: 'data', requestId: 'bench', asOfMs: 0 }],
    calendar: zone,
    capabilities: { barsWithoutTrades: 'emitted', finalityLagMs: 0, anchor: market.anchor, dayBoundary: 'session' },
    nowMs: endMs + 1,
  }
  return { input, left: kept.length - timestampsMs.length }
}

/** The least that any scan must do: look at each value once, in order. */
function plainPass(times: Float64Array): number {
  let sum = 0
  for (let i = 0; i < times.length; i++) sum += times[i] as number
  return sum
}

/** The detector against the plain pass, on the same bars. */
export function gapSuite(): Suite {
  const detector = createGapDetector()
  const markets = MARKETS.map((market) => ({ market, ...inputOf(market) }))
  const cases = markets.flatMap(({ market, input, left }): Case[] => [
    { name: `plain pass: ${market.name}`, run: () => plainPass(input.timestampsMs) },
    {
      name: `detect: ${market.name}`,
      run: () => detector.detect(input),
      check: (report: GapReport) => {
        const missing = report.gaps.reduce((sum, gap) => sum + gap.slots, 0)
        if (
          missing !== left ||
          report.present !== input.timestampsMs.length ||
          report.offGrid + report.duplicates > 0
        ) {
          throw new Error(`${missing} missing instead of ${left}`)
        }
      },
    },
  ])
  return {
    name: 'gaps',
    about: `gap scan with a calendar over ${ROWS.toLocaleString('en-US')} bars (XTKS: as many as it has)`,
    limit: `plain pass: ${MARKETS[0]?.name}`,
    repeats: 9,
    cases,
    goals: MARKETS.filter(({ holes }) => holes === 0).map(({ name }) => {
      return { name, of: `detect: ${name}`, over: [`plain pass: ${name}`], most: 1.5 }
    }),
  }
}

if (import.meta.main) {
  const result = await runSuite(gapSuite())
  stdout.write(`${formatSuite(result)}\n`)
  const file = argv.indexOf('--json')
  if (file > 0) writeFileSync(argv[file + 1] as string, JSON.stringify(result, null, 2))
}
