/**
 * What every provider must do, as tests that anybody can run over their own, offline: a model of the vendor answers.
 * @module
 */
import { BOUNDS, PAGES, TABLE } from './provider-bounds.ts'
import { FAILURES } from './provider-failures.ts'
import { type VendorModel, stageOf } from './provider-model.ts'

export type { FailureName, ModelBar, ModelQuery, VendorModel } from './provider-model.ts'

/** How the runner of the tests is called. */
export interface ProviderContractRunner {
  test(name: string, body: () => Promise<void>): void
}

/**
 * Registers the tests of the provider contract.
 * @param make makes the model of the vendor, with a fresh provider, for each test
 * @param runner `test` of vitest, `node:test`, Deno or Bun
 * @example
 * ```ts
 * import { test } from 'vitest'
 * providerContract(() => modelOfMyVendor(), { test })
 * ```
 */
export function providerContract(make: () => VendorModel, { test }: ProviderContractRunner): void {
  for (const { name, needs, body } of [...TABLE, ...BOUNDS, ...PAGES, ...FAILURES]) {
    test(name, async () => {
      const stage = stageOf(make())
      if (needs === undefined || needs(stage)) await body(stage)
    })
  }
}
