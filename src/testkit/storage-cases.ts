/**
 * What the cases of the storage contract share.
 * @module
 */
import { hasCode } from '../contract/errors.ts'
import type { Series } from '../contract/series.ts'
import type { Change, Snapshot, Storage } from '../contract/storage.ts'
import { BARS, START_MS, barRun, provenBars } from './storage-checks.ts'

/** A fresh, empty place for a store. */
export interface StorageUnderTest {
  /** Opens the place; called again, another instance on the same content, where the store has such a thing. */
  open(): Storage
  /** Cleans up. */
  dispose?(): Promise<void> | void
}

/** One test of the contract. */
export interface Case {
  readonly name: string
  readonly body: (storage: Storage, place: StorageUnderTest) => Promise<void>
  /** Only for stores of which this holds. */
  readonly needs?: (storage: Storage) => boolean
}

let operations = 0
/** A change with an operation id of its own. */
export const change = (parts: Partial<Change>): Change => ({ opId: `op-${++operations}`, coverage: [], ...parts })

/** Commits a change that keeps the coverage unless it says otherwise. */
export async function store(
  storage: Storage,
  series: Series,
  base: Snapshot | null,
  parts: Partial<Change>,
): Promise<Snapshot> {
  return await storage.commit(series, base, change({ coverage: base?.coverage ?? [], ...parts }))
}

/** Version 1 of a series of bars. */
export const firstBars = (storage: Storage, count = 10): Promise<Snapshot> =>
  store(storage, BARS, null, { upsert: barRun(0, count), coverage: provenBars(0, count), rowsPerYear: 525_600 })

/** Applies a change to the newest version, again and again until no other writer was faster. */
export async function persist(
  storage: Storage,
  series: Series,
  make: (head: Snapshot | null) => Partial<Change>,
): Promise<Snapshot> {
  const opId = `persist-${++operations}`
  for (let attempt = 0; attempt < 200; attempt++) {
    const head = await storage.head(series)
    try {
      return await storage.commit(series, head, { coverage: head?.coverage ?? [], ...make(head), opId })
    } catch (error) {
      if (!hasCode(error, 'storage/conflict')) throw error
    }
  }
  throw new Error('no end of conflicts')
}

/** A range so many milliseconds after the start. */
export function rangeOfMs(startMs: number, endMs: number): { startMs: number; endMs: number } {
  return { startMs: START_MS + startMs, endMs: START_MS + endMs }
}
