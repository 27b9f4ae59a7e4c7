/**
 * Gives the event loop a turn after a while of continuous work.
 * @module
 */

/** Tells when a turn is due, and takes it. */
export interface Pace {
  isDue(): boolean
  /**
   * Lets everything run that waits; a promise alone would only let other promises run.
   * @throws the signal's reason when aborted
   */
  turn(): Promise<void>
}

/** A pace of at most `yieldAfterMs` milliseconds between turns. */
export function createPace(yieldAfterMs: number, now: () => number, signal: AbortSignal | undefined): Pace {
  let started = now()
  return {
    isDue: () => now() - started >= yieldAfterMs,
    turn: async () => {
      await new Promise<void>((resolve) => {
        if (typeof setImmediate === 'function') setImmediate(resolve)
        else setTimeout(resolve, 0)
      })
      signal?.throwIfAborted()
      started = now()
    },
  }
}
