/**
 * Tiingo: daily bars of US shares with adjusted closes, splits and dividends; intraday bars of IEX; coins and
 * currencies. Needs a key.
 * Source: https://www.tiingo.com/documentation/end-of-day, /iex, /crypto, /forex
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, barOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { type ActionRow, actionColumns } from './actions.ts'
import { floatColumn, listAt, numberOf, objectAt, timeColumn } from './columns.ts'
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
import { fromClassSeparator, isCurrency, pairOf, pairOfJoined, symbolOfPair, withClassSeparator } from './symbols.ts'

const HOUR_MS = 3_600_000
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
  rowsPerRequest: INTRADAY_ROWS,
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
  verified: 'daily, intraday and coin bars seen in recordings; limits and some errors quoted',
}

type Context = PageContext<never, HttpProviderOptions>

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

/** Names of lengths for coins and currencies. */
const PAIR_LENGTHS: Readonly<Record<string, string>> = { daily: '1day', weekly: '7day', monthly: '30day' }

function toRequest({ baseUrl, symbol, series, vendorInterval, range, keys }: Context): PageRequest {
  const day = (ms: EpochMs): string => new Date(ms).toISOString().slice(0, 10)
  const pair = pairOf(series.symbol)
  const isShareByDay = pair === null && (series.interval === undefined || isLabelled(series.interval))
  const length = pair === null ? vendorInterval || 'daily' : (PAIR_LENGTHS[vendorInterval] ?? vendorInterval)
  if (pair !== null && (series.interval === '1w' || series.interval === '1mo')) {
    throw new ProviderError('provider/unsupported', 'has no weeks or months of pairs', {
      field: 'interval',
      value: series.interval,
    })
  }
  const query = new URLSearchParams({
    startDate: day(range.startMs),
    endDate: day(range.endMs - 1),
    resampleFreq: length,
    // Volume comes only when it is asked for, and then it is the volume of one exchange.
    ...(pair === null && !isShareByDay
      ? { columns: 'open,high,low,close,volume', afterHours: 'false', forceFill: 'false' }
      : {}),
    ...(pair?.kind === 'crypto' ? { tickers: symbol } : {}),
    ...(isShareByDay ? { format: 'json' } : {}),
  })
  const name = encodeURIComponent(symbol)
  const path =
    pair?.kind === 'crypto'
      ? 'tiingo/crypto/prices'
      : pair?.kind === 'forex'
        ? `tiingo/fx/${name}/prices`
        : isShareByDay
          ? `tiingo/daily/${name}/prices`
          : `iex/${name}/prices`
  return { url: `${baseUrl}/${path}?${query}`, headers: { authorization: `Token ${keys['apiKey']}` }, as: 'json' }
}

type Row = Readonly<Record<string, unknown>>

/** Rows of one instrument; coins come in a list of tickers. */
function rowsOf(body: unknown, symbol: string): readonly Row[] {
  const list = listAt(body, 'answer').map((row, i) => objectAt(row, `[${i}]`))
  const ofCoins = list.length > 0 && list.every((entry) => Object.hasOwn(entry, 'priceData'))
  if (!ofCoins) return list
  const own = list.find((entry) => entry['ticker'] === symbol)
  return own === undefined
    ? []
    : listAt(own['priceData'], 'priceData').map((row, i) => objectAt(row, `priceData[${i}]`))
}

/** `2018-01-05T00:00:00.000Z` and, since 2024, `2018-01-05T00:00:00+00:00`: both are UTC. */
const timeOf = (row: Row): EpochMs => Date.parse(String(row['date']))

function eventsOf(row: Row): ActionRow[] {
  const exDateMs = barOpen('1d', timeOf(row))
  const [dividend, split] = [numberOf(row['divCash']) ?? 0, numberOf(row['splitFactor']) ?? 1]
  return [
    ...(dividend === 0 ? [] : [{ kind: 'dividend' as const, exDateMs, value: dividend }]),
    ...(split === 1 ? [] : [{ kind: 'split' as const, exDateMs, value: split }]),
  ]
}

function toPage(body: unknown, context: Context): PageAnswer<never> {
  const { range, series, symbol } = context
  const interval: Interval = series.interval ?? '1d'
  const all = rowsOf(body, symbol)
  const raw = timeColumn(all.length, (i) => timeOf(all[i] as Row))
  // Weeks and months are stamped by their last session.
  const times = isLabelled(interval) ? raw.map((ms) => barOpen(interval, ms)) : raw
  refuseFarTimes(times, range, interval)
  const kept = Array.from(times.keys()).filter(
    (i) => (times[i] as number) >= range.startMs && (times[i] as number) < range.endMs,
  )
  const rows = kept.map((i) => all[i] as Row)
  const actions = actionColumns(rows.flatMap(eventsOf))
  // Intraday answers hold the last bars of the window only; an answer of full length proves from its first bar on.
  const isCut = !isLabelled(interval) && all.length >= INTRADAY_ROWS
  const startMs = isCut ? Math.min(range.endMs, Math.max(range.startMs, times[0] as number)) : range.startMs
  const proven = { startMs, endMs: range.endMs }
  if (series.schema === 'actions') return { columns: actions, proven }
  const column = (name: string) => floatColumn(rows.length, (i) => rows[i]?.[name])
  const has = (name: string): boolean => rows.some((row) => Object.hasOwn(row, name))
  const columns: PageColumns = {
    timestamp: Float64Array.from(kept, (i) => times[i] as number),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    ...(has('adjClose') ? { adj_close: column('adjClose') } : {}),
    ...(has('volumeNotional') ? { quote_volume: column('volumeNotional') } : {}),
    ...(has('tradesDone') ? { trade_count: column('tradesDone') } : {}),
  }
  return { columns, proven, ...(interval === '1d' && has('splitFactor') ? { actions } : {}) }
}

/** Text -> code, with milliseconds to wait; the first that matches. */
const TEXTS: readonly (readonly [RegExp, ProviderCode, number?])[] = [
  [/monthly|daily request allocation|run over your daily/i, 'provider/quota'],
  [/hourly request allocation/i, 'provider/rate-limited', HOUR_MS],
  [/not found/i, 'provider/not-found'],
  [/permission|not have access/i, 'provider/forbidden'],
  [/token|authentication/i, 'provider/unauthorized'],
]

function classify(response: HttpResponse): Error | null {
  const { body, status } = response
  const detail =
    typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as { detail?: unknown }).detail
      : undefined
  const said = typeof body === 'string' ? vendorText(body) : typeof detail === 'string' ? detail : ''
  const found = said === '' ? undefined : TEXTS.find(([pattern]) => pattern.test(said))
  if (found === undefined) {
    const failure = classifyByStatus(response)
    return failure ?? (typeof detail === 'string' ? vendorError('provider/response', response, said) : null)
  }
  const [, code, retryAfterMs] = found
  return new ProviderError(code, `answered ${status}: ${said.slice(0, 200)}`, {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Tiingo. Needs a key. */
export const tiingo: HttpProviderFactory = defineHttpProvider<never>({
  name: 'tiingo',
  capabilities: TIINGO,
  baseUrl: 'https://api.tiingo.com',
  toRequest,
  toPage,
  classify,
  vendorSymbol,
  canonicalSymbol,
})
