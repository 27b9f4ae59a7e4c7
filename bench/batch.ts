/**
 * A thousand series brought current by `batch` against a source that answers klines in this process: processor time a
 * series beyond the bare requests, wall time and time in fsync apart, one progress stream, ten broken symbols reported.
 * `node bench/batch.ts [--quick] [--json FILE]`
 * @module
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BatchProgress,
  type DataClient,
  type Storage,
  createDataClient,
  createLocalStorage,
} from '../src/index.ts'
import { type FsPort, nodeFs } from '../src/storage/local/index.ts'
import { binance } from '../src/providers/index.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import { median } from './harness.ts'
import { atMost, finish, scriptOptions } from './script.ts'
import { temporaryFolder } from './store.ts'

const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)
const STORED_MINUTES = 500
const NEW_MINUTES = 10
const BROKEN = 10
const CONCURRENCY = 16
const options = scriptOptions()
const SERIES = options.isQuick ? 200 : 1000
const ROUNDS = options.isQuick ? 2 : 3

const SYMBOLS = Array.from({ length: SERIES }, (_, i) => (i % (SERIES / BROKEN) === 7 ? `BAD${i}USDT` : `C${i}USDT`))
/** Starts anew with every round, and runs inside of it so that the progress stream has a rate. */
const clock = { nowMs: START + STORED_MINUTES * MINUTE, sinceMs: performance.now() }
const now = (): number => Math.floor(clock.nowMs + performance.now() - clock.sinceMs)

/** Answers as the source writes them, made beforehand: what is measured is not the mock. */
const answers = new Map<string, string>()

function answerTo(url: URL): string {
  const [start, end] = [Number(url.searchParams.get('startTime')), Number(url.searchParams.get('endTime'))]
  const key = `${start} ${end}`
  const known = answers.get(key)
  if (known !== undefined) return known
  const rows: unknown[] = []
  for (let ms = Math.ceil(start / MINUTE) * MINUTE; ms <= end && ms < clock.nowMs && rows.length < 1000; ms += MINUTE) {
    const price = (40_000 + ((ms / MINUTE) % 977) / 8).toFixed(8)
    rows.push([ms, price, price, price, price, '12.50000000', ms + MINUTE - 1, '500000.00000000', 321, '6.10000000', '244000.00000000', '0'])
  }
  const made = JSON.stringify(rows)
  answers.set(key, made)
  return made
}

const UNKNOWN = JSON.stringify({ code: -1121, msg: 'Invalid symbol.' })
const headers = { 'content-type': 'application/json' }
let requests: string[] = []

const mock: typeof globalThis.fetch = (input) => {
  const address = input instanceof Request ? input.url : String(input)
  requests.push(address)
  const url = new URL(address)
  if (url.searchParams.get('symbol')?.startsWith('BAD') === true)
    return Promise.resolve(new Response(UNKNOWN, { status: 400, headers }))
  return Promise.resolve(new Response(answerTo(url), { headers }))
}

/** The platform's file system with a clock on what waits for the disk. */
function timedFs(): { readonly fs: FsPort; readonly spent: { fsyncs: number; fsyncMs: number } } {
  const spent = { fsyncs: 0, fsyncMs: 0 }
  const timed = async (work: () => Promise<void>): Promise<void> => {
    const began = performance.now()
    await work()
    spent.fsyncs++
    spent.fsyncMs += performance.now() - began
  }
  const fs: FsPort = {
    ...nodeFs,
    fsync: (file) => timed(() => nodeFs.fsync(file)),
    fsyncFolder: (path) => timed(() => nodeFs.fsyncFolder(path)),
  }
  return { fs, spent }
}

interface Cost {
  readonly cpuMs: number
  readonly userMs: number
  readonly wallMs: number
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work()
  const wallMs = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMs: (user + system) / 1000, userMs: user / 1000, wallMs }
}

/** The same requests and the parsing of their answers, with nothing around them. */
async function bareRequests(asked: readonly string[]): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let address = asked[next++]; address !== undefined; address = asked[next++]) {
      const response = await mock(address)
      await response.json()
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}

const QUERIES = SYMBOLS.map((symbol) => ({ symbol, interval: '1m' as const, start: new Date(START) }))

async function runBatch(client: DataClient): Promise<BatchProgress[]> {
  const events: BatchProgress[] = []
  const batch = client.batch(QUERIES, { operation: 'update', onProgress: (event) => events.push(event) })
  let failed = 0
  for await (const result of batch) {
    const { symbol } = result.query
    if (result.ok === symbol.startsWith('BAD')) throw new Error(`${symbol}: ${result.ok ? 'was stored' : String(result.error)}`)
    if (!result.ok) failed++
  }
  if (failed !== BROKEN) throw new Error(`${failed} symbols were reported broken instead of ${BROKEN}`)
  const stored = await client.list()
  if (stored.length !== SERIES - BROKEN) throw new Error(`${stored.length} series are stored instead of ${SERIES - BROKEN}`)
  return events
}

/** One stream: counts never go back, it has a rate and a time left, and it ends with everything done. */
function checkProgress(events: readonly BatchProgress[]): void {
  let done = 0
  for (const event of events) {
    if (event.done < done || event.total !== SERIES) throw new Error(`progress went from ${done} to ${event.done} of ${event.total}`)
    done = event.done
  }
  const last = events.at(-1)
  const tells = events.some(({ seriesPerSecond, timeLeftMs }) => seriesPerSecond > 0 && (timeLeftMs ?? 0) > 0)
  if (last?.done !== SERIES || last.failed !== BROKEN || last.timeLeftMs !== 0 || !tells) throw new Error(`progress ended with ${JSON.stringify(last)}`)
}

interface Found {
  readonly firstMs: number
  readonly overheads: readonly number[]
  readonly users: readonly number[]
  readonly walls: readonly number[]
  readonly bares: readonly number[]
  readonly progress: readonly BatchProgress[]
}

async function measure(storage: Storage, ended: () => void = () => {}): Promise<Found> {
  clock.nowMs = START + STORED_MINUTES * MINUTE
  clock.sinceMs = performance.now()
  const client = createDataClient({
    storage,
    concurrency: CONCURRENCY,
    // The limit of a vendor would only make it wait.
    providers: [binance({ rateLimits: [] })],
    http: { cache: 'none' },
    runtime: { now, fetch: mock, sleep: () => Promise.resolve() },
  })
  const first = await costOf(() => runBatch(client))
  ended()
  const [overheads, users, walls, bares]: number[][] = [[], [], [], []]
  let progress: BatchProgress[] = []
  for (let round = 0; round < ROUNDS; round++) {
    clock.nowMs += NEW_MINUTES * MINUTE
    clock.sinceMs = performance.now()
    requests = []
    answers.clear()
    const cost = await costOf(async () => (progress = await runBatch(client)))
    ended()
    checkProgress(progress)
    const asked = [...requests]
    const bare = await costOf(() => bareRequests(asked))
    overheads?.push((cost.cpuMs - bare.cpuMs) / SERIES)
    users?.push((cost.userMs - bare.userMs) / SERIES)
    bares?.push(bare.cpuMs / SERIES)
    walls?.push(cost.wallMs)
  }
  await client.close()
  return { firstMs: first.cpuMs / SERIES, overheads, users, walls, bares, progress } as Found
}

/** Milliseconds of processor that the file system of the store takes to make one file. */
function costOfAFile(folder: string): number {
  const files = 300
  const cpu = process.cpuUsage()
  for (let i = 0; i < files; i++) closeSync(openSync(join(folder, `file-${i}`), 'wx'))
  const { user, system } = process.cpuUsage(cpu)
  return (user + system) / 1000 / files
}

const { fs, spent } = timedFs()
const fsyncs: number[] = []
const fsyncTimes: number[] = []
const inMemory = await measure(createMemoryStorage())
const onDisk = await measure(createLocalStorage({ root: temporaryFolder('batch'), fs, now }), () => {
  fsyncs.push(spent.fsyncs / SERIES)
  fsyncTimes.push(spent.fsyncMs)
  spent.fsyncs = spent.fsyncMs = 0
})
const middle = onDisk.progress[Math.floor(onDisk.progress.length / 2)]

finish(
  {
    name: 'batch',
    about: `${SERIES} series brought current by one batch, ${NEW_MINUTES} new bars each, ${BROKEN} symbols broken`,
    figures: {
      'ms of processor a series beyond the bare requests': onDisk.overheads,
      'of these in user mode': onDisk.users,
      'the same over a store in memory': inMemory.overheads,
      'ms of processor a bare request with its parsing': onDisk.bares,
      'ms of processor a series of its first load': onDisk.firstMs,
      'the same over a store in memory, first load': inMemory.firstMs,
      'ms of wall for the whole batch': onDisk.walls,
      'ms in fsync, first load and rounds, added up over those that wait together': fsyncTimes,
      'fsyncs a series, first load and rounds': fsyncs,
      'ms of processor in which this file system makes one empty file, of four a series': costOfAFile(temporaryFolder('files')),
      'events of the one progress stream': onDisk.progress.length,
      'series a second, said half-way': middle?.seriesPerSecond ?? 0,
      'ms left, said half-way': middle?.timeLeftMs ?? 0,
    },
    goals: [
      atMost('ms of processor a series beyond the bare requests, over a store in memory', median(inMemory.overheads), 1),
      atMost('ms of processor a series beyond the bare requests, kept on disk', median(onDisk.overheads), 1),
    ],
  },
  options,
)
