/**
 * Warns before the disk is full. A hint only: every write says for itself whether it fitted.
 * @module
 */
import type { Desk, LocalStore } from './store.ts'

/** A version and the files around it. */
const OVERHEAD_BYTES = 65_536

/** While there is much room, it is looked for at most once in this time. */
const LOOK_MS = 1_000
const MUCH = 100

/** Says once that less than twice the expected bytes are free; again after there was room. */
export async function warnIfDiskLow(store: LocalStore, desk: Desk, expectedBytes: number): Promise<void> {
  const needed = 2 * (expectedBytes + OVERHEAD_BYTES)
  const { disk } = store
  const isFresh = Math.abs(store.now() - disk.seenAtMs) < LOOK_MS
  if (isFresh && disk.freeBytes > MUCH * needed) return
  const free = await store.fs.freeBytes(store.options.root).catch(() => Infinity)
  disk.freeBytes = free
  disk.seenAtMs = store.now()
  if (free >= needed) {
    store.said.delete('disk-low')
    return
  }
  if (store.said.has('disk-low')) return
  store.said.add('disk-low')
  const message = `${store.options.root} has ${free} bytes free, the next commit may need ${needed}: free space`
  store.warn({ code: 'disk-low', message, series: desk.series })
}
