/**
 * Invented bars: open and close are prices of the walk, the rest is a throw of dice.
 * @module
 */
import type { Calendar } from '../../contract/calendar.ts'
import { type NullableColumn, bitmap, setBit } from '../../contract/columns.ts'
import { INTERVALS, type Interval, ceilOpen, nextOpen } from '../../contract/interval.ts'
import type { Page, PageColumns } from '../../contract/provider.ts'
import { type Range, intersect } from '../../contract/range.ts'
import { type Walk, createWalk, growth, hash32, hashText } from './walk.ts'

/** What the invented market is, and which faults it has. */
export interface Market {
  readonly name: string
  readonly seed: number
  readonly startPrice: number
  readonly volatility: number
  readonly listedMs: number
  readonly calendar: Calendar | undefined
  readonly holes: readonly Range[]
  readonly nulls: readonly Range[]
  readonly failAtMs: number
}

/** What all pages of one answer share. */
export interface Quotes {
  readonly market: Market
  /** Hash of symbol and seed. */
  readonly key: number
  /** Price at an instant, two decimals. */
  readonly price: Walk
}

const MINUTE_MS = 60_000
const MS_PER_YEAR = 365.25 * 86_400_000

/** Prices of a symbol: the start price at the listing. */
export function quotesOf(market: Market, symbol: string): Quotes {
  const key = hashText(symbol, market.seed)
  const walk = createWalk(key, market.volatility)
  const base = walk(market.listedMs)
  return { market, key, price: (ms) => cents(market.startPrice * growth(walk(ms) - base)) }
}

function cents(price: number): number {
  return Math.max(1, Math.round(Math.min(price, 1e12) * 100)) / 100
}

/** Bars that open in the range and have closed; proves the range up to the first bar that has not. */
export function barsPage(quotes: Quotes, interval: Interval, range: Range, nowMs: number): Page {
  const { market } = quotes
  const slots = openings(market, interval, range)
  let closed = slots.length
  while (closed > 0 && nextOpen(interval, slots[closed - 1] as number) > nowMs) closed--
  const endMs = closed < slots.length ? (slots[closed] as number) : range.endMs
  const sent = slots.subarray(0, closed).filter((ms) => !isIn(market.holes, ms))
  return { columns: barColumns(quotes, interval, sent), proven: { startMs: range.startMs, endMs } }
}

function openings({ calendar }: Market, interval: Interval, range: Range): Float64Array {
  if (calendar !== undefined) {
    const known = intersect(range, calendar.valid)
    if (known === null) return new Float64Array(0)
    // Dates, since a plain number before 1973 is taken for seconds.
    return calendar.expectedBars({ start: new Date(known.startMs), end: new Date(known.endMs) }, interval)
  }
  const out: number[] = []
  for (let ms = ceilOpen(interval, range.startMs); ms < range.endMs; ms = nextOpen(interval, ms)) out.push(ms)
  return Float64Array.from(out)
}

function isIn(ranges: readonly Range[], ms: number): boolean {
  return ranges.some((range) => range.startMs <= ms && ms < range.endMs)
}

function barColumns({ market, key, price }: Quotes, interval: Interval, opens: Float64Array): PageColumns {
  const rows = opens.length
  const [open, high, low, close, volume] = Array.from({ length: 5 }, () => new Float64Array(rows)) as BarArrays
  const lengthMs = INTERVALS[interval].ms
  const wick = (market.volatility * Math.sqrt(lengthMs / MS_PER_YEAR)) / 2
  const barKey = hashText(interval, key)
  let [lastMs, lastPrice] = [Number.NaN, 0]
  for (let row = 0; row < rows; row++) {
    const ms = opens[row] as number
    const closeMs = nextOpen(interval, ms)
    const [first, last] = [ms === lastMs ? lastPrice : price(ms), price(closeMs)]
    ;[lastMs, lastPrice] = [closeMs, last]
    const seconds = ms / 1000
    const dice = hash32(barKey, seconds | 0, Math.floor(seconds / 4_294_967_296))
    const [up, down] = [(dice & 0x3ff) / 1024, ((dice >>> 10) & 0x3ff) / 1024]
    open[row] = first
    close[row] = last
    high[row] = Math.max(first, last, cents(Math.max(first, last) * (1 + up * wick)))
    low[row] = Math.min(first, last, cents(Math.min(first, last) / (1 + down * wick)))
    const share = (dice >>> 20) / 4096
    volume[row] = Math.ceil((0.2 + share * share) * 100 * Math.max(1, lengthMs / MINUTE_MS))
  }
  const isNull = opens.map((ms) => (isIn(market.nulls, ms) ? 1 : 0))
  const shown = (values: Float64Array): Float64Array | NullableColumn => withNulls(values, isNull)
  return {
    timestamp: opens,
    open: shown(open),
    high: shown(high),
    low: shown(low),
    close: shown(close),
    volume: shown(volume),
  }
}

type BarArrays = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]

function withNulls(values: Float64Array, isNull: Float64Array): Float64Array | NullableColumn {
  if (!isNull.includes(1)) return values
  const valid = bitmap(values.length, true)
  for (let row = 0; row < values.length; row++) if (isNull[row] === 1) setBit(valid, row, false)
  return { values, valid }
}
