/** Asks a provider through the real engine over answers that a test gives. */
import { type Column, isDictionary, valueAt, valuesOf } from '../../src/contract/columns.ts'
import type { Http } from '../../src/contract/http.ts'
import type { Page, Provider } from '../../src/contract/provider.ts'
import type { Range } from '../../src/contract/range.ts'
import { type Runtime, SILENT } from '../../src/contract/runtime.ts'
import type { Series } from '../../src/contract/series.ts'
import {
  type HttpEngine,
  type HttpEngineOptions,
  type HttpOptions,
  createHttpEngine,
} from '../../src/providers/http/engine.ts'

export const HTTP: HttpOptions = {
  timeoutMs: 2_000,
  maxBodyBytes: 8_388_608,
  userAgent: 'marketlake/test',
  cache: 'memory',
  retry: { attempts: 4, minMs: 1_000, maxMs: 30_000 },
  breaker: { failures: 3, recoveryMs: 300_000, successes: 1 },
}

export type Answer = (url: URL, request: Request) => Response | Promise<Response>

/** A runtime whose clock moves only when somebody sleeps. */
export function virtualRuntime(
  answer: Answer,
  startMs: number = Date.UTC(2026, 0, 1),
): Runtime & { sleptMs: number[] } {
  let nowMs = startMs
  const sleptMs: number[] = []
  return {
    now: () => nowMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      sleptMs.push(ms)
      nowMs += ms
      await Promise.resolve()
    },
    random: () => 0.5,
    fetch: (async (input: Request | URL | string, init?: RequestInit) => {
      const request = new Request(input, init)
      return answer(new URL(request.url), request)
    }) as typeof fetch,
    env: {},
    sleptMs,
  }
}

export function engineOver(
  answer: Answer,
  options: Partial<HttpEngineOptions> & { startMs?: number } = {},
): HttpEngine & { runtime: Runtime & { sleptMs: number[] } } {
  const runtime = virtualRuntime(answer, options.startMs)
  const engine = createHttpEngine({ runtime, http: HTTP, log: SILENT, emit: () => {}, ...options })
  return { ...engine, runtime }
}

export interface Asked {
  readonly pages: Page[]
  readonly urls: URL[]
  readonly headers: Headers[]
}

/** All pages of one fetch. */
export async function ask(
  provider: Provider,
  series: Omit<Series, 'provider'>,
  range: Range,
  answer: Answer,
  nowMs?: number,
): Promise<Asked> {
  const urls: URL[] = []
  const headers: Headers[] = []
  const startMs = nowMs ?? Math.max(range.endMs, Date.UTC(2026, 0, 1))
  const engine = engineOver(
    (url, request) => {
      urls.push(url)
      headers.push(request.headers)
      return answer(url, request)
    },
    { startMs },
  )
  const pages = await pagesThrough(provider, series, range, engine.httpFor(provider), startMs)
  return { pages, urls, headers }
}

/** How a vendor is asked whether it knows a symbol. */
export interface KnownSymbols {
  /** The answer that says so; null for every other address. */
  answer(url: URL): Response | null
}

/** The same vendor, which knows every symbol. */
export const knowing =
  (known: KnownSymbols, answer: Answer): Answer =>
  (url, request) =>
    known.answer(url) ?? answer(url, request)

/** Asks a vendor that knows every symbol; that it was asked so is left out of what is returned. */
export const askKnown =
  (known: KnownSymbols): typeof ask =>
  async (provider, series, range, answer, nowMs) => {
    const { pages, urls, headers } = await ask(provider, series, range, knowing(known, answer), nowMs)
    return {
      pages,
      urls: urls.filter((url) => known.answer(url) === null),
      headers: headers.filter((_, i) => known.answer(urls[i] as URL) === null),
    }
  }

export async function pagesThrough(
  provider: Provider,
  series: Omit<Series, 'provider'>,
  range: Range,
  http: Http,
  nowMs: number,
): Promise<Page[]> {
  const pages: Page[] = []
  const context = { signal: new AbortController().signal, http, now: () => nowMs, log: SILENT }
  for await (const page of provider.fetch({ series: { provider: provider.name, ...series }, range }, context))
    pages.push(page)
  return pages
}

/** Values of a column with nulls; texts as texts. */
export function listOf(column: Column | undefined): (number | bigint | string | null)[] {
  if (column === undefined) return []
  const values = valuesOf(column)
  const rows = isDictionary(values) ? values.indices.length : values.length
  return Array.from({ length: rows }, (_, row) => valueAt(column, row))
}

/** Rows of a page as objects with ISO times. */
export function rowsOf(page: Page): Record<string, unknown>[] {
  const times = listOf(page.columns.timestamp)
  return times.map((ms, row) => {
    const out: Record<string, unknown> = {
      time: new Date(typeof ms === 'bigint' ? Number(ms / 1_000_000n) : Number(ms)).toISOString(),
    }
    for (const [name, column] of Object.entries(page.columns))
      if (name !== 'timestamp') out[name] = valueAt(column, row)
    return out
  })
}

export const at = (text: string): number => Date.parse(text)
export const range = (start: string, end: string): Range => ({ startMs: at(start), endMs: at(end) })
