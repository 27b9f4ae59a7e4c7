import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builtInProviders, providersPage } from '../../scripts/provider-docs.ts'

test('docs/providers.md says what the capability tables say', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/providers.md'), 'utf8')).toBe(providersPage())
})

test('every provider says what of it was verified', () => {
  for (const { name, capabilities } of builtInProviders()) expect(capabilities.verified, name).toBeTruthy()
})
