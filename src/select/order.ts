/**
 * Who could serve a query, in which order, and why the others cannot. Pure.
 * @module
 */
import type { Interval } from '../contract/interval.ts'
import type { Provider } from '../contract/provider.ts'
import type { SchemaName } from '../contract/schema.ts'
import type { AssetClass } from '../contract/series.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { DEFAULT_RULES, type SelectionRules, UNRULED, findRule, ruleNames } from './rules.ts'

/** What is asked of a provider. */
export interface Wanted {
  readonly symbol: string
  readonly schema: SchemaName
  readonly interval: Interval | undefined
  readonly assetClass: AssetClass
  /** First instant wanted; undefined where the caller gave none. */
  readonly startMs: EpochMs | undefined
  readonly nowMs: EpochMs
}

/** Whether a provider serves a query. */
export interface Verdict {
  readonly provider: Provider
  readonly serves: boolean
  /** In one clause: why it is asked where it is, or why it cannot be. */
  readonly reason: string
}

/** Every provider judged, in the order in which they are asked; those that cannot serve come last. */
export interface Judgement {
  /** Name of the rule that decided. */
  readonly rule: string
  readonly verdicts: readonly Verdict[]
}

const IN_RULES: ReadonlySet<string> = new Set([...Object.values(DEFAULT_RULES).flat(), ...UNRULED])

/** Judges every provider. */
export function judgeProviders(providers: readonly Provider[], wanted: Wanted, selection: SelectionRules): Judgement {
  const rule = findRule(ruleNames(wanted.symbol, wanted.assetClass, wanted.interval), selection)
  const judged = providers.map((provider, i) => {
    const refusal = whyNot(provider, wanted)
    const short = refusal === null ? shortReach(provider, wanted) : null
    const rank = rankOf(provider, rule.providers, selection) * 1000 + i
    return {
      provider,
      serves: refusal === null,
      reason: refusal ?? short ?? whyThere(provider, rule),
      rank: rank + penalty(refusal, short),
    }
  })
  const verdicts = judged
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ provider, serves, reason }) => ({ provider, serves, reason }))
  return { rule: rule.name, verdicts }
}

/** Who cannot serve comes after who reaches too short, who comes after the rest. */
function penalty(refusal: string | null, short: string | null): number {
  return refusal !== null ? 2e9 : short !== null ? 1e9 : 0
}

/** A source that no rule knows was configured for a purpose and comes first; invented bars come last. */
function rankOf({ name, capabilities }: Provider, order: readonly string[], selection: SelectionRules): number {
  if (capabilities.invented === true) return 100_000
  const at = order.indexOf(name)
  if (at >= 0) return at + 1
  const isKnown = IN_RULES.has(name) || Object.values(selection.rules ?? {}).some((row) => row.includes(name))
  return isKnown ? order.length + 1 : 0
}

function whyThere(
  { name, capabilities }: Provider,
  rule: { readonly name: string; readonly providers: readonly string[] },
): string {
  if (capabilities.invented === true) return 'invents its data, so it is asked last'
  const at = rule.providers.indexOf(name)
  return at >= 0 ? `number ${at + 1} of rule ${rule.name}` : 'serves it'
}

function whyNot({ capabilities, ready }: Provider, wanted: Wanted): string | null {
  if (!capabilities.schemas.includes(wanted.schema)) return `has no ${wanted.schema}`
  if (wanted.interval !== undefined && capabilities.intervals[wanted.interval] === undefined)
    return `has no ${wanted.interval}`
  if (!capabilities.assetClasses.includes(wanted.assetClass)) return `has no ${wanted.assetClass}`
  if (ready === false) return `lacks its key: set ${capabilities.keys.map((names) => names.join(' or ')).join(' and ')}`
  return capabilities.metered ? 'costs money, so it must be named' : null
}

function shortReach({ capabilities }: Provider, { interval, startMs, nowMs }: Wanted): string | null {
  const reachMs = interval === undefined ? undefined : capabilities.historyMs?.[interval]
  if (reachMs === undefined || startMs === undefined || startMs >= nowMs - reachMs) return null
  return `reaches back ${Math.round(reachMs / DAY_MS)} days only`
}
