/**
 * Runs the benches: `npm run bench -- [--quick] [--only NAME] [--json FILE] [--seed N] [--effort X]`.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatGoal, formatSuite } from './format.ts'
import { type GoalResult, type SuiteResult, runSuite } from './harness.ts'
import type { Report } from './script.ts'
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

/** What is measured in processes of their own: their memory, their event loop and their bytes must be theirs alone. */
const SCRIPTS: readonly string[] = ['one-bar-update', 'commits', 'backfill-writes', 'event-loop', 'scan-memory']

const results: SuiteResult[] = []
const reports: Report[] = []
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version, load: loadavg() }
console.log(
  `${machine.cores} × ${machine.cpu}, Node ${machine.node}, load ${machine.load.map((load) => load.toFixed(1)).join(' ')}`,
)
if ((globalThis as { gc?: unknown }).gc === undefined)
  console.log('without --expose-gc: garbage of one case is paid by another')
for (const { name, prepare } of plannedSuites(args.quick)) {
  if (!name.includes(args.only)) continue
  const suite = await prepare()
  const result = await runSuite(suite, { seed: Number(args.seed), effort: Number(args.effort) })
  await suite.close?.()
  console.log(formatSuite(result))
  results.push(result)
}
const folder = mkdtempSync(join(tmpdir(), 'marketlake-bench-'))
for (const script of SCRIPTS.filter((name) => name.includes(args.only))) {
  const json = join(folder, `${script}.json`)
  const flags = [
    '--expose-gc',
    join(import.meta.dirname, `${script}.ts`),
    '--json',
    json,
    ...(args.quick ? ['--quick'] : []),
  ]
  execFileSync(process.execPath, flags, { stdio: 'inherit' })
  reports.push(JSON.parse(readFileSync(json, 'utf8')) as Report)
}
rmSync(folder, { recursive: true })
const named = ({ name, goals }: { name: string; goals: readonly GoalResult[] }): GoalResult[] =>
  goals.map((goal) => ({ ...goal, name: `${name}: ${goal.name}` }))
const goals = [...results, ...reports].flatMap(named).filter(({ wanted }) => wanted !== '')
if (args.quick) console.log('\nthe goals are those of the full run: a quick one shows that everything works')
console.log(`\n${goals.filter((goal) => goal.met).length} of ${goals.length} goals met`)
for (const goal of goals.filter((one) => !one.met)) console.log(formatGoal(goal))
if (args.json !== undefined) {
  writeFileSync(
    args.json,
    `${JSON.stringify({ machine: { ...machine, loadAfter: loadavg() }, quick: args.quick, goals, suites: results, scripts: reports }, null, 2)}\n`,
  )
}
