import { describe, expect, test } from 'vitest'
import { interleave } from './interleave.ts'
import { stallWriter } from './stall.ts'

const first = Number(process.env['SEED'] ?? 1)
const runs = Number(process.env['RUNS'] ?? 60)

describe('several processes on one series', () => {
  test.each([
    ['with hard links', true],
    ['without hard links', false],
  ])('lose no update, in whatever order their operations come, %s', async (_, hasLinks) => {
    const found: string[] = []
    for (let seed = first; seed < first + runs; seed++) {
      const broken = await interleave({ seed, hasLinks })
      found.push(...broken.map((what) => `SEED=${seed} RUNS=1 vitest run test/faults/interleave.test.ts   # ${what}`))
    }
    expect(found).toEqual([])
  })

  test('while old versions go as soon as they may', async () => {
    const found: string[] = []
    const history = { everyMs: 0, hourlyMs: 0, dailyMs: 0, last: 2, historyBytes: 0 }
    for (let seed = first; seed < first + runs / 4; seed++) {
      const broken = await interleave({ seed, commits: 12, maintains: true, history })
      found.push(...broken.map((what) => `SEED=${seed}   # ${what}`))
    }
    expect(found).toEqual([])
  })

  test('a writer that stalls for ever so long gives way', async () => {
    expect(await stallWriter()).toEqual([])
  })
})
