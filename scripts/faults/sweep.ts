/**
 * Makes every operation of every story fail, with each error and in each way: `npm run sweep`.
 * `STRIDE=7` tries every seventh operation, from one that `SEED` chooses; `ONLY=story:errno:mode:n` repeats one.
 * @module
 */
import { ALL } from '../../test/faults/scenarios.ts'
import { type Fault, sweepScenario } from '../../test/faults/sweep.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const stride = Number(process.env['STRIDE'] ?? 1)
const [name, errno, mode, n] = process.env['ONLY']?.split(':') ?? []
const only = { ...(errno && { errno }), ...(mode && { mode }), ...(n && { n: Number(n) }) } as Partial<Fault>

console.log(`SEED=${seed} STRIDE=${stride}`)
let cases = 0
let failures = 0
for (const scenario of ALL) {
  if (name !== undefined && scenario.name !== name) continue
  const begun = performance.now()
  const report = await sweepScenario(scenario, { seed, stride, only })
  cases += report.cases
  failures += report.violations.length
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(`${scenario.name}: ${report.cases} faults, ${report.violations.length} violations, ${seconds} s`)
  for (const { what, ...fault } of report.violations) {
    console.log(`  ONLY='${fault.scenario}:${fault.errno}:${fault.mode}:${fault.n}' npm run sweep   # ${what}`)
  }
}
console.log(`${cases} faults, ${failures} violations`)
process.exitCode = failures === 0 ? 0 : 1
