/**
 * Concurrent requests of several clients against a server that bans on the first excess request: bans, and the share of
 * the allowed rate that is used. The server runs in a thread of its own, so its clock is not that of the clients.
 * `node bench/limits.ts [--quick] [--json FILE]`
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { createDataClient } from '../src/client.ts'
import type { DataClient } from '../src/client/data-client.ts'
import type { RateLimit } from '../src/contract/provider.ts'
import { binance } from '../src/providers/index.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import { atLeast, atMost, finish, scriptOptions } from './script.ts'

const options = scriptOptions()
const REQUESTS = options.isQuick ? 80 : 200
const CLIENTS = 4
const KLINE_WEIGHT = 2
const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)
const GOAL_PERCENT = 90

/** A vendor gives so many requests in so many milliseconds. */
const LIMITS: readonly RateLimit[] = [
  { weight: 50, perMs: 1000 },
  { weight: 50, perMs: 1000, kind: 'bucket' },
]

interface Seen {
  readonly requests: number
  readonly bans: number
  /** Milliseconds from the first request to the last. */
  readonly spanMs: number
}

async function serve({ weight, perMs, kind = 'rolling' }: RateLimit): Promise<void> {
  const body = JSON.stringify([[START, '1', '1', '1', '1', '1', START + MINUTE - 1, '1', 1, '1', '1', '0']])
  const times: number[] = []
  let tokens = weight
  let bans = 0
  const isExcess = (nowMs: number): boolean => {
    const before = times.at(-1) ?? nowMs
    times.push(nowMs)
    if (kind === 'rolling') return nowMs - (times.at(-1 - weight) ?? Number.NEGATIVE_INFINITY) < perMs
    tokens = Math.min(weight, tokens + ((nowMs - before) * weight) / perMs) - 1
    return tokens < 0
  }
  const server = createServer((_, answer) => {
    if (isExcess(performance.now()) || bans > 0) bans++
    answer.writeHead(bans > 0 ? 418 : 200, { 'content-type': 'application/json' }).end(bans > 0 ? '{}' : body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  parentPort?.postMessage(typeof address === 'object' ? address?.port : 0)
  parentPort?.once('message', () => {
    const seen: Seen = { requests: times.length, bans, spanMs: (times.at(-1) ?? 0) - (times[0] ?? 0) }
    parentPort?.postMessage(seen)
    server.close()
    server.closeAllConnections()
  })
}

/** Fewest milliseconds in which the vendor allows these requests. */
function shortestMs({ weight, perMs, kind = 'rolling' }: RateLimit, requests: number): number {
  return kind === 'rolling' ? (Math.ceil(requests / weight) - 1) * perMs : ((requests - weight) / weight) * perMs
}

async function measure(limit: RateLimit): Promise<Seen> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: limit })
  const [port] = (await once(worker, 'message')) as [number]
  const rateLimits = [{ ...limit, weight: limit.weight * KLINE_WEIGHT }]
  // Clients that send through one function share their limits; those of the measurement before are no part of this one.
  const ownFetch: typeof fetch = (input, init) => fetch(input, init)
  const clients = Array.from({ length: CLIENTS }, () =>
    createDataClient({
      runtime: { fetch: ownFetch },
      storage: createMemoryStorage(),
      providers: [binance({ baseUrl: `http://127.0.0.1:${port}`, rateLimits })],
      concurrency: REQUESTS,
      http: { cache: 'none' },
    }),
  )
  const end = new Date(START + MINUTE)
  const runs = Array.from({ length: REQUESTS }, (_, i) =>
    (clients[i % CLIENTS] as DataClient).get({ symbol: `C${i}USDT`, interval: '1m', start: new Date(START), end }),
  )
  await Promise.all(runs)
  await Promise.all(clients.map((client) => client.close()))
  worker.postMessage('report')
  const [seen] = (await once(worker, 'message')) as [Seen]
  await worker.terminate()
  return seen
}

if (isMainThread) {
  const figures: Record<string, number> = {}
  const goals = []
  // Modules are loaded and compiled before the clock of a vendor runs.
  await measure({ weight: 100_000, perMs: 1000 })
  for (const limit of LIMITS) {
    const name = `${limit.kind ?? 'rolling'} ${limit.weight}/${limit.perMs} ms`
    const seen = await measure(limit)
    const usedPercent = (shortestMs(limit, seen.requests) / seen.spanMs) * 100
    figures[`${name}: ms from first to last request`] = seen.spanMs
    figures[`${name}: requests`] = seen.requests
    goals.push(atMost(`${name}: bans`, seen.bans, 0))
    goals.push(atLeast(`${name}: % of the allowed rate used`, usedPercent, GOAL_PERCENT))
  }
  const about = `${REQUESTS} concurrent requests of ${CLIENTS} clients, a server that bans on the first excess request`
  finish({ name: 'limits', about, figures, goals }, options)
} else await serve(workerData as RateLimit)
