/**
 * What every store must do, as tests that anybody can run over their own.
 * @module
 */
import type { StorageUnderTest } from './storage-cases.ts'
import { DECIDING } from './storage-deciding.ts'
import { KEEPING } from './storage-keeping.ts'
import { READING } from './storage-reading.ts'
import { WRITING } from './storage-writing.ts'

export type { StorageUnderTest } from './storage-cases.ts'

/** How the runner of the tests is called. */
export interface StorageContractRunner {
  test(name: string, body: () => Promise<void>): void
}

/**
 * Registers the tests of the storage contract.
 * @param make makes a fresh, empty place for each test
 * @param runner `test` of vitest, `node:test`, Deno or Bun
 * @example
 * ```ts
 * import { test } from 'vitest'
 * storageContract(() => ({ open: () => createMyStorage() }), { test })
 * ```
 */
export function storageContract(
  make: () => Promise<StorageUnderTest> | StorageUnderTest,
  { test }: StorageContractRunner,
): void {
  for (const { name, body, needs } of [...WRITING, ...DECIDING, ...READING, ...KEEPING]) {
    test(name, async () => {
      const place = await make()
      const storage = place.open()
      try {
        if (needs === undefined || needs(storage)) await body(storage, place)
      } finally {
        await storage.close()
        await place.dispose?.()
      }
    })
  }
}
