import { describe, test } from 'vitest'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { storageContract } from '../../src/testkit/storage-contract.ts'

describe('the memory store', () => {
  storageContract(
    () => {
      const storage = createMemoryStorage()
      return { open: () => storage }
    },
    { test },
  )
})
