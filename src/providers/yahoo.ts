/**
 * Yahoo Finance: bars, splits, dividends and capital gains of most listed instruments. Keyless and unofficial; its
 * terms allow personal use. Prices are adjusted for splits; `adj_close` also for dividends.
 * Source: behaviour of `/v8/finance/chart`, for which the vendor publishes no documentation.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, barOpen, ceilOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS } from '../contract/time.ts'
import { ProviderError } from '../contract/errors.ts'
import { actionColumns } from './actions.ts'
import { listAt, malformed, numberOf, objectAt, timeColumn } from './columns.ts'
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
import { type Chart, chartColumns, clockOf, isCoarserThan, liveRowOf, sessionDates } from './yahoo-rows.ts'

const HOUR_MS = 3_600_000

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
  return { url: `${context.baseUrl}/v8/finance/chart/${path}?${query}`, headers, as: 'json' }
}

/** The vendor's names of one length are the same. */
const SAME_GRANULARITY: Readonly<Record<string, string>> = { '60m': '1h' }
const granularity = (name: string): string => SAME_GRANULARITY[name] ?? name

function listOrNone(value: unknown, length: number, path: string): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined
  const list = listAt(value, path)
  if (list.length !== length) throw malformed(`${path}.length`, list.length, `${length}, one value a timestamp,`)
  return list
}

function chartOf(result: Readonly<Record<string, unknown>>): Chart {
  const meta = objectAt(result['meta'], 'chart.result[0].meta')
  const indicators = objectAt(result['indicators'] ?? {}, 'indicators')
  const quote = objectAt((indicators['quote'] as readonly unknown[] | undefined)?.[0] ?? {}, 'indicators.quote[0]')
  const adjclose = (indicators['adjclose'] as readonly unknown[] | undefined)?.[0]
  const stamps =
    result['timestamp'] === undefined || result['timestamp'] === null ? [] : listAt(result['timestamp'], 'timestamp')
  const read = (name: string): readonly unknown[] | undefined =>
    listOrNone(quote[name], stamps.length, `indicators.quote[0].${name}`)
  return {
    meta,
    clock: clockOf(meta),
    times: timeColumn(stamps.length, (i) => (typeof stamps[i] === 'number' ? stamps[i] * 1000 : stamps[i])),
    quote: { open: read('open'), high: read('high'), low: read('low'), close: read('close'), volume: read('volume') },
    adjusted:
      adjclose === undefined || stamps.length === 0
        ? undefined
        : listOrNone(objectAt(adjclose, 'adjclose[0]')['adjclose'], stamps.length, 'adjclose'),
  }
}

/** Kind of event -> its list in the answer and its value. */
const EVENTS = [
  [
    'split',
    'splits',
    (event: Readonly<Record<string, unknown>>) => {
      const [numerator, denominator] = [numberOf(event['numerator']), numberOf(event['denominator'])]
      return numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator
    },
  ],
  ['dividend', 'dividends', (event: Readonly<Record<string, unknown>>) => numberOf(event['amount'])],
  ['capital-gain', 'capitalGains', (event: Readonly<Record<string, unknown>>) => numberOf(event['amount'])],
] as const

/** Splits and dividends by ex-date, of the days that the range touches. The keys of the vendor's lists follow the bars; `date` is the session itself. */
function eventColumns(result: Readonly<Record<string, unknown>>, chart: Chart, range: Range): PageColumns {
  const days = { startMs: barOpen('1d', range.startMs), endMs: ceilOpen('1d', range.endMs) }
  const events = objectAt(result['events'] ?? {}, 'events')
  const rows = EVENTS.flatMap(([kind, list, valueOf]) =>
    Object.values(objectAt(events[list] ?? {}, `events.${list}`)).map((entry) => {
      const event = objectAt(entry, `events.${list}`)
      const atMs = (numberOf(event['date']) ?? Number.NaN) * 1000
      const [exDateMs] = sessionDates(
        timeColumn(1, () => atMs),
        chart.clock,
        -1,
      )
      return { kind, exDateMs: exDateMs as number, value: valueOf(event), currency: event['currency'] }
    }),
  ).filter(({ exDateMs }) => exDateMs >= days.startMs && exDateMs < days.endMs)
  return actionColumns(rows)
}

function toPage(body: unknown, context: Context): PageAnswer<never> {
  const { range, series } = context
  const { ours, theirs } = intervalOf(context)
  const answer = objectAt(objectAt(body, 'answer')['chart'], 'chart')
  const [first] =
    answer['result'] === null || answer['result'] === undefined ? [] : listAt(answer['result'], 'chart.result')
  // An instrument without data in the window is an error of its own in this interface, and an empty one here.
  if (first === undefined && WINDOW_WITHOUT_DATA.test(vendorText(answer['error'])))
    return { columns: { timestamp: new Float64Array(0) }, proven: range }
  const result = objectAt(first, 'chart.result[0]')
  const chart = chartOf(result)
  // The live row is of today whatever was asked.
  refuseFarTimes(liveRowOf(chart) < 0 ? chart.times : chart.times.subarray(0, -1), range, ours)
  const sent = chart.meta['dataGranularity']
  const coarse = isCoarserThan(ours, chart.times) && !isLabelled(ours)
  if ((typeof sent === 'string' && granularity(sent) !== granularity(theirs)) || (coarse && ours === '30m')) {
    throw new ProviderError(
      'provider/response',
      `was asked for bars of ${theirs} and answered with longer or shorter ones`,
      {
        field: 'dataGranularity',
        value: coarse ? 'twice as long' : sent,
      },
    )
  }
  const actions = eventColumns(result, chart, range)
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

const WINDOW_WITHOUT_DATA = /^Data doesn't exist for startDate/i

/** Name of an error in the body -> code. */
const ERRORS: Readonly<Record<string, ProviderCode>> = {
  'Not Found': 'provider/not-found',
  Unauthorized: 'provider/unauthorized',
  'Unprocessable Entity': 'provider/unsupported',
  'Bad Request': 'provider/unsupported',
  'Too Many Requests': 'provider/rate-limited',
  'Internal Server Error': 'provider/unavailable',
}

/** Reads `{ chart | finance: { error } }` before the status, and the texts of pages that refuse or are down. */
export function classifyYahoo(response: HttpResponse): Error | null {
  const { body, status } = response
  if (typeof body === 'string') {
    if (/too many requests/i.test(body)) return vendorError('provider/rate-limited', response, 'Too Many Requests')
    if (/will be right back/i.test(body)) return vendorError('provider/unavailable', response, 'Will be right back')
    return classifyByStatus(response)
  }
  for (const envelope of ['chart', 'finance']) {
    const part = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[envelope] : undefined
    const error = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)['error'] : undefined
    if (typeof error !== 'object' || error === null) continue
    const said = vendorText(error)
    if (WINDOW_WITHOUT_DATA.test(said)) return null
    const known = ERRORS[String((error as Record<string, unknown>)['code'])]
    const byStatus = classifyByStatus(response) as ProviderError | null
    return vendorError(known ?? (byStatus?.code as ProviderCode | undefined) ?? 'provider/response', response, said)
  }
  return status === 204 ? vendorError('provider/unavailable', response) : classifyByStatus(response)
}

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
