/**
 * Where Binance's files are, and the interface of the same market.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import type { Segment } from './binance-archive-plan.ts'
import type { HttpProviderOptions, PageContext } from './http/define.ts'

/** Options of {@link binanceArchive}. */
export interface BinanceArchiveOptions extends HttpProviderOptions {
  /** Spot, or USD-M futures. @default 'spot' */
  readonly market?: 'spot' | 'um'
  /** Address of the exchange's own interface, for what is not filed yet. @default by market */
  readonly restUrl?: string
}

/** One market of the exchange. */
export interface ArchiveMarket {
  /** Name of the source. */
  readonly name: string
  /** Folder of its files. */
  readonly path: string
  /** Address of its interface, and the path of bars there. */
  readonly rest: string
  readonly klines: string
  /** Most rows of one answer of the interface, and its weight. */
  readonly rows: number
  readonly weight: number
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
} as const satisfies Record<string, ArchiveMarket>

/** The market of some options. @throws {ConfigError} `config/option` for one that there is not */
export function marketOf({ market = 'spot' }: BinanceArchiveOptions): ArchiveMarket {
  if (Object.hasOwn(MARKETS, market)) return MARKETS[market]
  const message = `market: ${JSON.stringify(market)} is neither spot nor um`
  throw new ConfigError('config/option', message, { field: 'market', value: market })
}

/** Address of the file that begins with a segment. */
export function fileUrl(
  { baseUrl, symbol, vendorInterval, options }: PageContext<unknown, BinanceArchiveOptions>,
  { kind, startMs }: Segment,
): string {
  const stamp = new Date(startMs).toISOString().slice(0, kind === 'monthly' ? 7 : 10)
  const name = encodeURIComponent(symbol)
  const folder = `${baseUrl}/data/${marketOf(options).path}/${kind}/klines/${name}/${vendorInterval}`
  return `${folder}/${name}-${vendorInterval}-${stamp}.zip`
}
