/**
 * Tiingo: daily bars of US shares with adjusted closes, splits and dividends; intraday bars of IEX; coins and
 * currencies. Needs a key; its terms allow internal use only. Daily prices are raw, with what adjusts them beside.
 * Source: https://www.tiingo.com/documentation/end-of-day, /iex, /crypto, /forex
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { INTERVALS, type Interval, barOpen, isLabelled } from '../contract/interval.ts'
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
import { type ProviderCode, classifyByStatus, isWebPage, vendorError, vendorText } from './http/status.ts'
import { dateMs, dayText, instantMs } from './stamps.ts'
import { fromClassSeparator, isCurrency, pairOf, pairOfJoined, symbolOfPair, withClassSeparator } from './symbols.ts'

const HOUR_MS = 3_600_000
/** Most intraday bars of one answer: the last ones of the window. */
const INTRADAY_ROWS = 2000

/** What a free key can do. */
export const TIINGO: ProviderCapabilities = {
  schemas: ['ohlcv', 'actions'],
  assetClasses: ['equity', 'etf', 'fund', 'forex', 'crypto'],
  intervals: {
    '1m': '1min',
    '5m': '5min',
    '15m': '15min',
    '30m': '30min',
    '1h': '1hour',
    '1d': 'daily',
    '1w': 'weekly',
    '1mo': 'monthly',
  },
  rowsPerRequest: 20_000,
  // Five sessions a week of six and a half hours; windows of coins and currencies are shorter.
  spanMsPerRequest: {
    '1m': 7 * DAY_MS,
    '5m': 35 * DAY_MS,
    '15m': 105 * DAY_MS,
    '30m': 210 * DAY_MS,
    '1h': 399 * DAY_MS,
  },
  rateLimits: [
    { weight: 50, perMs: HOUR_MS },
    { weight: 1000, perMs: DAY_MS },
  ],
  keys: [['TIINGO_API_KEY']],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'session',
  columns: ['adj_close', 'quote_volume', 'trade_count'],
  actions: true,
  probe: { symbol: 'AAPL', interval: '1d' },
  verified: 'daily, intraday and coin bars seen in recordings; currencies, limits and some errors quoted',
}

/** Windows of intraday bars go backwards, since a full answer holds the last bars of its window. */
interface Cursor {
  readonly endMs: EpochMs
  /** Was the last day of an answer there as a whole? */
  readonly endsWhole: boolean
}
type Context = PageContext<Cursor, HttpProviderOptions>

/** `BRK.B` -> `BRK-B`, `BTC-USD` -> `btcusd`, `EURUSD=X` -> `eurusd`. */
function vendorSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair === null ? withClassSeparator(symbol, '-') : `${pair.base}${pair.quote}`.toLowerCase()
}

function canonicalSymbol(vendor: string): string {
  if (vendor !== vendor.toLowerCase() || !/[a-z]/.test(vendor)) return fromClassSeparator(vendor, '-')
  const text = vendor.toUpperCase()
  const kind = text.length === 6 && isCurrency(text.slice(0, 3)) && isCurrency(text.slice(3)) ? 'forex' : 'crypto'
  const pair = pairOfJoined(text, kind)
  return pair === null ? vendor : symbolOfPair(pair)
}

type Kind = 'daily' | 'iex' | 'crypto' | 'fx'

function kindOf({ series }: Context): Kind {
  const pair = pairOf(series.symbol)
  if (pair !== null) return pair.kind === 'crypto' ? 'crypto' : 'fx'
  return series.interval === undefined || isLabelled(series.interval) ? 'daily' : 'iex'
}

/** What is asked for at once. Bars of a day and longer are never cut. */
function windowOf(context: Context): Range {
  const { range, cursor, series, capabilities } = context
  const endMs = cursor?.endMs ?? range.endMs
  const { interval = '1d' } = series
  if (isLabelled(interval)) return range
  // Coins and currencies have bars around the clock.
  const spanMs =
    kindOf(context) === 'iex' ? capabilities.spanMsPerRequest?.[interval] : INTRADAY_ROWS * INTERVALS[interval].ms
  const firstMs = endMs - (spanMs ?? Number.POSITIVE_INFINITY)
  // Days are asked for whole, so windows begin with one.
  return { startMs: Math.max(range.startMs, Math.ceil(firstMs / DAY_MS) * DAY_MS), endMs }
}

const PATHS: Readonly<Record<Kind, (name: string) => string>> = {
  daily: (name) => `tiingo/daily/${name}/prices`,
  iex: (name) => `iex/${name}/prices`,
  crypto: () => 'tiingo/crypto/prices',
  fx: (name) => `tiingo/fx/${name}/prices`,
}

const EXTRAS: Readonly<Record<Kind, (symbol: string) => Readonly<Record<string, string>>>> = {
  daily: () => ({ format: 'json' }),
  // Volume comes only when it is asked for, and then it is the volume of one exchange.
  iex: () => ({ columns: 'open,high,low,close,volume', afterHours: 'false', forceFill: 'false' }),
  crypto: (symbol) => ({ tickers: symbol }),
  fx: () => ({}),
}

function toRequest(context: Context): PageRequest {
  const { baseUrl, symbol, series, vendorInterval, keys } = context
  const kind = kindOf(context)
  const isPair = kind === 'crypto' || kind === 'fx'
  if (isPair && (series.interval === '1w' || series.interval === '1mo')) {
    const facts = { field: 'interval', value: series.interval }
    throw new ProviderError('provider/unsupported', 'has no weeks or months of pairs', facts)
  }
  const { startMs, endMs } = windowOf(context)
  const length = vendorInterval === '' ? 'daily' : vendorInterval
  // Both days are inclusive; of intraday bars of pairs, the last one perhaps with its first bar only.
  const isOpenEnd = isPair && !isLabelled(series.interval ?? '1d') && context.cursor?.endsWhole !== true
  const query = new URLSearchParams({
    startDate: dayText(startMs),
    endDate: dayText(endMs - 1 + (isOpenEnd ? DAY_MS : 0)),
    resampleFreq: isPair && length === 'daily' ? '1day' : length,
    ...EXTRAS[kind](symbol),
  })
  const url = `${baseUrl}/${PATHS[kind](encodeURIComponent(symbol))}?${query}`
  return { url, headers: { authorization: `Token ${keys['apiKey']}` }, as: 'json' }
}

type Row = Readonly<Record<string, unknown>>

/** Rows of one instrument; coins come in a list of tickers, which is empty where there is nothing. */
function rowsOf(body: unknown, symbol: string, kind: Kind): readonly Row[] {
  const list = listAt(body, 'answer').map((row, i) => objectAt(row, `[${i}]`))
  if (kind !== 'crypto' || list.length === 0) return list
  const own = list.find((entry) => entry['ticker'] === symbol)
  if (own === undefined) throw malformed('[0].ticker', list[0]?.['ticker'], symbol)
  return listAt(own['priceData'], 'priceData').map((row, i) => objectAt(row, `priceData[${i}]`))
}

function eventsOf(row: Row, exDateMs: EpochMs): ActionRow[] {
  const [dividend, split] = [numberOf(row['divCash']) ?? 0, numberOf(row['splitFactor']) ?? 1]
  return [
    ...(dividend === 0 ? [] : [{ kind: 'dividend' as const, exDateMs, value: dividend }]),
    ...(split === 1 || split === 0 ? [] : [{ kind: 'split' as const, exDateMs, value: split }]),
  ]
}

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const { range, series, symbol } = context
  const interval: Interval = series.interval ?? '1d'
  const rows = rowsOf(body, symbol, kindOf(context))
  // Days are dates, in one format until 2018 and in another since; weeks and months are stamped by their last session.
  const times = Float64Array.from(rows, ({ date }, i) =>
    isLabelled(interval) ? barOpen(interval, dateMs(date, `[${i}].date`)) : instantMs(date, `[${i}].date`),
  )
  const actions = actionColumns(rows.flatMap((row, i) => eventsOf(row, times[i] as number)))
  if (series.schema === 'actions') return { columns: actions, proven: range }
  const column = (name: string) => floatColumn(rows.length, (i) => rows[i]?.[name])
  const has = (name: string): boolean => rows.some((row) => Object.hasOwn(row, name))
  const columns: PageColumns = {
    timestamp: times,
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    ...(has('adjClose') ? { adj_close: column('adjClose') } : {}),
    ...(has('volumeNotional') ? { quote_volume: column('volumeNotional') } : {}),
    ...(has('tradesDone') ? { trade_count: column('tradesDone') } : {}),
  }
  const window = windowOf(context)
  // A full answer proves from its first bar on; the rest of the window is asked for again.
  const isFull = !isLabelled(interval) && rows.length >= INTRADAY_ROWS
  const startMs = isFull ? Math.min(window.endMs, Math.max(window.startMs, Math.min(...times))) : window.startMs
  const lastDayMs = barOpen('1d', window.endMs - 1 + DAY_MS)
  const endsWhole = context.cursor?.endsWhole === true || times.some((ms) => ms > lastDayMs)
  return {
    columns,
    proven: { startMs, endMs: window.endMs },
    next: startMs > range.startMs ? { endMs: startMs, endsWhole } : undefined,
    ...(interval === '1d' && has('splitFactor') ? { actions } : {}),
  }
}

/** Text -> code, with milliseconds to wait; the first that matches. The hour of an allocation ends at some time within one. */
const TEXTS: readonly (readonly [RegExp, ProviderCode, number?])[] = [
  [/month|bandwidth|\bday\b|daily/i, 'provider/quota'],
  [/allocation|you have run over your/i, 'provider/rate-limited', HOUR_MS],
  [/not found/i, 'provider/not-found'],
  [/permission|not have access/i, 'provider/forbidden'],
  [/token|authentication|credentials/i, 'provider/unauthorized'],
]

/** Refusals are an object with `detail`, or a plain text under any status. */
function classify(response: HttpResponse): Error | null {
  const { body, status } = response
  const detail =
    typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as { detail?: unknown }).detail
      : undefined
  const byStatus = classifyByStatus(response)
  if (status >= 500 || isWebPage(body)) return byStatus
  const said = typeof body === 'string' ? vendorText(body) : typeof detail === 'string' ? detail : ''
  // What begins like data is data that broke off.
  const found = /^\s*\[/.test(said) ? undefined : TEXTS.find(([pattern]) => pattern.test(said))
  if (found === undefined)
    return byStatus ?? (detail === undefined ? null : vendorError('provider/response', response, said))
  const [, code, retryAfterMs] = found
  return new ProviderError(code, `answered ${status}: ${said.slice(0, 200)}`, {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Tiingo. Needs a key. */
export const tiingo: HttpProviderFactory = defineHttpProvider<Cursor>({
  name: 'tiingo',
  capabilities: TIINGO,
  baseUrl: 'https://api.tiingo.com',
  toRequest,
  toPage,
  classify,
  vendorSymbol,
  canonicalSymbol,
})
