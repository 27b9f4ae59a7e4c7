/**
 * Commits until no other writer is faster.
 * @module
 */
import { type ErrorCode, hasCode } from '../contract/errors.ts'
import type { Runtime } from '../contract/runtime.ts'

const MAX_ATTEMPTS = 200
/** After these the change is made anew from the newest version, with the id that makes it apply once. */
const PASSING: readonly ErrorCode[] = ['storage/conflict', 'storage/unknown-outcome', 'storage/snapshot-expired']

/**
 * Runs an attempt until it succeeds or fails for good.
 * @throws {StorageError} the last failure, after 200 attempts
 */
export async function commitAgain<T>(
  { sleep, random }: Pick<Runtime, 'sleep' | 'random'>,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries >= MAX_ATTEMPTS || !PASSING.some((code) => hasCode(error, code))) throw error
      // Full jitter keeps writers that lost together from losing together again.
      await sleep(random() * Math.min(50, 2 ** Math.min(tries, 6)))
    }
  }
}
