import { describe, expect, test } from 'vitest'
import { runKills } from './kill.ts'

const seed = Number(process.env['SEED'] ?? 1)
const kills = Number(process.env['KILLS'] ?? 50)
const LONG_MS = 300_000

describe('eight processes on one series', { timeout: LONG_MS }, () => {
  test.each(['commits', 'loads'] as const)('merge overlapping rows to their union, by %s', async (kind) => {
    const report = await runKills({ kind, kills: 0, operations: kind === 'loads' ? 3 : 8, seed })
    expect(report).toMatchObject({ violations: [], lost: 0, duplicated: 0, unacknowledged: 0 })
    expect(report.acknowledged).toBe(kind === 'loads' ? 24 : 64)
  })

  test('lose nothing that was acknowledged when they are killed', async () => {
    const report = await runKills({ kind: 'commits', kills: Math.ceil(kills * 0.75), seed })
    expect(report).toMatchObject({ violations: [], lost: 0, duplicated: 0 })
    expect(report.acknowledged).toBeGreaterThan(report.kills)
  })

  test('lose nothing that a client was told when they are killed', async () => {
    const report = await runKills({ kind: 'loads', kills: Math.floor(kills * 0.25), seed })
    expect(report).toMatchObject({ violations: [], lost: 0, duplicated: 0 })
  })
})
