import { describe, expect, test } from 'vitest'
import { MUTATIONS } from './mutations.ts'

describe('the suite sees it when', () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('%s', async (_, { find, wrap }) => {
    expect(await find(wrap)).toBeGreaterThan(0)
  })
})
