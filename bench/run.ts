/**
 * Runs the benches: `node --expose-gc bench/run.ts [--quick] [--only NAME] [--json FILE] [--seed N] [--effort X]`.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { FULL_READ_GOALS, readSuite } from './cases/read.ts'
import { MINUTE_MS, inventBars } from './data.ts'
import { type Suite, type SuiteResult, formatSuite, runSuite } from './harness.ts'

const { values: args } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' }, json: { type: 'string' }, seed: { type: 'string' }, effort: { type: 'string' } } })
const isQuick = args.quick === true
const rows = isQuick ? 525_600 : 5_256_000
const SUITES: readonly (readonly [string, () => Promise<Suite>])[] = [
  ['full-read', () => readSuite({ name: 'full-read', about: `${rows} one-minute bars into one Arrow batch`, bars: inventBars({ rows, stepMs: MINUTE_MS, prices: 'tick' }), repeats: 7, goals: FULL_READ_GOALS })],
]
const results: SuiteResult[] = []
for (const [name, prepare] of SUITES) {
  if (args.only !== undefined && !name.includes(args.only)) continue
  const suite = await prepare()
  const result = await runSuite(suite, { seed: Number(args.seed ?? 1), effort: Number(args.effort ?? 1) })
  await suite.close?.()
  console.log(formatSuite(result))
  results.push(result)
}
if (args.json !== undefined) writeFileSync(args.json, JSON.stringify(results, null, 2))
