/**
 * Numbers of one source while the client lives: how often, how fast, what went wrong last.
 * @module
 */
import type { ProviderHealth } from '../../contract/http.ts'
import type { EpochMs } from '../../contract/time.ts'

/** Counts what happens with one source. */
export interface HealthCounter {
  answered(): void
  failed(code: string, message: string, atMs: EpochMs): void
  retried(): void
  exchanged(latencyMs: number): void
  hit(): void
  missed(): void
  numbers(): Omit<ProviderHealth, 'provider' | 'breaker' | 'quota'>
}

const KEPT_LATENCIES = 256

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number
}

/** Makes a counter at zero. */
export function createHealthCounter(): HealthCounter {
  const latencies = new Float64Array(KEPT_LATENCIES)
  let exchanges = 0
  let answers = 0
  let failures = 0
  let retries = 0
  let hits = 0
  let misses = 0
  let lastError: ProviderHealth['lastError'] = null
  return {
    answered: () => void answers++,
    failed(code, message, atMs) {
      failures++
      lastError = { code, message, atMs }
    },
    retried: () => void retries++,
    exchanged(latencyMs) {
      latencies[exchanges++ % KEPT_LATENCIES] = latencyMs
    },
    hit: () => void hits++,
    missed: () => void misses++,
    numbers() {
      const sorted = latencies.slice(0, Math.min(exchanges, KEPT_LATENCIES)).sort()
      const requests = answers + failures
      return {
        requests,
        failures,
        retries,
        successRate: requests === 0 ? null : answers / requests,
        latencyMs:
          sorted.length === 0
            ? null
            : { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: sorted.at(-1) as number },
        lastError,
        cache: { hits, misses },
      }
    },
  }
}
