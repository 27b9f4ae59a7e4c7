/**
 * Polygon, called Massive since 2025: bars of US shares, options, indices, currencies and coins, splits and dividends.
 * Needs a key; a free one allows five requests a minute, two years of history and days that are over. Prices are
 * adjusted for splits.
 * Source: https://massive.com/docs/rest/stocks/aggregates/custom-bars; terms: https://massive.com/legal
 * @module
 */
import { INTERVALS, type Interval, barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs, HOUR_MS } from '../contract/time.ts'
import { type Row, malformed, objectAt } from './answer.ts'
import { barPage as barPageOf } from './bar-page.ts'
import type {
  HttpProviderFactory,
  HttpProviderOptions,
  HttpProviderSpec,
  PageAnswer,
  PageContext,
  PageRequest,
} from './http/define.ts'
import { defineConfirmingProvider } from './known-symbol.ts'
import { actionPage } from './polygon-actions.ts'
import { POLYGON_HOSTS, type PolygonCursor, nextUrl, resultsOf } from './polygon-answer.ts'
import { barColumns, opensOf, perInterval } from './polygon-bars.ts'
import { classifyPolygon } from './polygon-errors.ts'
import { eventsPath } from './polygon-events.ts'
import { POLYGON_QUESTION } from './polygon-known.ts'
import { aggregatesOf, joinAggregates, scanAnswer, sliceAggregates } from './polygon-scan.ts'
import { polygonSymbol, refuseUnserved, symbolOfPolygon } from './polygon-symbols.ts'
import { dayText } from './stamps.ts'

/** Options of {@link polygon}. */
export interface PolygonOptions extends HttpProviderOptions {
  /** Milliseconds that the plan holds prices back: 0, or 900000. @default until a day is over, as free plans do */
  readonly delayMs?: number
}

const MINUTE_MS = 60_000
/** Most aggregates of a second, a minute or a day that make up one answer; bars of an hour count sixty. */
const BASE_ROWS = 50_000
// A request on its way must not cross the border.
const TWO_YEARS_MS = 729 * DAY_MS

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
  verified:
    'daily bars and dividends seen in recordings; pages, empty answers and errors documented; where it sends no row its list of instruments is asked whether it knows the symbol, which is documented (not for options: their ranges without rows stay open)',
}

type Context = PageContext<PolygonCursor, PolygonOptions>

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
  const { baseUrl, symbol, series, vendorInterval, range, cursor, keys } = context
  refuseUnserved(series, symbol)
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

function barPage(answer: Row, context: Context): PageAnswer<PolygonCursor> {
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
  const url = nextUrl(answer, context.baseUrl)
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

const SPEC: HttpProviderSpec<PolygonCursor, PolygonOptions> = {
  name: 'polygon',
  optionNames: ['delayMs'],
  capabilities: POLYGON,
  baseUrl: 'https://api.polygon.io',
  hosts: POLYGON_HOSTS,
  toRequest,
  toPage: (body, context) =>
    (context.series.schema === 'actions' ? actionPage : barPage)(objectAt(body, 'answer'), context),
  classify: classifyPolygon,
  vendorSymbol: polygonSymbol,
  canonicalSymbol: symbolOfPolygon,
}

/** Polygon (Massive). Needs a key. */
export const polygon: HttpProviderFactory<PolygonOptions> = defineConfirmingProvider(SPEC, POLYGON_QUESTION)
