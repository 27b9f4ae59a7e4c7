/**
 * Binance's archive of monthly and daily files: the fast way to long histories of bars, with the exchange's own
 * interface for what is not filed yet. Keyless.
 * Source: https://github.com/binance/binance-public-data
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import type { Interval } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import { intersect } from '../contract/range.ts'
import type { EpochMs } from '../contract/time.ts'
import { malformed } from './answer.ts'
import { type Segment, planSegments } from './binance-archive-plan.ts'
import { archiveRows } from './binance-archive-rows.ts'
import { BINANCE } from './binance.ts'
import { classifyBinance, klineColumns, klinePage } from './binance-klines.ts'
import {
  type HttpProviderFactory,
  type HttpProviderOptions,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { scanKlines } from './kline-scan.ts'
import { unzipOne } from './zip.ts'

/** Options of {@link binanceArchive}. */
export interface BinanceArchiveOptions extends HttpProviderOptions {
  /** Spot, or USD-M futures. @default 'spot' */
  readonly market?: 'spot' | 'um'
  /** Address of the exchange's own interface, for what is not filed yet. @default by market */
  readonly restUrl?: string
}

const MARKETS = {
  spot: {
    path: 'spot',
    rest: 'https://api.binance.com',
    klines: '/api/v3/klines',
    rows: 1000,
    weight: 2,
    name: 'binance-archive',
  },
  um: {
    path: 'futures/um',
    rest: 'https://fapi.binance.com',
    klines: '/fapi/v1/klines',
    rows: 1500,
    weight: 10,
    name: 'binance-archive-um',
  },
} as const

/** What the archive can do. */
export const BINANCE_ARCHIVE: ProviderCapabilities = {
  ...BINANCE,
  schemas: ['ohlcv'],
  // A month of minutes: one file.
  rowsPerRequest: 45_000,
  rateLimits: [
    { weight: 20, perMs: 1000 },
    { weight: 6000, perMs: 60_000, scope: 'rest' },
  ],
  requestWeight: 1,
  verified: 'rows of both formats quoted from published files; names and publication documented',
}

/** Parts that are left, and where the interface goes on. */
interface Cursor {
  readonly segments: readonly Segment[]
  readonly restMs?: EpochMs
}

type Context = PageContext<Cursor, BinanceArchiveOptions>

const LARGEST_FILE_BYTES = 128 * 1024 * 1024

function marketOf({ market = 'spot' }: BinanceArchiveOptions): (typeof MARKETS)['spot' | 'um'] {
  if (Object.hasOwn(MARKETS, market)) return MARKETS[market]
  const message = `market: ${JSON.stringify(market)} is neither spot nor um`
  throw new ConfigError('config/option', message, { field: 'market', value: market })
}

function stateOf(context: Context): { segments: readonly Segment[]; segment: Segment; restMs: EpochMs | undefined } {
  const { range, series, nowMs, options, cursor } = context
  const segments = cursor?.segments ?? planSegments(range, series.interval as Interval, nowMs, marketOf(options).rows)
  return { segments, segment: segments[0] as Segment, restMs: cursor?.restMs }
}

function toRequest(context: Context): PageRequest {
  const { baseUrl, symbol, vendorInterval, options } = context
  const market = marketOf(options)
  const { segment, restMs } = stateOf(context)
  if (segment.kind === 'rest') {
    const query = new URLSearchParams({
      symbol,
      interval: vendorInterval,
      startTime: String(restMs ?? segment.startMs),
      endTime: String(segment.endMs - 1),
      limit: String(market.rows),
    })
    const url = `${options.restUrl ?? market.rest}${market.klines}?${query}`
    return { url, as: 'json', scan: scanKlines, weight: market.weight, scope: 'rest' }
  }
  const stamp = new Date(segment.startMs).toISOString().slice(0, segment.kind === 'monthly' ? 7 : 10)
  const name = encodeURIComponent(symbol)
  const path = `data/${market.path}/${segment.kind}/klines/${name}/${vendorInterval}/${name}-${vendorInterval}-${stamp}.zip`
  return { url: `${baseUrl}/${path}`, as: 'bytes', cacheable: true }
}

async function toPage(body: unknown, context: Context, status: number): Promise<PageAnswer<Cursor>> {
  const { segments, segment, restMs } = stateOf(context)
  const later = segments.slice(1)
  const next = later.length === 0 ? undefined : { segments: later }
  if (segment.kind === 'rest') {
    const { rows } = marketOf(context.options)
    const inner = {
      range: segment,
      series: context.series,
      cursor: restMs === undefined ? undefined : { startMs: restMs },
    }
    const { next: more, ...page } = klinePage(body, inner, new Set([rows, 500, 1000]))
    return { ...page, next: more === undefined ? next : { segments, restMs: more.startMs } }
  }
  // Not filed, or not traded then: the exchange knows which.
  if (status === 404) {
    const { startMs, endMs } = segment
    const columns = klineColumns([])
    return {
      columns,
      proven: { startMs, endMs: startMs },
      next: { segments: [{ kind: 'rest', startMs, endMs }, ...later] },
    }
  }
  if (!(body instanceof Uint8Array)) throw malformed('answer', body, 'an archive')
  const rows = archiveRows(new TextDecoder().decode(await unzipOne(body, { maxBytes: LARGEST_FILE_BYTES })))
  refuseFarTimes(
    Float64Array.from(rows, ([openMs]) => openMs),
    segment,
    context.series.interval,
  )
  const inside = rows.filter(([openMs]) => intersect({ startMs: openMs, endMs: openMs + 1 }, segment) !== null)
  return { columns: klineColumns(inside), proven: { startMs: segment.startMs, endMs: segment.endMs }, next }
}

/** Binance's archive with the exchange for its tail. Keyless; symbols are the exchange's own, such as `BTCUSDT`. */
export const binanceArchive: HttpProviderFactory<BinanceArchiveOptions> = defineHttpProvider<
  Cursor,
  BinanceArchiveOptions
>({
  name: 'binance-archive',
  nameFor: (options) => marketOf(options).name,
  optionNames: ['market', 'restUrl'],
  capabilities: BINANCE_ARCHIVE,
  baseUrl: 'https://data.binance.vision',
  toRequest,
  toPage: (body, context, response) => toPage(body, context, response.status),
  classify: (response) =>
    response.status === 404 && typeof response.body === 'string' ? null : classifyBinance(response),
})
