import { afterEach, describe, expect, it } from 'vitest'
import type { Provider } from '../../src/contract/provider.ts'
import { type Runtime, SILENT } from '../../src/contract/runtime.ts'
import { createHttpEngine } from '../../src/providers/http/engine.ts'
import { createLimitRegistry } from '../../src/providers/http/limiter.ts'
import { type FaultyAnswer, type FaultyScript, type FaultyServer, faultyServer } from '../../src/testkit/index.ts'
import { HTTP } from '../providers/asking.ts'

const servers: FaultyServer[] = []
afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))))

const runtime: Runtime = {
  now: Date.now,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          reject(signal.reason)
        },
        { once: true },
      )
    }),
  random: Math.random,
  fetch: (input, init) => fetch(input, init),
  env: {},
}
const vendorWith = (rateLimits: Provider['capabilities']['rateLimits']): Provider =>
  ({ name: 'vendor', capabilities: { rateLimits } }) as unknown as Provider

async function asking(
  script: FaultyScript,
  http: Partial<typeof HTTP> = {},
): Promise<{ server: FaultyServer; ask: (signal?: AbortSignal) => Promise<unknown> }> {
  const server = await faultyServer(script)
  servers.push(server)
  const engine = createHttpEngine({
    runtime,
    http: { ...HTTP, timeoutMs: 300, maxBodyBytes: 1_000_000, retry: { attempts: 3, minMs: 0, maxMs: 0 }, ...http },
    log: SILENT,
    emit: () => {},
    limits: createLimitRegistry(runtime),
  })
  const door = engine.httpFor(vendorWith([]))
  return {
    server,
    ask: async (signal = new AbortController().signal) =>
      (await door.request({ url: `${server.url}/x`, as: 'json' }, { signal })).body,
  }
}
const good: FaultyAnswer = { body: { ok: true } }

describe('the engine over real sockets', () => {
  it.each<[string, FaultyAnswer]>([
    ['a reset', { reset: true }],
    ['half a body', { body: { rows: Array.from({ length: 1000 }, (_, i) => i) }, cutAfterBytes: 500 }],
    ['a body longer than it says', { body: '{"a":1}', declaredBytes: 700 }],
    ['a server that fails', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['a server that hangs', { hang: true }],
  ])('survives %s', async (_, fault) => {
    const { server, ask } = await asking([fault, good])
    await expect(ask()).resolves.toEqual({ ok: true })
    expect(server.requests.length).toBe(2)
  })

  it('stops a gzip bomb at the bound, in flat memory', async () => {
    const { server, ask } = await asking([{ gzipBombBytes: 200_000_000 }], { timeoutMs: 20_000 })
    const before = process.memoryUsage().arrayBuffers
    await expect(ask()).rejects.toMatchObject({ code: 'provider/body-too-large' })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000)
    expect(server.requests.length).toBe(1)
  })

  it('never follows a redirect to another origin', async () => {
    const other = await faultyServer([good])
    servers.push(other)
    const { ask } = await asking([{ redirect: `${other.url}/steal` }])
    await expect(ask()).rejects.toMatchObject({ code: 'provider/redirect' })
    expect(other.requests.length).toBe(0)
  })

  it('lets go of the connection when aborted', async () => {
    const { ask } = await asking([{ hang: true }], { timeoutMs: 60_000 })
    const controller = new AbortController()
    const work = ask(controller.signal)
    setTimeout(() => controller.abort(new Error('enough')), 20)
    await expect(work).rejects.toThrow('enough')
  })

  it('is never banned by a server that allows 50 requests in any 500 ms, and uses most of them', async () => {
    const [most, perMs] = [50, 500]
    let bans = 0
    const server = await faultyServer(() => {
      const nowMs = performance.now()
      while (times.length > 0 && (times[0] as number) <= nowMs - perMs) times.shift()
      times.push(nowMs)
      if (times.length > most) bans++
      return times.length > most ? { status: 418 } : good
    })
    const times: number[] = []
    servers.push(server)
    const limits = createLimitRegistry(runtime)
    // Several clients of one process.
    const doors = Array.from({ length: 4 }, () =>
      createHttpEngine({ runtime, http: HTTP, log: SILENT, emit: () => {}, limits }).httpFor(
        vendorWith([{ weight: most, perMs }]),
      ),
    )
    const startMs = performance.now()
    const signal = new AbortController().signal
    await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        doors[i % 4]!.request({ url: `${server.url}/${i}`, as: 'json' }, { signal }),
      ),
    )
    expect(bans).toBe(0)
    // 200 requests need three windows after the first; a slow machine may take longer, never shorter.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(3 * perMs - 5)
  })
})
