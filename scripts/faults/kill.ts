/**
 * Kills writers of one series for as long as wanted and prints what came of it: `npm run kill`.
 * `KILLS=1000`, `SEED`, `KIND=commits` or `loads`; both by default, three kills of four on commits.
 * @module
 */
import { type KillReport, runKills } from '../../test/faults/kill.ts'

const kills = Number(process.env['KILLS'] ?? 1000)
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
const only = process.env['KIND']
const shares = { commits: only === undefined ? 0.75 : 1, loads: only === undefined ? 0.25 : 1 } as const

function print(kind: string, report: KillReport): void {
  const { kills: killed, seconds, acknowledged, unacknowledged, lost, duplicated, versions, violations } = report
  const rate = (acknowledged / seconds).toFixed(1)
  console.log(
    `${kind}: ${killed} kills in ${seconds.toFixed(0)} s, ${acknowledged} acknowledged (${rate}/s) in ${versions} versions, ` +
      `${unacknowledged} applied and not acknowledged, ${lost} lost, ${duplicated} duplicated, ${violations.length} violations`,
  )
  for (const violation of violations) console.log(`  ${violation}`)
}

console.log(`SEED=${seed} KILLS=${kills}`)
for (const kind of ['commits', 'loads'] as const) {
  if (only !== undefined && only !== kind) continue
  const report = await runKills({ kind, kills: Math.round(kills * shares[kind]), seed })
  print(kind, report)
  if (report.violations.length > 0) process.exitCode = 1
}
