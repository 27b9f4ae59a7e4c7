/**
 * Makes a provider out of a table and two pure functions; the loop over pages is written here once.
 * @module
 */
import { ConfigError, ProviderError } from '../../contract/errors.ts'
import type { Classify, HttpRequest, HttpResponse } from '../../contract/http.ts'
import { checkOptions } from '../../contract/options.ts'
import type {
  FetchContext,
  FetchRequest,
  Page,
  Provider,
  ProviderCapabilities,
  RateLimit,
} from '../../contract/provider.ts'
import { requirePage } from '../../contract/page-shape.ts'
import { type Range, intersect } from '../../contract/range.ts'
import { ceilOpen, isLabelled } from '../../contract/interval.ts'
import type { AssetClass, Series } from '../../contract/series.ts'
import type { EpochMs } from '../../contract/time.ts'
import { createPageGuard } from './page-guard.ts'
import { redactorOf, safeError } from './secrets.ts'
import { isSilent } from './silent-page.ts'
import { classifyByStatus } from './status.ts'

/** Keys of an account by the names that the provider gives them. */
export type Keys = Readonly<Record<string, string>>

/** What every provider over HTTP can be told. */
export interface HttpProviderOptions {
  /** The key, where one is enough. @default the variable of the environment that the capabilities name */
  readonly apiKey?: string
  /** The second half of a key, where the vendor has two. */
  readonly secretKey?: string
  /** Limits of the account, in place of those of the cheapest plan. */
  readonly rateLimits?: readonly RateLimit[]
  /** Another address of the same interface. */
  readonly baseUrl?: string
  /** Single facts of the account's plan, in place of those of the cheapest one. */
  readonly plan?: Partial<
    Pick<ProviderCapabilities, 'historyMs' | 'rowsPerRequest' | 'spanMsPerRequest' | 'finalityLagMs'>
  >
}

/** What `toRequest` and `toPage` see of one request. */
export interface PageContext<Cursor, Options> {
  readonly series: Series
  /** What was asked for. */
  readonly range: Range
  /** What the page before handed over; undefined on the first. */
  readonly cursor: Cursor | undefined
  readonly keys: Keys
  /** The symbol as the vendor spells it. */
  readonly symbol: string
  /** The interval as the vendor spells it; empty for schemas without. */
  readonly vendorInterval: string
  readonly baseUrl: string
  readonly options: Options
  readonly capabilities: ProviderCapabilities
  readonly nowMs: EpochMs
}

/** One request, before keys and hosts are noted on it. */
export type PageRequest = Omit<HttpRequest, 'secrets' | 'hosts'> & {
  /** Failures of this request, where they mean something else than those of the others. @default the vendor's */
  readonly classify?: Classify
}

/** One page, and what the next one starts from; no `next` ends the loop. */
export type PageAnswer<Cursor> = Page & { readonly next?: Cursor | undefined }

/** A provider over HTTP: a table and two pure functions. */
export interface HttpProviderSpec<Cursor, Options extends HttpProviderOptions> {
  readonly name: string
  readonly capabilities: ProviderCapabilities
  readonly baseUrl: string
  /** Names in {@link Keys} of the entries of `capabilities.keys`, in their order. @default ['apiKey', 'secretKey'] */
  readonly keyNames?: readonly string[]
  /** Does it serve without a key too? @default false */
  readonly keysOptional?: boolean
  /** Other hosts of the vendor that an answer may redirect to. @default none */
  readonly hosts?: readonly string[]
  /** Names of options beyond those of {@link HttpProviderOptions}. @default none */
  readonly optionNames?: readonly string[]
  /** Name that depends on the options: answers that differ are different sources. @default the same for all */
  nameFor?(options: Options): string
  /** Capabilities that depend on the options. @default the same for all */
  capabilitiesFor?(options: Options): ProviderCapabilities
  toRequest(context: PageContext<Cursor, Options>): PageRequest
  /**
   * Makes a page of an answer. One without row, event and proof is not handed over, so that a page may be held back for
   * what `next` asks.
   * @throws {ProviderError} `provider/response` for a shape that is not known
   */
  toPage(
    body: unknown,
    context: PageContext<Cursor, Options>,
    response: HttpResponse,
  ): PageAnswer<Cursor> | Promise<PageAnswer<Cursor>>
  /** Failures of this vendor: the body first, then the status. @default by status */
  readonly classify?: Classify
  vendorSymbol?(symbol: string, assetClass?: AssetClass): string
  canonicalSymbol?(vendorSymbol: string): string
}

/** Makes a provider; options that it does not know are refused. */
export type HttpProviderFactory<Options extends HttpProviderOptions = HttpProviderOptions> = (
  options?: Options,
) => Provider

/**
 * Turns a table and two pure functions into a provider.
 * Paging, limits, retries, redirects, redaction and the check of what came back are the same for all.
 */
export function defineHttpProvider<Cursor = never, Options extends HttpProviderOptions = HttpProviderOptions>(
  spec: HttpProviderSpec<Cursor, Options>,
): HttpProviderFactory<Options> {
  return (options) => makeProvider(spec, Object.freeze({ ...options }) as Options)
}

const OPTION_NAMES: readonly (keyof HttpProviderOptions)[] = ['apiKey', 'secretKey', 'rateLimits', 'baseUrl', 'plan']

function keysOf(
  spec: { keyNames?: readonly string[] },
  options: HttpProviderOptions,
  capabilities: ProviderCapabilities,
): Keys {
  const given: Record<string, string> = {}
  for (const [i, name] of (spec.keyNames ?? ['apiKey', 'secretKey']).slice(0, capabilities.keys.length).entries()) {
    const value = i === 0 ? options.apiKey : options.secretKey
    if (value === undefined) continue
    if (typeof value !== 'string' || value.trim() === '') {
      throw new ConfigError('config/option', `${name}: a key is a text that is not empty`, { field: name })
    }
    given[name] = value.trim()
  }
  return given
}

function makeProvider<Cursor, Options extends HttpProviderOptions>(
  spec: HttpProviderSpec<Cursor, Options>,
  options: Options,
): Provider {
  checkOptions(options, [...OPTION_NAMES, ...(spec.optionNames ?? [])], spec.name)
  const table = spec.capabilitiesFor?.(options) ?? spec.capabilities
  const capabilities: ProviderCapabilities = Object.freeze({
    ...table,
    ...options.plan,
    ...(options.rateLimits === undefined ? {} : { rateLimits: options.rateLimits }),
  })
  const name = spec.nameFor?.(options) ?? spec.name
  const keys = keysOf(spec, options, capabilities)
  const ready = spec.keysOptional === true || Object.keys(keys).length === capabilities.keys.length
  return Object.freeze({
    name,
    capabilities,
    ready,
    fetch: (request: FetchRequest, context: FetchContext) =>
      pagesOf(spec, { name, options, capabilities, keys, ready }, request, context),
    withEnv(env: Readonly<Record<string, string | undefined>>): Provider {
      const found = capabilities.keys.map((names) =>
        names.map((name) => env[name]).find((value) => value !== undefined && value !== ''),
      )
      const apiKey = options.apiKey ?? found[0]
      const secretKey = options.secretKey ?? found[1]
      return makeProvider(
        spec,
        Object.freeze({
          ...options,
          ...(apiKey === undefined ? {} : { apiKey }),
          ...(secretKey === undefined ? {} : { secretKey }),
        }),
      )
    },
    vendorSymbol: spec.vendorSymbol ?? ((symbol: string) => symbol),
    canonicalSymbol: spec.canonicalSymbol ?? ((symbol: string) => symbol),
  })
}

interface Account<Options> {
  readonly name: string
  readonly options: Options
  readonly capabilities: ProviderCapabilities
  readonly keys: Keys
  readonly ready: boolean
}

/** End of what can be known now: labels stand for whole days, so the label of today ends with the day. */
function knowableEnd({ interval }: Series, nowMs: EpochMs): EpochMs {
  return interval !== undefined && isLabelled(interval) ? ceilOpen(interval, nowMs) : nowMs
}

function refuseUnserved({ name, capabilities, ready }: Account<unknown>, series: Series): void {
  const facts = { provider: name, symbol: series.symbol }
  if (!capabilities.schemas.includes(series.schema)) {
    const message = `${name} does not serve ${series.schema}: it has ${capabilities.schemas.join(' ')}`
    throw new ProviderError('provider/unsupported', message, { ...facts, field: 'schema', value: series.schema })
  }
  if (series.interval !== undefined && capabilities.intervals[series.interval] === undefined) {
    const message = `${name} does not serve ${series.interval}: it has ${Object.keys(capabilities.intervals).join(' ')}`
    throw new ProviderError('provider/unsupported', message, { ...facts, field: 'interval', value: series.interval })
  }
  if (!ready) {
    const names = capabilities.keys.map((accepted) => accepted.join(' or ')).join(' and ')
    const message = `${name} needs a key: give it to the provider, or set ${names}`
    throw new ProviderError('provider/unauthorized', message, facts)
  }
}

async function* pagesOf<Cursor, Options extends HttpProviderOptions>(
  spec: HttpProviderSpec<Cursor, Options>,
  account: Account<Options>,
  { series, range }: FetchRequest,
  { signal, http, now, log }: FetchContext,
): AsyncGenerator<Page, void, void> {
  refuseUnserved(account, series)
  const { name, options, capabilities, keys } = account
  const secrets = Object.values(keys)
  const guard = createPageGuard(range, series)
  const base = {
    series,
    range,
    keys,
    options,
    capabilities,
    symbol: spec.vendorSymbol?.(series.symbol) ?? series.symbol,
    vendorInterval: (series.interval === undefined ? '' : capabilities.intervals[series.interval]) ?? '',
    baseUrl: (options.baseUrl ?? spec.baseUrl).replace(/\/+$/, ''),
  }
  let cursor: Cursor | undefined
  try {
    for (;;) {
      const context: PageContext<Cursor, Options> = { ...base, cursor, nowMs: now() }
      const { classify = spec.classify ?? classifyByStatus, ...asked } = spec.toRequest(context)
      guard.ask(asked.url)
      const response = await http.request({ ...asked, secrets, hosts: spec.hosts ?? [] }, { signal, classify })
      const answer = await spec.toPage(response.body, context, response)
      requirePage(answer, { ...series, provider: name }, 'toPage returned')
      const { next, ...page } = answer
      const verdict = guard.check(page, next !== undefined)
      if (verdict.strayed)
        log.warn({ provider: name, symbol: series.symbol, range }, 'only rows outside the asked range came')
      // What lies ahead of now is not known, whatever the vendor answered.
      const proven = verdict.strayed
        ? null
        : intersect(intersect(page.proven, range) ?? EMPTY, {
            startMs: range.startMs,
            endMs: knowableEnd(series, now()),
          })
      signal.throwIfAborted()
      const told = { ...page, proven: proven ?? { startMs: range.startMs, endMs: range.startMs } }
      if (!isSilent(told)) yield told
      if (next === undefined) return
      cursor = next
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw safeError(error, redactorOf(secrets), { provider: name, symbol: series.symbol }, 'provider/response')
  }
}

const EMPTY: Range = { startMs: 0, endMs: 0 }
