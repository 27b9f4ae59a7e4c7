/** Clients of one process share the limit of a vendor: a server that bans on the first excess request bans nobody. */
import { afterEach, describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { RateLimit } from '../../src/contract/provider.ts'
import { binance } from '../../src/providers/index.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type FaultyAnswer, type FaultyServer, faultyServer } from '../../src/testkit/index.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const REQUESTS = 200
const CLIENTS = 4

const KLINES: FaultyAnswer = {
  body: Array.from({ length: 3 }, (_, i) => {
    const openMs = START + i * MINUTE
    return [openMs, '100', '101', '99', '100', '5', openMs + MINUTE - 1, '500', 3, '2', '200', '0']
  }),
}
const BANNED: FaultyAnswer = { status: 418, body: { code: -1003, msg: 'banned' } }

interface StrictServer extends FaultyServer {
  /** Requests beyond the limit and all that came after the first of them. */
  readonly bans: () => number
}

/** Counts as strictly as a vendor may: any stretch of `perMs`, or a bucket without a drop to spare. */
async function strictServer({ weight, perMs, kind = 'rolling' }: RateLimit): Promise<StrictServer> {
  const seen: number[] = []
  let tokens = weight
  let filledMs = performance.now()
  let bans = 0
  const isExcess = (nowMs: number): boolean => {
    if (kind === 'rolling') {
      while ((seen[0] ?? Infinity) <= nowMs - perMs) seen.shift()
      return seen.push(nowMs) > weight
    }
    tokens = Math.min(weight, tokens + ((nowMs - filledMs) * weight) / perMs)
    filledMs = nowMs
    return --tokens < 0
  }
  const server = await faultyServer(() => {
    if (isExcess(performance.now()) || bans > 0) bans++
    return bans > 0 ? BANNED : KLINES
  })
  return { ...server, bans: () => bans }
}

let server: StrictServer
afterEach(() => server.close())

describe.each<RateLimit>([
  { weight: 40, perMs: 250 },
  { weight: 25, perMs: 100, kind: 'bucket' },
])('a limit of $weight in $perMs ms', (limit) => {
  test(`lets ${REQUESTS} concurrent requests of ${CLIENTS} clients through without a ban`, async () => {
    server = await strictServer(limit)
    // The weight of a request for klines is 2.
    const rateLimits = [{ ...limit, weight: limit.weight * 2 }]
    const clients = Array.from({ length: CLIENTS }, () =>
      createDataClient({
        storage: createMemoryStorage(),
        providers: [binance({ baseUrl: server.url, rateLimits })],
        concurrency: REQUESTS,
        http: { cache: 'none', retry: { attempts: 1 } },
      }),
    )
    const tables = await Promise.all(
      Array.from({ length: REQUESTS }, (_, i) =>
        (clients[i % CLIENTS] as (typeof clients)[number]).get({
          symbol: `C${i}USDT`,
          interval: '1m',
          start: new Date(START),
          end: new Date(START + 3 * MINUTE),
        }),
      ),
    )
    await Promise.all(clients.map((client) => client.close()))
    expect(server.bans()).toBe(0)
    expect(server.requests).toHaveLength(REQUESTS)
    expect(tables.every((table) => table.numRows === 3)).toBe(true)
  })
})

test('the server of these tests bans whoever asks too fast', async () => {
  server = await strictServer({ weight: 3, perMs: 60_000 })
  for (let i = 0; i < 5; i++) await fetch(server.url)
  expect(server.bans()).toBe(2)
})
