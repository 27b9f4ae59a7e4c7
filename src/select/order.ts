/**
 * Who could serve a query, in which order, and why the others cannot. Pure.
 * @module
 */
import type { Interval } from '../contract/interval.ts'
import type { Provider } from '../contract/provider.ts'
import type { SchemaName } from '../contract/schema.ts'
import type { AssetClass } from '../contract/series.ts'

/** What is asked of a provider. */
export interface Wanted {
  readonly schema: SchemaName
  readonly interval: Interval | undefined
  readonly assetClass: AssetClass
}

/** Whether a provider serves a query. */
export interface Verdict {
  readonly provider: Provider
  readonly serves: boolean
  readonly reason: string
}

/** Judges every provider, in the order in which they are asked. */
export function judgeProviders(
  providers: readonly Provider[],
  wanted: Wanted,
  selection: { readonly rules?: Readonly<Record<string, readonly string[]>> },
): Verdict[] {
  void selection
  return providers.map((provider) => {
    const reason = whyNot(provider, wanted)
    return { provider, serves: reason === null, reason: reason ?? 'serves it' }
  })
}

function whyNot({ capabilities, ready }: Provider, wanted: Wanted): string | null {
  if (!capabilities.schemas.includes(wanted.schema)) return `has no ${wanted.schema}`
  if (wanted.interval !== undefined && capabilities.intervals[wanted.interval] === undefined) return `has no ${wanted.interval}`
  if (!capabilities.assetClasses.includes(wanted.assetClass)) return `has no ${wanted.assetClass}`
  if (ready === false) return `needs ${capabilities.keys.map((names) => names.join(' or ')).join(' and ')}`
  return capabilities.metered ? 'costs money, so it must be named' : null
}
