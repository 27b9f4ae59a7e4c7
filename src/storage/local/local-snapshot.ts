/**
 * Versions as callers hand them back.
 * @module
 */
import type { Snapshot } from '../../contract/storage.ts'
import { expired } from '../next-version.ts'
import { readVersion } from './log.ts'
import type { LocalSnapshot } from './snapshot-format.ts'
import { type LocalStore, deskOf } from './store.ts'

/**
 * A version as this store made it; a copy that lost its files is looked up.
 * @throws {StorageError} `storage/snapshot-expired`
 */
export function localSnapshot(store: LocalStore, snapshot: Snapshot): LocalSnapshot {
  if ('files' in snapshot) return snapshot as LocalSnapshot
  const desk = deskOf(store, snapshot.series)
  const found = readVersion(store, desk, snapshot.version)
  if (found === null || found.hash !== snapshot.hash) throw expired(desk.series, snapshot.version)
  return found
}
