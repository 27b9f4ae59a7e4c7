/**
 * What the platform gives, injected so that tests and other runtimes can give their own.
 * @module
 */

/** Clock, sleep, random, fetch and environment. */
export interface Runtime {
  /** Epoch milliseconds. */
  now(): number
  /** Waits; rejects with `signal.reason` when aborted, and leaves no listener behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** A number in `[0, 1)`. */
  random(): number
  readonly fetch: typeof globalThis.fetch
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A logger in the shape of pino. */
export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** Says nothing. */
export const SILENT: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} })
