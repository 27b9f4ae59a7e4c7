import { spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/contract/storage.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { BARS, barRun, valuesByBar } from '../../src/testkit/storage-checks.ts'
import { freshFolder, freshStore } from './place.ts'

const APPEND = fileURLToPath(new URL('./children/append.ts', import.meta.url))
const FOLDER = 'ohlcv/provider=contract/interval=1m/symbol=BTC-USD'

interface Child {
  readonly lines: string[]
  readonly done: Promise<void>
  kill(): void
}

function child(...args: readonly string[]): Child {
  const lines: string[] = []
  const running = spawn(process.execPath, ['--no-warnings', APPEND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let rest = ''
  running.stdout.on('data', (chunk: Buffer) => {
    const parts = `${rest}${chunk.toString()}`.split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  let complaint = ''
  running.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const done = new Promise<void>((resolve, reject) => {
    running.on('close', (code, signal) =>
      code === 0 || signal === 'SIGKILL' ? resolve() : reject(new Error(complaint)),
    )
  })
  return { lines, done, kill: () => void running.kill('SIGKILL') }
}

const bars = (lines: readonly string[]): number[] => lines.filter((line) => /^\d+$/.test(line)).map(Number)

async function expectAll(root: string, acknowledged: readonly number[], atMostMore: number): Promise<void> {
  const storage = createLocalStorage({ root })
  const head = (await storage.head(BARS)) as Snapshot
  const stored = valuesByBar(await storage.read(head, { columns: ['close'] }), 'close')
  for (const bar of acknowledged) expect(stored.has(bar), `bar ${bar} was acknowledged`).toBe(true)
  expect(head.rows).toBe(stored.size)
  expect(stored.size).toBeLessThanOrEqual(acknowledged.length + atMostMore)
  expect(head.version).toBe(stored.size)
  expect((await storage.verify({ deep: true })).issues).toEqual([])
}

describe('several processes', () => {
  test.each(['no', 'yes'])(
    'lose and double nothing when they append to one series (exclusive: %s)',
    async (exclusive) => {
      const root = freshFolder()
      const children = [0, 1, 2].map((writer) => child(root, String(writer), '25', exclusive))
      await Promise.all(children.map(({ done }) => done))
      const acknowledged = children.flatMap(({ lines }) => bars(lines))
      expect(acknowledged.length).toBe(75)
      await expectAll(root, acknowledged, 0)
      const conflicts = children.map(({ lines }) => Number(lines.at(-1)?.split(' ')[1])).reduce((a, b) => a + b, 0)
      if (exclusive === 'yes') expect(conflicts).toBe(0)
    },
    60_000,
  )

  test('that are killed lose nothing that was acknowledged, and the next one goes on at once', async () => {
    const root = freshFolder()
    const acknowledged: number[] = []
    for (let round = 0; round < 4; round++) {
      const running = child(root, String(round), '1000', 'yes')
      while (running.lines.length < 6) await new Promise((resolve) => setTimeout(resolve, 5))
      running.kill()
      await running.done
      acknowledged.push(...bars(running.lines))
    }
    const storage = createLocalStorage({ root, lockTimeoutMs: 60_000 })
    const head = (await storage.head(BARS)) as Snapshot
    const base = await storage.exclusive(BARS, async () => head)
    await storage.maintain({ kind: 'repair', series: BARS })
    await expectAll(root, acknowledged, 4)
    await storage.commit(BARS, base, { opId: 'after', upsert: barRun(90_000, 1), coverage: [] })
    await storage.maintain({ kind: 'collect', graceMs: 0 })
    expect(readdirSync(`${root}/${FOLDER}`).filter((name) => name.includes('.tmp') || name === '_lock')).toEqual([])
  }, 60_000)
})

describe('the lock', () => {
  test('of a process that is no more is taken away', async () => {
    const { root, storage } = freshStore({ lockTimeoutMs: 60_000 })
    await storage.commit(BARS, null, { opId: 'a', upsert: barRun(0, 1), coverage: [] })
    const lock = `${root}/${FOLDER}/_lock`
    writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), startedAtMs: 0, nonce: 'gone' }))
    expect(await storage.exclusive(BARS, async () => 'done')).toBe('done')
  })

  test('of another machine is waited for, then taken away; one that works here is left alone', async () => {
    const { root, storage } = freshStore({ lockTimeoutMs: 100 })
    await storage.commit(BARS, null, { opId: 'a', upsert: barRun(0, 1), coverage: [] })
    const lock = `${root}/${FOLDER}/_lock`
    writeFileSync(lock, JSON.stringify({ pid: 1, host: 'elsewhere', startedAtMs: 0, nonce: 'far' }))
    expect(await storage.exclusive(BARS, async () => 'done')).toBe('done')
    expect(readdirSync(`${root}/${FOLDER}`)).not.toContain('_lock')
    writeFileSync(lock, JSON.stringify({ pid: process.ppid, host: hostname(), startedAtMs: 0, nonce: 'near' }))
    expect(await storage.exclusive(BARS, async () => 'done')).toBe('done')
    expect(readdirSync(`${root}/${FOLDER}`)).toContain('_lock')
  })

  test('whose owner was stopped before it could write its name is taken away soon', async () => {
    let now = 1e12
    const { root, storage } = freshStore({
      lockTimeoutMs: 60_000,
      now: () => now,
      sleep: async (ms) => void (now += ms),
    })
    await storage.commit(BARS, null, { opId: 'a', upsert: barRun(0, 1), coverage: [] })
    writeFileSync(`${root}/${FOLDER}/_lock`, '')
    const before = now
    expect(await storage.exclusive(BARS, async () => 'done')).toBe('done')
    expect(now - before).toBeLessThan(3_000)
  })

  test('gives way in one process too, and work inside work on the same series does not hang', async () => {
    const { storage } = freshStore({ lockTimeoutMs: 50 })
    const inner = await storage.exclusive(BARS, () => storage.exclusive(BARS, async () => 'inside'))
    expect(inner).toBe('inside')
  })

  test('leaves no folder behind where nothing was stored', async () => {
    const { root, storage } = freshStore()
    await storage.exclusive(BARS, async () => 1)
    expect(readdirSync(`${root}/ohlcv/provider=contract/interval=1m`)).toEqual([])
  })
})
