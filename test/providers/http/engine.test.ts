import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { ClientEvents, Emit } from '../../../src/contract/events.ts'
import type { HttpRequest } from '../../../src/contract/http.ts'
import type { Provider, ProviderCapabilities } from '../../../src/contract/provider.ts'
import { createHttpEngine } from '../../../src/providers/http/engine.ts'
import { createLimitRegistry } from '../../../src/providers/http/limiter.ts'
import { type Answer, HTTP, engineOver, virtualRuntime } from '../asking.ts'
import { simClock } from './sim-clock.ts'

const CAPABILITIES = { rateLimits: [] } as unknown as ProviderCapabilities
const vendor = { name: 'vendor', capabilities: CAPABILITIES } as Provider
const URL_OF = 'https://api.vendor.test/bars?symbol=X'
const json: HttpRequest = { url: URL_OF, as: 'json' }
const open = (): AbortSignal => new AbortController().signal

/** Answers in turn; the last one for ever. */
function inTurn(...answers: Answer[]): Answer & { asked: URL[]; requests: Request[] } {
  const asked: URL[] = []
  const requests: Request[] = []
  const answer: Answer = (url, request) => {
    asked.push(url)
    requests.push(request)
    return (answers[Math.min(asked.length, answers.length) - 1] as Answer)(url, request)
  }
  return Object.assign(answer, { asked, requests })
}
const good: Answer = () => Response.json({ ok: true })
const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  () =>
    new Response(body, { status: code, headers })

describe('retries', () => {
  it.each([
    [
      'a network failure',
      () => {
        throw new TypeError('fetch failed')
      },
    ],
    ['408', status(408)],
    ['429', status(429)],
    ['500', status(500)],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a body cut inside of JSON', () => new Response('{"rows":[1,2', { status: 200 })],
    ['a body shorter than declared', () => new Response('{"a":1}', { headers: { 'content-length': '700' } })],
    [
      'a body that breaks off',
      () =>
        new Response(
          new ReadableStream({
            start(c) {
              c.enqueue(new TextEncoder().encode('[1,'))
              c.error(new Error('terminated'))
            },
          }),
        ),
    ],
  ] as [string, Answer][])('%s is sent again and succeeds', async (_, bad) => {
    const answer = inTurn(bad, good)
    const response = await engineOver(answer).httpFor(vendor).request(json, { signal: open() })
    expect(response.body).toEqual({ ok: true })
    expect(answer.asked.length).toBe(2)
  })

  it.each([
    [400, 'provider/unsupported'],
    [401, 'provider/unauthorized'],
    [402, 'provider/forbidden'],
    [403, 'provider/forbidden'],
    [404, 'provider/not-found'],
    [422, 'provider/unsupported'],
    [451, 'provider/forbidden'],
    [409, 'provider/response'],
  ])('%i is final: %s', async (code, expected) => {
    const answer = inTurn(status(code))
    await expect(engineOver(answer).httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: expected,
      status: code,
      provider: 'vendor',
    })
    expect(answer.asked.length).toBe(1)
  })

  it.each([
    ['a web page under 200', '<!doctype html><html></html>'],
    ['text under 200', 'Thank you for calling'],
    ['nothing under 200', ''],
  ])('%s is no answer and no reason to ask again', async (_, body) => {
    const answer = inTurn(() => new Response(body))
    await expect(engineOver(answer).httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/response',
    })
    expect(answer.asked.length).toBe(1)
  })

  it('ends after four attempts, each wait at most twice as long as the one before and fully random', async () => {
    const answer = inTurn(status(503))
    const engine = engineOver(answer)
    await expect(engine.httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/unavailable',
      retryable: true,
    })
    expect(answer.asked.length).toBe(4)
    expect(engine.runtime.sleptMs).toEqual([500, 1000, 2000])
  })

  it('tells of every retry', async () => {
    const retries: ClientEvents['retry'][] = []
    const emit: Emit = (name, event) => void (name === 'retry' && retries.push(event as ClientEvents['retry']))
    await engineOver(inTurn(status(503), good), { emit })
      .httpFor(vendor)
      .request(json, { signal: open() })
    expect(retries).toEqual([
      {
        provider: 'vendor',
        attempt: 1,
        delayMs: 500,
        code: 'provider/unavailable',
        message: expect.stringContaining('vendor: answered 503') as string,
      },
    ])
  })

  it('waits as long as Retry-After says, for everybody, and not at all where it is too long', async () => {
    const engine = engineOver(inTurn(status(429, { 'retry-after': '17' }), good))
    await engine.httpFor(vendor).request(json, { signal: open() })
    expect(engine.runtime.sleptMs[0]).toBeGreaterThanOrEqual(17_000)
    const banned = inTurn(status(418, { 'retry-after': '7200' }))
    const asking = engineOver(banned).httpFor(vendor)
    await expect(asking.request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/rate-limited',
      retryAfterMs: 7_200_000,
    })
    await expect(asking.request(json, { signal: open() })).rejects.toMatchObject({ code: 'provider/rate-limited' })
    expect(banned.asked.length).toBe(1)
  })

  it('stops retrying when the budget of the source is used up', async () => {
    const answer = inTurn(status(500))
    const engine = engineOver(answer, {
      http: { ...HTTP, breaker: { ...HTTP.breaker, failures: 1000 }, retry: { attempts: 4, minMs: 0, maxMs: 0 } },
    })
    const http = engine.httpFor(vendor)
    for (let i = 0; i < 100; i++)
      await expect(http.request(json, { signal: open() })).rejects.toMatchObject({ code: 'provider/unavailable' })
    expect(answer.asked.length).toBe(130)
  })
})

describe('the circuit breaker', () => {
  const breaker = { failures: 3, recoveryMs: 300_000, successes: 1 }

  it('opens after failures in a row, lets nothing through, and closes after a successful try', async () => {
    const warnings: string[] = []
    const states: string[] = []
    const answer = inTurn(...Array.from({ length: 12 }, () => status(500)), good)
    const engine = engineOver(answer, {
      http: { ...HTTP, breaker },
      emit: (name, event) => void (name === 'warning' && warnings.push((event as ClientEvents['warning']).code)),
      onBreaker: (_, state) => states.push(state),
    })
    const http = engine.httpFor(vendor)
    for (let i = 0; i < 3; i++)
      await expect(http.request(json, { signal: open() })).rejects.toMatchObject({ code: 'provider/unavailable' })
    expect(engine.health()[0]!.breaker.state).toBe('open')
    await expect(http.request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/circuit-open',
      retryAfterMs: 300_000,
    })
    expect(answer.asked.length).toBe(12)
    await engine.runtime.sleep(300_000)
    await http.request(json, { signal: open() })
    expect(states).toEqual(['open', 'half-open', 'closed'])
    expect(warnings).toEqual(['provider/circuit-open', 'provider/circuit-half-open', 'provider/circuit-closed'])
  })

  it('opens again when the try fails, and tries one request at a time', async () => {
    const answer = inTurn(status(500))
    const engine = engineOver(answer, { http: { ...HTTP, breaker, retry: { attempts: 1, minMs: 1, maxMs: 1 } } })
    const http = engine.httpFor(vendor)
    for (let i = 0; i < 3; i++) await http.request(json, { signal: open() }).catch(() => {})
    await engine.runtime.sleep(300_000)
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => http.request(json, { signal: open() })))
    expect(tries.map((one) => (one as PromiseRejectedResult).reason.code as string).toSorted()).toEqual([
      'provider/circuit-open',
      'provider/circuit-open',
      'provider/circuit-open',
      'provider/circuit-open',
      'provider/unavailable',
    ])
    expect(answer.asked.length).toBe(4)
    expect(engine.health()[0]!.breaker).toEqual({ state: 'open', retryAtMs: engine.runtime.now() + 300_000 })
  })

  it('does not open for an unknown symbol or a refused key', async () => {
    const http = engineOver(inTurn(status(404), status(401), status(403), status(404), status(404), good)).httpFor(
      vendor,
    )
    for (let i = 0; i < 5; i++) await http.request(json, { signal: open() }).catch(() => {})
    await expect(http.request(json, { signal: open() })).resolves.toMatchObject({ status: 200 })
  })

  it('lets requests that wait for their turn go nowhere once it is open', async () => {
    const clock = simClock()
    let asked = 0
    const runtime = {
      ...virtualRuntime(() => {
        asked++
        return new Response('', { status: 500 })
      }),
      ...clock,
    }
    const engine = createHttpEngine({
      runtime,
      http: { ...HTTP, breaker, retry: { attempts: 1, minMs: 1, maxMs: 1 } },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      emit: () => {},
      limits: createLimitRegistry(clock),
    })
    const slow = {
      ...vendor,
      capabilities: { rateLimits: [{ weight: 1, perMs: 1000 }] } as unknown as ProviderCapabilities,
    } as Provider
    const http = engine.httpFor(slow)
    const results = await clock.run(
      Promise.allSettled(Array.from({ length: 20 }, () => http.request(json, { signal: open() }))),
    )
    expect(asked).toBe(3)
    expect(results.every(({ status: outcome }) => outcome === 'rejected')).toBe(true)
  })
})

describe('limits of size, time and place', () => {
  it('cancels a body that is larger than allowed', async () => {
    let cancelled = false
    const endless: Answer = () =>
      new Response(
        new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65_536)), cancel: () => void (cancelled = true) }),
      )
    await expect(engineOver(endless).httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/body-too-large',
    })
    expect(cancelled).toBe(true)
    const declared: Answer = () => new Response('{}', { headers: { 'content-length': '999999999' } })
    await expect(engineOver(declared).httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/body-too-large',
    })
  })

  it('gives up on an exchange that hangs, before and inside the body, also where fetch ignores the signal', async () => {
    const http = { ...HTTP, timeoutMs: 20, retry: { attempts: 2, minMs: 0, maxMs: 0 } }
    const hanging: Answer[] = [
      () => new Promise<Response>(() => {}),
      () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) })),
    ]
    for (const answer of hanging) {
      await expect(
        engineOver(answer, { http }).httpFor(vendor).request(json, { signal: open() }),
      ).rejects.toMatchObject({ code: 'provider/timeout' })
    }
  })

  it('bounds a request with all its retries', async () => {
    const http = { ...HTTP, timeoutMs: 30, totalTimeoutMs: 50, retry: { attempts: 100, minMs: 0, maxMs: 0 } }
    const answer = inTurn(() => new Promise<Response>(() => {}))
    await expect(engineOver(answer, { http }).httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/timeout',
    })
    expect(answer.asked.length).toBeLessThan(5)
  })

  const to = (location: string, code = 302): Answer => status(code, { location })
  it('follows redirects inside the origin, at most three', async () => {
    const answer = inTurn(to('/other'), to('third?x=1', 307), to(URL_OF, 301), good)
    await engineOver(answer).httpFor(vendor).request(json, { signal: open() })
    expect(answer.asked.map(({ pathname }) => pathname)).toEqual(['/bars', '/other', '/third', '/bars'])
    await expect(engineOver(to('/again')).httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/redirect',
    })
  })

  it.each([
    'https://evil.test/',
    '//evil.test/',
    'http://api.vendor.test/',
    'https://api.vendor.test:8443/',
    'https://user@evil.test/',
    '',
    'javascript:1',
    'file:///etc/passwd',
  ])('never follows a redirect to %s', async (location) => {
    const answer = inTurn(to(location), good)
    await expect(engineOver(answer).httpFor(vendor).request(json, { signal: open() })).rejects.toMatchObject({
      code: 'provider/redirect',
    })
    expect(answer.asked.length).toBe(1)
  })

  it('follows to a listed host without the headers of the provider, but never with a key in the address', async () => {
    const request: HttpRequest = {
      ...json,
      hosts: ['cdn.vendor.test'],
      headers: { 'x-api-key': 'SENTINEL' },
      secrets: ['SENTINEL'],
    }
    const answer = inTurn(to('https://cdn.vendor.test/file'), good)
    await engineOver(answer).httpFor(vendor).request(request, { signal: open() })
    expect(answer.requests[0]!.headers.get('x-api-key')).toBe('SENTINEL')
    expect(answer.requests[1]!.headers.get('x-api-key')).toBeNull()
    const leaking = inTurn(to('https://cdn.vendor.test/file?token=SENTINEL'), good)
    const error = await engineOver(leaking)
      .httpFor(vendor)
      .request(request, { signal: open() })
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'provider/redirect' })
    expect(inspect(error, { depth: 10 })).not.toContain('SENTINEL')
  })
})

describe('aborting', () => {
  it('rejects with the reason, whatever was going on', async () => {
    const reason = new Error('enough')
    const stages: Answer[] = [
      () => new Promise<Response>(() => {}),
      () => new Response(new ReadableStream({})),
      status(503),
    ]
    for (const answer of stages) {
      const controller = new AbortController()
      const runtime = virtualRuntime(answer)
      const engine = createHttpEngine({
        runtime: {
          ...runtime,
          sleep: (_, signal) =>
            new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
        },
        http: HTTP,
        log: { debug() {}, info() {}, warn() {}, error() {} },
        emit: () => {},
      })
      const asking = engine.httpFor(vendor).request(json, { signal: controller.signal })
      setTimeout(() => controller.abort(reason), 5)
      await expect(asking).rejects.toBe(reason)
      expect(engine.health()[0]!.failures).toBe(0)
    }
  })

  it('asks nothing under a signal that is aborted already', async () => {
    const answer = inTurn(good)
    await expect(
      engineOver(answer)
        .httpFor(vendor)
        .request(json, { signal: AbortSignal.abort(new Error('before')) }),
    ).rejects.toThrow('before')
    expect(answer.asked.length).toBe(0)
  })

  it('leaves no listener behind in 1,000 calls, good and bad', async () => {
    const controller = new AbortController()
    let count = 0
    const http = engineOver(() => (count++ % 3 === 0 ? new Response('', { status: 404 }) : Response.json({}))).httpFor(
      vendor,
    )
    for (let i = 0; i < 1000; i++) await http.request(json, { signal: controller.signal }).catch(() => {})
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('closing ends what is under way and refuses what comes after', async () => {
    const engine = engineOver(() => new Promise<Response>(() => {}))
    const http = engine.httpFor(vendor)
    const asking = http.request(json, { signal: open() })
    const outcome = expect(asking).rejects.toMatchObject({ code: 'provider/unavailable' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    await engine.close()
    await outcome
    await expect(http.request(json, { signal: open() })).rejects.toMatchObject({ code: 'provider/unavailable' })
  })
})

describe('the cache', () => {
  it('keeps what is marked, within its size, and holds no key', async () => {
    const answer = inTurn(good)
    const engine = engineOver(answer)
    const http = engine.httpFor(vendor)
    const request = { ...json, url: `${URL_OF}&apikey=SENTINEL`, secrets: ['SENTINEL'], cacheable: true }
    await http.request(request, { signal: open() })
    await http.request(request, { signal: open() })
    await http.request({ ...request, cacheable: false }, { signal: open() })
    expect(answer.asked.length).toBe(2)
    expect(engine.health()[0]!.cache).toEqual({ hits: 1, misses: 1 })
    await http.request({ ...request, url: `${URL_OF}&apikey=OTHERKEY`, secrets: ['OTHERKEY'] }, { signal: open() })
    expect(answer.asked.length).toBe(3)
  })

  it('keeps nothing when it is off, and no failure ever', async () => {
    const off = inTurn(good)
    const http = engineOver(off, { http: { ...HTTP, cache: 'none' } }).httpFor(vendor)
    for (let i = 0; i < 2; i++) await http.request({ ...json, cacheable: true }, { signal: open() })
    expect(off.asked.length).toBe(2)
    const failing = inTurn(status(404), good)
    const second = engineOver(failing).httpFor(vendor)
    await second.request({ ...json, cacheable: true }, { signal: open() }).catch(() => {})
    await expect(second.request({ ...json, cacheable: true }, { signal: open() })).resolves.toMatchObject({
      status: 200,
    })
  })
})

describe('the numbers', () => {
  it('count requests, failures, retries, latencies and the last error', async () => {
    const engine = engineOver(inTurn(status(503), good, good, status(404)))
    const http = engine.httpFor(vendor)
    for (let i = 0; i < 3; i++) await http.request(json, { signal: open() }).catch(() => {})
    expect(engine.health()).toMatchObject([
      {
        provider: 'vendor',
        requests: 3,
        failures: 1,
        retries: 1,
        successRate: 2 / 3,
        latencyMs: { p50: 0, p95: 0, max: 0 },
        lastError: { code: 'provider/not-found' },
        breaker: { state: 'closed', retryAtMs: null },
        quota: { limits: [], blockedUntilMs: null, waiting: 0 },
      },
    ])
  })
})
