import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RateLimit } from '../../../src/contract/provider.ts'
import { createLimitRegistry, createLimiter, sharedRegistry } from '../../../src/providers/http/limiter.ts'
import { quotaFromHeaders, retryAfterMs } from '../../../src/providers/http/quota.ts'
import { type SimClock, simClock } from './sim-clock.ts'

const never = new AbortController().signal
const PATIENCE = 1e12

interface Arrival {
  readonly atMs: number
  readonly weight: number
}

/** Sends requests through a limiter to a vendor that notes when each arrives: after part of its round trip. */
async function arrivals(
  clock: SimClock,
  limits: readonly RateLimit[],
  requests: readonly { weight: number; outMs: number; backMs: number }[],
): Promise<Arrival[]> {
  const limiter = createLimiter('vendor', limits, clock)
  const seen: Arrival[] = []
  const one = async ({ weight, outMs, backMs }: (typeof requests)[number]): Promise<void> => {
    const permit = await limiter.acquire(weight, never, PATIENCE)
    await clock.sleep(outMs)
    seen.push({ atMs: clock.now(), weight })
    await clock.sleep(backMs)
    permit.arrived()
  }
  await clock.run(Promise.all(requests.map(one)))
  return seen.toSorted((a, b) => a.atMs - b.atMs)
}

/** Most weight that arrived in any stretch of `perMs`. */
function mostIn(seen: readonly Arrival[], perMs: number): number {
  let most = 0
  for (const [i, { atMs }] of seen.entries()) {
    let weight = 0
    for (let j = i; j < seen.length && (seen[j] as Arrival).atMs < atMs + perMs; j++)
      weight += (seen[j] as Arrival).weight
    most = Math.max(most, weight)
  }
  return most
}

/** Would a bucket of the vendor have run dry? */
function overdraws(seen: readonly Arrival[], limit: RateLimit): boolean {
  let tokens = limit.weight
  let lastMs = seen[0]?.atMs ?? 0
  for (const { atMs, weight } of seen) {
    tokens = Math.min(limit.weight, tokens + ((atMs - lastMs) * limit.weight) / limit.perMs) - weight
    lastMs = atMs
    if (tokens < -1e-6) return true
  }
  return false
}

const REQUESTS = fc.array(
  fc.record({
    weight: fc.integer({ min: 1, max: 4 }),
    outMs: fc.integer({ min: 0, max: 300 }),
    backMs: fc.integer({ min: 0, max: 300 }),
  }),
  { minLength: 1, maxLength: 40 },
)

describe('a limiter', () => {
  it('never lets the vendor count more than a rolling limit, however long requests are under way', async () => {
    await fc.assert(
      fc.asyncProperty(
        REQUESTS,
        fc.integer({ min: 4, max: 12 }),
        fc.integer({ min: 100, max: 2000 }),
        async (requests, weight, perMs) => {
          const seen = await arrivals(simClock(), [{ weight, perMs }], requests)
          expect(seen.length).toBe(requests.length)
          expect(mostIn(seen, perMs)).toBeLessThanOrEqual(weight)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('never overdraws a bucket of the vendor', async () => {
    await fc.assert(
      fc.asyncProperty(
        REQUESTS,
        fc.integer({ min: 4, max: 12 }),
        fc.integer({ min: 100, max: 2000 }),
        async (requests, weight, perMs) => {
          const limit: RateLimit = { weight, perMs, kind: 'bucket' }
          expect(overdraws(await arrivals(simClock(), [limit], requests), limit)).toBe(false)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('uses nearly all that is allowed, and keeps every limit at once', async () => {
    const clock = simClock()
    const startMs = clock.now()
    const requests = Array.from({ length: 200 }, (_, i) => ({ weight: 1, outMs: 5 + (i % 7), backMs: 5 }))
    const seen = await arrivals(
      clock,
      [
        { weight: 20, perMs: 1000 },
        { weight: 500, perMs: 60_000 },
      ],
      requests,
    )
    expect(mostIn(seen, 1000)).toBeLessThanOrEqual(20)
    // 200 requests at 20 a second need 9 windows after the first.
    expect((9 * 1000) / ((seen.at(-1) as Arrival).atMs - startMs)).toBeGreaterThan(0.9)
  })

  it('lets a request heavier than the limit go alone', async () => {
    const seen = await arrivals(
      simClock(),
      [{ weight: 10, perMs: 1000 }],
      [1, 40, 1].map((weight) => ({ weight, outMs: 1, backMs: 1 })),
    )
    expect(seen.map(({ weight }) => weight)).toEqual([1, 40, 1])
    expect(seen[2]!.atMs - seen[1]!.atMs).toBeGreaterThanOrEqual(1000)
  })

  it('is one for all clients of an account: a Retry-After holds everybody back', async () => {
    const clock = simClock()
    const registry = createLimitRegistry(clock)
    const [a, b] = [registry.limiterFor('vendor', 'k', []), registry.limiterFor('vendor', 'k', [])]
    expect(a).toBe(b)
    expect(registry.limiterFor('vendor', 'other', [])).not.toBe(a)
    const startMs = clock.now()
    a.observe({ blockedUntilMs: startMs + 17_000 })
    const permit = await clock.run(b.acquire(1, never, PATIENCE))
    permit.arrived()
    expect(clock.now() - startMs).toBeGreaterThanOrEqual(17_000)
  })

  it('believes the weight that the vendor counted', async () => {
    const clock = simClock()
    const limiter = createLimiter('vendor', [{ weight: 6000, perMs: 60_000 }], clock)
    limiter.observe(quotaFromHeaders({ 'x-mbx-used-weight-1m': '5999' }, clock.now()))
    const startMs = clock.now()
    await clock.run(limiter.acquire(1, never, PATIENCE))
    expect(clock.now()).toBe(startMs)
    await clock.run(limiter.acquire(1, never, PATIENCE))
    expect(clock.now() - startMs).toBeGreaterThanOrEqual(60_000)
  })

  it('refuses at once what would wait longer than the caller wants, with the time to wait', async () => {
    const clock = simClock()
    const limiter = createLimiter('vendor', [{ weight: 1, perMs: 3_600_000 }], clock)
    ;(await limiter.acquire(1, never, 1000)).arrived()
    await expect(clock.run(limiter.acquire(1, never, 120_000))).rejects.toMatchObject({
      code: 'provider/quota',
      retryAfterMs: 3_600_000,
    })
    limiter.observe({ blockedUntilMs: clock.now() + 7_200_000 })
    await expect(clock.run(limiter.acquire(1, never, 120_000))).rejects.toMatchObject({
      code: 'provider/rate-limited',
      retryAfterMs: 7_200_000,
    })
  })

  it('takes the tighter of two plans', async () => {
    const clock = simClock()
    const limiter = createLimiter('vendor', [{ weight: 100, perMs: 1000 }], clock)
    limiter.tighten([{ weight: 2, perMs: 1000 }])
    limiter.tighten([{ weight: 50, perMs: 1000 }])
    expect(limiter.state().limits).toEqual([{ weight: 2, perMs: 1000, used: 0 }])
  })

  it('forgets whoever stops waiting and serves the next, leaving no listener', async () => {
    const clock = simClock()
    const limiter = createLimiter('vendor', [{ weight: 1, perMs: 1000 }], clock)
    ;(await limiter.acquire(1, never, PATIENCE)).arrived()
    const leaving = new AbortController()
    const left = limiter.acquire(1, leaving.signal, PATIENCE)
    const stays = limiter.acquire(1, never, PATIENCE)
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    await clock.run(stays)
    expect(limiter.state().waiting).toBe(0)
  })

  it('goes on where the clock stands still and sleep returns at once', async () => {
    const limiter = createLimiter('vendor', [{ weight: 1, perMs: 60_000 }], { now: () => 0, sleep: async () => {} })
    for (let i = 0; i < 5; i++) (await limiter.acquire(1, never, PATIENCE)).arrived()
    expect(limiter.state().limits[0]!.used).toBe(1)
  })

  it('is shared by all that send through the same fetch', () => {
    const runtime = {
      now: () => 0,
      sleep: async () => {},
      random: () => 0,
      env: {},
      fetch: (() => {}) as never as typeof fetch,
    }
    expect(sharedRegistry({ ...runtime })).toBe(sharedRegistry({ ...runtime }))
    expect(sharedRegistry({ ...runtime, fetch: (() => {}) as never as typeof fetch })).not.toBe(sharedRegistry(runtime))
  })
})

describe('scopes of one account', () => {
  const LIMITS = [
    { weight: 100, perMs: 1000 },
    { weight: 1, perMs: 1000, scope: 'slow' },
  ]

  it('have queues of their own, and a refusal holds all of them', async () => {
    const clock = simClock()
    const registry = createLimitRegistry(clock)
    const [fast, slow] = [registry.limiterFor('vendor', '', LIMITS), registry.limiterFor('vendor', '', LIMITS, 'slow')]
    expect([fast.state().limits.length, slow.state().limits[0]!.weight]).toEqual([1, 1])
    const startMs = clock.now()
    slow.observe({ blockedUntilMs: startMs + 5000 })
    await clock.run(fast.acquire(1, never, PATIENCE))
    expect(clock.now() - startMs).toBeGreaterThanOrEqual(5000)
  })
})

describe('headers of limits', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z')

  it.each([
    ['17', 17_000],
    ['0', 0],
    ['1.5', 1500],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['-5', undefined],
    ['soon', undefined],
    ['NaN', undefined],
    ['', undefined],
    ['99999999999', undefined],
    ['3, 5', 3000],
  ])('Retry-After: %s waits %s ms', (value, ms) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBe(ms)
  })

  it.each([
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 30) }, NOW + 30_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 30_000) }, NOW + 30_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }, NOW + 30_000],
    [{ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '30' }, undefined],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 - 30) }, undefined],
  ])('%j blocks until %s', (headers, until) => {
    expect(quotaFromHeaders(headers, NOW).blockedUntilMs).toBe(until)
  })
})
