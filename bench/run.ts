/**
 * Runs the benches: `npm run bench -- [--quick] [--only NAME] [--json FILE] [--seed N] [--effort X]`.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { type SuiteResult, formatGoal, formatSuite, runSuite } from './harness.ts'
import { plannedSuites } from './suites.ts'

const { values: args } = parseArgs({
  options: {
    /** A tenth of the rows and two repeats: shows that everything works. */
    quick: { type: 'boolean', default: false },
    /** Suites whose name contains it. */
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Factor on the repeats. */
    effort: { type: 'string', default: '1' },
  },
})

const results: SuiteResult[] = []
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version, load: loadavg() }
console.log(`${machine.cores} × ${machine.cpu}, Node ${machine.node}, load ${machine.load.map((load) => load.toFixed(1)).join(' ')}`)
if ((globalThis as { gc?: unknown }).gc === undefined) console.log('without --expose-gc: garbage of one case is paid by another')
for (const { name, prepare } of plannedSuites(args.quick)) {
  if (!name.includes(args.only)) continue
  const suite = await prepare()
  const result = await runSuite(suite, { seed: Number(args.seed), effort: Number(args.effort) })
  await suite.close?.()
  console.log(formatSuite(result))
  results.push(result)
}
const goals = results.flatMap((result) => result.goals.map((goal) => ({ ...goal, name: `${result.name}: ${goal.name}` })))
console.log(`\n${goals.filter((goal) => goal.met).length} of ${goals.length} goals met`)
for (const goal of goals.filter((one) => !one.met)) console.log(formatGoal(goal))
if (args.json !== undefined) {
  writeFileSync(args.json, `${JSON.stringify({ machine: { ...machine, loadAfter: loadavg() }, quick: args.quick, suites: results }, null, 2)}\n`)
}
