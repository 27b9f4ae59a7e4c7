/**
 * Who would be asked for a query and why, and how the sources are doing.
 * @module
 */
import { ConfigError, isDataClientError } from '../contract/errors.ts'
import type { ProviderHealth } from '../contract/http.ts'
import { barOpen, shiftOpen } from '../contract/interval.ts'
import { requirePage, requirePages } from '../contract/page-shape.ts'
import type { Provider, ProviderCapabilities } from '../contract/provider.ts'
import type { AssetClass, Series } from '../contract/series.ts'
import type { ParsedQuery } from './query.ts'
import type { ClientRooms } from './rooms.ts'
import { judge, resolveSymbol, storedFirst } from './route.ts'

/** One provider in an explanation. */
export interface SelectionCandidate {
  readonly provider: string
  readonly serves: boolean
  /** Why it is asked where it is, or why it cannot be. */
  readonly reason: string
}

/** Who would be asked for a query, and why not the others. */
export interface SelectionExplanation {
  /** The canonical symbol. */
  readonly symbol: string
  readonly assetClass: AssetClass
  /** How the symbol came to be another than was written; null where it is the same. */
  readonly resolved: string | null
  /** The rule that decided. */
  readonly rule: string
  /** Who would be asked; null where nobody can. */
  readonly chosen: string | null
  readonly reason: string
  /** In the order in which they would be asked; those that cannot serve come last. */
  readonly candidates: readonly SelectionCandidate[]
}

/** Explains the choice of a provider. No network. */
export async function explainSelection(rooms: ClientRooms, asked: ParsedQuery): Promise<SelectionExplanation> {
  const resolved = resolveSymbol(rooms, asked)
  const { query, assetClass } = resolved
  const providers = await rooms.providers()
  const { rule, verdicts } = judge(rooms, providers, resolved)
  const candidates = verdicts.map(({ provider, serves, reason }) => ({ provider: provider.name, serves, reason }))
  const facts = { symbol: query.symbol, assetClass, resolved: resolved.resolved, rule, candidates }
  if (query.provider !== undefined) {
    const isKnown = providers.some(({ name }) => name === query.provider)
    return isKnown
      ? { ...facts, chosen: query.provider, reason: 'named in the query' }
      : { ...facts, chosen: null, reason: `${query.provider} is named in the query, but not configured` }
  }
  const stored = await storedFirst(rooms, query, providers)
  if (stored !== null)
    return {
      ...facts,
      chosen: stored.series.provider,
      reason: 'its series is stored, and a series never changes its source',
    }
  const first = candidates.find((candidate) => candidate.serves)
  return { ...facts, chosen: first?.provider ?? null, reason: first?.reason ?? 'nobody serves it' }
}

/** One configured source. */
export interface ProviderStatus {
  readonly provider: string
  /** Is every key that it needs there? */
  readonly ready: boolean
  readonly capabilities: ProviderCapabilities
  /** Numbers of the client's lifetime; null before the first request. */
  readonly health: ProviderHealth | null
}

/** The configured sources and how they are doing. */
export async function providerStatuses(rooms: ClientRooms): Promise<ProviderStatus[]> {
  const health = rooms.engine()?.health() ?? []
  return (await rooms.providers()).map((provider) => ({
    provider: provider.name,
    ready: provider.ready !== false,
    capabilities: provider.capabilities,
    health: health.find((one) => one.provider === provider.name) ?? null,
  }))
}

/** What one cheap request showed. */
export interface ProbeResult {
  readonly provider: string
  readonly ok: boolean
  readonly latencyMs: number
  readonly rows: number
  /** Code and message of the failure; null where there is none. */
  readonly code: string | null
  readonly message: string | null
}

/**
 * Asks a source for one bar that it must have. Stores nothing.
 * @throws {ConfigError} `config/provider` for a source that is not configured or cannot be probed
 */
export async function probeProvider(rooms: ClientRooms, name: string, signal: AbortSignal): Promise<ProbeResult> {
  const provider = (await rooms.providers()).find((one) => one.name === name)
  const probe = provider?.capabilities.probe
  if (provider === undefined || probe === undefined) {
    const why = provider === undefined ? 'is not configured' : 'has nothing cheap to ask'
    throw new ConfigError('config/provider', `probe: ${JSON.stringify(name)} ${why}`, {
      field: 'provider',
      value: name,
    })
  }
  const startedAtMs = rooms.runtime.now()
  try {
    const rows = await countRows(rooms, provider, probe, signal)
    return { provider: name, ok: true, latencyMs: rooms.runtime.now() - startedAtMs, rows, code: null, message: null }
  } catch (error) {
    if (signal.aborted) throw signal.reason as Error
    const failure = isDataClientError(error)
      ? { code: error.code, message: error.message }
      : { code: 'unknown', message: String(error) }
    return { provider: name, ok: false, latencyMs: rooms.runtime.now() - startedAtMs, rows: 0, ...failure }
  }
}

async function countRows(
  rooms: ClientRooms,
  provider: Provider,
  probe: NonNullable<ProviderCapabilities['probe']>,
  signal: AbortSignal,
): Promise<number> {
  const endMs = barOpen(probe.interval, rooms.runtime.now())
  // A week of bars of a day: somewhere in it every market was open.
  const range = { startMs: shiftOpen(probe.interval, endMs, -7), endMs }
  const series: Series = { provider: provider.name, schema: 'ohlcv', symbol: probe.symbol, interval: probe.interval }
  const context = { signal, http: rooms.httpFor(provider), now: rooms.runtime.now, log: rooms.log }
  let rows = 0
  for await (const page of requirePages(provider.fetch({ series, range }, context), series))
    rows += requirePage(page, series).columns.timestamp.length
  return rows
}
