/** Time that moves only from one waiting sleeper to the next, for tests of everything that waits. */
import type { Runtime } from '../../../src/contract/runtime.ts'

export interface SimClock extends Pick<Runtime, 'now' | 'sleep'> {
  /** Runs until the work is done; fails where nothing is left that could wake it. */
  run<T>(work: Promise<T>): Promise<T>
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function simClock(startMs = 1_700_000_000_000): SimClock {
  let nowMs = startMs
  const sleepers = new Set<{ atMs: number; wake: () => void }>()
  return {
    now: () => nowMs,
    sleep(ms, signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const sleeper = { atMs: nowMs + ms, wake: () => done() }
        const leave = (): void => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', stop)
        }
        const stop = (): void => {
          leave()
          reject(signal?.reason)
        }
        const done = (): void => {
          leave()
          resolve()
        }
        signal?.addEventListener('abort', stop, { once: true })
        sleepers.add(sleeper)
      })
    },
    async run(work) {
      let over = false
      const watched = work.finally(() => (over = true))
      watched.catch(() => {})
      let idle = 0
      while (!over) {
        await settle()
        if (over) break
        const [next] = [...sleepers].toSorted((a, b) => a.atMs - b.atMs)
        if (next === undefined) {
          if (++idle > 20_000) throw new Error('nothing is left that could end the work')
          continue
        }
        idle = 0
        nowMs = Math.max(nowMs, next.atMs)
        next.wake()
      }
      return watched
    },
  }
}
