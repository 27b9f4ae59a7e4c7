/**
 * Crashes the store at every operation of every story, with many outcomes each: `npm run crash`.
 * `SEED` chooses the outcomes, `ROUNDS` their number, `ONLY=story:point:model:round` repeats one.
 * @module
 */
import { checkTrace, replayLine, traceScenario } from '../../test/faults/crash.ts'
import { ALL } from '../../test/faults/scenarios.ts'
import type { CrashModel } from '../../test/faults/sim-disk.ts'

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const rounds = Number(process.env['ROUNDS'] ?? 100)
const [name, point, model, round] = process.env['ONLY']?.split(':') ?? []
const only =
  point === undefined ? undefined : { point: Number(point), model: model as CrashModel, round: Number(round) }

console.log(`SEED=${seed} ROUNDS=${rounds}`)
let failures = 0
let disks = 0
for (const scenario of ALL) {
  if (name !== undefined && scenario.name !== name) continue
  const begun = performance.now()
  const report = await checkTrace(await traceScenario(scenario), {
    seed,
    rounds,
    ...(only === undefined ? {} : { only }),
  })
  failures += report.violations.length
  disks += report.disks
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(
    `${scenario.name}: ${report.points} points, ${report.disks} disks, ${report.violations.length} violations, ${seconds} s`,
  )
  for (const violation of report.violations) console.log(`  ${replayLine(seed, violation)}`)
}
console.log(`${disks} disks, ${failures} violations`)
process.exitCode = failures === 0 ? 0 : 1
