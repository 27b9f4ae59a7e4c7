/**
 * Financial Modeling Prep: bars of US shares and indices, daily bars of shares abroad, coins and currencies, splits and
 * dividends. Needs a key; its terms allow display and redistribution by licence only. Prices are adjusted for splits.
 * Source: https://site.financialmodelingprep.com/developer/docs/stable; keys made since September 2025 reach nothing else.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { isLabelled } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { type ActionRow, actionColumns } from './actions.ts'
import { floatColumn, listAt, malformed, numberOf, objectAt } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { type ProviderCode, classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { requireUsListing } from './listings.ts'
import { dateMs, dayText, wallReader, zoneDateMs } from './stamps.ts'
import { fromClassSeparator, isCurrency, pairOf, pairOfJoined, symbolOfPair, withClassSeparator } from './symbols.ts'

const HOUR_MS = 3_600_000
const FIVE_YEARS_MS = 1825 * DAY_MS
const NEW_YORK = 'America/New_York'
const MOST_EVENTS = 1000

/** What a free key can do, but for the intraday bars, which begin with a paid plan. */
export const FMP: ProviderCapabilities = {
  schemas: ['ohlcv', 'actions'],
  assetClasses: ['equity', 'etf', 'fund', 'index', 'crypto', 'forex'],
  intervals: { '1m': '1min', '5m': '5min', '15m': '15min', '30m': '30min', '1h': '1hour', '4h': '4hour', '1d': 'full' },
  rowsPerRequest: 5000,
  // Longer windows are cut without a word: a minute's bars after three days, five minutes' after a month.
  spanMsPerRequest: {
    '1m': 3 * DAY_MS,
    '5m': 30 * DAY_MS,
    '15m': 60 * DAY_MS,
    '30m': 90 * DAY_MS,
    '1h': 180 * DAY_MS,
    '4h': 365 * DAY_MS,
    '1d': FIVE_YEARS_MS,
  },
  historyMs: { '1d': FIVE_YEARS_MS },
  rateLimits: [{ weight: 250, perMs: DAY_MS }],
  keys: [['FMP_API_KEY']],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'unknown',
  basis: { intraday: 'splits', daily: 'splits' },
  anchor: 'session',
  dayBoundary: 'session',
  columns: [],
  probe: { symbol: 'AAPL', interval: '1d' },
  verified:
    'daily bars of both interfaces and the refusal of too many requests seen in recordings; splits and dividends, windows and stamps of intraday bars reported by users',
}

/** Where the next window starts; for events, the dividends so far while splits are asked for. */
interface Cursor {
  readonly startMs: EpochMs
  readonly dividends?: readonly ActionRow[]
}
type Context = PageContext<Cursor, HttpProviderOptions>

/** `BRK.B` -> `BRK-B`, `BTC-USD` -> `BTCUSD`, `EURUSD=X` -> `EURUSD`; `^GSPC` and `VOD.L` are the same. */
function vendorSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair !== null && isCurrency(pair.quote) ? `${pair.base}${pair.quote}` : withClassSeparator(symbol, '-')
}

function canonicalSymbol(vendor: string): string {
  // Shares have five letters at most, so longer names are pairs; of five letters, those against the dollar.
  const isPair = /^[A-Z0-9]{6,}$|^[A-Z0-9]{2}USD$/.test(vendor)
  const kind = vendor.length === 6 && isCurrency(vendor.slice(0, 3)) ? 'forex' : 'crypto'
  const pair = isPair ? pairOfJoined(vendor, kind) : null
  return pair === null || !isCurrency(pair.quote) ? fromClassSeparator(vendor, '-') : symbolOfPair(pair)
}

const isByDay = ({ series }: Context): boolean => series.interval === undefined || isLabelled(series.interval)

/** Refuses what the vendor would answer with an empty list, or with stamps of a clock that is not known. */
function refuseUnknown(context: Context): void {
  const { symbol } = context.series
  const pair = pairOf(symbol)
  if (symbol.endsWith('=F') || (pair !== null && !isCurrency(pair.quote))) {
    throw new ProviderError('provider/unsupported', `has no futures and no pairs of two coins: ${symbol} is one`)
  }
  if (isByDay(context)) return
  requireUsListing(symbol)
  if (pair === null) return
  const message = `does not say on which clock it stamps intraday bars of pairs such as ${symbol}`
  throw new ProviderError('provider/unsupported', message, { field: 'interval', value: context.series.interval })
}

function windowOf({ range, cursor, series, capabilities }: Context): Range {
  const startMs = cursor?.startMs ?? range.startMs
  const spanMs = series.interval === undefined ? undefined : capabilities.spanMsPerRequest?.[series.interval]
  return { startMs, endMs: Math.min(range.endMs, startMs + (spanMs ?? Number.POSITIVE_INFINITY)) }
}

function toRequest(context: Context): PageRequest {
  refuseUnknown(context)
  const { baseUrl, symbol, series, vendorInterval, cursor, keys } = context
  const headers = { apikey: keys['apiKey'] as string }
  if (series.schema === 'actions') {
    const query = new URLSearchParams({ symbol, limit: String(MOST_EVENTS) })
    return { url: `${baseUrl}/${cursor === undefined ? 'dividends' : 'splits'}?${query}`, headers, as: 'json' }
  }
  const { startMs, endMs } = windowOf(context)
  // Dates are those of New York, both ends inclusive. After five in the afternoon nothing of a date is left.
  const [from, to] = isByDay(context)
    ? [startMs, endMs - 1]
    : [zoneDateMs(startMs + 7 * HOUR_MS, NEW_YORK), zoneDateMs(endMs - 1, NEW_YORK)]
  const query = new URLSearchParams({ symbol, from: dayText(Math.min(from, to)), to: dayText(to) })
  const path = isByDay(context) ? 'historical-price-eod' : 'historical-chart'
  return { url: `${baseUrl}/${path}/${vendorInterval}?${query}`, headers, as: 'json' }
}

type Row = Readonly<Record<string, unknown>>

/** Rows of the symbol, newest first: a flat list now, `{ symbol, historical }` until 2025. */
function rowsOf(body: unknown, symbol: string): readonly Row[] {
  const list = Array.isArray(body) ? body : listAt(objectAt(body, 'answer')['historical'], 'historical')
  const all = list.map((row, i) => objectAt(row, `[${i}]`))
  const own = all.filter((row) => row['symbol'] === undefined || row['symbol'] === symbol)
  if (all.length > 0 && own.length === 0) throw malformed('[0].symbol', all[0]?.['symbol'], symbol)
  return own
}

function barPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const { range, symbol } = context
  const rows = rowsOf(body, symbol)
  const window = windowOf(context)
  // Labels are dates; other bars carry New York's clock at their opening.
  const read = isByDay(context) ? dateMs : wallReader(NEW_YORK)
  const column = (name: string) => floatColumn(rows.length, (i) => rows[i]?.[name])
  // What the vendor calls `vwap` is the mean of open, high, low and close.
  const columns: PageColumns = {
    timestamp: Float64Array.from(rows, ({ date }, i) => read(date, `[${i}].date`)),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    ...(rows.some((row) => Object.hasOwn(row, 'adjClose')) ? { adj_close: column('adjClose') } : {}),
  }
  return { columns, proven: window, next: window.endMs < range.endMs ? { startMs: window.endMs } : undefined }
}

function eventOf(row: Row, i: number): ActionRow {
  const exDateMs = dateMs(row['date'], `[${i}].date`)
  if (!Object.hasOwn(row, 'numerator')) {
    return { kind: 'dividend', exDateMs, value: numberOf(row['adjDividend']) ?? numberOf(row['dividend']) }
  }
  const [numerator, denominator] = [numberOf(row['numerator']), numberOf(row['denominator'])]
  const isRatio = numerator !== null && denominator !== null && denominator !== 0
  return { kind: 'split', exDateMs, value: isRatio ? numerator / denominator : null }
}

function actionPage(body: unknown, { range, symbol, cursor }: Context): PageAnswer<Cursor> {
  const all = rowsOf(listAt(body, 'answer'), symbol).map(eventOf)
  // A list of full length begins where the limit cut it.
  const oldestMs = all.length < MOST_EVENTS ? range.startMs : Math.min(...all.map(({ exDateMs }) => exDateMs)) + DAY_MS
  const startMs = Math.min(range.endMs, Math.max(cursor?.startMs ?? range.startMs, oldestMs))
  const events = all.filter(({ exDateMs }) => exDateMs >= startMs && exDateMs < range.endMs)
  // Dividends and splits replace what is stored together, so nothing is proven before both are there.
  if (cursor?.dividends === undefined) {
    const proven = { startMs: range.startMs, endMs: range.startMs }
    return { columns: actionColumns([]), proven, next: { startMs, dividends: events } }
  }
  const dividends = cursor.dividends.filter(({ exDateMs }) => exDateMs >= startMs)
  return { columns: actionColumns([...dividends, ...events]), proven: { startMs, endMs: range.endMs } }
}

/** Text -> code; the first that matches. */
const TEXTS: readonly (readonly [RegExp, ProviderCode])[] = [
  [/(invalid|missing) api[- ]?key|api key is invalid/i, 'provider/unauthorized'],
  [/limit reach/i, 'provider/quota'],
  [
    /(legacy|exclusive|special|restricted) endpoint|premium|upgrade your plan|not available under/i,
    'provider/forbidden',
  ],
  [/too many requests/i, 'provider/rate-limited'],
]

const LONGEST_WAIT_MS = 60_000

/** Milliseconds to wait as the body says; the header beside it counts in other units. */
function waitMsOf(body: unknown): number | undefined {
  const fields = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const seconds = numberOf(fields['X-Rate-Limit-Retry-After-Seconds'])
  const ms = numberOf(fields['X-Rate-Limit-Retry-After-Milliseconds'])
  if (seconds === null && ms === null) return undefined
  return Math.min(LONGEST_WAIT_MS, Math.max(0, (seconds ?? 0) * 1000, ms ?? 0))
}

/** Refusals are an object or a plain text, data is a list; only the older interface answered with an object. */
function classify(response: HttpResponse): Error | null {
  const { body, status } = response
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  const isData = status < 400 && (Array.isArray(body) || (isObject && Object.hasOwn(body, 'historical')))
  if (isData) return null
  const said = vendorText(body)
  // An unknown symbol was answered with nothing at all.
  if (status < 400 && isObject && Object.keys(body).length === 0) return vendorError('provider/not-found', response)
  const code = TEXTS.find(([pattern]) => pattern.test(said))?.[1]
  if (code === undefined)
    return classifyByStatus(response) ?? (isObject ? vendorError('provider/response', response, said) : null)
  const waitMs = code === 'provider/rate-limited' ? waitMsOf(body) : undefined
  return new ProviderError(code, `answered ${status}: ${said}`, {
    status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  })
}

/** Financial Modeling Prep. Needs a key. */
export const fmp: HttpProviderFactory = defineHttpProvider<Cursor>({
  name: 'fmp',
  capabilities: FMP,
  baseUrl: 'https://financialmodelingprep.com/stable',
  toRequest,
  toPage: (body, context) => (context.series.schema === 'actions' ? actionPage : barPage)(body, context),
  classify,
  vendorSymbol,
  canonicalSymbol,
})
