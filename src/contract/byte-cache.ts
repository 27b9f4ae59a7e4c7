/**
 * A cache bounded in bytes that forgets what was used longest ago.
 * @module
 */

/** Values by key, with their estimated sizes. */
export interface ByteCache<Value> {
  /** The value, which counts as used now; undefined where there is none. */
  get(key: string): Value | undefined
  /** Keeps a value unless it alone is larger than the whole cache. */
  set(key: string, value: Value, bytes: number): void
  delete(key: string): void
  /** Forgets everything. */
  clear(): void
}

/** Makes an empty cache that holds at most `maxBytes`. */
export function createByteCache<Value>(maxBytes: number): ByteCache<Value> {
  const entries = new Map<string, { value: Value; bytes: number }>()
  let total = 0
  const remove = (key: string): void => {
    total -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, bytes) {
      remove(key)
      if (bytes > maxBytes) return
      entries.set(key, { value, bytes })
      total += bytes
      for (const oldest of entries.keys()) {
        if (total <= maxBytes) break
        remove(oldest)
      }
    },
    delete: remove,
    clear() {
      entries.clear()
      total = 0
    },
  }
}
