/** Several at once, those who watch, and the end of it all. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import type { Page } from '../../src/contract/provider.ts'
import { columnsOf, coverageOf, rowsOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type FakeSource, fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const DAY = 86_400_000
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const
const range = (from: number, to: number): { start: Date; end: Date } => ({
  start: new Date(START + from * MINUTE),
  end: new Date(START + to * MINUTE),
})
const pause = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const roots: string[] = []
afterEach(async () => {
  for (const root of roots.splice(0)) await rm(root, { recursive: true, force: true })
})

async function localClients(source: FakeSource, clock: { nowMs: number }, count: number): Promise<DataClient[]> {
  const root = await mkdtemp(join(tmpdir(), 'marketlake-'))
  roots.push(root)
  return Array.from({ length: count }, () =>
    createDataClient({ root, providers: [source.provider], runtime: { now: () => clock.nowMs } }),
  )
}

describe('two at once', () => {
  test('of one client over one series ask every range once', async () => {
    const source = fakeSource(minuteBars(START, 1000), { rowsPerRequest: 100 })
    source.before = () => pause(1)
    const { client } = testClient({ providers: [source.provider] })
    const tables = await Promise.all(
      [range(0, 500), range(250, 750), range(0, 1000), range(0, 500)].map((one) => client.get({ ...KEY, ...one })),
    )
    expect(tables.map((table) => table.numRows)).toEqual([500, 500, 1000, 500])
    expect(source.requests.reduce((sum, one) => sum + one.endMs - one.startMs, 0)).toBe(1000 * MINUTE)
  })

  test('clients on one root lose no bar and no version', async () => {
    const clock = { nowMs: START + 200 * MINUTE }
    const source = fakeSource(minuteBars(START, 2000))
    source.before = () => pause(1)
    const clients = await localClients(source, clock, 2)
    await (clients[0] as DataClient).get({ ...KEY, ...range(0, 200) })
    for (let round = 1; round <= 5; round++) {
      clock.nowMs += 100 * MINUTE
      await Promise.all(clients.map((client) => client.update(KEY)))
    }
    for (const client of clients)
      expect([...columnsOf(await client.read(KEY)).timestampMs]).toEqual(minuteBars(START, 700).map(([ms]) => ms))
    expect((await (clients[0] as DataClient).store.verify({ deep: true })).ok).toBe(true)
    await Promise.all(clients.map((client) => client.close()))
  })

  test('queries of a batch may be the same', async () => {
    const source = fakeSource(minuteBars(START, 300))
    const { client } = testClient({ providers: [source.provider] })
    const query = { ...KEY, ...range(0, 300) }
    const results = await client.batch([query, query, { ...query }], { concurrency: 3 }).collect()
    expect(results.map((result) => result.table?.numRows)).toEqual([300, 300, 300])
    expect(source.requests).toHaveLength(1)
  })

  test('a slower writer does not put a provisional value over a final one', async () => {
    const storage = createMemoryStorage()
    const clock = { nowMs: START + 60 * MINUTE }
    const capabilities = { finalityLagMs: 10 * MINUTE }
    const [slow, fast] = [
      fakeSource(minuteBars(START, 60), capabilities),
      fakeSource(
        minuteBars(START, 60).map(([ms], i) => [ms, i < 50 ? 100 + i : 500 + i] as const),
        capabilities,
      ),
    ]
    const unlocked = { ...storage, exclusive: <T>(_: unknown, work: () => Promise<T>) => work() }
    let isDone = true
    const late = testClient({ clock, storage: unlocked, providers: [slow.provider] }).client
    const prompt = testClient({ clock, storage: unlocked, providers: [fast.provider] }).client
    await prompt.get({ ...KEY, ...range(0, 10) })
    // The slow one is answered while the last bars are provisional, and commits once the other has stored them as final.
    isDone = false
    late.on('progress', () => {
      clock.nowMs = START + 90 * MINUTE
    })
    const commit = storage.commit
    unlocked.commit = async (series, base, change) => {
      if (!isDone) {
        isDone = true
        await prompt.get({ ...KEY, ...range(0, 60) })
      }
      return commit(series, base, change)
    }
    await late.get({ ...KEY, ...range(0, 60) })
    const close = columnsOf(await prompt.read(KEY)).close as Float64Array
    expect([...close.subarray(50)]).toEqual(Array.from({ length: 10 }, (_, i) => 550 + i))
  })
})

describe('who watches', () => {
  test('stops nothing by throwing, now or later', async () => {
    const source = fakeSource(minuteBars(START, 100))
    const { client } = testClient({ providers: [source.provider] })
    const fail = (): never => {
      throw new Error('watcher')
    }
    for (const name of ['progress', 'page', 'commit'] as const) client.on(name, fail)
    client.on('page', (async () => fail()) as never)
    expect((await client.get({ ...KEY, ...range(0, 100), onProgress: fail })).numRows).toBe(100)
    const results = await client.batch([{ ...KEY, ...range(0, 100) }], { onProgress: fail }).collect()
    expect(results.map((result) => result.ok)).toEqual([true])
    await pause()
  })

  test('a result that is not taken keeps its place', async () => {
    const source = fakeSource(minuteBars(START, 10))
    const { client } = testClient({ providers: [source.provider] })
    const queries = Array.from({ length: 40 }, (_, i) => ({ ...KEY, symbol: `S${i}`, ...range(0, 10) }))
    let taken = 0
    for await (const result of client.batch(queries, { concurrency: 2 })) {
      expect(result.ok).toBe(true)
      taken++
      if (taken === 3) {
        await pause(30)
        expect(source.requests.length).toBeLessThanOrEqual(6)
      }
    }
    expect(taken).toBe(40)
    await expect(client.batch(queries, { concurrency: 0 }).collect()).rejects.toMatchObject({
      code: 'config/option',
      field: 'concurrency',
    })
  })
})

describe('an abort', () => {
  test('waits neither for its turn nor for a source that hangs, and leaves no listener', async () => {
    const source = fakeSource(minuteBars(START, 10))
    source.before = () => new Promise<never>(() => {})
    const { client } = testClient({ providers: [source.provider], concurrency: 1 })
    const [first, second] = [new AbortController(), new AbortController()]
    const hanging = client.get({ ...KEY, ...range(0, 10), signal: first.signal })
    await pause()
    const queued = client.get({ ...KEY, symbol: 'ETHUSDT', ...range(0, 10), signal: second.signal })
    await pause()
    second.abort(new Error('second'))
    await expect(queued).rejects.toThrow('second')
    first.abort(new Error('first'))
    await expect(hanging).rejects.toThrow('first')
    for (const { signal } of [first, second]) expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('close', () => {
  test('ends what runs, stores what was proven, and nothing is written after it', async () => {
    const clock = { nowMs: START + 2 * DAY }
    const source = fakeSource(minuteBars(START, 2000), { rowsPerRequest: 100 })
    const [client] = (await localClients(source, clock, 1)) as [DataClient]
    source.before = () => (source.requests.length > 5 ? new Promise<never>(() => {}) : undefined)
    const running = client.get({ ...KEY, ...range(0, 2000) })
    const outcome = expect(running).rejects.toMatchObject({ code: 'provider/unavailable' })
    while (source.requests.length < 6) await pause(1)
    await client.close()
    await outcome
    expect((await client.read(KEY)).numRows).toBe(500)
  })
})

describe('the record of runs', () => {
  test('that cannot be read or kept makes no run fail', async () => {
    const source = fakeSource(minuteBars(START, 100))
    const broken = (): Promise<never> => Promise.reject(new Error('disk'))
    const { client } = testClient({
      providers: [source.provider],
      metadata: { record: broken, status: broken, summary: broken },
    })
    const warnings: string[] = []
    client.on('warning', ({ code }) => warnings.push(code))
    expect((await client.get({ ...KEY, ...range(0, 100) })).numRows).toBe(100)
    expect(new Set(warnings)).toEqual(new Set(['status-lost']))
  })

  test('once lost costs a re-ask of the holes and nothing else', async () => {
    const bars = minuteBars(START, 3000).filter(([ms]) => ![100, 1500, 2900].includes((ms - START) / MINUTE))
    const storage = createMemoryStorage()
    const source = fakeSource(bars)
    const clock = { nowMs: START + 3 * DAY }
    const { client } = testClient({ clock, storage, providers: [source.provider] })
    await client.get({ ...KEY, ...range(0, 3000) })
    await storage.writeNote(coverageOf(await client.read(KEY)).series, 'status', '{"format":1,"updates":[nu')
    source.requests.length = 0
    const report = await client.update({ ...KEY, end: range(0, 3000).end, lookbackDays: 0 })
    expect(source.requests).toHaveLength(3)
    expect(report.missing.map(({ startMs }) => (startMs - START) / MINUTE)).toEqual([100, 1500, 2900])
    source.requests.length = 0
    await client.update({ ...KEY, end: range(0, 3000).end, lookbackDays: 0 })
    expect(source.requests).toHaveLength(0)
  })
})

describe('old holes', () => {
  test('are asked in as few requests as carry them, and not at all with fillGaps: false', async () => {
    const missing = [10, 20, 30, 900, 2500, 2510]
    const bars = minuteBars(START, 3000).filter(([ms]) => !missing.includes((ms - START) / MINUTE))
    const source = fakeSource(bars)
    const clock = { nowMs: START + 3000 * MINUTE }
    const { client } = testClient({ clock, providers: [source.provider] })
    await client.get({ ...KEY, ...range(0, 3000) })
    clock.nowMs += DAY
    source.requests.length = 0
    await client.update({ ...KEY, end: range(0, 3000).end, lookbackDays: 0, fillGaps: false })
    expect(source.requests).toEqual([])
    source.bars = minuteBars(START, 3000)
    const report = await client.update({ ...KEY, end: range(0, 3000).end, lookbackDays: 0 })
    expect(source.requests).toHaveLength(2)
    expect(report).toMatchObject({ added: 6, missing: [] })
    expect((await client.status(KEY)).asks).toEqual([])
  })

  test('do not make every update of a series read it whole', async () => {
    const storage = createMemoryStorage()
    let whole = 0
    const spied = {
      ...storage,
      read: ((snapshot, request, options) => {
        if (request.range !== undefined && request.range.endMs - request.range.startMs > DAY) whole++
        return storage.read(snapshot, request, options)
      }) satisfies typeof storage.read,
    }
    const clock = { nowMs: START + 3 * DAY }
    const { client } = testClient({
      clock,
      storage: spied,
      providers: [fakeSource(minuteBars(START, 10 * 1440), { rowsPerRequest: 50_000 }).provider],
    })
    await client.get({ ...KEY, start: new Date(START) })
    whole = 0
    for (let i = 0; i < 20; i++) {
      clock.nowMs += MINUTE
      await client.update({ ...KEY, lookbackDays: 0 })
    }
    expect(whole).toBe(0)
  })
})

describe('what an instrument is', () => {
  test('was said by its first query: a future stays one', async () => {
    const source = fakeSource([
      [START, -37.63],
      [START + DAY, -20],
      [START + 2 * DAY, 10],
    ])
    const clock = { nowMs: START + DAY }
    const { client } = testClient({ clock, providers: [source.provider] })
    const key = { symbol: 'CL', interval: '1d' } as const
    await client.get({ ...key, assetClass: 'future', start: new Date(START) })
    clock.nowMs += 2 * DAY
    await client.update(key)
    expect(rowsOf(await client.read(key)).map((row) => row['close'])).toEqual([-37.63, -20, 10])
    expect((await client.rejects(key)).numRows).toBe(0)
  })
})

describe('an answer cut by a limit of rows', () => {
  test('has its rest asked; one left open without reason does not', async () => {
    const source = fakeSource(minuteBars(START, 500), { rowsPerRequest: 100 })
    const cut = async function* ({
      range: asked,
    }: {
      range: { startMs: number; endMs: number }
    }): AsyncGenerator<Page> {
      source.requests.push(asked)
      // The vendor answers two bars for each one that its table of limits promises.
      const inside = minuteBars(START, 500)
        .filter(([ms]) => ms >= asked.startMs && ms < asked.endMs)
        .slice(0, 60)
      const columns = { timestamp: Float64Array.from(inside, ([ms]) => ms) }
      const price = Float64Array.from(inside, ([, close]) => close as number)
      const endMs = inside.length === 60 ? (inside.at(-1)?.[0] as number) + MINUTE : asked.endMs
      yield {
        columns: { ...columns, open: price, high: price, low: price, close: price, volume: price },
        proven: { startMs: asked.startMs, endMs: Math.min(endMs, asked.endMs) },
      }
    }
    const capabilities = { ...source.provider.capabilities, rowsPerRequest: 60 }
    const { client } = testClient({
      providers: [
        { ...source.provider, capabilities: { ...capabilities, anchor: 'session', calendar: 'XNYS' }, fetch: cut },
      ],
    })
    // Outside every session the plan expects no rows, so one request is meant to carry all.
    const proof = coverageOf(await client.get({ ...KEY, ...range(0, 500) }))
    expect(proof.covered).toEqual([{ startMs: START, endMs: START + 500 * MINUTE }])
    expect(source.requests).toHaveLength(9)
  })
})
