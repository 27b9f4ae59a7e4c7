import { describe, expect, test } from 'vitest'
import { ALL } from './scenarios.ts'
import { sweepScenario } from './sweep.ts'

const seed = Number(process.env['SEED'] ?? 1)
const stride = Number(process.env['STRIDE'] ?? 41)

describe('an operation that fails leaves all or nothing, a typed error and no open file, and the store goes on', () => {
  test.each(ALL.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const report = await sweepScenario(scenario, { seed, stride })
    const lines = report.violations.map(
      ({ errno, mode, n, what }) => `ONLY='${scenario.name}:${errno}:${mode}:${n}' npm run sweep   # ${what}`,
    )
    expect(lines).toEqual([])
    expect(report.cases).toBeGreaterThan(10)
  })
})
