/**
 * Warns before the disk is full. A hint only: every write says for itself whether it fitted.
 * @module
 */
import type { Desk, LocalStore } from './store.ts'

/** A version and the files around it. */
const OVERHEAD_BYTES = 65_536

/** Says once that less than twice the expected bytes are free; again after there was room. */
export async function warnIfDiskLow(store: LocalStore, desk: Desk, expectedBytes: number): Promise<void> {
  const needed = 2 * (expectedBytes + OVERHEAD_BYTES)
  const free = await store.fs.freeBytes(store.options.root).catch(() => Infinity)
  if (free >= needed) {
    store.said.delete('disk-low')
    return
  }
  if (store.said.has('disk-low')) return
  store.said.add('disk-low')
  const message = `${store.options.root} has ${free} bytes free, the next commit may need ${needed}: free space`
  store.warn({ code: 'disk-low', message, series: desk.series })
}
