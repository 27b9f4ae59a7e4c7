/**
 * Polygon, called Massive since 2025: bars of US shares, currencies, coins and indices, splits and dividends. Needs a
 * key; a free one allows five requests a minute and two years of history. Prices are adjusted for splits.
 * Source: https://massive.com/docs/rest/stocks/aggregates/custom-bars
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { type ActionRow, actionColumns } from './actions.ts'
import { floatColumn, listAt, malformed, numberOf, objectAt, timeColumn } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { namesOf, pairOf, pairOfJoined, symbolOfPair } from './symbols.ts'
import { zoneClock } from './zone.ts'

const HOSTS: readonly string[] = ['api.polygon.io', 'api.massive.com']
const TWO_YEARS_MS = 730 * DAY_MS
const INTERVALS_OF_VENDOR = {
  '1s': '1/second',
  '5s': '5/second',
  '15s': '15/second',
  '30s': '30/second',
  '1m': '1/minute',
  '3m': '3/minute',
  '5m': '5/minute',
  '15m': '15/minute',
  '30m': '30/minute',
  '1h': '1/hour',
  '2h': '2/hour',
  '4h': '4/hour',
  '1d': '1/day',
  '1w': '1/week',
  '1mo': '1/month',
} as const

/** What a free key can do. */
export const POLYGON: ProviderCapabilities = {
  schemas: ['ohlcv', 'actions'],
  assetClasses: ['equity', 'etf', 'index', 'forex', 'crypto'],
  intervals: INTERVALS_OF_VENDOR,
  rowsPerRequest: 50_000,
  historyMs: Object.fromEntries(Object.keys(INTERVALS_OF_VENDOR).map((interval) => [interval, TWO_YEARS_MS])),
  rateLimits: [{ weight: 5, perMs: 60_000 }],
  keys: [['POLYGON_API_KEY', 'POLYGON_KEY', 'MASSIVE_API_KEY']],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'splits', daily: 'splits' },
  anchor: 'clock',
  dayBoundary: 'session',
  columns: ['vwap', 'trade_count'],
  verified: 'daily bars seen in recordings; pages, empty answers and errors documented',
}

/** The address of the next page, and for events what came so far: both kinds make one answer. */
interface Cursor {
  readonly url: string
  readonly startMs: EpochMs
  readonly rows?: readonly ActionRow[]
}
type Context = PageContext<Cursor, HttpProviderOptions>

const INDICES = namesOf({
  '^GSPC': 'I:SPX',
  '^DJI': 'I:DJI',
  '^IXIC': 'I:COMP',
  '^NDX': 'I:NDX',
  '^RUT': 'I:RUT',
  '^VIX': 'I:VIX',
})

/** `BTC-USD` -> `X:BTCUSD`, `EURUSD=X` -> `C:EURUSD`, `^GSPC` -> `I:SPX`; shares are the same. */
function vendorSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  if (pair !== null) return `${pair.kind === 'crypto' ? 'X' : 'C'}:${pair.base}${pair.quote}`
  return INDICES.toVendor(symbol) ?? (symbol.startsWith('^') ? `I:${symbol.slice(1)}` : symbol)
}

function canonicalSymbol(vendor: string): string {
  const [kind, text] = vendor.split(':') as [string, string | undefined]
  if (text === undefined) return vendor
  if (kind === 'I') return INDICES.toCanonical(vendor) ?? `^${text}`
  const pair = pairOfJoined(text, kind === 'X' ? 'crypto' : 'forex')
  return pair === null ? vendor : symbolOfPair(pair)
}

function toRequest({ baseUrl, symbol, series, vendorInterval, range, cursor, keys }: Context): PageRequest {
  const headers = { authorization: `Bearer ${keys['apiKey']}` }
  if (cursor !== undefined) return { url: cursor.url, headers, as: 'json' }
  if (series.schema === 'actions') return { url: eventsUrl(baseUrl, symbol, 'dividends', range), headers, as: 'json' }
  // Both ends are inclusive.
  const path = `v2/aggs/ticker/${encodeURIComponent(symbol)}/range/${vendorInterval}/${range.startMs}/${range.endMs - 1}`
  return { url: `${baseUrl}/${path}?adjusted=true&sort=asc&limit=50000`, headers, as: 'json' }
}

function eventsUrl(baseUrl: string, symbol: string, kind: 'dividends' | 'splits', range: Context['range']): string {
  const field = kind === 'splits' ? 'execution_date' : 'ex_dividend_date'
  const day = (ms: EpochMs): string => new Date(ms).toISOString().slice(0, 10)
  const query = new URLSearchParams({
    ticker: symbol,
    [`${field}.gte`]: day(range.startMs),
    [`${field}.lte`]: day(range.endMs - 1),
    limit: '1000',
  })
  return `${baseUrl}/v3/reference/${kind}?${query}`
}

/** The address of the next page is the vendor's own, and goes nowhere but to the vendor: it is asked with the key. */
function nextUrl(answer: Readonly<Record<string, unknown>>, { baseUrl }: Context): string | undefined {
  const url = answer['next_url']
  if (typeof url !== 'string' || url === '') return undefined
  const isOurs =
    URL.canParse(url) &&
    (new URL(url).origin === new URL(baseUrl).origin || (HOSTS.includes(new URL(url).host) && url.startsWith('https:')))
  if (!isOurs) throw new ProviderError('provider/redirect', 'names another host for its next page, which is not asked')
  // The vendor has two names; limits and keys are the same.
  const { pathname, search } = new URL(url)
  return `${baseUrl}${pathname}${search}`
}

type Row = Readonly<Record<string, unknown>>

function resultsOf(answer: Readonly<Record<string, unknown>>): readonly Row[] {
  if (answer['status'] !== 'OK' && answer['status'] !== 'DELAYED') throw malformed('status', answer['status'], '"OK"')
  const results = answer['results']
  return results === undefined || results === null
    ? []
    : listAt(results, 'results').map((row, i) => objectAt(row, `results[${i}]`))
}

/** Labels of days, weeks and months: US sessions open on New York's clock, coins and currencies at 00:00 UTC, weeks on Sunday. */
function labelsOf(stamps: Float64Array, interval: Interval, symbol: string): Float64Array {
  if (!isLabelled(interval)) return stamps
  const isUtc = symbol.startsWith('X:') || symbol.startsWith('C:')
  const offsets = isUtc ? new Float64Array(stamps.length) : zoneClock('America/New_York').offsetsMs(stamps)
  const aheadMs = interval === '1w' ? DAY_MS : 0
  return stamps.map((ms, i) => barOpen(interval, ms + (offsets[i] as number) + aheadMs))
}

function barPage(answer: Readonly<Record<string, unknown>>, context: Context): PageAnswer<Cursor> {
  const { range, series, symbol, cursor } = context
  const interval = series.interval as Interval
  const all = resultsOf(answer)
  const labels = labelsOf(
    timeColumn(all.length, (i) => numberOf(all[i]?.['t']) ?? Number.NaN),
    interval,
    symbol,
  )
  refuseFarTimes(labels, range, interval)
  const kept = Array.from(labels.keys()).filter(
    (i) => (labels[i] as number) >= range.startMs && (labels[i] as number) < range.endMs,
  )
  const column = (name: string) => floatColumn(kept.length, (i) => all[kept[i] as number]?.[name])
  const columns: PageColumns = {
    timestamp: Float64Array.from(kept, (i) => labels[i] as number),
    open: column('o'),
    high: column('h'),
    low: column('l'),
    close: column('c'),
    volume: column('v'),
    vwap: column('vw'),
    trade_count: column('n'),
  }
  const startMs = cursor?.startMs ?? range.startMs
  const url = nextUrl(answer, context)
  const last = labels.at(-1)
  if (url === undefined) return { columns, proven: { startMs, endMs: range.endMs } }
  const endMs = last === undefined ? startMs : Math.min(range.endMs, Math.max(startMs, nextOpen(interval, last)))
  return { columns, proven: { startMs, endMs }, next: { url, startMs: endMs } }
}

function eventOf(row: Row): ActionRow {
  const isSplit = Object.hasOwn(row, 'execution_date')
  const date = row[isSplit ? 'execution_date' : 'ex_dividend_date']
  const exDateMs = typeof date === 'string' ? Date.parse(date) : Number.NaN
  if (!isSplit) return { kind: 'dividend', exDateMs, value: numberOf(row['cash_amount']), currency: row['currency'] }
  const [before, after] = [numberOf(row['split_from']), numberOf(row['split_to'])]
  return { kind: 'split', exDateMs, value: before === null || after === null || before === 0 ? null : after / before }
}

function actionPage(answer: Readonly<Record<string, unknown>>, context: Context): PageAnswer<Cursor> {
  const { baseUrl, symbol, range, cursor } = context
  const own = resultsOf(answer).filter((row) => row['ticker'] === symbol)
  const rows = [...(cursor?.rows ?? []), ...own.map(eventOf)]
  const hadSplits = cursor !== undefined && cursor.url.includes('/splits')
  const url = nextUrl(answer, context) ?? (hadSplits ? undefined : eventsUrl(baseUrl, symbol, 'splits', range))
  // Dividends and splits replace what is stored together, so nothing is proven before both are there.
  if (url !== undefined)
    return {
      columns: actionColumns([]),
      proven: { startMs: range.startMs, endMs: range.startMs },
      next: { url, startMs: range.startMs, rows },
    }
  return { columns: actionColumns(rows), proven: range }
}

function classify(response: HttpResponse): Error | null {
  const { body } = response
  const status = typeof body === 'object' && body !== null ? (body as { status?: unknown }).status : undefined
  const said = vendorText(body)
  if (status === 'NOT_AUTHORIZED') return vendorError('provider/forbidden', response, said)
  if (status === 'ERROR' && /unknown api key|api key was not provided/i.test(said))
    return vendorError('provider/unauthorized', response, said)
  if (status === 'ERROR' && /maximum requests/i.test(said)) return vendorError('provider/rate-limited', response, said)
  return classifyByStatus(response) ?? (status === 'ERROR' ? vendorError('provider/response', response, said) : null)
}

/** Polygon (Massive). Needs a key. */
export const polygon: HttpProviderFactory = defineHttpProvider<Cursor>({
  name: 'polygon',
  capabilities: POLYGON,
  baseUrl: 'https://api.polygon.io',
  hosts: HOSTS,
  toRequest,
  toPage: (body, context) =>
    (context.series.schema === 'actions' ? actionPage : barPage)(objectAt(body, 'answer'), context),
  classify,
  vendorSymbol,
  canonicalSymbol,
})
