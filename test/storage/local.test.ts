import { describe, test } from 'vitest'
import { createLocalStorage } from '../../src/storage/local/index.ts'
import { storageContract } from '../../src/testkit/storage-contract.ts'
import { freshFolder } from './place.ts'

describe('the local store', () => {
  storageContract(
    () => {
      const root = freshFolder()
      return { open: () => createLocalStorage({ root }) }
    },
    { test },
  )
})

describe('the local store, compressed, cut by day, read asynchronously', () => {
  storageContract(
    () => {
      const root = freshFolder()
      return { open: () => createLocalStorage({ root, io: 'async', partition: 'day', compression: 'zstd' }) }
    },
    { test },
  )
})
