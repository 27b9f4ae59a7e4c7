/**
 * Polygon, called Massive since 2025: bars of US shares, options, indices, currencies and coins, splits and dividends.
 * Needs a key; a free one allows five requests a minute, two years of history and days that are over. Prices are
 * adjusted for splits.
 * Source: https://massive.com/docs/rest/stocks/aggregates/custom-bars; terms: https://massive.com/legal
 * @module
 */
import type { Column } from '../contract/columns.ts'
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { INTERVALS, type Interval, barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { barPage as barPageOf, malformed, numberOf, objectAt, timeColumn } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { requireUsListing } from './listings.ts'
import { actionColumns } from './actions.ts'
import { type PolygonEvents, NO_EVENTS, eventsPath, joinEvents, readEvents } from './polygon-events.ts'
import { type Aggregates, aggregatesOf, joinAggregates, scanAnswer, sliceAggregates } from './polygon-scan.ts'
import { polygonSymbol, symbolOfPolygon } from './polygon-symbols.ts'
import { dayText } from './stamps.ts'

/** Options of {@link polygon}. */
export interface PolygonOptions extends HttpProviderOptions {
  /** Milliseconds that the plan holds prices back: 0, or 900000. @default until a day is over, as free plans do */
  readonly delayMs?: number
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const HOSTS: readonly string[] = ['api.polygon.io', 'api.massive.com']
/** Most aggregates of a second, a minute or a day that make up one answer; bars of an hour count sixty. */
const BASE_ROWS = 50_000
// A request on its way must not cross the border.
const TWO_YEARS_MS = 729 * DAY_MS

/** Ours -> theirs, and what their bars are made of. Longer intraday bars follow midnight in New York, not UTC. */
const SERVED: readonly (readonly [Interval, string, baseMs: number])[] = [
  ['1s', '1/second', 1000],
  ['5s', '5/second', 1000],
  ['15s', '15/second', 1000],
  ['30s', '30/second', 1000],
  ['1m', '1/minute', MINUTE_MS],
  ['3m', '3/minute', MINUTE_MS],
  ['5m', '5/minute', MINUTE_MS],
  ['15m', '15/minute', MINUTE_MS],
  ['30m', '30/minute', MINUTE_MS],
  ['1h', '1/hour', MINUTE_MS],
  ['1d', '1/day', DAY_MS],
  ['1w', '1/week', DAY_MS],
  ['1mo', '1/month', DAY_MS],
]
const perInterval = <T>(of: (row: (typeof SERVED)[number]) => T): Partial<Record<Interval, T>> =>
  Object.fromEntries(SERVED.map((row) => [row[0], of(row)]))

/** What a free key can do. */
export const POLYGON: ProviderCapabilities = {
  schemas: ['ohlcv', 'actions'],
  assetClasses: ['equity', 'etf', 'option', 'index', 'forex', 'crypto'],
  intervals: perInterval(([, theirs]) => theirs),
  rowsPerRequest: BASE_ROWS,
  spanMsPerRequest: perInterval(([, , baseMs]) => BASE_ROWS * baseMs),
  historyMs: perInterval(() => TWO_YEARS_MS),
  rateLimits: [{ weight: 5, perMs: MINUTE_MS }],
  keys: [['POLYGON_API_KEY', 'POLYGON_KEY', 'MASSIVE_API_KEY']],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'splits', daily: 'splits' },
  anchor: 'clock',
  dayBoundary: 'session',
  columns: ['vwap', 'trade_count'],
  probe: { symbol: 'AAPL', interval: '1d' },
  verified: 'daily bars and dividends seen in recordings; pages, empty answers and errors documented',
}

type Row = Readonly<Record<string, unknown>>

interface Cursor {
  /** First instant that is not proven yet. */
  readonly startMs: EpochMs
  /** The next page, and the end of the window that it belongs to; absent where a new window begins. */
  readonly page?: { readonly url: string; readonly endMs: EpochMs }
  /** Last bar of the page before, held back because the border may go through it. */
  readonly held?: Aggregates
  readonly events?: PolygonEvents
}
type Context = PageContext<Cursor, PolygonOptions>

/** Refuses what the vendor would answer with nothing, or with bars of another kind. */
function refuseUnknown({ series, symbol }: Context): void {
  requireUsListing(series.symbol)
  const isPair = symbol.startsWith('X:') || symbol.startsWith('C:')
  if (!series.symbol.endsWith('=F') && !(isPair && series.interval === '1w')) return
  const what = isPair ? 'weeks of pairs begin on Sunday' : `has no futures: ${series.symbol} is one`
  throw new ProviderError('provider/unsupported', what, { field: isPair ? 'interval' : 'symbol' })
}

/** End of what the plan shows now; of days, weeks and months, of the dates that are over in New York. */
function visibleEndMs({ nowMs, options, series }: Context): EpochMs {
  const isByDay = isLabelled(series.interval ?? '1d')
  if (options.delayMs !== undefined) return isByDay ? nowMs + DAY_MS : nowMs - options.delayMs
  // Midnight in New York is 05:00 UTC in winter and an hour before in summer.
  const todayMs = barOpen('1d', nowMs - 5 * HOUR_MS)
  return isByDay ? todayMs : todayMs + 4 * HOUR_MS
}

/** What is asked for now: no more than one answer holds, and nothing that the plan hides. May be empty. */
function windowOf(context: Context): Range {
  const { range, cursor, series, capabilities } = context
  const startMs = cursor?.startMs ?? range.startMs
  const spanMs = capabilities.spanMsPerRequest?.[series.interval as Interval] ?? Number.POSITIVE_INFINITY
  return { startMs, endMs: cursor?.page?.endMs ?? Math.min(range.endMs, startMs + spanMs, visibleEndMs(context)) }
}

function toRequest(context: Context): PageRequest {
  refuseUnknown(context)
  const { baseUrl, symbol, series, vendorInterval, range, cursor, keys } = context
  const headers = { authorization: `Bearer ${keys['apiKey']}` }
  if (cursor?.page !== undefined) {
    const scan = series.schema === 'actions' ? {} : { scan: scanAnswer }
    return { url: cursor.page.url, headers, as: 'json', ...scan }
  }
  if (series.schema === 'actions')
    return { url: `${baseUrl}/${eventsPath('dividends', symbol, range)}`, headers, as: 'json' }
  const interval = series.interval as Interval
  const { startMs, endMs } = windowOf(context)
  // Both ends are inclusive. Where the plan hides all of the window, what lies before it is asked for, and proves nothing.
  const first = startMs < endMs ? startMs : endMs - INTERVALS[interval].ms
  const [from, to] = isLabelled(interval) ? [dayText(first), dayText(endMs - 1)] : [first, endMs - 1]
  const path = `v2/aggs/ticker/${encodeURIComponent(symbol)}/range/${vendorInterval}/${from}/${to}`
  return { url: `${baseUrl}/${path}?adjusted=true&sort=asc&limit=${BASE_ROWS}`, headers, as: 'json', scan: scanAnswer }
}

/** The address of the next page is the vendor's own, and goes nowhere but to the vendor: it is asked with the key. */
function nextUrl(answer: Row, { baseUrl }: Context): string | undefined {
  const url = answer['next_url']
  if (url === undefined || url === null || url === '') return undefined
  const next = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null
  const isOurs =
    next !== null &&
    (next.origin === new URL(baseUrl).origin || (next.protocol === 'https:' && HOSTS.includes(next.host)))
  if (!isOurs) throw new ProviderError('provider/redirect', 'names another host for its next page, which is not asked')
  // The vendor has two names; keys and limits are the same.
  return `${baseUrl}${next.pathname}${next.search}`
}

/** The list of an answer; nothing is said by leaving it out. */
function resultsOf(answer: Row): unknown {
  if (answer['status'] !== 'OK' && answer['status'] !== 'DELAYED') throw malformed('status', answer['status'], '"OK"')
  const { results, resultsCount } = answer
  return (results === undefined || results === null) && (numberOf(resultsCount) ?? 0) === 0 ? [] : results
}

/** Bars of a day and longer begin at midnight in New York, a few hours into their UTC date; weeks on Sunday. */
function opensOf(t: Float64Array, interval: Interval): Float64Array {
  const aheadMs = interval === '1w' ? DAY_MS : 0
  return isLabelled(interval) ? t.map((ms) => barOpen(interval, ms + aheadMs)) : t
}

function barColumns({ t, values }: Aggregates, interval: Interval): PageColumns {
  const times = opensOf(t, interval)
  const { o, h, l, c, v, vw, n } = values as Record<string, Column>
  const columns = { open: o, high: h, low: l, close: c, volume: v, vwap: vw, trade_count: n }
  return { timestamp: timeColumn(times.length, (i) => times[i]), ...(columns as Record<string, Column>) }
}

function barPage(answer: Row, context: Context): PageAnswer<Cursor> {
  const { range, series, vendorInterval, cursor } = context
  const interval = series.interval as Interval
  const { startMs, endMs } = windowOf(context)
  if (answer['adjusted'] === false) throw malformed('adjusted', false, 'prices adjusted for splits')
  const fresh = aggregatesOf(resultsOf(answer))
  const held = cursor?.held
  // The border of two pages went through a bar: it is asked for again, as a whole.
  if (held !== undefined && fresh.t[0] === held.t[0]) {
    return { columns: barPageOf([]), proven: { startMs, endMs: startMs }, next: { startMs } }
  }
  const bars = held === undefined ? fresh : joinAggregates(held, fresh)
  const url = nextUrl(answer, context)
  if (url === undefined) {
    const isOver = endMs >= Math.min(range.endMs, visibleEndMs(context))
    const proven = { startMs, endMs: Math.max(startMs, endMs) }
    return { columns: barColumns(bars, interval), proven, next: isOver ? undefined : { startMs: endMs } }
  }
  const rows = bars.t.length
  const page = { url, endMs }
  if (rows === 0) return { columns: barPageOf([]), proven: { startMs, endMs: startMs }, next: { startMs, page } }
  const isMade = !/^1\/(second|minute|day)$/.test(vendorInterval)
  const lastMs = opensOf(bars.t.subarray(-1), interval)[0] as number
  const provenEndMs = Math.min(endMs, Math.max(startMs, isMade ? lastMs : nextOpen(interval, lastMs)))
  return {
    columns: barColumns(isMade ? sliceAggregates(bars, 0, rows - 1) : bars, interval),
    proven: { startMs, endMs: provenEndMs },
    next: { startMs: provenEndMs, page, ...(isMade ? { held: sliceAggregates(bars, rows - 1, rows) } : {}) },
  }
}

function actionPage(answer: Row, context: Context): PageAnswer<Cursor> {
  const { baseUrl, symbol, range, cursor, nowMs } = context
  const events = joinEvents(cursor?.events ?? NO_EVENTS, readEvents(resultsOf(answer), symbol))
  const hadSplits = cursor?.page?.url.includes('/reference/splits') === true
  const url = nextUrl(answer, context) ?? (hadSplits ? undefined : `${baseUrl}/${eventsPath('splits', symbol, range)}`)
  if (url === undefined) return { columns: actionColumns(events.rows(range, nowMs)), proven: range }
  // Dividends and splits replace what is stored together, so nothing is proven before both are there.
  const { startMs } = range
  return {
    columns: actionColumns([]),
    proven: { startMs, endMs: startMs },
    next: { startMs, page: { url, endMs: range.endMs }, events },
  }
}

/** Failures are objects with a status of their own; some have `error`, some `message`, some no body at all. */
function classify(response: HttpResponse): Error | null {
  const { body, headers } = response
  const status = typeof body === 'object' && body !== null ? (body as { status?: unknown }).status : undefined
  const said = vendorText(body)
  if (response.status === 429 || /maximum requests per minute/i.test(said)) {
    // The minute of the limit is over within a minute; nothing is said of when.
    const waitMs = headers['retry-after'] === undefined ? { retryAfterMs: MINUTE_MS } : {}
    return new ProviderError('provider/rate-limited', `answered ${response.status}: ${said}`, {
      status: response.status,
      ...waitMs,
    })
  }
  if (/unknown api key|api key was not provided/i.test(said))
    return vendorError('provider/unauthorized', response, said)
  if (status === 'NOT_AUTHORIZED') return vendorError('provider/forbidden', response, said)
  if (status === 'NOT_FOUND') return vendorError('provider/not-found', response, said)
  return classifyByStatus(response) ?? (status === 'ERROR' ? vendorError('provider/response', response, said) : null)
}

/** Polygon (Massive). Needs a key. */
export const polygon: HttpProviderFactory<PolygonOptions> = defineHttpProvider<Cursor, PolygonOptions>({
  name: 'polygon',
  optionNames: ['delayMs'],
  capabilities: POLYGON,
  baseUrl: 'https://api.polygon.io',
  hosts: HOSTS,
  toRequest,
  toPage: (body, context) =>
    (context.series.schema === 'actions' ? actionPage : barPage)(objectAt(body, 'answer'), context),
  classify,
  vendorSymbol: polygonSymbol,
  canonicalSymbol: symbolOfPolygon,
})
