/**
 * Binance's archive of monthly and daily files: the fast way to long histories of bars, with the exchange's own
 * interface for what is not filed yet. Keyless.
 * Source: https://github.com/binance/binance-public-data
 * @module
 */
import type { Interval } from '../contract/interval.ts'
import type { Page, ProviderCapabilities } from '../contract/provider.ts'
import type { EpochMs } from '../contract/time.ts'
import { malformed } from './answer.ts'
import { compareChecksum, sha256Of } from './binance-archive-checksum.ts'
import { type BinanceArchiveOptions, fileUrl, marketOf } from './binance-archive-files.ts'
import { type Segment, planSegments } from './binance-archive-plan.ts'
import { archiveRows } from './binance-archive-rows.ts'
import { BINANCE } from './binance.ts'
import { classifyBinance, klineColumns, klinePage } from './binance-klines.ts'
import {
  type HttpProviderFactory,
  type PageAnswer,
  type PageContext,
  type PageRequest,
  defineHttpProvider,
} from './http/define.ts'
import { refuseFarTimes } from './http/page-guard.ts'
import { scanKlines } from './kline-scan.ts'
import { unzipOne } from './zip.ts'

export type { BinanceArchiveOptions } from './binance-archive-files.ts'

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
  verified:
    'rows of both formats quoted from published files; names, publication and checksums documented; the SHA-256 filed beside a monthly file is compared where there is one, a daily file is checked by the CRC-32 inside of it',
}

/** Parts that are left, and where the interface goes on. */
interface Cursor {
  readonly segments: readonly Segment[]
  readonly restMs?: EpochMs
  /** A file that was read and whose checksum is asked for. */
  readonly held?: { readonly page: Page; readonly sha256: string }
}

type Context = PageContext<Cursor, BinanceArchiveOptions>

const LARGEST_FILE_BYTES = 128 * 1024 * 1024

function stateOf(context: Context): { segments: readonly Segment[]; segment: Segment; restMs: EpochMs | undefined } {
  const { range, series, nowMs, options, cursor } = context
  const segments = cursor?.segments ?? planSegments(range, series.interval as Interval, nowMs, marketOf(options).rows)
  return { segments, segment: segments[0] as Segment, restMs: cursor?.restMs }
}

function toRequest(context: Context): PageRequest {
  const { symbol, vendorInterval, options } = context
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
  const url = fileUrl(context, segment)
  // Not kept in memory: a file that came broken would stay so, and one that is not filed today may be tomorrow.
  return context.cursor?.held === undefined ? { url, as: 'bytes' } : { url: `${url}.CHECKSUM`, as: 'text' }
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
  const { startMs, endMs } = segment
  const held = context.cursor?.held
  if (held !== undefined) {
    if (status !== 404) compareChecksum(body, held.sha256)
    return { ...held.page, next }
  }
  const nothing = { columns: klineColumns([]), proven: { startMs, endMs: startMs } }
  // Not filed, or not traded then: the exchange knows which.
  if (status === 404) return { ...nothing, next: { segments: [{ kind: 'rest', startMs, endMs }, ...later] } }
  if (!(body instanceof Uint8Array)) throw malformed('answer', body, 'an archive')
  const rows = archiveRows(new TextDecoder().decode(await unzipOne(body, { maxBytes: LARGEST_FILE_BYTES })))
  refuseFarTimes(
    Float64Array.from(rows, ([openMs]) => openMs),
    segment,
    context.series.interval,
  )
  const inside = rows.filter(([openMs]) => openMs >= startMs && openMs < endMs)
  const page = { columns: klineColumns(inside), proven: { startMs, endMs } }
  // A day is small and guarded by the CRC-32 inside of it: a second request for each would double their number.
  if (segment.kind === 'daily') return { ...page, next }
  return { ...nothing, next: { segments, held: { page, sha256: await sha256Of(body) } } }
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
