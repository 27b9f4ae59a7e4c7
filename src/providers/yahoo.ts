/**
 * Yahoo Finance: bars, splits, dividends and capital gains of most listed instruments. Keyless and unofficial; its
 * terms allow personal use. Prices are adjusted for splits; `adj_close` also for dividends.
 * Source: behaviour of `/v8/finance/chart`, for which the vendor publishes no documentation.
 * @module
 */
import { type Interval, barOpen, isLabelled } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, HOUR_MS } from '../contract/time.ts'
import { listAt, numberOf, objectAt } from './columns.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { fromClassSeparator, withClassSeparator } from './symbols.ts'
import { chartOf, liveRowOf, refuseOtherLength } from './yahoo-chart.ts'
import { classifyYahoo, isWindowWithoutData } from './yahoo-errors.ts'
import { eventColumns } from './yahoo-events.ts'
import { chartColumns } from './yahoo-rows.ts'
import { scanChart } from './yahoo-scan.ts'


/** What Yahoo can do. Reaches are an hour or a day below the documented ones, so that a request does not cross them on its way. */
export const YAHOO: ProviderCapabilities = {
  schemas: ['ohlcv', 'actions'],
  assetClasses: ['equity', 'etf', 'index', 'forex', 'crypto', 'future', 'fund'],
  intervals: { '1m': '1m', '5m': '5m', '15m': '15m', '30m': '30m', '1h': '60m', '1d': '1d', '1w': '1wk', '1mo': '1mo' },
  rowsPerRequest: 20_000,
  spanMsPerRequest: { '1m': 7 * DAY_MS },
  historyMs: {
    '1m': 30 * DAY_MS - HOUR_MS,
    '5m': 59 * DAY_MS,
    '15m': 59 * DAY_MS,
    '30m': 59 * DAY_MS,
    '1h': 729 * DAY_MS,
  },
  rateLimits: [{ weight: 2000, perMs: HOUR_MS }],
  keys: [],
  metered: false,
  finalityLagMs: DAY_MS,
  barsWithoutTrades: 'unknown',
  basis: { intraday: 'splits', daily: 'splits' },
  anchor: 'session',
  dayBoundary: 'session',
  columns: ['adj_close'],
  actions: true,
  verified: 'bars, events, empty and null rows seen in recordings; limits and reaches reported by users',
}

/** `BRK.B` -> `BRK-B`; everything else is the same. */
export function yahooSymbol(symbol: string): string {
  return withClassSeparator(symbol, '-')
}

/** `BRK-B` -> `BRK.B`; everything else is the same. */
export function symbolOfYahoo(vendorSymbol: string): string {
  return fromClassSeparator(vendorSymbol, '-')
}

type Context = PageContext<never, HttpProviderOptions>

/** Events come with any interval; alone they are asked for by the day. */
function intervalOf({ series, vendorInterval }: Context): { ours: Interval; theirs: string } {
  return series.schema === 'actions'
    ? { ours: '1d', theirs: '1d' }
    : { ours: series.interval as Interval, theirs: vendorInterval }
}

/**
 * Start and end as Yahoo counts them, the end exclusive. East of Greenwich the stamp of a session lies on the UTC day
 * before its date, so labelled ranges are asked with a day in front; west of it a stamp lies within its own date.
 */
function period(range: Range, interval: Interval): Range {
  return isLabelled(interval) ? { startMs: range.startMs - DAY_MS, endMs: range.endMs } : range
}

function toRequest(context: Context): PageRequest {
  const { ours, theirs } = intervalOf(context)
  const { startMs, endMs } = period(context.range, ours)
  const query = new URLSearchParams({
    period1: String(Math.floor(startMs / 1000)),
    period2: String(Math.ceil(endMs / 1000)),
    interval: theirs,
    includePrePost: 'false',
    events: 'div,splits,capitalGains',
  })
  const path = encodeURIComponent(context.symbol).replaceAll('%3D', '=')
  // A name that is no browser's is refused at once.
  const headers = {
    'user-agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  }
  return { url: `${context.baseUrl}/v8/finance/chart/${path}?${query}`, headers, as: 'json', scan: scanChart }
}

function toPage(body: unknown, context: Context): PageAnswer<never> {
  const { range, series } = context
  const { ours, theirs } = intervalOf(context)
  const answer = objectAt(objectAt(body, 'answer')['chart'], 'chart')
  const [first] =
    answer['result'] === null || answer['result'] === undefined ? [] : listAt(answer['result'], 'chart.result')
  if (first === undefined && isWindowWithoutData(answer['error']))
    return { columns: { timestamp: new Float64Array(0) }, proven: range }
  const result = objectAt(first, 'chart.result[0]')
  const chart = chartOf(result)
  // The live row is of today whatever was asked.
  refuseFarTimes(liveRowOf(chart) < 0 ? chart.times : chart.times.subarray(0, -1), range, ours)
  refuseOtherLength(chart, ours, theirs)
  const actions = eventColumns(result, chart.clock, range)
  if (series.schema === 'actions') return { columns: actions, proven: range }
  const columns = chartColumns(chart, ours, range, period(range, ours).endMs)
  const listedMs = Math.min(
    (numberOf(chart.meta['firstTradeDate']) ?? Number.NaN) * 1000,
    chart.times[0] ?? Number.POSITIVE_INFINITY,
  )
  return {
    columns,
    proven: range,
    ...(actions.timestamp.length > 0 || HAS_ACTIONS.has(String(chart.meta['instrumentType'])) ? { actions } : {}),
    ...(Number.isFinite(listedMs) ? { historyStartMs: barOpen('1d', listedMs) } : {}),
  }
}

/** Kinds of instruments that pay and split; that one had none is a fact worth keeping. */
const HAS_ACTIONS: ReadonlySet<string> = new Set(['EQUITY', 'ETF', 'MUTUALFUND'])

/** Yahoo Finance. Keyless; symbols are Yahoo's own, but for classes of shares: `BRK.B`. */
export const yahoo: HttpProviderFactory = defineHttpProvider<never>({
  name: 'yahoo',
  capabilities: YAHOO,
  baseUrl: 'https://query2.finance.yahoo.com',
  hosts: ['query1.finance.yahoo.com', 'query2.finance.yahoo.com'],
  toRequest,
  toPage,
  classify: classifyYahoo,
  vendorSymbol: yahooSymbol,
  canonicalSymbol: symbolOfYahoo,
})
