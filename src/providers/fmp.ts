/**
 * Financial Modeling Prep: bars of US shares, splits and dividends. Needs a key. Prices are adjusted for splits.
 * Source: https://site.financialmodelingprep.com/developer/docs/stable; keys made since September 2025 reach nothing else.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, isLabelled } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
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
import { refuseFarTimes } from './http/page-guard.ts'
import { type ProviderCode, classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { fromClassSeparator, withClassSeparator } from './symbols.ts'
import { zoneClock } from './zone.ts'

const DAILY_ROWS = 5000

/** What a free key can do, but for the intraday bars, which begin with a paid plan. */
export const FMP: ProviderCapabilities = {
  schemas: ['ohlcv', 'actions'],
  assetClasses: ['equity', 'etf'],
  intervals: { '1m': '1min', '5m': '5min', '15m': '15min', '30m': '30min', '1h': '1hour', '4h': '4hour', '1d': 'full' },
  rowsPerRequest: DAILY_ROWS,
  // Longer windows are cut without a word.
  spanMsPerRequest: {
    '1m': 3 * DAY_MS,
    '5m': 20 * DAY_MS,
    '15m': 30 * DAY_MS,
    '30m': 30 * DAY_MS,
    '1h': 60 * DAY_MS,
    '4h': 60 * DAY_MS,
  },
  rateLimits: [{ weight: 250, perMs: DAY_MS }],
  keys: [['FMP_API_KEY']],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'splits', daily: 'splits' },
  anchor: 'session',
  dayBoundary: 'session',
  columns: ['vwap', 'adj_close'],
  verified:
    'daily bars of both interfaces and the refusal for too many requests seen in recordings; intraday bars documented',
}

/** Dividends so far, while splits are asked for: both kinds make one answer. */
type Cursor = { readonly dividends: readonly ActionRow[] }
type Context = PageContext<Cursor, HttpProviderOptions>

function toRequest({ baseUrl, symbol, series, vendorInterval, range, cursor, keys }: Context): PageRequest {
  const day = (ms: EpochMs): string => new Date(ms).toISOString().slice(0, 10)
  const isActions = series.schema === 'actions'
  // Both ends are inclusive. Intraday dates are New York's, where a UTC day begins the evening before.
  const firstMs = isActions || isLabelled(series.interval as Interval) ? range.startMs : range.startMs - 6 * 3_600_000
  const query = new URLSearchParams({ symbol, ...(isActions ? {} : { from: day(firstMs), to: day(range.endMs - 1) }) })
  const path = isActions
    ? cursor === undefined
      ? 'dividends'
      : 'splits'
    : series.interval === '1d'
      ? `historical-price-eod/${vendorInterval}`
      : `historical-chart/${vendorInterval}`
  return { url: `${baseUrl}/${path}?${query}`, headers: { apikey: keys['apiKey'] as string }, as: 'json' }
}

type Row = Readonly<Record<string, unknown>>

/** Rows, newest first: a flat list now, `{ symbol, historical }` before. */
function rowsOf(body: unknown): readonly Row[] {
  const list = Array.isArray(body) ? body : listAt(objectAt(body, 'answer')['historical'], 'historical')
  return list.map((row, i) => objectAt(row, `[${i}]`))
}

/** `2023-01-10` is a label; `2023-01-10 09:30:00` is New York's clock at the opening of the bar. */
function timesOf(rows: readonly Row[]): Float64Array {
  const clock = zoneClock('America/New_York')
  return Float64Array.from(rows, ({ date }, i) => {
    const text = typeof date === 'string' ? date : ''
    const ms = text.length > 10 ? Date.parse(`${text.replace(' ', 'T')}Z`) : Date.parse(text)
    if (Number.isNaN(ms)) throw malformed(`[${i}].date`, date, 'a date')
    return text.length > 10 ? clock.utcMs(ms) : ms
  })
}

function barPage(body: unknown, { range, series, symbol }: Context): PageAnswer<Cursor> {
  const interval = series.interval as Interval
  const all = rowsOf(body).filter((row) => row['symbol'] === undefined || row['symbol'] === symbol)
  const times = timesOf(all)
  refuseFarTimes(times, range, interval)
  const kept = Array.from(times.keys()).filter(
    (i) => (times[i] as number) >= range.startMs && (times[i] as number) < range.endMs,
  )
  const column = (name: string) => floatColumn(kept.length, (i) => all[kept[i] as number]?.[name])
  const has = (name: string): boolean => all.some((row) => Object.hasOwn(row, name))
  const columns: PageColumns = {
    timestamp: Float64Array.from(kept, (i) => times[i] as number),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    ...(has('vwap') ? { vwap: column('vwap') } : {}),
    ...(has('adjClose') ? { adj_close: column('adjClose') } : {}),
  }
  // An answer of full length begins where the limit cut it.
  const startMs =
    all.length >= DAILY_ROWS ? Math.min(range.endMs, Math.max(range.startMs, Math.min(...times))) : range.startMs
  return { columns, proven: { startMs, endMs: range.endMs } }
}

function eventOf(row: Row): ActionRow {
  const exDateMs = Date.parse(String(row['date']))
  const [numerator, denominator] = [numberOf(row['numerator']), numberOf(row['denominator'])]
  if (Object.hasOwn(row, 'numerator')) {
    return {
      kind: 'split',
      exDateMs,
      value: numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator,
    }
  }
  return { kind: 'dividend', exDateMs, value: numberOf(row['adjDividend']) ?? numberOf(row['dividend']) }
}

function actionPage(body: unknown, { range, symbol, cursor }: Context): PageAnswer<Cursor> {
  const own = listAt(body, 'answer')
    .map((row, i) => objectAt(row, `[${i}]`))
    .filter((row) => row['symbol'] === symbol)
  const events = own.map(eventOf).filter(({ exDateMs }) => exDateMs >= range.startMs && exDateMs < range.endMs)
  // Dividends and splits replace what is stored together, so nothing is proven before both are there.
  if (cursor === undefined) {
    const nothing = { startMs: range.startMs, endMs: range.startMs }
    return { columns: actionColumns([]), proven: nothing, next: { dividends: events } }
  }
  return { columns: actionColumns([...cursor.dividends, ...events]), proven: range }
}

/** Text -> code; the first that matches. */
const TEXTS: readonly (readonly [RegExp, ProviderCode])[] = [
  [/invalid api key|api key is invalid|missing api key/i, 'provider/unauthorized'],
  [
    /legacy endpoint|exclusive endpoint|special endpoint|premium|upgrade your plan|not available under your/i,
    'provider/forbidden',
  ],
  [/bandwidth limit|limit reach/i, 'provider/quota'],
  [/too many requests/i, 'provider/rate-limited'],
]

function classify(response: HttpResponse): Error | null {
  const { body, status } = response
  const said = vendorText(body)
  const isError = status >= 400 || (typeof body === 'object' && body !== null && Object.hasOwn(body, 'Error Message'))
  if (!isError) {
    // The older interface answers an unknown symbol with nothing at all.
    const isNothing =
      typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0
    return isNothing ? vendorError('provider/not-found', response, 'nothing') : classifyByStatus(response)
  }
  const code = TEXTS.find(([pattern]) => pattern.test(said))?.[1]
  if (code === undefined) return classifyByStatus(response) ?? vendorError('provider/response', response, said)
  const waitMs = numberOf((body as Record<string, unknown> | null)?.['X-Rate-Limit-Retry-After-Milliseconds'])
  return new ProviderError(code, `answered ${status}: ${said}`, {
    status,
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
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
  vendorSymbol: (symbol) => withClassSeparator(symbol, '-'),
  canonicalSymbol: (vendor) => fromClassSeparator(vendor, '-'),
})
