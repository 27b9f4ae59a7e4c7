/**
 * Runs simulated processes on one series in orders that seeds decide: `npm run interleave`.
 * `RUNS=1000` orders from `SEED` on; `RUNS=1` repeats one.
 * @module
 */
import { interleave } from '../../test/faults/interleave.ts'

const runs = Number(process.env['RUNS'] ?? 1_000)
const first = Number(process.env['SEED'] ?? Date.now() % 2 ** 30)
/** Old versions go as soon as they may. */
const short = { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 2, historyBytes: 0 }

console.log(`SEED=${first} RUNS=${runs}`)
let failures = 0
for (let seed = first; seed < first + runs; seed++) {
  const options = { seed, hasLinks: seed % 4 !== 0 }
  const broken = await interleave(seed % 3 === 0 ? { ...options, commits: 14, maintains: true, history: short } : options)
  for (const what of broken) console.log(`  SEED=${seed} RUNS=1 npm run interleave   # ${what}`)
  if (broken.length > 0) failures++
}
console.log(`${runs} orders, ${failures} with violations`)
process.exitCode = failures === 0 ? 0 : 1
