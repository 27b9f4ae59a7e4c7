import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import { provenRanges, sameCoverage } from '../../src/contract/coverage.ts'
import { type Range, intersect } from '../../src/contract/range.ts'
import type { Series } from '../../src/contract/series.ts'
import type { Snapshot, Storage } from '../../src/contract/storage.ts'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { fakeSource, type FakeBar, type FakeSource } from '../client/support.ts'
import { randomFrom } from './random.ts'
import { type DiskState, copyDisk, crashDisk } from './sim-disk.ts'
import { createSimFs } from './sim-fs.ts'
import { STORE_ROOT, rowsOfColumns } from './world.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2024, 0, 1)
const NOW_MS = Date.UTC(2024, 5, 15)
const KEY = { symbol: 'BTCUSDT', interval: '1h' } as const
/** Of so many moments, one is tried. */
const STRIDE = Number(process.env['STRIDE'] ?? 11)
const FAKE: Series = { provider: 'fake', schema: 'ohlcv', ...KEY }

const hourlyBars = (count: number): FakeBar[] =>
  Array.from({ length: count }, (_, i) => [START_MS + i * HOUR_MS, 100 + i] as const)

/** Months of hours in pages of eight days. */
const makeSource = (): FakeSource => fakeSource(hourlyBars(5_000), { rowsPerRequest: 192 })

interface Machine {
  readonly client: DataClient
  readonly storage: Storage
  readonly sim: ReturnType<typeof createSimFs>
}

function boot(disk: DiskState | undefined, source: FakeSource, seed = 1): Machine {
  const sim = createSimFs(() => NOW_MS, disk)
  const clock = { nowMs: NOW_MS }
  // Slow enough that a commit is due after each other request.
  source.before = () => void (clock.nowMs += 3_000)
  const random = randomFrom(seed)
  const storage = createLocalStorage({
    root: STORE_ROOT,
    fs: sim,
    now: () => clock.nowMs,
    random,
    partition: 'month',
    sleep: async (ms) => void (clock.nowMs += Math.ceil(ms)),
  })
  const client = createDataClient({
    storage,
    providers: [source.provider],
    runtime: { now: () => clock.nowMs, random },
  })
  return { client, storage, sim }
}

type Run = (client: DataClient) => Promise<unknown>

const RUNS: readonly (readonly [name: string, before: Run | null, run: Run])[] = [
  ['get', null, (client) => client.get({ ...KEY, start: START_MS, end: START_MS + 3_600 * HOUR_MS })],
  [
    'update',
    (client) => client.get({ ...KEY, start: START_MS, end: START_MS + 200 * HOUR_MS }),
    (client) => client.update({ ...KEY, lookbackDays: 0 }),
  ],
]

async function whatIsThere(storage: Storage): Promise<{ head: Snapshot; rows: [number, number][] }> {
  const head = (await storage.head(FAKE)) as Snapshot
  return { head, rows: rowsOfColumns(await storage.read(head, {})) }
}

const crosses = (a: readonly Range[], b: readonly Range[]): Range[] =>
  a.flatMap((one) => b.flatMap((other) => intersect(one, other) ?? []))

describe('a run that was killed and is begun again', () => {
  test.each(RUNS)('by %s ends in the same store, without asking for what was committed', async (_, before, run) => {
    const prepared = boot(undefined, makeSource())
    await before?.(prepared.client)
    const begun = prepared.sim.disk
    const source = makeSource()
    const whole = boot(copyDisk(begun), source, 3)
    const moments: DiskState[] = []
    whole.sim.hooks.after = ({ changes }) => {
      if (changes) moments.push(copyDisk(whole.sim.disk))
    }
    await run(whole.client)
    const wanted = await whatIsThere(whole.storage)
    expect(wanted.head.version).toBeGreaterThan(3)
    for (const [i, disk] of moments.entries()) {
      for (const model of ['none', 'all'] as const) {
        if ((i + (model === 'all' ? STRIDE >> 1 : 0)) % STRIDE !== 0) continue
        const again = makeSource()
        const machine = boot(
          crashDisk(disk, model, () => 0),
          again,
          2,
        )
        const committed = provenRanges((await machine.storage.head(FAKE))?.coverage ?? [])
        await run(machine.client)
        const { head, rows } = await whatIsThere(machine.storage)
        expect(rows).toEqual(wanted.rows)
        expect(sameCoverage(head.coverage, wanted.head.coverage)).toBe(true)
        expect(crosses(again.requests, committed)).toEqual([])
        expect([head.revisions, head.rejects]).toEqual([wanted.head.revisions, wanted.head.rejects])
      }
    }
  })
})

describe('two clients on one root in one process', () => {
  let root = ''
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  test('get, load and update at once without losing a row, an update or a proof', async () => {
    root = mkdtempSync(`${tmpdir()}/marketlake-two-`)
    const source = makeSource()
    const options = { root, providers: [source.provider], runtime: { now: () => NOW_MS } }
    const [a, b] = [createDataClient(options), createDataClient(options)]
    const part = (first: number, count: number) => ({
      ...KEY,
      start: START_MS + first * HOUR_MS,
      end: START_MS + (first + count) * HOUR_MS,
    })
    await Promise.all([
      a.get(part(0, 900)),
      b.get(part(500, 900)),
      a.load(part(300, 400)),
      b.load(part(1_200, 600)),
      a.get(part(1_700, 50)),
    ])
    await Promise.all([a.update({ ...KEY, lookbackDays: 0 }), b.update({ ...KEY, lookbackDays: 0 })])
    for (const client of [a, b]) {
      expect((await client.read(KEY)).numRows).toBe((NOW_MS - START_MS) / HOUR_MS)
      expect((await client.coverage(KEY)).missing).toEqual([])
    }
    expect((await a.store.verify({ deep: true })).issues).toEqual([])
    await Promise.all([a.close(), b.close()])
  })

  test('each ask for a range only once, if both want it', async () => {
    root = mkdtempSync(`${tmpdir()}/marketlake-two-`)
    const source = makeSource()
    const options = { root, providers: [source.provider], runtime: { now: () => NOW_MS } }
    const clients = [createDataClient(options), createDataClient(options)]
    const query = { ...KEY, start: START_MS, end: START_MS + 500 * HOUR_MS }
    await Promise.all(clients.map((client) => client.get(query)))
    const asked = source.requests.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
    expect(asked).toBe(500 * HOUR_MS)
  })
})
