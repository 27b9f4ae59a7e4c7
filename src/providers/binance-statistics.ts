/**
 * Statistics of Binance futures: open interest, and ratios of longs to shorts, of which the vendor keeps 30 days.
 * Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Open-Interest-Statistics
 * @module
 */
import type { Column } from '../contract/columns.ts'
import { ProviderError } from '../contract/errors.ts'
import { INTERVALS, type Interval } from '../contract/interval.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS } from '../contract/time.ts'
import { type Row, rowsAt } from './answer.ts'
import type { Endpoint } from './binance-endpoint.ts'
import type { KlineCursor } from './binance-klines.ts'
import { rowColumns, timeColumn } from './columns.ts'
import type { HttpProviderOptions, PageContext } from './http/define.ts'

/** Which ratio the schema `long-short-ratio` holds; each is a source of its own. */
export type FuturesRatio = 'accounts' | 'top-accounts' | 'top-positions' | 'taker'

/** Options of {@link binanceFutures}. */
export interface BinanceFuturesOptions extends HttpProviderOptions {
  /** @default 'accounts': longs over shorts of all accounts */
  readonly ratio?: FuturesRatio
}

/** The vendor's names of the ratios. */
export const RATIO_PATHS: Readonly<Record<FuturesRatio, string>> = {
  accounts: 'globalLongShortAccountRatio',
  'top-accounts': 'topLongShortAccountRatio',
  'top-positions': 'topLongShortPositionRatio',
  taker: 'takerlongshortRatio',
}

type Context = PageContext<KlineCursor, BinanceFuturesOptions>

const STATISTICS_ROWS = 500
/** How far back statistics reach; the vendor keeps an hour more, since a request on its way must not cross the border. */
export const STATISTICS_REACH_MS: number = 30 * DAY_MS - 3_600_000

/** Lengths that the statistics come in. */
const STATISTICS_INTERVALS: ReadonlySet<string> = new Set(['5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d'])

/** Statistics are asked in windows that no row limit can cut, since the vendor does not say which end it would cut. */
function statistics(
  path: (options: BinanceFuturesOptions) => string,
  columnsOf: (rows: readonly Row[]) => Record<string, Column>,
): Endpoint<BinanceFuturesOptions> {
  const windowOf = ({ range, cursor, series, nowMs }: Context): Range => {
    const lengthMs = INTERVALS[series.interval as Interval].ms
    const startMs = Math.max(
      cursor?.startMs ?? range.startMs,
      Math.ceil((nowMs - STATISTICS_REACH_MS) / lengthMs) * lengthMs,
    )
    return { startMs, endMs: Math.min(range.endMs, startMs + STATISTICS_ROWS * lengthMs) }
  }
  return {
    toRequest(context) {
      if (!STATISTICS_INTERVALS.has(context.vendorInterval)) {
        const message = `statistics come by ${[...STATISTICS_INTERVALS].join(' ')}, not by ${context.vendorInterval}`
        throw new ProviderError('provider/unsupported', message, { field: 'interval', value: context.series.interval })
      }
      const { startMs, endMs } = windowOf(context)
      const query = new URLSearchParams({
        symbol: context.symbol,
        period: context.vendorInterval,
        limit: String(STATISTICS_ROWS),
        startTime: String(startMs),
        endTime: String(Math.max(startMs, endMs - 1)),
      })
      const url = `${context.baseUrl}/futures/data/${path(context.options)}?${query}`
      return { url, as: 'json', weight: 1, scope: 'statistics' }
    },
    toPage(body, context) {
      const rows = rowsAt(body, 'answer')
      const columns = { timestamp: timeColumn(rows.length, (i) => rows[i]?.['timestamp']), ...columnsOf(rows) }
      const { startMs, endMs } = windowOf(context)
      if (startMs >= endMs) return { columns, proven: { startMs: context.range.startMs, endMs: context.range.startMs } }
      return { columns, proven: { startMs, endMs }, next: endMs < context.range.endMs ? { startMs: endMs } : undefined }
    },
  }
}

/** Open interest of one symbol. */
export const OPEN_INTEREST: Endpoint<BinanceFuturesOptions> = statistics(
  () => 'openInterestHist',
  (rows) => rowColumns(rows, { open_interest: 'sumOpenInterest', open_interest_value: 'sumOpenInterestValue' }),
)

/** Longs over shorts, or what takers bought over what they sold. */
export const RATIOS: Endpoint<BinanceFuturesOptions> = statistics(
  ({ ratio = 'accounts' }) => RATIO_PATHS[ratio],
  (rows) => {
    const [first] = rows
    if (first?.['buySellRatio'] !== undefined) {
      return rowColumns(rows, { ratio: 'buySellRatio', buy_volume: 'buyVol', sell_volume: 'sellVol' })
    }
    const what = first?.['longPosition'] === undefined ? 'Account' : 'Position'
    return rowColumns(rows, { ratio: 'longShortRatio', long_share: `long${what}`, short_share: `short${what}` })
  },
)
