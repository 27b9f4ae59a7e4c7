/**
 * What a store must refuse, and what must hold where several write.
 * @module
 */
import { concatColumns } from '../contract/join-columns.ts'
import type { Change, Snapshot, Storage } from '../contract/storage.ts'
import { type Case, firstBars, persist, rangeOfMs, store } from './storage-cases.ts'
import { BARS, barRun, barsOf, checkRejects, checkRows, checkSame, provenBars } from './storage-checks.ts'

/** Cases of the contract. */
export const DECIDING: readonly Case[] = [
  {
    name: 'rows that are unsorted, of a wrong type or outside the replaced range are refused, and nothing is stored',
    async body(storage) {
      const first = await firstBars(storage)
      const attempt = (parts: Partial<Change>) => () => store(storage, BARS, first, parts)
      await checkRejects('data/invalid', attempt({ upsert: barsOf([12, 11]) }))
      await checkRejects('data/invalid', attempt({ upsert: barsOf([12, 12]) }))
      await checkRejects('data/invalid', attempt({ replace: [{ range: rangeOfMs(0, 60_000), rows: barsOf([1]) }] }))
      await checkRejects(
        'data/invalid',
        attempt({ replace: [{ range: rangeOfMs(60_000, 60_000), rows: barsOf([1]) }] }),
      )
      await checkRejects('data/schema-mismatch', attempt({ upsert: { ...barsOf([12]), close: Int32Array.of(1) } }))
      await checkRejects('data/schema-mismatch', attempt({ upsert: { ...barsOf([12]), close: new Float64Array(2) } }))
      await checkRejects('config/option', attempt({ opId: '' }))
      await checkRejects('config/option', attempt({ coverage: [...provenBars(5, 6), ...provenBars(1, 2)] }))
      checkSame((await storage.head(BARS))?.hash, first.hash, 'head')
      checkRows(await storage.read(first, {}), barRun(0, 10), 'rows')
    },
  },
  {
    name: 'a commit on a version that is not the newest is a conflict and changes nothing',
    async body(storage) {
      const first = await firstBars(storage)
      const second = await store(storage, BARS, first, { upsert: barRun(10, 1) })
      await checkRejects('storage/conflict', () => store(storage, BARS, first, { upsert: barRun(11, 1) }))
      await checkRejects('storage/conflict', () => store(storage, BARS, null, { upsert: barRun(11, 1) }))
      checkSame((await storage.head(BARS))?.hash, second.hash, 'head')
    },
  },
  {
    name: 'an operation id is applied once, whatever it is tried on',
    async body(storage) {
      const first = await firstBars(storage)
      const parts: Change = { opId: 'once', upsert: barRun(10, 1), coverage: first.coverage }
      const second = await storage.commit(BARS, first, parts)
      for (const base of [null, first, second]) {
        const again = await storage.commit(BARS, base, parts)
        checkSame([again.version, again.hash], [2, second.hash], 'version and hash')
      }
      checkSame((await storage.head(BARS))?.version, 2, 'head')
    },
  },
  {
    name: 'of writers that race, each applies its change exactly once',
    async body(storage, place) {
      const stores = storage.capabilities.concurrentProcesses ? [storage, place.open(), place.open()] : [storage]
      const writers = Array.from({ length: 9 }, (_, w) => w)
      await Promise.all(
        writers.map(async (w) => {
          for (let i = 0; i < 3; i++) {
            await persist(stores[w % stores.length] as Storage, BARS, () => ({ upsert: barRun(3 * w + i, 1, w) }))
          }
        }),
      )
      const head = (await storage.head(BARS)) as Snapshot
      checkSame([head.version, head.rows], [27, 27], 'version and rows')
      const expected = writers.flatMap((w) => [0, 1, 2].map((i) => barRun(3 * w + i, 1, w)))
      checkRows(await storage.read(head, {}), concatColumns(expected), 'rows')
    },
  },
]
