/**
 * Maintenance of the store by query.
 * @module
 */
import { checkOptions } from '../contract/options.ts'
import type { Query } from '../contract/query.ts'
import type { StoreMaintenance } from './data-client.ts'
import { numberIn } from '../contract/option-values.ts'
import type { ParsedQuery } from './query.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'

type Routed = <T>(query: Query, what: string, work: (route: Route, parsed: ParsedQuery) => Promise<T>) => Promise<T>

/** The methods of `client.store`. */
export function storeMaintenance({ storage }: ClientRooms, routed: Routed): StoreMaintenance {
  return Object.freeze({
    async verify(options = {}) {
      checkOptions(options, ['query', 'deep', 'signal'], 'store.verify')
      const { query, ...rest } = options
      if (query === undefined) return storage.verify(rest)
      return routed(query, 'store.verify', ({ series }) => storage.verify({ ...rest, series }))
    },
    compact(query, options = {}) {
      checkOptions(options, ['partition', 'dryRun'], 'store.compact')
      return routed(query, 'store.compact', ({ series }) => storage.maintain({ kind: 'compact', series, ...options }))
    },
    repair(query, options = {}) {
      checkOptions(options, ['dryRun'], 'store.repair')
      return routed(query, 'store.repair', ({ series }) => storage.maintain({ kind: 'repair', series, ...options }))
    },
    async collect(options = {}) {
      checkOptions(options, ['query', 'graceMs', 'dryRun'], 'store.collect')
      const { query, ...rest } = options
      // Files that a commit is just writing are named by no version yet.
      if (rest.graceMs !== undefined) numberIn('graceMs', rest.graceMs, { low: 0, high: Number.MAX_SAFE_INTEGER })
      if (query === undefined) return storage.maintain({ kind: 'collect', ...rest })
      return routed(query, 'store.collect', ({ series }) => storage.maintain({ kind: 'collect', series, ...rest }))
    },
    drop: (query) => routed(query, 'store.drop', ({ series }) => storage.drop(series)),
  } satisfies StoreMaintenance)
}
