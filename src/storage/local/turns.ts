/**
 * Gives the event loop a turn between two steps of long work, so that live feeds and servers share the process.
 * @module
 */

/** Longest stretch of continuous work, in milliseconds. */
const TURN_MS = 8

/** Called between steps: lets everything run that waits, once enough time has gone by; else returns at once. */
export type Turns = () => Promise<void> | undefined

/** Begins to count. */
export function createTurns(): Turns {
  let startedMs = performance.now()
  return () => {
    if (performance.now() - startedMs < TURN_MS) return undefined
    return new Promise<void>((resolve) => {
      // A promise alone would only let other promises run.
      setImmediate(() => {
        startedMs = performance.now()
        resolve()
      })
    })
  }
}
