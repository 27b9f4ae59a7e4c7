/**
 * Alpha Vantage: bars of US shares, currencies and coins. Needs a key; a free one allows 25 requests a day.
 * Source: https://www.alphavantage.co/documentation/
 * @module
 */
import { type Interval, INTERVALS, barOpen, isLabelled } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import type { Row } from './answer.ts'
import { actionColumns, actionsOfDay } from './actions.ts'
import { type AlphaVantageOptions, callOf } from './alphavantage-calls.ts'
import { classifyAlphaVantage } from './alphavantage-errors.ts'
import { isStampedByClose, timeSeriesOf } from './alphavantage-series.ts'
import { alphaVantageSymbol, symbolOfAlphaVantage } from './alphavantage-symbols.ts'
import { BAR_FIELDS, rowColumns } from './columns.ts'
import {
  type HttpProviderFactory,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { pairOf } from './symbols.ts'
import { zoneClock } from './zone.ts'

export type { AlphaVantageOptions } from './alphavantage-calls.ts'

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
/** The month that a page covers, cut to what was asked; labelled bars come whole. */
function windowOf({ range, cursor, series }: Context): Range {
  if (isLabelled(series.interval as Interval)) return range
  const date = new Date(cursor?.startMs ?? range.startMs)
  const endMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  return { startMs: date.getTime(), endMs: Math.min(endMs, range.endMs) }
}

function toRequest(context: Context): PageRequest {
  const call = callOf(context, windowOf(context).startMs)
  const query = new URLSearchParams({ ...call, apikey: context.keys['apiKey'] as string })
  return { url: `${context.baseUrl}/query?${query}`, as: 'json' }
}

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const interval = context.series.interval as Interval
  const { walls, rows, zone, refreshed } = timeSeriesOf(body)
  const window = windowOf(context)
  const clock = zoneClock(zone)
  const shiftMs = !isLabelled(interval) && isStampedByClose(walls, refreshed) ? INTERVALS[interval].ms : 0
  // Weeks and months are stamped by their last session.
  const times = walls.map((ms) => (isLabelled(interval) ? barOpen(interval, ms) : clock.utcMs(ms) - shiftMs))
  // Minutes of shares come by the month that was named; what lies far from it is no answer, and must not look like none.
  if (!isLabelled(interval) && pairOf(context.series.symbol) === null)
    refuseFarTimes(Float64Array.from(times), window, interval)
  const bars = times.flatMap((ms, i) =>
    ms >= window.startMs && ms < window.endMs ? [{ ms, row: rows[i] as Row }] : [],
  )
  const isAdjusted = rows[0] !== undefined && Object.hasOwn(rows[0], 'adjusted close')
  const inside = bars.map(({ row }) => row)
  const columns = {
    timestamp: Float64Array.from(bars, ({ ms }) => ms),
    ...rowColumns(inside, isAdjusted ? { ...BAR_FIELDS, adj_close: 'adjusted close' } : BAR_FIELDS),
  }
  // A compact answer begins with its hundredth last bar; before it, nothing is known.
  const isCut = isLabelled(interval) && rows.length === COMPACT_ROWS
  const startMs = isCut ? Math.min(window.endMs, Math.max(window.startMs, times[0] as number)) : window.startMs
  const events = bars.flatMap(({ ms, row }) => actionsOfDay(ms, row['dividend amount'], row['split coefficient']))
  return {
    columns,
    proven: { startMs, endMs: window.endMs },
    next: window.endMs < context.range.endMs ? { startMs: window.endMs } : undefined,
    ...(isAdjusted && interval === '1d' ? { actions: actionColumns(events) } : {}),
  }
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
  classify: classifyAlphaVantage,
  vendorSymbol: alphaVantageSymbol,
  canonicalSymbol: symbolOfAlphaVantage,
})
