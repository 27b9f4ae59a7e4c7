/**
 * Tiingo: daily bars of US shares with adjusted closes, splits and dividends; intraday bars of IEX; coins and
 * currencies. Needs a key; its terms allow internal use only. Daily prices are raw, with what adjusts them beside.
 * Source: https://www.tiingo.com/documentation/end-of-day, /iex, /crypto, /forex
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import { INTERVALS, type Interval, barOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs, HOUR_MS } from '../contract/time.ts'
import { actionColumns, actionsOfDay } from './actions.ts'
import { BAR_FIELDS, presentColumns, rowColumns } from './columns.ts'
import type {
  HttpProviderFactory,
  HttpProviderOptions,
  HttpProviderSpec,
  PageAnswer,
  PageContext,
  PageRequest,
} from './http/define.ts'
import { defineConfirmingProvider } from './known-symbol.ts'
import { dateMs, dayText, instantMs } from './stamps.ts'
import { classifyTiingo } from './tiingo-errors.ts'
import { EXTRAS, PATHS, kindOf, rowsOf } from './tiingo-kinds.ts'
import { TIINGO_QUESTION } from './tiingo-known.ts'
import { symbolOfTiingo, tiingoSymbol } from './tiingo-symbols.ts'

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
  verified:
    'daily, intraday and coin bars seen in recordings; currencies, limits and some errors quoted; where it sends no row of a coin or of currencies it is asked for their description or quote, and without one nothing is proven',
}

/** Windows of intraday bars go backwards, since a full answer holds the last bars of its window. */
interface Cursor {
  readonly endMs: EpochMs
  /** Was the last day of an answer there as a whole? */
  readonly endsWhole: boolean
}
type Context = PageContext<Cursor, HttpProviderOptions>

/** What is asked for at once. Bars of a day and longer are never cut. */
function windowOf(context: Context): Range {
  const { range, cursor, series, capabilities } = context
  const endMs = cursor?.endMs ?? range.endMs
  const { interval = '1d' } = series
  if (isLabelled(interval)) return range
  // Coins and currencies have bars around the clock.
  const spanMs =
    kindOf(context.series) === 'iex'
      ? capabilities.spanMsPerRequest?.[interval]
      : INTRADAY_ROWS * INTERVALS[interval].ms
  const firstMs = endMs - (spanMs ?? Number.POSITIVE_INFINITY)
  // Days are asked for whole, so windows begin with one.
  return { startMs: Math.max(range.startMs, Math.ceil(firstMs / DAY_MS) * DAY_MS), endMs }
}

/** The last day that is asked for, which is inclusive; of intraday bars of pairs, it comes perhaps with its first bar only. */
function lastDayOf({ series, cursor }: Context, endMs: EpochMs): EpochMs {
  const kind = kindOf(series)
  const isPair = kind === 'crypto' || kind === 'fx'
  const isOpenEnd = isPair && !isLabelled(series.interval ?? '1d') && cursor?.endsWhole !== true
  return barOpen('1d', endMs - 1 + (isOpenEnd ? DAY_MS : 0))
}

function toRequest(context: Context): PageRequest {
  const { baseUrl, symbol, series, vendorInterval, keys } = context
  const kind = kindOf(context.series)
  const isPair = kind === 'crypto' || kind === 'fx'
  if (isPair && (series.interval === '1w' || series.interval === '1mo')) {
    const facts = { field: 'interval', value: series.interval }
    throw new ProviderError('provider/unsupported', 'has no weeks or months of pairs', facts)
  }
  const { startMs, endMs } = windowOf(context)
  const length = vendorInterval === '' ? 'daily' : vendorInterval
  const query = new URLSearchParams({
    startDate: dayText(startMs),
    endDate: dayText(lastDayOf(context, endMs)),
    resampleFreq: isPair && length === 'daily' ? '1day' : length,
    ...EXTRAS[kind](symbol),
  })
  const url = `${baseUrl}/${PATHS[kind](encodeURIComponent(symbol))}?${query}`
  return { url, headers: { authorization: `Token ${keys['apiKey']}` }, as: 'json' }
}

/** What days of shares have, and what coins have. */
const EXTRA_FIELDS = { adj_close: 'adjClose', quote_volume: 'volumeNotional', trade_count: 'tradesDone' }

function toPage(body: unknown, context: Context): PageAnswer<Cursor> {
  const { range, series, symbol } = context
  const interval: Interval = series.interval ?? '1d'
  const rows = rowsOf(body, symbol, kindOf(context.series))
  // Days are dates, in one format until 2018 and in another since; weeks and months are stamped by their last session.
  const times = Float64Array.from(rows, ({ date }, i) =>
    isLabelled(interval) ? barOpen(interval, dateMs(date, `[${i}].date`)) : instantMs(date, `[${i}].date`),
  )
  const actions = actionColumns(
    rows.flatMap((row, i) => actionsOfDay(times[i] as number, row['divCash'], row['splitFactor'])),
  )
  if (series.schema === 'actions') return { columns: actions, proven: range }
  const window = windowOf(context)
  // Days are asked for whole: what they hold beside the window is no part of it, and comes with its neighbours.
  const days = { startMs: barOpen('1d', window.startMs), endMs: lastDayOf(context, window.endMs) + DAY_MS }
  const isInside = (ms: EpochMs, { startMs, endMs }: Range): boolean => ms >= startMs && ms < endMs
  const isOwn = (ms: EpochMs): boolean => isLabelled(interval) || isInside(ms, window) || !isInside(ms, days)
  const own = rows.filter((_, i) => isOwn(times[i] as number))
  const columns: PageColumns = {
    timestamp: times.filter(isOwn),
    ...rowColumns(own, BAR_FIELDS),
    ...presentColumns(own, EXTRA_FIELDS),
  }
  // A full answer proves from its first bar on; the rest of the window is asked for again.
  const isFull = !isLabelled(interval) && rows.length >= INTRADAY_ROWS
  const startMs = isFull ? Math.min(window.endMs, Math.max(window.startMs, Math.min(...times))) : window.startMs
  const lastDayMs = barOpen('1d', window.endMs - 1 + DAY_MS)
  const endsWhole = context.cursor?.endsWhole === true || times.some((ms) => ms > lastDayMs)
  return {
    columns,
    proven: { startMs, endMs: window.endMs },
    next: startMs > range.startMs ? { endMs: startMs, endsWhole } : undefined,
    ...(interval === '1d' && rows.some((row) => Object.hasOwn(row, 'splitFactor')) ? { actions } : {}),
  }
}

const SPEC: HttpProviderSpec<Cursor, HttpProviderOptions> = {
  name: 'tiingo',
  capabilities: TIINGO,
  baseUrl: 'https://api.tiingo.com',
  toRequest,
  toPage,
  classify: classifyTiingo,
  vendorSymbol: tiingoSymbol,
  canonicalSymbol: symbolOfTiingo,
}

/** Tiingo. Needs a key. */
export const tiingo: HttpProviderFactory = defineConfirmingProvider(SPEC, TIINGO_QUESTION)
