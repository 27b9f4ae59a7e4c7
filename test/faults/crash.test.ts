import { describe, expect, test } from 'vitest'
import { checkTrace, replayLine, traceScenario } from './crash.ts'
import { ALL } from './scenarios.ts'

const seed = Number(process.env['SEED'] ?? 1)
const rounds = Number(process.env['ROUNDS'] ?? 1)

describe('a crash after any operation loses nothing that was acknowledged, shows nothing twice, and the store goes on', () => {
  test.each(ALL.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const report = await checkTrace(await traceScenario(scenario), { seed, rounds })
    expect(report.violations.map((violation) => replayLine(seed, violation))).toEqual([])
    expect(report.disks).toBeGreaterThan(5)
  })
})
