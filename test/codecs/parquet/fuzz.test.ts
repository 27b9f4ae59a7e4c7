import { describe, expect, it } from 'vitest'
import { fuzz } from './fuzz.ts'

describe('damaged files', () => {
  it('end in values or in a typed error, soon and in little memory', async () => {
    const report = await fuzz(1500, 20_240_101)
    expect(report.files).toBe(1500)
    expect(report.readable).toBeGreaterThan(50)
    expect(report.readable).toBeLessThan(1000)
  }, 120_000)
})
