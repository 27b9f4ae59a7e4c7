/**
 * Prices in another basis, as a view: from any of raw, split-adjusted and fully adjusted to any other.
 *
 * The arithmetic is that of CRSP and of Yahoo's and Tiingo's adjusted columns: a split of `r` new shares per old one
 * divides all earlier prices by `r` and multiplies earlier volumes; a dividend `D` multiplies all earlier prices by
 * `1 - D / C`, `C` being the last close before the ex-date.
 * @module
 */
import { type Column, type Columns, isNullable, rowCount, valuesOf } from '../contract/columns.ts'
import { msOf, timestampsMs } from '../contract/ticks.ts'
import { DataError } from '../contract/errors.ts'
import { type Interval, INTERVALS, nextOpen } from '../contract/interval.ts'
import type { Basis } from '../contract/provider.ts'
import type { Adjust } from '../contract/query.ts'
import { type Range, formatRange, subtractRanges } from '../contract/range.ts'
import { DAY_MS, type EpochMs, formatTime } from '../contract/time.ts'
import { type ActionFactors, type Closes, actionFactors } from './action-factors.ts'

export type { Closes } from './action-factors.ts'

/** From which basis to which, and by what. */
export interface AdjustInput {
  readonly view: Exclude<Adjust, 'source'>
  /** How the stored prices are adjusted. */
  readonly basis: Basis
  /** When that was so: actions with a later ex-date are left out. */
  readonly basisAsOfMs: EpochMs
  /** Rows of the schema `actions`; those that are superseded count for nothing. */
  readonly actions: Columns
  /** Ex-dates for which the actions are all there are. @default all */
  readonly actionsCovered?: readonly Range[]
  readonly interval: Interval
  /** Session date at 00:00 UTC of each row. Needed for intraday bars. @default the label */
  readonly sessionDateMs?: Float64Array
  /** Closes of sessions in the same basis, for dividends. Needed for bars longer than a day. @default the rows */
  readonly closes?: Closes
}

const BASIS_OF: Readonly<Record<AdjustInput['view'], Basis>> = { none: 'raw', splits: 'splits', all: 'all' }

/** Columns that hold prices of the bar. `adj_close` stays: it is the source's own. */
const PRICES: ReadonlySet<string> = new Set(['open', 'high', 'low', 'close', 'vwap'])
/** Columns that count units of the instrument: splits change them. Turnover in money is the same in any basis. */
const UNITS: ReadonlySet<string> = new Set(['volume', 'taker_buy_volume'])

/**
 * Shows prices and volumes in another basis.
 *
 * Cash per share is taken in the basis of the source: per share as of the ex-date where prices are raw, in today's
 * shares where they are adjusted. The close before an ex-date is the last one in `closes`, so a session that is missing
 * there moves the factor by the price change of that day.
 * @param columns bars, sorted; values of changed columns are copied, the rest is shared
 * @returns the same columns where the basis is that of the view already
 * @throws {DataError} `data/basis-unavailable` where actions or closes that it takes are not known, where a dividend is
 *   in another currency or as large as the price, where a capital gain may be part of a dividend of the same day, or
 *   where a split falls inside a bar of several days
 */
export function adjustColumns(columns: Columns, input: AdjustInput): Columns {
  const target = BASIS_OF[input.view]
  if (target === input.basis || rowCount(columns) === 0) return columns
  const dates = sessionDates(columns, input)
  requireCovered(input, dates)
  const changes = {
    splits: (target === 'raw') !== (input.basis === 'raw'),
    dividends: (target === 'all') !== (input.basis === 'all'),
  }
  const closes = input.closes ?? ownCloses(columns, dates, input.interval)
  const isSession = INTERVALS[input.interval].ms <= DAY_MS
  const firstMs = isSession ? (dates[0] as number) : msOf(columns.timestamp[0] as bigint, 'us')
  const factors = actionFactors(input, changes, closes, dates, firstMs)
  if (changes.splits && !isSession) refuseSplitsInside(columns, factors, input.interval)
  const segments = segmentsOf(dates, factors, input.basis, target)
  const out: Record<string, Column> = {}
  for (const [name, column] of Object.entries(columns)) {
    if (PRICES.has(name)) out[name] = scaled(column, segments, 'price')
    else if (UNITS.has(name) && changes.splits) out[name] = scaled(column, segments, 'volume')
    else out[name] = column
  }
  return out as unknown as Columns
}

/** Date up to which a bar's close is not yet changed by an action: the session date, of longer bars the last day. */
function sessionDates(columns: Columns, { interval, sessionDateMs }: AdjustInput): Float64Array {
  if (sessionDateMs !== undefined) return sessionDateMs
  if (INTERVALS[interval].kind === 'clock') {
    throw unavailable(`intraday bars (${interval}) need the session date of each row`)
  }
  const labels = timestampsMs(columns.timestamp, 'us')
  return interval === '1d' ? labels : labels.map((label) => nextOpen(interval, label) - DAY_MS)
}

function ownCloses(columns: Columns, dates: Float64Array, interval: Interval): Closes | undefined {
  const close = columns['close']
  if (close === undefined || INTERVALS[interval].ms > DAY_MS) return undefined
  const [first, last] = [dates[0] as number, dates.at(-1) as number]
  return { sessionDateMs: dates, close, range: { startMs: first, endMs: last + DAY_MS } }
}

function requireCovered({ actionsCovered, basisAsOfMs, view }: AdjustInput, dates: Float64Array): void {
  if (actionsCovered === undefined) return
  const needed = { startMs: dates[0] as number, endMs: Math.floor(basisAsOfMs / DAY_MS) * DAY_MS }
  const [hole] = subtractRanges([needed], actionsCovered)
  if (hole === undefined) return
  throw unavailable(
    `adjust: "${view}" needs all actions of ${formatRange(needed)}, and those of ${formatRange(hole)} are not known`,
  )
}

/** A week whose first days are before a split and whose last are after it has no price in either basis. */
function refuseSplitsInside(columns: Columns, factors: ActionFactors, interval: Interval): void {
  const labels = timestampsMs(columns.timestamp, 'us')
  for (const exMs of factors.splitDates) {
    const inside = labels.find((label) => label < exMs && exMs < nextOpen(interval, label))
    if (inside === undefined) continue
    throw unavailable(
      `the split of ${formatTime(exMs)} falls inside the bar of ${formatTime(inside)} (${interval}): read shorter bars`,
    )
  }
}

/** Rows that the same actions change: `[start, end)`, and by what a price and a volume are multiplied and divided. */
interface Segment {
  readonly start: number
  readonly end: number
  readonly price: Fraction
  readonly volume: Fraction
}

/** Kept apart so that a split alone divides and rounds once. */
interface Fraction {
  readonly by: number
  readonly over: number
}

function segmentsOf(dates: Float64Array, factors: ActionFactors, basis: Basis, target: Basis): Segment[] {
  const out: Segment[] = []
  for (let start = 0; start < dates.length;) {
    const { split, dividend, untilMs } = factors.after(dates[start] as number)
    let end = start + 1
    while (end < dates.length && (dates[end] as number) < untilMs) end++
    const price = {
      by: (target === 'raw' ? split : 1) * (target === 'all' ? dividend : 1),
      over: (basis === 'raw' ? split : 1) * (basis === 'all' ? dividend : 1),
    }
    const volume = { by: basis === 'raw' ? split : 1, over: target === 'raw' ? split : 1 }
    out.push({ start, end, price, volume })
    start = end
  }
  return out
}

function scaled(column: Column, segments: readonly Segment[], kind: 'price' | 'volume'): Column {
  const source = valuesOf(column) as Float64Array
  const values = new Float64Array(source.length)
  for (const segment of segments) {
    const { by, over } = segment[kind]
    for (let row = segment.start; row < segment.end; row++) values[row] = ((source[row] as number) * by) / over
  }
  return isNullable(column) ? { values, valid: column.valid } : values
}

function unavailable(message: string): DataError {
  return new DataError('data/basis-unavailable', message, { field: 'adjust' })
}
