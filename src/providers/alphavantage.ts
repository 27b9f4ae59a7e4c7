/**
 * Alpha Vantage: bars of US shares, currencies and coins. Needs a key; a free one allows 25 requests a day.
 * Source: https://www.alphavantage.co/documentation/
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { ProviderError } from '../contract/errors.ts'
import { type Interval, INTERVALS, barOpen, isLabelled } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import { type Range, intersect } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { actionColumns } from './actions.ts'
import { floatColumn, malformed, numberOf, objectAt } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { type ProviderCode, classifyByStatus, vendorError } from './http/status.ts'
import { pairOf, pairOfJoined, symbolOfPair } from './symbols.ts'
import { zoneClock } from './zone.ts'

/** Options of {@link alphavantage}. */
export interface AlphaVantageOptions extends HttpProviderOptions {
  /** Ask for the premium daily bars with adjusted closes, splits and dividends? @default false */
  readonly adjusted?: boolean
}

/** What a free key can do. */
export const ALPHAVANTAGE: ProviderCapabilities = {
  schemas: ['ohlcv'],
  assetClasses: ['equity', 'etf', 'forex', 'crypto'],
  intervals: {
    '1m': '1min',
    '5m': '5min',
    '15m': '15min',
    '30m': '30min',
    '1h': '60min',
    '1d': 'DAILY',
    '1w': 'WEEKLY',
    '1mo': 'MONTHLY',
  },
  // A month of minutes, and every day since 1999.
  rowsPerRequest: 20_000,
  rateLimits: [
    { weight: 1, perMs: 1100 },
    { weight: 5, perMs: 60_000 },
    { weight: 25, perMs: DAY_MS },
  ],
  keys: [['ALPHA_VANTAGE_API_KEY', 'ALPHAVANTAGE_API_KEY']],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'session',
  dayBoundary: 'session',
  columns: [],
  verified:
    'daily, currency and intraday bars up to 2023 seen in recordings; stamps by the opening since then only documented',
}

/** The next month to ask for: intraday bars come by the month. */
type Cursor = { readonly startMs: EpochMs }
type Context = PageContext<Cursor, AlphaVantageOptions>

const COMPACT_ROWS = 100
// So many calendar days hold more than 100 sessions.
const COMPACT_DAYS = 130

/** `EURUSD=X` -> `EUR/USD`; shares are the same. */
function vendorSymbol(symbol: string): string {
  const pair = pairOf(symbol)
  return pair === null ? symbol : `${pair.base}/${pair.quote}${pair.kind === 'crypto' ? ':crypto' : ''}`
}

function canonicalSymbol(vendor: string): string {
  const [text, kind] = vendor.split(':')
  if (text === undefined || !text.includes('/')) return vendor
  const pair = kind === 'crypto' ? (pairOf(text) ?? pairOfJoined(text, 'crypto')) : null
  const [base, quote] = text.split('/') as [string, string]
  return symbolOfPair(pair ?? { kind: 'forex', base, quote })
}

/** The month that a page covers, cut to what was asked; labelled bars come whole. */
function windowOf({ range, cursor, series }: Context): Range {
  if (isLabelled(series.interval as Interval)) return range
  const date = new Date(cursor?.startMs ?? range.startMs)
  const endMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  return { startMs: date.getTime(), endMs: Math.min(endMs, range.endMs) }
}

/** The call of one kind of instrument, without symbol and key. */
function callOf(
  { series, vendorInterval, options, range, nowMs }: Context,
  kind: 'share' | 'forex' | 'crypto',
): Record<string, string> {
  const outputsize = nowMs - range.startMs < COMPACT_DAYS * DAY_MS && series.interval === '1d' ? 'compact' : 'full'
  if (isLabelled(series.interval as Interval)) {
    if (kind === 'forex') return { function: `FX_${vendorInterval}`, outputsize }
    if (kind === 'crypto') return { function: `DIGITAL_CURRENCY_${vendorInterval}` }
    const adjusted = options.adjusted === true ? '_ADJUSTED' : ''
    return { function: `TIME_SERIES_${vendorInterval}${adjusted}`, ...(series.interval === '1d' ? { outputsize } : {}) }
  }
  if (kind !== 'share')
    return {
      function: kind === 'forex' ? 'FX_INTRADAY' : 'CRYPTO_INTRADAY',
      interval: vendorInterval,
      outputsize: 'full',
    }
  return {
    function: 'TIME_SERIES_INTRADAY',
    interval: vendorInterval,
    outputsize: 'full',
    adjusted: 'false',
    extended_hours: 'false',
  }
}

function toRequest(context: Context): PageRequest {
  const pair = pairOf(context.series.symbol)
  const call = callOf(context, pair?.kind === 'forex' ? 'forex' : pair?.kind === 'crypto' ? 'crypto' : 'share')
  const month = new Date(windowOf(context).startMs).toISOString().slice(0, 7)
  const subject: Record<string, string> =
    pair === null
      ? { symbol: context.symbol, ...(call['function'] === 'TIME_SERIES_INTRADAY' ? { month } : {}) }
      : pair.kind === 'forex'
        ? { from_symbol: pair.base, to_symbol: pair.quote }
        : { symbol: pair.base, market: pair.quote }
  const query = new URLSearchParams({ ...call, ...subject, apikey: context.keys['apiKey'] as string })
  return { url: `${context.baseUrl}/query?${query}`, as: 'json' }
}

type Row = Readonly<Record<string, unknown>>

/** `1. open`, `4a. close (USD)` -> `open`, `close`: the numbers differ from call to call. */
function fieldsOf(row: Row): Row {
  const fields = new Map<string, unknown>()
  for (const [key, value] of Object.entries(row)) {
    const name = key.replace(/^\d+[a-z]?\.\s*/, '').replace(/\s*\(.*\)$/, '')
    if (!fields.has(name)) fields.set(name, value)
  }
  return Object.fromEntries(fields)
}

interface Parsed {
  /** Stamps as the wall clock of `zone` shows them, as if it were UTC. */
  readonly walls: readonly EpochMs[]
  readonly rows: readonly Row[]
  readonly zone: string
  readonly refreshed: string
}

function parse(body: unknown): Parsed {
  const answer = objectAt(body, 'answer')
  const key = Object.keys(answer).find(
    (name) => name.includes('Time Series') || name.includes('Weekly') || name.includes('Monthly'),
  )
  if (key === undefined) throw malformed('answer', Object.keys(answer), 'a time series')
  const meta = fieldsOf(objectAt(answer['Meta Data'] ?? {}, 'Meta Data'))
  const entries = Object.entries(objectAt(answer[key], key)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const walls = entries.map(([stamp]) => {
    const ms = Date.parse(stamp.length > 10 ? `${stamp.replace(' ', 'T')}Z` : stamp)
    if (Number.isNaN(ms)) throw malformed(key, stamp, 'a time')
    return ms
  })
  const zone = String(meta['Time Zone'] ?? 'US/Eastern').split(' ')[0] as string
  return {
    walls,
    rows: entries.map(([, row]) => fieldsOf(objectAt(row, key))),
    zone,
    refreshed: String(meta['Last Refreshed'] ?? ''),
  }
}

const HOUR_MS = 3_600_000

/**
 * Are intraday bars stamped by their close? They were until 2021 at least and are no more; no page says which. A day
 * tells by its ends: extended hours run from 04:00 to 20:00, regular ones from 09:30 to 16:00. Where no day is whole,
 * the year decides.
 */
export function isStampedByClose(walls: readonly EpochMs[], refreshed: string): boolean {
  const clocks = new Set(walls.map((ms) => ms % DAY_MS))
  if (clocks.has(4 * HOUR_MS)) return false
  if (clocks.has(20 * HOUR_MS)) return true
  const [first, last] = [Math.min(...clocks), Math.max(...clocks)]
  if (first === 9.5 * HOUR_MS && last < 16 * HOUR_MS) return false
  if (last === 16 * HOUR_MS && first > 9.5 * HOUR_MS) return true
  return refreshed !== '' && refreshed < '2022-01-01'
}

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const interval = context.series.interval as Interval
  const { walls, rows, zone, refreshed } = parse(body)
  const window = windowOf(context)
  const clock = zoneClock(zone)
  const shiftMs = !isLabelled(interval) && isStampedByClose(walls, refreshed) ? INTERVALS[interval].ms : 0
  // Weeks and months are stamped by their last session.
  const times = walls.map((ms) => (isLabelled(interval) ? barOpen(interval, ms) : clock.utcMs(ms) - shiftMs))
  // Minutes of shares come by the month that was named; what lies far from it is no answer, and must not look like none.
  if (!isLabelled(interval) && pairOf(context.series.symbol) === null)
    refuseFarTimes(Float64Array.from(times), window, interval)
  const inside = times.flatMap((ms, i) => (intersect({ startMs: ms, endMs: ms + 1 }, window) === null ? [] : [i]))
  const column = (name: string) => floatColumn(inside.length, (i) => rows[inside[i] as number]?.[name])
  const isAdjusted = rows[0] !== undefined && Object.hasOwn(rows[0], 'adjusted close')
  const columns = {
    timestamp: Float64Array.from(inside, (i) => times[i] as number),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
    ...(isAdjusted ? { adj_close: column('adjusted close') } : {}),
  }
  // A compact answer begins with its hundredth last bar; before it, nothing is known.
  const isCut = isLabelled(interval) && rows.length === COMPACT_ROWS
  const proven = {
    startMs: isCut ? Math.min(window.endMs, Math.max(window.startMs, times[0] as number)) : window.startMs,
    endMs: window.endMs,
  }
  const next = window.endMs < context.range.endMs ? { startMs: window.endMs } : undefined
  const actions =
    isAdjusted && interval === '1d'
      ? actionColumns(inside.flatMap((i) => eventsOf(times[i] as number, rows[i] as Row)))
      : undefined
  return { columns, proven, next, ...(actions === undefined ? {} : { actions }) }
}

function eventsOf(exDateMs: EpochMs, row: Row): { kind: 'split' | 'dividend'; exDateMs: EpochMs; value: number }[] {
  const [dividend, split] = [numberOf(row['dividend amount']) ?? 0, numberOf(row['split coefficient']) ?? 1]
  return [
    ...(dividend === 0 ? [] : [{ kind: 'dividend' as const, exDateMs, value: dividend }]),
    ...(split === 1 || split === 0 ? [] : [{ kind: 'split' as const, exDateMs, value: split }]),
  ]
}

/** Texts under status 200 -> code, with milliseconds to wait; the first that matches. */
const TEXTS: readonly (readonly [RegExp, ProviderCode, number?])[] = [
  [/invalid api call/i, 'provider/not-found'],
  [/per second|sparingly|burst/i, 'provider/rate-limited', 1100],
  [/calls per minute|requests per minute/i, 'provider/rate-limited', 60_000],
  [/per day|daily/i, 'provider/quota'],
  [/premium/i, 'provider/forbidden'],
  [/apikey|api key/i, 'provider/unauthorized'],
]

function classify(response: HttpResponse): Error | null {
  const { body, status } = response
  const answer =
    typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {}
  const said = ['Error Message', 'Note', 'Information']
    .map((name) => answer[name])
    .find((text) => typeof text === 'string')
  if (typeof said !== 'string') {
    const failure = classifyByStatus(response)
    const isNothing = failure === null && typeof body === 'object' && body !== null && Object.keys(body).length === 0
    return isNothing ? vendorError('provider/not-found', response, 'nothing') : failure
  }
  const [, code, retryAfterMs] = TEXTS.find(([pattern]) => pattern.test(said)) ?? [null, 'provider/response' as const]
  return new ProviderError(code, `answered ${status}: ${said.slice(0, 200)}`, {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Alpha Vantage. Needs a key. */
export const alphavantage: HttpProviderFactory<AlphaVantageOptions> = defineHttpProvider<Cursor, AlphaVantageOptions>({
  name: 'alphavantage',
  capabilities: ALPHAVANTAGE,
  capabilitiesFor: ({ adjusted }) =>
    adjusted === true ? { ...ALPHAVANTAGE, columns: ['adj_close'], actions: true } : ALPHAVANTAGE,
  optionNames: ['adjusted'],
  baseUrl: 'https://www.alphavantage.co',
  toRequest,
  toPage,
  classify,
  vendorSymbol,
  canonicalSymbol,
})
