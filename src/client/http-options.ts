/**
 * Options of the network: what may be given, and what stands for what is not.
 * @module
 */
import { DAY_MS } from '../contract/time.ts'
import { checkOptions } from '../contract/options.ts'
import { type Bounds, choice, numberOr, refuse } from '../contract/option-values.ts'

/** Options of the network. */
export interface HttpClientOptions {
  /** Milliseconds for one request, 1 to 86_400_000. @default 30_000 */
  readonly timeoutMs?: number
  /** Largest decoded body in bytes, 1 to 2 GiB. @default 8_388_608 */
  readonly maxBodyBytes?: number
  /** Printable ASCII. @default 'marketlake' */
  readonly userAgent?: string
  /** @default 'memory' */
  readonly cache?: 'memory' | 'none'
  /** Attempts with the first one, 1 to 1000; waits of 0 to 86_400_000 ms. @default attempts 4, minMs 1_000, maxMs 30_000; full jitter */
  readonly retry?: { readonly attempts?: number; readonly minMs?: number; readonly maxMs?: number }
  /** Counts of 1 to 1000; a wait of 0 to 86_400_000 ms. @default failures 3, recoveryMs 300_000, successes 1 */
  readonly breaker?: { readonly failures?: number; readonly recoveryMs?: number; readonly successes?: number }
}

/** Options of the network with everything filled in. */
export interface ResolvedHttp {
  readonly timeoutMs: number
  readonly maxBodyBytes: number
  readonly cache: 'memory' | 'none'
  readonly userAgent: string
  readonly retry: { readonly attempts: number; readonly minMs: number; readonly maxMs: number }
  readonly breaker: { readonly failures: number; readonly recoveryMs: number; readonly successes: number }
}

const COUNT: Bounds = { low: 1, high: 1000, whole: true }
const WAIT: Bounds = { low: 0, high: DAY_MS }

/**
 * Checks the options of the network and fills in the defaults.
 * @throws {ConfigError} `config/option`
 */
export function resolveHttp(http: HttpClientOptions): ResolvedHttp {
  checkOptions(http, ['timeoutMs', 'maxBodyBytes', 'userAgent', 'cache', 'retry', 'breaker'], 'http')
  const { timeoutMs, maxBodyBytes, userAgent = 'marketlake', cache = 'memory', retry = {}, breaker = {} } = http
  checkOptions(retry, ['attempts', 'minMs', 'maxMs'], 'http.retry')
  checkOptions(breaker, ['failures', 'recoveryMs', 'successes'], 'http.breaker')
  // What a header cannot carry would fail at every request.
  if (typeof userAgent !== 'string' || !/^[\x20-\x7e]+$/.test(userAgent))
    refuse('http.userAgent', userAgent, 'use printable ASCII')
  return {
    timeoutMs: numberOr('http.timeoutMs', timeoutMs, 30_000, { low: 1, high: DAY_MS }),
    maxBodyBytes: numberOr('http.maxBodyBytes', maxBodyBytes, 8_388_608, { low: 1, high: 2 ** 31, whole: true }),
    userAgent,
    cache: choice('http.cache', cache, ['memory', 'none']),
    retry: {
      attempts: numberOr('http.retry.attempts', retry.attempts, 4, COUNT),
      minMs: numberOr('http.retry.minMs', retry.minMs, 1_000, WAIT),
      maxMs: numberOr('http.retry.maxMs', retry.maxMs, 30_000, WAIT),
    },
    breaker: {
      failures: numberOr('http.breaker.failures', breaker.failures, 3, COUNT),
      recoveryMs: numberOr('http.breaker.recoveryMs', breaker.recoveryMs, 300_000, WAIT),
      successes: numberOr('http.breaker.successes', breaker.successes, 1, COUNT),
    },
  }
}
