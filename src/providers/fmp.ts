/**
 * Financial Modeling Prep: bars of US shares and indices, daily bars of shares abroad, coins and currencies, splits and
 * dividends. Needs a key; its terms allow display and redistribution by licence only. Prices are adjusted for splits.
 * Source: https://site.financialmodelingprep.com/developer/docs/stable; keys made since September 2025 reach nothing else.
 * @module
 */
import { isLabelled } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, HOUR_MS } from '../contract/time.ts'
import { BAR_FIELDS, presentColumns, rowColumns } from './columns.ts'
import { classifyFmp } from './fmp-errors.ts'
import { type FmpCursor, fmpActionPage, fmpEventsPath } from './fmp-events.ts'
import { FMP_QUESTION } from './fmp-known.ts'
import { rowsOfSymbol } from './fmp-rows.ts'
import { fmpSymbol, refuseUnserved, symbolOfFmp } from './fmp-symbols.ts'
import type {
  HttpProviderFactory,
  HttpProviderOptions,
  HttpProviderSpec,
  PageAnswer,
  PageContext,
  PageRequest,
} from './http/define.ts'
import { defineConfirmingProvider } from './known-symbol.ts'
import { dateMs, dayText, wallReader, zoneDateMs } from './stamps.ts'

const FIVE_YEARS_MS = 1825 * DAY_MS
const NEW_YORK = 'America/New_York'

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
    'daily bars of both interfaces and the refusal of too many requests seen in recordings; splits and dividends, windows and stamps of intraday bars reported by users; where it sends no row it is asked for any day of the symbol, and without one nothing is proven',
}

type Context = PageContext<FmpCursor, HttpProviderOptions>

const isByDay = ({ series }: Context): boolean => series.interval === undefined || isLabelled(series.interval)

function windowOf({ range, cursor, series, capabilities }: Context): Range {
  const startMs = cursor?.startMs ?? range.startMs
  const spanMs = series.interval === undefined ? undefined : capabilities.spanMsPerRequest?.[series.interval]
  return { startMs, endMs: Math.min(range.endMs, startMs + (spanMs ?? Number.POSITIVE_INFINITY)) }
}

function toRequest(context: Context): PageRequest {
  refuseUnserved(context.series)
  const { baseUrl, symbol, series, vendorInterval, cursor, keys } = context
  const headers = { apikey: keys['apiKey'] as string }
  if (series.schema === 'actions') return { url: `${baseUrl}/${fmpEventsPath(symbol, cursor)}`, headers, as: 'json' }
  const { startMs, endMs } = windowOf(context)
  // Dates are those of New York, both ends inclusive. After five in the afternoon nothing of a date is left.
  const [from, to] = isByDay(context)
    ? [startMs, endMs - 1]
    : [zoneDateMs(startMs + 7 * HOUR_MS, NEW_YORK), zoneDateMs(endMs - 1, NEW_YORK)]
  const query = new URLSearchParams({ symbol, from: dayText(Math.min(from, to)), to: dayText(to) })
  const path = isByDay(context) ? 'historical-price-eod' : 'historical-chart'
  return { url: `${baseUrl}/${path}/${vendorInterval}?${query}`, headers, as: 'json' }
}

function barPage(body: unknown, context: Context): PageAnswer<FmpCursor> {
  const { range, symbol } = context
  const rows = rowsOfSymbol(body, symbol)
  const window = windowOf(context)
  // Labels are dates; other bars carry New York's clock at their opening.
  const read = isByDay(context) ? dateMs : wallReader(NEW_YORK)
  const columns: PageColumns = {
    timestamp: Float64Array.from(rows, ({ date }, i) => read(date, `[${i}].date`)),
    // What the vendor calls `vwap` is the mean of open, high, low and close.
    ...rowColumns(rows, BAR_FIELDS),
    ...presentColumns(rows, { adj_close: 'adjClose' }),
  }
  return { columns, proven: window, next: window.endMs < range.endMs ? { startMs: window.endMs } : undefined }
}

const SPEC: HttpProviderSpec<FmpCursor, HttpProviderOptions> = {
  name: 'fmp',
  capabilities: FMP,
  baseUrl: 'https://financialmodelingprep.com/stable',
  toRequest,
  toPage: (body, context) => (context.series.schema === 'actions' ? fmpActionPage : barPage)(body, context),
  classify: classifyFmp,
  vendorSymbol: fmpSymbol,
  canonicalSymbol: symbolOfFmp,
}

/** Financial Modeling Prep. Needs a key. */
export const fmp: HttpProviderFactory = defineConfirmingProvider(SPEC, FMP_QUESTION)
