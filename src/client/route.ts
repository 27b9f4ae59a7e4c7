/**
 * Which series a query means, who serves it and by which calendar.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { ConfigError } from '../contract/errors.ts'
import type { Provider, ProviderCapabilities } from '../contract/provider.ts'
import { type AssetClass, type Series, parseSeries, seriesKey } from '../contract/series.ts'
import type { Snapshot } from '../contract/storage.ts'
import { classify } from '../select/classify.ts'
import { marketCalendar } from '../select/market-calendar.ts'
import { bareCoinError, canonicalSymbol, isBareCoin, withQuote } from '../select/aliases.ts'
import { type Judgement, type Verdict, judgeProviders } from '../select/order.ts'
import type { ParsedQuery } from './query.ts'
import type { ClientRooms } from './rooms.ts'

/** One series with all that is needed to read or fetch it. */
export interface Route {
  readonly series: Series
  /** Null where the series is stored but its source is not configured. */
  readonly provider: Provider | null
  readonly capabilities: ProviderCapabilities
  readonly calendar: Calendar
  readonly assetClass: AssetClass
  readonly head: Snapshot | null
  /** Other providers that could serve it, in order, for failover before the first row. */
  readonly others: readonly Provider[]
}

/** What holds for a source that is not configured: nothing is promised. */
const UNKNOWN_SOURCE: ProviderCapabilities = {
  schemas: [],
  assetClasses: [],
  intervals: {},
  rowsPerRequest: 1,
  rateLimits: [],
  keys: [],
  metered: false,
  finalityLagMs: 0,
  barsWithoutTrades: 'unknown',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'session',
  columns: [],
}

/** A query whose symbol is canonical, with what stands for it said. */
export interface ResolvedQuery {
  readonly query: ParsedQuery
  readonly assetClass: AssetClass
  /** How the symbol came to be another than the caller wrote; null where it is the same. */
  readonly resolved: string | null
}

/**
 * Resolves other spellings of a symbol before a series is named.
 * @throws {ConfigError} `config/symbol` for a coin without a quote, unless a rule names one
 */
export function resolveSymbol(rooms: ClientRooms, query: ParsedQuery): ResolvedQuery {
  const { quote } = rooms.options.selection
  const mayBeCoin = query.provider === undefined && (query.assetClass === undefined || query.assetClass === 'crypto')
  const isBare = mayBeCoin && query.schema !== 'actions' && isBareCoin(query.symbol)
  if (isBare && quote === undefined) throw bareCoinError(query.symbol)
  const symbol = isBare ? withQuote(query.symbol, quote as string) : canonicalSymbol(query.symbol)
  const how = isBare ? `selection.quote is ${quote}` : 'another spelling'
  return {
    query: symbol === query.symbol ? query : { ...query, symbol },
    assetClass: query.assetClass ?? classify(symbol).assetClass,
    resolved: symbol === query.symbol ? null : `${query.symbol} is read as ${symbol}: ${how}`,
  }
}

/** Judges all providers for a query. */
export function judge(
  rooms: ClientRooms,
  providers: readonly Provider[],
  { query, assetClass }: ResolvedQuery,
): Judgement {
  const { symbol, schema, interval, startMs } = query
  const wanted = { symbol, schema, interval, assetClass, startMs, nowMs: rooms.runtime.now() }
  return judgeProviders(providers, wanted, rooms.options.selection)
}

/**
 * Finds the series of a query: the named source, else the one stored first, else the first that can serve it.
 * @throws {ConfigError} `config/provider` saying of each provider why it cannot serve; `config/symbol` for a bare coin
 */
export async function findRoute(rooms: ClientRooms, asked: ParsedQuery): Promise<Route> {
  const resolved = resolveSymbol(rooms, asked)
  const { query, assetClass } = resolved
  const providers = await rooms.providers()
  if (query.provider !== undefined) return namedRoute(rooms, query, query.provider, providers, assetClass)
  const stored = await storedFirst(rooms, query, providers)
  if (stored !== null) return routeOf(rooms, query, assetClass, { ...stored, others: [] })
  const { verdicts } = judge(rooms, providers, resolved)
  const [first, ...others] = verdicts.filter((verdict) => verdict.serves).map((verdict) => verdict.provider)
  if (first === undefined) throw nobodyServes(query, assetClass, verdicts)
  return freshRoute(rooms, query, assetClass, first, others)
}

/** The route to a source of which nothing is stored yet. */
export async function freshRoute(
  rooms: ClientRooms,
  query: ParsedQuery,
  assetClass: AssetClass,
  provider: Provider,
  others: readonly Provider[],
): Promise<Route> {
  const series = seriesOf(query, provider.name)
  return routeOf(rooms, query, assetClass, { series, head: await rooms.storage.head(series), provider, others })
}

async function namedRoute(
  rooms: ClientRooms,
  query: ParsedQuery,
  name: string,
  providers: readonly Provider[],
  assetClass: AssetClass,
): Promise<Route> {
  const series = seriesOf(query, name)
  const provider = providers.find((one) => one.name === name) ?? null
  const head = await rooms.storage.head(series)
  if (provider === null && head === null) {
    const known = providers.map((one) => one.name).join(', ') || 'none'
    const message = `provider: ${JSON.stringify(name)} is not configured, and nothing of it is stored: use one of ${known}`
    throw new ConfigError('config/provider', message, { field: 'provider', value: name })
  }
  return routeOf(rooms, query, assetClass, { series, head, provider, others: [] })
}

function routeOf(
  rooms: ClientRooms,
  query: ParsedQuery,
  guess: AssetClass,
  { series, head, provider, others }: Pick<Route, 'series' | 'head' | 'provider' | 'others'>,
): Route {
  const capabilities = provider?.capabilities ?? UNKNOWN_SOURCE
  // What the first query said of an instrument holds for the later ones, which are free to leave it out.
  const assetClass = query.assetClass ?? (head?.meta.assetClass as AssetClass | undefined) ?? guess
  const name = capabilities.calendar ?? calendarName(rooms, series, assetClass, head)
  return { series, provider, capabilities, calendar: rooms.calendar(name), assetClass, head, others }
}

/** By which calendar a series is judged, where its source names none. */
export function calendarName(
  { options }: ClientRooms,
  series: Series,
  assetClass: AssetClass,
  head: Snapshot | null,
): string {
  const isGiven = (name: string): boolean => Object.hasOwn(options.calendars, name)
  const market = marketCalendar(series.symbol, assetClass, isGiven)
  // One that the caller gives for the exchange beats the makeshift by which the series was stored before.
  return isGiven(market) ? market : (head?.meta.calendar?.name ?? market)
}

/** The series that a query means at one provider. */
export function seriesOf(query: ParsedQuery, provider: string): Series {
  return parseSeries({
    provider,
    schema: query.schema,
    symbol: query.symbol,
    ...(query.interval === undefined ? {} : { interval: query.interval }),
  })
}

/** Of the stored series of this symbol and interval, the one whose first version is oldest. */
export async function storedFirst(
  rooms: ClientRooms,
  query: ParsedQuery,
  providers: readonly Provider[],
): Promise<{ series: Series; head: Snapshot; provider: Provider | null } | null> {
  const found: { series: Series; head: Snapshot; provider: Provider | null }[] = []
  for (const provider of providers) {
    const series = seriesOf(query, provider.name)
    const head = await rooms.storage.head(series)
    if (head !== null) found.push({ series, head, provider })
  }
  if (found.length === 0) {
    // A store may hold series of sources that this client does not have.
    for (const name of await rooms.storedSources()) {
      if (providers.some((one) => one.name === name)) continue
      const series = seriesOf(query, name)
      const head = await rooms.storage.head(series)
      if (head !== null) found.push({ series, head, provider: null })
    }
  }
  const age = (head: Snapshot): number => head.meta.createdAtMs ?? head.committedAtMs
  return found.toSorted((a, b) => age(a.head) - age(b.head))[0] ?? null
}

function nobodyServes(query: ParsedQuery, assetClass: AssetClass, verdicts: readonly Verdict[]): ConfigError {
  const what = [query.schema, query.interval, query.symbol].filter((part) => part !== undefined).join(' ')
  const reasons =
    verdicts.map((verdict) => `${verdict.provider.name}: ${verdict.reason}`).join('; ') || 'none is configured'
  const guess =
    query.assetClass === undefined
      ? `. ${query.symbol} is taken for ${assetClass}: say assetClass if it is something else`
      : ''
  const message = `provider: nobody serves ${what} (${reasons}). Configure one that does, or name it with provider${guess}`
  return new ConfigError('config/provider', message, {
    field: 'provider',
    symbol: query.symbol,
    issues: verdicts.map((verdict) => ({ path: verdict.provider.name, message: verdict.reason })),
  })
}

/** The provider of a route, for what needs the network. */
export function requireProvider(route: Route): Provider {
  if (route.provider !== null) return route.provider
  const message = `provider: ${seriesKey(route.series)} is stored, but ${route.series.provider} is not configured: add it to providers`
  throw new ConfigError('config/provider', message, { field: 'provider', value: route.series.provider })
}
