/** A source that fails in every way is left before its first row, and nothing of its failure stays. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import type { HttpClientOptions } from '../../src/client/http-options.ts'
import type { WarningEvent } from '../../src/contract/events.ts'
import type { ProviderCapabilities } from '../../src/contract/provider.ts'
import { defineHttpProvider } from '../../src/providers/index.ts'
import { coverageOf } from '../../src/query/table.ts'
import { type FaultyAnswer, type FaultyServer, faultyServer } from '../../src/testkit/index.ts'
import { type FakeSource, type TestClock, fakeSource, minuteBars } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
// Long enough for an answer of a busy machine, short enough to wait for.
const TIMEOUT_MS = 400

type Fault = '500' | '429' | 'HTML' | 'truncated' | 'cut' | 'slow'

const GOOD: FaultyAnswer = { body: minuteBars(START, 120).map(([ms, close]) => [ms, close]) }
const FAULTS: Readonly<Record<Fault, FaultyAnswer>> = {
  '500': { status: 500, body: { message: 'internal' } },
  '429': { status: 429, headers: { 'retry-after': '2' }, body: { message: 'slow down' } },
  HTML: { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Maintenance</title>' },
  truncated: { body: '[[1704067200000,100],[170406' },
  cut: { ...GOOD, cutAfterBytes: 40 },
  slow: { hang: true },
}
const CODES: Readonly<Record<Fault, string>> = {
  '500': 'provider/unavailable',
  '429': 'provider/rate-limited',
  HTML: 'provider/response',
  truncated: 'provider/truncated',
  cut: 'provider/truncated',
  slow: 'provider/timeout',
}

const CAPABILITIES: ProviderCapabilities = {
  ...fakeSource([]).provider.capabilities,
  rowsPerRequest: 1000,
}

/** Answers `[[openMs, close], …]`. */
const primary = defineHttpProvider({
  name: 'primary',
  capabilities: CAPABILITIES,
  baseUrl: 'https://primary.invalid',
  toRequest: ({ baseUrl, symbol, range }) => ({
    url: `${baseUrl}/${symbol}?start=${range.startMs}&end=${range.endMs}`,
    as: 'json',
  }),
  toPage(body, { range }) {
    const rows = (body as [number, number][]).filter(([ms]) => ms >= range.startMs && ms < range.endMs)
    const column = (of: (row: readonly [number, number]) => number): Float64Array => Float64Array.from(rows, of)
    const close = column(([, value]) => value)
    const columns = { timestamp: column(([ms]) => ms), open: close, high: close, low: close, close, volume: close }
    return { columns, proven: range }
  },
})

interface Stage {
  readonly client: DataClient
  readonly server: FaultyServer
  readonly backup: FakeSource
  readonly clock: TestClock
  readonly warnings: WarningEvent[]
  /** What the primary source answers from now on. */
  mode: Fault | 'good'
  asked(): number
  /** Requests handed to the network so far. */
  sent: number
  breaker(): Promise<string | undefined>
  /** Every file and every folder of a series in the store, in one text. */
  files(): Promise<string>
}

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

async function stageOf(
  http: HttpClientOptions = {},
  capabilities: Partial<Pick<ProviderCapabilities, 'rateLimits'>> = {},
  concurrency = 4,
): Promise<Stage> {
  const root = await mkdtemp(join(tmpdir(), 'failover-'))
  undo.push(() => rm(root, { recursive: true, force: true }))
  const server = await faultyServer(() => (stage.mode === 'good' ? GOOD : FAULTS[stage.mode]))
  undo.push(() => server.close())
  const backup = fakeSource(minuteBars(START, 120))
  const clock: TestClock = { nowMs: Date.UTC(2024, 5, 15) }
  const client = createDataClient({
    root,
    providers: [primary({ baseUrl: server.url, ...capabilities }), { ...backup.provider, name: 'backup' }],
    http: { timeoutMs: TIMEOUT_MS, cache: 'none', ...http },
    concurrency,
    runtime: {
      now: () => clock.nowMs,
      random: () => 0,
      sleep: (ms) => {
        clock.nowMs += ms
        return Promise.resolve()
      },
      fetch: (input, init) => {
        stage.sent++
        return fetch(input, init)
      },
    },
  })
  undo.push(() => client.close())
  const warnings: WarningEvent[] = []
  client.on('warning', (event) => warnings.push(event))
  const stage: Stage = {
    client,
    server,
    backup,
    clock,
    warnings,
    mode: 'good',
    sent: 0,
    asked: () => server.requests.length,
    breaker: async () => (await client.providers())[0]?.health?.breaker.state,
    files: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true })
      const kept = entries.filter((entry) => entry.isFile() || entry.name.startsWith('symbol='))
      return kept.map(({ parentPath, name }) => join(parentPath, name)).join('\n')
    },
  }
  return stage
}

const query = (symbol: string, minutes = 60) =>
  ({ symbol, interval: '1m', start: new Date(START), end: new Date(START + minutes * MINUTE) }) as const

const ONCE = { attempts: 1 }

describe.each(Object.keys(FAULTS) as Fault[])('a source that answers with %s', (fault) => {
  test('is left for the next one, which says why it answers; nothing of the failure is stored', async () => {
    const stage = await stageOf({ retry: { attempts: 2 } })
    stage.mode = fault
    const table = await stage.client.get(query('BTCUSDT'))
    expect(table.numRows).toBe(60)
    expect(coverageOf(table)).toMatchObject({ source: 'backup', missing: [] })
    const { updates, errors } = await stage.client.status(query('BTCUSDT'))
    expect(updates[0]?.selection).toContain('primary failed')
    expect(updates[0]?.selection).toContain(CODES[fault])
    expect(errors).toBe(0)
    expect(stage.asked()).toBe(fault === 'HTML' ? 1 : 2)
    expect((await stage.client.list()).map(({ series }) => series.provider)).toEqual(['backup'])
    const files = await stage.files()
    expect(files).toContain('provider=backup')
    expect(files).not.toContain('primary')
    expect(stage.warnings.filter(({ code }) => code === 'failover')).toHaveLength(1)
  })

  test('does not lose the series that it has, and does not get back the one that it lost', async () => {
    const stage = await stageOf({ retry: ONCE, breaker: { failures: 100 } })
    await stage.client.get(query('KEPTUSDT'))
    stage.mode = fault
    await stage.client.get(query('LOSTUSDT'))
    const asked = stage.asked()
    await expect(stage.client.get(query('KEPTUSDT', 90))).rejects.toMatchObject({ code: CODES[fault] })
    await expect(stage.client.update(query('KEPTUSDT', 90))).rejects.toMatchObject({ code: CODES[fault] })
    expect(stage.asked()).toBeGreaterThan(asked)
    expect(stage.backup.requests).toHaveLength(1)
    stage.mode = 'good'
    const back = stage.asked()
    const lost = await stage.client.get(query('LOSTUSDT', 90))
    expect(coverageOf(lost)).toMatchObject({ source: 'backup', missing: [] })
    expect(stage.asked()).toBe(back)
    expect(coverageOf(await stage.client.get(query('KEPTUSDT', 90)))).toMatchObject({ source: 'primary', missing: [] })
    expect((await stage.client.list()).map(({ series }) => `${series.provider} ${series.symbol}`).toSorted()).toEqual([
      'backup LOSTUSDT',
      'primary KEPTUSDT',
    ])
  })
})

describe('the breaker of a failing source', () => {
  test('opens after the failures that are configured, lets one try through after the recovery, closes after its successes', async () => {
    const stage = await stageOf({ retry: ONCE, breaker: { failures: 3, recoveryMs: 60_000, successes: 2 } })
    const ask = async (
      mode: Fault | 'good',
      symbol: string,
    ): Promise<{ source: string; asked: number; selection: string }> => {
      stage.mode = mode
      const before = stage.asked()
      const { source } = coverageOf(await stage.client.get(query(symbol)))
      const { updates } = await stage.client.status(query(symbol))
      return { source, asked: stage.asked() - before, selection: updates[0]?.selection ?? '' }
    }
    expect(await ask('500', 'S1USDT')).toMatchObject({ source: 'backup', asked: 1 })
    expect(await ask('429', 'S2USDT')).toMatchObject({ source: 'backup', asked: 1 })
    expect(await stage.breaker()).toBe('closed')
    expect(await ask('HTML', 'S3USDT')).toMatchObject({ source: 'backup', asked: 1 })
    expect(await stage.breaker()).toBe('open')

    const refused = await ask('good', 'S4USDT')
    expect(refused).toMatchObject({ source: 'backup', asked: 0 })
    expect(refused.selection).toContain('provider/circuit-open')
    stage.clock.nowMs += 59_000
    expect(await ask('good', 'S5USDT')).toMatchObject({ source: 'backup', asked: 0 })

    stage.clock.nowMs += 2000
    expect(await ask('truncated', 'S6USDT')).toMatchObject({ source: 'backup', asked: 1 })
    expect(await stage.breaker()).toBe('open')
    stage.clock.nowMs += 59_000
    expect(await ask('good', 'S7USDT')).toMatchObject({ asked: 0 })
    stage.clock.nowMs += 2000
    expect(await ask('slow', 'S8USDT')).toMatchObject({ source: 'backup', asked: 1 })
    expect(await ask('good', 'S9USDT')).toMatchObject({ asked: 0 })

    stage.clock.nowMs += 61_000
    expect(await ask('good', 'T1USDT')).toMatchObject({ source: 'primary', asked: 1 })
    expect(await stage.breaker()).toBe('half-open')
    expect(await ask('good', 'T2USDT')).toMatchObject({ source: 'primary', asked: 1 })
    expect(await stage.breaker()).toBe('closed')
    expect(stage.warnings.map(({ code }) => code).filter((code) => code.startsWith('provider/circuit'))).toEqual([
      'provider/circuit-open',
      'provider/circuit-half-open',
      'provider/circuit-open',
      'provider/circuit-half-open',
      'provider/circuit-open',
      'provider/circuit-half-open',
      'provider/circuit-closed',
    ])
    const files = await stage.files()
    for (const symbol of ['S1', 'S4', 'S6', 'S8']) expect(files).not.toMatch(new RegExp(`primary.*${symbol}`))
  })

  test('holds back what waits in the queue when it opens', async () => {
    const stage = await stageOf(
      { retry: ONCE, breaker: { failures: 3 } },
      { rateLimits: [{ weight: 1, perMs: 1000 }] },
      20,
    )
    stage.mode = '500'
    let sentBefore = 0
    stage.client.on('warning', ({ code }) => {
      if (code === 'provider/circuit-open') sentBefore = stage.sent
    })
    const symbols = Array.from({ length: 20 }, (_, i) => `Q${i}USDT`)
    const tables = await Promise.all(symbols.map((symbol) => stage.client.get(query(symbol))))
    expect(tables.map((table) => coverageOf(table).source)).toEqual(symbols.map(() => 'backup'))
    // One may be under way while the third is judged: none follows it.
    expect(sentBefore).toBeGreaterThanOrEqual(3)
    expect(sentBefore).toBeLessThanOrEqual(4)
    expect(stage.sent).toBe(sentBefore)
    const [status] = await stage.client.providers()
    expect(status?.health?.breaker).toEqual({ state: 'open', retryAtMs: expect.any(Number) })
    expect(await stage.files()).not.toContain('primary')
  })

  test('is of one source: the others are asked as before', async () => {
    const stage = await stageOf({ retry: ONCE, breaker: { failures: 1 } })
    stage.mode = '500'
    await stage.client.get(query('AUSDT'))
    await expect(stage.client.get({ ...query('AUSDT', 90), provider: 'primary' })).rejects.toMatchObject({
      code: 'provider/circuit-open',
    })
    expect(stage.asked()).toBe(1)
    expect((await stage.client.get({ ...query('AUSDT', 90), provider: 'backup' })).numRows).toBe(90)
    expect(await stage.client.list()).toHaveLength(1)
  })
})
