/**
 * Answers kept in memory: the least recently used leave first, and no key is in a key.
 * @module
 */
import type { HttpResponse } from '../../contract/http.ts'

/** A bounded store of answers. */
export interface ResponseCache {
  get(key: string): HttpResponse | undefined
  /** Keeps an answer unless it alone is larger than the whole cache. */
  set(key: string, response: HttpResponse, sizeBytes: number): void
  clear(): void
  sizeBytes(): number
}

/** Makes an empty cache of at most `maxBytes`. */
export function createResponseCache(maxBytes: number): ResponseCache {
  const entries = new Map<string, { readonly response: HttpResponse; readonly sizeBytes: number }>()
  let total = 0
  const drop = (key: string): void => {
    total -= entries.get(key)?.sizeBytes ?? 0
    entries.delete(key)
  }
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.response
    },
    set(key, response, sizeBytes) {
      drop(key)
      if (sizeBytes > maxBytes) return
      entries.set(key, { response, sizeBytes })
      total += sizeBytes
      for (const oldest of entries.keys()) {
        if (total <= maxBytes) break
        drop(oldest)
      }
    },
    clear() {
      entries.clear()
      total = 0
    },
    sizeBytes: () => total,
  }
}
