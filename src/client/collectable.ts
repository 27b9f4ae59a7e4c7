/**
 * Async iterables that can also be collected, for notebooks without a top-level `for await`.
 * @module
 */
import type { Collectable } from './data-client.ts'

/** Wraps a generator; each iteration starts a fresh one. */
export function collectable<T>(start: () => AsyncGenerator<T, void, undefined>): Collectable<T> {
  return Object.freeze({
    [Symbol.asyncIterator]: start,
    async collect() {
      const all: T[] = []
      for await (const one of start()) all.push(one)
      return all
    },
  })
}
