/**
 * A source that needs no network: deterministic random walks for tests, demos and load.
 *
 * A price depends on the seed, the symbol and the instant alone, so any range, asked in any order and interval, fits
 * together: a bar opens where the one before closed, and an hour opens and closes as its minutes do.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { ConfigError, ProviderError } from '../contract/errors.ts'
import { INTERVALS, type Interval, ceilOpen, shiftOpen } from '../contract/interval.ts'
import { checkOptions } from '../contract/options.ts'
import type { FetchContext, FetchRequest, Page, Provider, ProviderCapabilities } from '../contract/provider.ts'
import { type Range, rangeOf } from '../contract/range.ts'
import { ASSET_CLASSES, parseProviderName } from '../contract/series.ts'
import { type TimeInput, parseTime } from '../contract/time.ts'
import { type Market, barsPage, quotesOf } from './synthetic/bars.ts'
import { tradeColumns } from './synthetic/trades.ts'

/** A stretch of time as a caller writes it; end is exclusive. */
export interface TimeSpan {
  readonly start: TimeInput
  readonly end: TimeInput
}

/** How the invented market behaves, and which faults it has. */
export interface SyntheticOptions {
  /** Name of the provider; give each of several a name of its own. @default 'synthetic' */
  readonly name?: string
  /** Another seed gives other prices. @default 1 */
  readonly seed?: number
  /** Price at the listing. @default 100 */
  readonly startPrice?: number
  /** Standard deviation of one year's logarithmic return, above 0, at most 5. @default 0.3 */
  readonly volatility?: number
  /** Nothing exists before it; 1970 or later. @default '2010-01-01' */
  readonly listed?: TimeInput
  /** When bars open. @default around the clock */
  readonly calendar?: Calendar
  /** Stretches whose bars are not sent although the market was open. @default none */
  readonly holes?: readonly TimeSpan[]
  /** Stretches whose bars are sent with null in every column, as Yahoo does. @default none */
  readonly nulls?: readonly TimeSpan[]
  /** From this instant on requests fail with `provider/unavailable`; what lies before it is sent. @default never */
  readonly failAt?: TimeInput
}

const KNOWN = ['name', 'seed', 'startPrice', 'volatility', 'listed', 'calendar', 'holes', 'nulls', 'failAt'] as const

/** Rows of a page: some milliseconds of work. */
const PAGE_ROWS = 10_000
/** Width of a page of trades. */
const TRADES_PAGE_MS = 6 * 3_600_000

/** What the source can do. */
export const SYNTHETIC: ProviderCapabilities = Object.freeze({
  schemas: ['ohlcv', 'trades'],
  assetClasses: ASSET_CLASSES,
  intervals: Object.fromEntries(Object.keys(INTERVALS).map((interval) => [interval, interval])),
  rowsPerRequest: 100_000,
  rateLimits: [],
  keys: [],
  metered: false,
  finalityLagMs: 0,
  barsWithoutTrades: 'emitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'utc',
  calendar: '24/7',
  invented: true,
  columns: [],
  verified: 'No network: everything is computed.',
} satisfies ProviderCapabilities)

/**
 * Makes a source of invented bars and trades: any symbol, any interval, 24/7 unless a calendar says otherwise.
 * Never sends a bar whose close lies in the future.
 * @throws {ConfigError} `config/option`, `config/time`, `config/range`, `config/provider`
 */
export function synthetic(options: SyntheticOptions = {}): Provider {
  const market = readOptions(options)
  const bySession = market.calendar !== undefined
  return Object.freeze({
    name: market.name,
    capabilities: bySession
      ? { ...SYNTHETIC, ...calendarOf(market), anchor: 'session', dayBoundary: 'session' }
      : SYNTHETIC,
    fetch: (request: FetchRequest, context: FetchContext) => pages(market, request, context),
  } satisfies Provider)
}

function calendarOf({ calendar }: Market): { calendar?: string } {
  return calendar === undefined ? {} : { calendar: calendar.name }
}

function readOptions(options: SyntheticOptions): Market {
  checkOptions(options, KNOWN, 'synthetic()')
  const spans = (field: 'holes' | 'nulls'): Range[] =>
    (options[field] ?? []).map(({ start, end }) =>
      rangeOf(parseTime(start, `${field}.start`), parseTime(end, `${field}.end`)),
    )
  const listedMs = parseTime(options.listed ?? '2010-01-01', 'listed')
  if (listedMs < 0) refuse('listed', options.listed, 'lies before 1970')
  const { seed = 1 } = options
  if (!Number.isSafeInteger(seed)) refuse('seed', seed, 'is no whole number')
  return {
    name: parseProviderName(options.name ?? 'synthetic', 'name'),
    seed,
    startPrice: inBounds('startPrice', options.startPrice ?? 100, 1e9),
    volatility: inBounds('volatility', options.volatility ?? 0.3, 5),
    listedMs,
    calendar: options.calendar,
    holes: spans('holes'),
    nulls: spans('nulls'),
    failAtMs: options.failAt === undefined ? Number.POSITIVE_INFINITY : parseTime(options.failAt, 'failAt'),
  }
}

function inBounds(field: string, value: number, most: number): number {
  if (typeof value === 'number' && value > 0 && value <= most) return value
  return refuse(field, value, `is no number above 0 and at most ${most}`)
}

function refuse(field: string, value: unknown, why: string): never {
  throw new ConfigError('config/option', `synthetic().${field}: ${JSON.stringify(value) ?? String(value)} ${why}`, {
    field,
    value,
  })
}

async function* pages(market: Market, request: FetchRequest, context: FetchContext): AsyncGenerator<Page> {
  const { series, range } = request
  if (!SYNTHETIC.schemas.includes(series.schema)) {
    const message = `${market.name} serves ${SYNTHETIC.schemas.join(' and ')}, not ${series.schema}`
    throw new ProviderError('provider/unsupported', message, { provider: market.name, symbol: series.symbol })
  }
  const quotes = quotesOf(market, series.symbol)
  const nowMs = context.now()
  const facts = { historyStartMs: market.listedMs }
  let startMs = Math.max(range.startMs, market.listedMs)
  const endMs = Math.min(range.endMs, nowMs)
  const pageOf = (part: Range): Page => {
    if (series.interval !== undefined) return barsPage(quotes, series.interval, part, nowMs)
    return { columns: tradeColumns(quotes.key, quotes.price, part), proven: part }
  }
  if (!(startMs < endMs)) yield { ...pageOf({ startMs: range.startMs, endMs: range.startMs }), ...facts }
  while (startMs < endMs) {
    context.signal.throwIfAborted()
    if (startMs >= market.failAtMs) throw unavailable(market, series.symbol)
    const stopMs = Math.min(endMs, market.failAtMs, pageEnd(series.interval, startMs))
    const page = pageOf({ startMs, endMs: stopMs })
    yield { ...page, ...facts }
    startMs = page.proven.endMs < stopMs ? endMs : stopMs
  }
}

function pageEnd(interval: Interval | undefined, startMs: number): number {
  if (interval === undefined) return (Math.floor(startMs / TRADES_PAGE_MS) + 1) * TRADES_PAGE_MS
  return shiftOpen(interval, ceilOpen(interval, startMs), PAGE_ROWS)
}

function unavailable(market: Market, symbol: string): ProviderError {
  const message = `${market.name}: ${symbol} fails from ${new Date(market.failAtMs).toISOString()} on, as failAt asks`
  return new ProviderError('provider/unavailable', message, { provider: market.name, symbol })
}
