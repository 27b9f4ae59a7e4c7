/**
 * One request until it is answered or fails for good: its turn, the wire, the verdict, another attempt.
 * @module
 */
import {
  type DataClientError,
  type ErrorFacts,
  ProviderError,
  hasCode,
  isDataClientError,
} from '../../contract/errors.ts'
import type { Emit } from '../../contract/events.ts'
import type { Classify, HttpRequest, HttpResponse } from '../../contract/http.ts'
import type { Provider } from '../../contract/provider.ts'
import type { Logger, Runtime } from '../../contract/runtime.ts'
import { withDeadline } from './abort.ts'
import { readAs } from './body.ts'
import type { Breaker } from './breaker.ts'
import type { HealthCounter } from './health.ts'
import type { Limiter } from './limiter.ts'
import { quotaFromHeaders, retryAfterMs } from './quota.ts'
import { type RetryBudget, type RetryOptions, isPassing, retryDelayMs } from './retry.ts'
import { type Redact, safeError } from './secrets.ts'
import { send } from './transport.ts'

/** All that one provider has in one client. */
export interface Source {
  readonly provider: Provider
  readonly breaker: Breaker
  readonly budget: RetryBudget
  readonly health: HealthCounter
}

/** One request on its way. */
export interface Job {
  readonly source: Source
  readonly limiter: Limiter
  readonly request: HttpRequest
  readonly classify: Classify
  readonly redact: Redact
  /** Its address as it may be shown. */
  readonly shown: string
  /** Milliseconds that exchanges and waits between them took so far. */
  spentMs: number
}

/** An answer with the size of its body. */
export interface Answered {
  readonly response: HttpResponse
  readonly sizeBytes: number
}

/** Bounds of one request. */
export interface ExchangeOptions {
  readonly timeoutMs: number
  readonly totalTimeoutMs: number
  readonly maxBodyBytes: number
  readonly userAgent: string
  readonly retry: RetryOptions
  /** Longest single wait, for a limit or because the vendor said so; a longer one is handed to the caller. */
  readonly patienceMs: number
}

/** The failure of a source that is not asked for now. */
export function circuitOpen(source: Source, waitMs: number): ProviderError {
  const { name } = source.provider
  const message = `${name} failed repeatedly and is asked again in ${Math.ceil(waitMs / 1000)} s`
  return new ProviderError('provider/circuit-open', message, { provider: name, retryAfterMs: waitMs })
}

/** Makes the function that sends a request, again where that may help. */
export function createExchange(
  runtime: Runtime,
  options: ExchangeOptions,
  log: Logger,
  emit: Emit,
): (job: Job, signal: AbortSignal) => Promise<Answered> {
  const once = async (job: Job, signal: AbortSignal): Promise<Answered> => {
    const { source, limiter, request, redact } = job
    const { name, capabilities } = source.provider
    const permit = await limiter.acquire(request.weight ?? capabilities.requestWeight ?? 1, signal, options.patienceMs)
    let facts: ErrorFacts = { provider: name }
    try {
      const retryAtMs = source.breaker.passes() ? null : source.breaker.state().retryAtMs
      if (retryAtMs !== null) throw circuitOpen(source, retryAtMs - runtime.now())
      const raw = await onTheWire(job, signal, () => permit.arrived())
      const { response, fault } = readAs(request, raw)
      const failure = job.classify(response) ?? fault
      const nowMs = runtime.now()
      // Where the header and the body disagree, the body knows better.
      const asked = (isDataClientError(failure) ? failure.retryAfterMs : undefined) ?? retryAfterMs(raw.headers, nowMs)
      limiter.observe(quotaFromHeaders(raw.headers, nowMs))
      if (failure !== null && asked !== undefined) limiter.observe({ blockedUntilMs: nowMs + asked })
      facts = { provider: name, status: raw.status, ...(asked === undefined ? {} : { retryAfterMs: asked }) }
      if (failure !== null) throw failure
      return { response, sizeBytes: raw.body.byteLength }
    } catch (error) {
      signal.throwIfAborted()
      throw safeError(error, redact, facts)
    } finally {
      permit.arrived()
    }
  }

  const onTheWire = async (job: Job, signal: AbortSignal, arrived: () => void) => {
    const allowedMs = Math.max(1, Math.min(options.timeoutMs, options.totalTimeoutMs - job.spentMs))
    const startMs = runtime.now()
    const late = (): Error => {
      job.spentMs += allowedMs
      return new ProviderError('provider/timeout', `${job.shown} did not answer within ${allowedMs} ms`)
    }
    const { userAgent, maxBodyBytes } = options
    const wire = { fetch: runtime.fetch, userAgent, maxBodyBytes, redact: job.redact, arrived }
    const raw = await withDeadline([signal], allowedMs, late, (own) => send(job.request, { ...wire, signal: own }))
    const tookMs = runtime.now() - startMs
    job.source.health.exchanged(tookMs)
    job.spentMs += tookMs
    return raw
  }

  /** Decides on another attempt and waits for it. */
  const shallRetry = async (job: Job, error: Error, attempt: number, signal: AbortSignal): Promise<boolean> => {
    const { source } = job
    if (!isPassing(error) || !source.breaker.passes()) return false
    const { code, message, retryAfterMs: asked } = error as DataClientError
    if (asked !== undefined && asked > options.patienceMs) return false
    const delayMs = Math.round(retryDelayMs(attempt, options.retry, runtime.random(), asked))
    job.spentMs += delayMs
    if (job.spentMs >= options.totalTimeoutMs) return false
    if (!source.budget.take()) {
      log.warn({ provider: source.provider.name }, 'no retry left: the source fails too often')
      return false
    }
    if (hasCode(error, 'provider/rate-limited')) job.limiter.block(runtime.now() + (asked ?? delayMs))
    const event = { provider: source.provider.name, attempt, delayMs, code, message }
    source.health.retried()
    log.info({ ...event, url: job.shown }, 'retry')
    emit('retry', event)
    await runtime.sleep(delayMs, signal)
    return true
  }

  return async (job, signal) => {
    const { default: pRetry } = await import('p-retry')
    return pRetry(() => once(job, signal), {
      retries: options.retry.attempts - 1,
      minTimeout: 0,
      signal,
      shouldRetry: ({ error, attemptNumber }) => shallRetry(job, error, attemptNumber, signal),
    })
  }
}
