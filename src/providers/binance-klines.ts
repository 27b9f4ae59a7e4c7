/**
 * Rows of bars as every Binance interface writes them, and its errors.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { type Interval, ceilOpen } from '../contract/interval.ts'
import type { PageColumns } from '../contract/provider.ts'
import { fieldColumn, listAt, malformed, timeColumn } from './columns.ts'
import type { HttpProviderOptions, PageAnswer, PageContext } from './http/define.ts'
import { type ProviderCode, classifyByStatus, vendorError } from './http/status.ts'

/** `[open time ms, open, high, low, close, volume, close time ms, quote volume, trades, taker buy base, taker buy quote, '0']`. */
export type Kline = readonly [number, ...unknown[]]

/** Where the next page starts: at an opening, or at a trade. */
export interface KlineCursor {
  readonly startMs: number
  readonly fromId?: number
}

/** Columns of klines; the same rows come from REST, futures and the archive. */
export function klineColumns(rows: readonly Kline[]): PageColumns {
  return {
    timestamp: timeColumn(rows.length, (row) => (rows[row] as Kline)[0]),
    open: fieldColumn(rows, (row) => row[1]),
    high: fieldColumn(rows, (row) => row[2]),
    low: fieldColumn(rows, (row) => row[3]),
    close: fieldColumn(rows, (row) => row[4]),
    volume: fieldColumn(rows, (row) => row[5]),
    quote_volume: fieldColumn(rows, (row) => row[7]),
    trade_count: fieldColumn(rows, (row) => row[8]),
    taker_buy_volume: fieldColumn(rows, (row) => row[9]),
  }
}

/** Rows of a page of klines. @throws {ProviderError} `provider/response` */
export function klineRows(body: unknown): readonly Kline[] {
  const rows = listAt(body, 'answer')
  for (let i = 0; i < rows.length; i++) if (!Array.isArray(rows[i])) throw malformed(`[${i}]`, rows[i], 'a kline')
  return rows as readonly Kline[]
}

/**
 * The page of these klines. Both ends of the vendor's window are inclusive on the opening time;
 * a page that a row limit cut proves only up to the opening after its last row.
 */
export function klinePage(
  body: unknown,
  context: Pick<PageContext<KlineCursor, HttpProviderOptions>, 'range' | 'cursor' | 'series'>,
  cutAt: ReadonlySet<number>,
): PageAnswer<KlineCursor> {
  const columns = isScanned(body) ? body : klineColumns(klineRows(body))
  const { range, cursor } = context
  const startMs = cursor?.startMs ?? range.startMs
  const rows = columns.timestamp.length
  const lastMs = columns.timestamp.at(-1) as number | undefined
  const nextMs = lastMs === undefined ? range.endMs : ceilOpen(context.series.interval as Interval, lastMs + 1)
  if (!cutAt.has(rows) || nextMs >= range.endMs) return { columns, proven: { startMs, endMs: range.endMs } }
  return { columns, proven: { startMs, endMs: Math.max(startMs, nextMs) }, next: { startMs: nextMs } }
}

/** Did {@link scanKlines} read this body already? No answer in JSON can hold a typed array. */
function isScanned(body: unknown): body is PageColumns {
  return (body as { timestamp?: unknown } | null)?.timestamp instanceof Float64Array
}

/** Source: https://github.com/binance/binance-spot-api-docs/blob/master/errors.md. */
const CODES: Readonly<Record<number, ProviderCode>> = {
  [-1000]: 'provider/unavailable',
  [-1001]: 'provider/unavailable',
  [-1003]: 'provider/rate-limited',
  [-1007]: 'provider/timeout',
  [-1016]: 'provider/unavailable',
  [-1100]: 'provider/not-found',
  [-1120]: 'provider/unsupported',
  [-1121]: 'provider/not-found',
  [-1122]: 'provider/not-found',
  [-1130]: 'provider/unsupported',
}

/** Reads the errors of every Binance interface: `{ code, msg }` with a status of 4xx. */
export function classifyBinance(response: HttpResponse): Error | null {
  const { body } = response
  const code = typeof body === 'object' && body !== null && 'code' in body ? CODES[Number(body.code)] : undefined
  return code === undefined ? classifyByStatus(response) : vendorError(code, response)
}

/** The query of klines, the same of spot and futures; both ends count the opening and are inclusive. */
export function klineQuery(
  { symbol, vendorInterval, range, cursor }: PageContext<KlineCursor, HttpProviderOptions>,
  limit: number,
): URLSearchParams {
  return new URLSearchParams({
    symbol,
    interval: vendorInterval,
    startTime: String(cursor?.startMs ?? range.startMs),
    endTime: String(range.endMs - 1),
    limit: String(limit),
  })
}
