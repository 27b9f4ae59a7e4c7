/**
 * Clock, waiting, chance, network and environment of a client: the platform's, where none is given.
 * @module
 */
import { checkOptions } from '../contract/options.ts'
import type { Runtime } from '../contract/runtime.ts'
import { refuse } from '../contract/option-values.ts'

/**
 * Checks what was given and takes the rest from the platform.
 * @throws {ConfigError} `config/option`
 */
export function resolveRuntime(given: Partial<Runtime>): Runtime {
  checkOptions(given, ['now', 'sleep', 'random', 'fetch', 'env'], 'runtime')
  for (const [name, value] of Object.entries(given)) {
    if (name !== 'env' && value !== undefined && typeof value !== 'function')
      refuse(`runtime.${name}`, value, 'use a function')
  }
  const { now } = given
  return Object.freeze({
    // Versions, coverage and requests count whole milliseconds.
    now: now === undefined ? Date.now : () => Math.trunc(now()),
    sleep: given.sleep ?? sleep,
    random: given.random ?? Math.random,
    fetch: given.fetch ?? platformFetch,
    env: given.env ?? platformEnv(),
  })
}

/** One function for all clients: limits are shared by those that send through the same one. */
const platformFetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)

function platformEnv(): Readonly<Record<string, string | undefined>> {
  return typeof process === 'object' && process !== null ? process.env : {}
}

/** Waits, and stops waiting when aborted; the listener goes with the wait. */
function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
