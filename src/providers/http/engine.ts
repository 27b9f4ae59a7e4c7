/**
 * The one door to the network: every provider's requests pass through its queue, retries, breaker and cache.
 * @module
 */
import { createByteCache } from '../../contract/byte-cache.ts'
import { ProviderError, hasCode } from '../../contract/errors.ts'
import type { Emit } from '../../contract/events.ts'
import type { Http, HttpResponse, ProviderHealth } from '../../contract/http.ts'
import type { Provider } from '../../contract/provider.ts'
import type { Logger, Runtime } from '../../contract/runtime.ts'
import { joined } from './abort.ts'
import { type BreakerOptions, type BreakerState, createBreaker } from './breaker.ts'
import { type Job, type Source, circuitOpen, createExchange } from './exchange.ts'
import { createHealthCounter } from './health.ts'
import { type Limiter, type LimitRegistry, sharedRegistry } from './limiter.ts'
import { type RetryOptions, createRetryBudget, isFailureOfSource } from './retry.ts'
import { redactorOf, safeError, shownUrl } from './secrets.ts'
import { classifyByStatus } from './status.ts'

/** How requests are sent. */
export interface HttpOptions {
  /** Milliseconds for one exchange, headers and body. */
  readonly timeoutMs: number
  /** Milliseconds for one request with all its retries, not counting the wait for its turn. @default every attempt and every wait at its longest */
  readonly totalTimeoutMs?: number
  /** Most bytes of one body after decompression. */
  readonly maxBodyBytes: number
  readonly userAgent: string
  /** `memory` keeps answers of requests marked `cacheable`. */
  readonly cache: 'memory' | 'none'
  /** Most bytes that the cache holds. @default 33554432 */
  readonly cacheBytes?: number
  readonly retry: RetryOptions
  readonly breaker: BreakerOptions
}

/** What an engine is made of. */
export interface HttpEngineOptions {
  readonly runtime: Runtime
  readonly http: HttpOptions
  readonly log: Logger
  readonly emit: Emit
  /** @default the one of all clients that send through the same `fetch` */
  readonly limits?: LimitRegistry
  /** Called when a breaker changes. */
  readonly onBreaker?: (provider: string, state: BreakerState) => void
}

/** The network of one client. */
export interface HttpEngine {
  /** The door for one provider: its limits, breaker and numbers. */
  httpFor(provider: Provider): Http
  /** Numbers of every provider that was asked for. */
  health(): ProviderHealth[]
  /** Aborts what is under way, forgets the cache, and waits until nothing runs. */
  close(): Promise<void>
}

/** A source, and the queue that was used last: it belongs to the account in use. */
type Asked = Source & { limiter: Limiter }

const DEFAULT_CACHE_BYTES = 33_554_432
// A longer single wait, for a limit or because the vendor said so, is handed to the caller.
const PATIENCE_MS = 120_000

/** A short name of an account that holds no key: FNV-1a, 2 x 32 bit. */
function identityOf(secrets: readonly string[]): string {
  let [a, b] = [0x811c9dc5, 0x01000193]
  for (const char of secrets.join('\n')) {
    a = Math.imul(a ^ (char.codePointAt(0) as number), 0x01000193)
    b = Math.imul(b ^ (char.codePointAt(0) as number), 0x85ebca6b)
  }
  return secrets.length === 0 ? '' : `${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`
}

/** Makes the network of one client. */
export function createHttpEngine(options: HttpEngineOptions): HttpEngine {
  const { runtime, http, log, emit } = options
  const limits = options.limits ?? sharedRegistry(runtime)
  const cache = createByteCache<HttpResponse>(
    http.cache === 'memory' ? (http.cacheBytes ?? DEFAULT_CACHE_BYTES) : 0,
  )
  const sources = new Map<string, Asked>()
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  const patienceMs = Math.max(PATIENCE_MS, http.retry.maxMs)
  const totalTimeoutMs = http.totalTimeoutMs ?? http.retry.attempts * (http.timeoutMs + patienceMs)
  const exchange = createExchange(runtime, { ...http, totalTimeoutMs, patienceMs }, log, emit)

  const sourceOf = (provider: Provider): Asked => {
    const known = sources.get(provider.name)
    if (known !== undefined) return known
    const breaker = createBreaker(
      http.breaker,
      () => runtime.now(),
      (state) => {
        const what = { open: 'is not asked any more', 'half-open': 'is tried again', closed: 'answers again' }[state]
        log.warn({ provider: provider.name, state }, 'circuit breaker changed')
        emit('warning', {
          code: `provider/circuit-${state}`,
          message: `${provider.name} ${what}`,
          provider: provider.name,
        })
        options.onBreaker?.(provider.name, state)
      },
    )
    const fresh: Asked = {
      provider,
      breaker,
      budget: createRetryBudget(() => runtime.now()),
      health: createHealthCounter(),
      limiter: limits.limiterFor(provider.name, '', provider.capabilities.rateLimits),
    }
    sources.set(provider.name, fresh)
    return fresh
  }

  const ask = async (job: Job, signal: AbortSignal): Promise<HttpResponse> => {
    const { source, request, redact } = job
    const { name } = source.provider
    const key =
      request.cacheable === true
        ? redact(`${name} ${identityOf(request.secrets ?? [])} ${request.as} ${request.url}`)
        : ''
    if (key !== '') {
      const kept = cache.get(key)
      if (kept !== undefined) {
        source.health.hit()
        return kept
      }
      source.health.missed()
    }
    const closedForMs = source.breaker.admit()
    if (closedForMs !== null) throw circuitOpen(source, closedForMs)
    try {
      const { response, sizeBytes } = await joined([signal, closing.signal], (own) => exchange(job, own))
      source.breaker.succeeded()
      source.budget.earn()
      source.health.answered()
      if (key !== '') cache.set(key, response, sizeBytes)
      return response
    } catch (error) {
      if (signal.aborted || closing.signal.aborted) {
        source.breaker.released()
        throw signal.aborted ? signal.reason : closing.signal.reason
      }
      const failure = safeError(error, redact, { provider: name })
      if (hasCode(failure, 'provider/circuit-open')) throw failure
      if (isFailureOfSource(failure)) source.breaker.failed()
      else source.breaker.succeeded()
      source.health.failed(failure.code, failure.message, runtime.now())
      log.warn({ provider: name, code: failure.code, url: job.shown }, 'request failed')
      throw failure
    }
  }

  return {
    httpFor(provider) {
      const source = sourceOf(provider)
      return {
        async request(request, { signal, classify }) {
          signal.throwIfAborted()
          closing.signal.throwIfAborted()
          const secrets = request.secrets ?? []
          const redact = redactorOf(secrets)
          const limiter = limits.limiterFor(
            provider.name,
            identityOf(secrets),
            provider.capabilities.rateLimits,
            request.scope,
          )
          source.limiter = limiter
          const shown = shownUrl(request.url, redact)
          const work = ask(
            { source, limiter, request, classify: classify ?? classifyByStatus, redact, shown, spentMs: 0 },
            signal,
          )
          running.add(work)
          try {
            return await work
          } finally {
            running.delete(work)
          }
        },
      }
    },
    health: () =>
      [...sources.values()].map(({ provider, breaker, health, limiter }) => ({
        provider: provider.name,
        breaker: breaker.state(),
        quota: limiter.state(),
        ...health.numbers(),
      })),
    async close() {
      closing.abort(new ProviderError('provider/unavailable', 'the client was closed'))
      cache.clear()
      await Promise.allSettled(running)
    },
  }
}
