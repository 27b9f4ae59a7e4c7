/**
 * When a failed request is sent again, and after how long.
 * @module
 */
import { hasCode } from '../../contract/errors.ts'
import type { EpochMs } from '../../contract/time.ts'
import type { ProviderCode } from './status.ts'

/** How often and after how long a request is sent again. */
export interface RetryOptions {
  /** Requests in all, the first included. */
  readonly attempts: number
  /** Longest first wait. */
  readonly minMs: number
  /** Longest wait of all. */
  readonly maxMs: number
}

/** Failures that may pass within seconds. */
const PASSING: readonly ProviderCode[] = [
  'provider/network',
  'provider/timeout',
  'provider/unavailable',
  'provider/truncated',
  'provider/rate-limited',
]

/** May the same request succeed when sent again soon? */
export function isPassing(error: unknown): boolean {
  return PASSING.some((code) => hasCode(error, code))
}

/** Failures that speak of the source itself, not of what was asked: they count for the breaker. */
export function isFailureOfSource(error: unknown): boolean {
  return isPassing(error) || hasCode(error, 'provider/response')
}

/**
 * Milliseconds to wait before attempt `attempt + 1`: full jitter, any value below the doubled bound.
 * Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 * A wait that the vendor asked for is kept in full, with up to `minMs` on top so that clients do not return together.
 */
export function retryDelayMs(attempt: number, options: RetryOptions, random: number, askedMs?: number): number {
  if (askedMs !== undefined) return askedMs + random * options.minMs
  return random * Math.min(options.maxMs, options.minMs * 2 ** (attempt - 1))
}

/** How many retries a source gets beyond its requests, so that an outage is not made worse. */
export interface RetryBudget {
  /** Takes one retry; false where none is left. */
  take(): boolean
  /** A request succeeded. */
  earn(): void
}

const MOST_RETRIES = 30
const EARNED_A_SUCCESS = 0.1
const EARNED_A_SECOND = 1

/** Makes a full budget: 30 retries at once, one more a second, and one for ten successful requests. */
export function createRetryBudget(now: () => EpochMs): RetryBudget {
  let left = MOST_RETRIES
  let filledMs = now()
  const add = (retries: number): void => {
    left = Math.min(MOST_RETRIES, left + retries)
  }
  return {
    take() {
      const nowMs = now()
      add((Math.max(0, nowMs - filledMs) / 1000) * EARNED_A_SECOND)
      filledMs = nowMs
      if (left < 1) return false
      left--
      return true
    },
    earn: () => add(EARNED_A_SUCCESS),
  }
}
