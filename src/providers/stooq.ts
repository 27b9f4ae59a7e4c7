/**
 * Stooq: daily, weekly and monthly bars of shares, indices, currencies and futures, adjusted for splits and
 * dividends. Keyless within a daily limit; beyond it, or in some places always, it asks for a key. Its terms allow
 * personal use.
 * Source: the download link of https://stooq.com/q/d/?s=aapl.us, for which there is no documentation.
 * @module
 */
import { type Interval, barOpen } from '../contract/interval.ts'
import type { PageColumns, ProviderCapabilities } from '../contract/provider.ts'
import { barPage } from './bar-page.ts'
import { rowColumns } from './columns.ts'
import type {
  HttpProviderFactory,
  HttpProviderOptions,
  HttpProviderSpec,
  Keys,
  PageAnswer,
  PageContext,
  PageRequest,
} from './http/define.ts'
import { type SymbolQuestion, defineConfirmingProvider } from './known-symbol.ts'
import { dateMs, dayText } from './stamps.ts'
import { refuseNameless, stooqSymbol, symbolOfStooq } from './stooq-symbols.ts'
import { KNOWN, NO_DATA, UNKNOWN, classifyStooq, linesOf } from './stooq-text.ts'

/** What Stooq can do. */
export const STOOQ: ProviderCapabilities = {
  schemas: ['ohlcv'],
  assetClasses: ['equity', 'etf', 'index', 'forex', 'future'],
  intervals: { '1d': 'd', '1w': 'w', '1mo': 'm' },
  rowsPerRequest: 30_000,
  rateLimits: [{ weight: 1, perMs: 1000 }],
  keys: [['STOOQ_API_KEY']],
  metered: false,
  finalityLagMs: 86_400_000,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'all', daily: 'all' },
  anchor: 'session',
  dayBoundary: 'session',
  columns: [],
  probe: { symbol: 'AAPL', interval: '1d' },
  verified: 'daily bars seen in recordings; texts of refusals quoted; weeks, months and limits not verified',
}

type Context = PageContext<never, HttpProviderOptions>

/** The key goes nowhere but into the address. */
const keyOf = ({ apiKey }: Keys): Record<string, string> => (apiKey === undefined ? {} : { apikey: apiKey })

function toRequest({ baseUrl, symbol, series, vendorInterval, range, keys }: Context): PageRequest {
  refuseNameless(series.symbol, symbol)
  // Both ends are inclusive.
  const [d1, d2] = [range.startMs, range.endMs - 1].map((ms) => dayText(ms).replaceAll('-', '')) as [string, string]
  const query = new URLSearchParams({ s: symbol, i: vendorInterval, d1, d2, ...keyOf(keys) })
  return { url: `${baseUrl}/q/d/l/?${query}`, as: 'text' }
}

function toPage(body: unknown, context: Context): PageAnswer<never> {
  if (typeof body === 'string' && NO_DATA.test(body)) return { columns: barPage([]), proven: context.range }
  const rows = linesOf(body)
  const interval = context.series.interval as Interval
  const columns: PageColumns = {
    // Weeks and months are stamped by their last session.
    timestamp: Float64Array.from(rows, ([date], i) => barOpen(interval, dateMs(date, `line ${i + 1}`))),
    ...rowColumns(rows, { open: 1, high: 2, low: 3, close: 4, volume: 5 }),
  }
  return { columns, proven: context.range }
}

/** The latest quote of a symbol, which has no number where there is no such symbol. */
const QUESTION: SymbolQuestion = {
  toRequest({ baseUrl, symbol, keys }) {
    const query = new URLSearchParams({ s: symbol, f: 'sd2t2ohlcv', e: 'csv', ...keyOf(keys) })
    return { url: `${baseUrl}/q/l/?${query}&h`, as: 'text' }
  },
  read: (body) => {
    const said = String(body)
    return UNKNOWN.test(said) ? 'unknown' : KNOWN.test(said) ? 'known' : 'unclear'
  },
}

const SPEC: HttpProviderSpec<never, HttpProviderOptions> = {
  name: 'stooq',
  capabilities: STOOQ,
  keysOptional: true,
  baseUrl: 'https://stooq.com',
  toRequest,
  toPage,
  classify: classifyStooq,
  vendorSymbol: stooqSymbol,
  canonicalSymbol: symbolOfStooq,
}

/** Stooq. The key is optional. */
export const stooq: HttpProviderFactory = defineConfirmingProvider(SPEC, QUESTION)
