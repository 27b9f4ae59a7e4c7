/**
 * Calls of Alpha Vantage: a function of its own for each kind of instrument and length of bars.
 * @module
 */
import { type Interval, isLabelled } from '../contract/interval.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import type { HttpProviderOptions, PageContext } from './http/define.ts'
import { type Pair, pairOf } from './symbols.ts'

/** Options of {@link alphavantage}. */
export interface AlphaVantageOptions extends HttpProviderOptions {
  /** Ask for the premium daily bars with adjusted closes, splits and dividends? @default false */
  readonly adjusted?: boolean
}

type Call = Readonly<Record<string, string>>
type Kind = 'share' | Pair['kind']

/** Calls of intraday bars, without instrument and length. */
const INTRADAY: Readonly<Record<Kind, Call>> = {
  share: { function: 'TIME_SERIES_INTRADAY', adjusted: 'false', extended_hours: 'false' },
  forex: { function: 'FX_INTRADAY' },
  crypto: { function: 'CRYPTO_INTRADAY' },
}

/** Names of the calls of days and longer, which end with the length: `FX_DAILY`. */
const LABELLED: Readonly<Record<Kind, string>> = { share: 'TIME_SERIES', forex: 'FX', crypto: 'DIGITAL_CURRENCY' }

// So many calendar days hold more than the 100 sessions of a compact answer.
const COMPACT_DAYS = 130

/** What a call is about; intraday bars of shares come by the month. */
function subjectOf(symbol: string, pair: Pair | null, month: string): Call {
  if (pair?.kind === 'forex') return { from_symbol: pair.base, to_symbol: pair.quote }
  if (pair?.kind === 'crypto') return { symbol: pair.base, market: pair.quote }
  return { symbol, ...(month === '' ? {} : { month }) }
}

/** The query of a window that begins at `startMs`, without the key. */
export function callOf(
  { series, symbol, vendorInterval, options, range, nowMs }: PageContext<unknown, AlphaVantageOptions>,
  startMs: EpochMs,
): Call {
  const pair = pairOf(series.symbol)
  const kind: Kind = pair?.kind ?? 'share'
  if (!isLabelled(series.interval as Interval)) {
    const month = new Date(startMs).toISOString().slice(0, 7)
    const call = { ...INTRADAY[kind], interval: vendorInterval, outputsize: 'full' }
    return { ...call, ...subjectOf(symbol, pair, month) }
  }
  const isDaily = series.interval === '1d'
  const isCompact = isDaily && nowMs - range.startMs < COMPACT_DAYS * DAY_MS
  const hasSize = kind === 'forex' || (kind === 'share' && isDaily)
  return {
    function: `${LABELLED[kind]}_${vendorInterval}${kind === 'share' && options.adjusted === true ? '_ADJUSTED' : ''}`,
    ...(hasSize ? { outputsize: isCompact ? 'compact' : 'full' } : {}),
    ...subjectOf(symbol, pair, ''),
  }
}
