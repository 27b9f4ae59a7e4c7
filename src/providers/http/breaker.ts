/**
 * Stops asking a source that keeps failing, and tries it again with one request after a while.
 * @module
 */
import type { ProviderHealth } from '../../contract/http.ts'
import type { EpochMs } from '../../contract/time.ts'

/** When a breaker opens and closes. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number
  /** Milliseconds until one request may try again. */
  readonly recoveryMs: number
  /** Successful tries that close it. */
  readonly successes: number
}

/** The state of a breaker, as a person may read it. */
export type BreakerState = ProviderHealth['breaker']['state']

/** Opens after failures in a row, closes after successful tries. */
export interface Breaker {
  /** Lets one request pass; null where it does, else milliseconds until the next try. */
  admit(): number | null
  /** May a request that was admitted earlier still be sent? */
  passes(): boolean
  succeeded(): void
  failed(): void
  /** An admitted request ended without telling anything about the source, as when it was aborted. */
  released(): void
  state(): ProviderHealth['breaker']
}

/** Makes a closed breaker. */
export function createBreaker(
  options: BreakerOptions,
  now: () => EpochMs,
  changed: (state: BreakerState) => void,
): Breaker {
  let state: BreakerState = 'closed'
  let failures = 0
  let successes = 0
  let retryAtMs = 0
  let trying = false

  const turn = (next: BreakerState): void => {
    if (next === state) return
    state = next
    changed(next)
  }
  const open = (): void => {
    retryAtMs = now() + options.recoveryMs
    trying = false
    turn('open')
  }

  return {
    admit() {
      if (state === 'closed') return null
      if (state === 'open') {
        if (now() < retryAtMs) return retryAtMs - now()
        successes = 0
        turn('half-open')
      }
      // One request at a time tries the source.
      if (trying) return options.recoveryMs
      trying = true
      return null
    },
    passes: () => state !== 'open',
    succeeded() {
      failures = 0
      if (state !== 'half-open') return
      trying = false
      if (++successes >= options.successes) turn('closed')
    },
    failed() {
      failures++
      if (state === 'half-open' || (state === 'closed' && failures >= options.failures)) open()
    },
    released() {
      if (state === 'half-open') trying = false
    },
    state: () => ({ state, retryAtMs: state === 'open' ? retryAtMs : null }),
  }
}
