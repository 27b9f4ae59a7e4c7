/**
 * The parts of a Yahoo chart, whether they were parsed or read from bytes.
 * @module
 */
import { type Column, columnLength } from '../contract/columns.ts'
import { ProviderError } from '../contract/errors.ts'
import { type Interval, INTERVALS, isLabelled } from '../contract/interval.ts'
import { listAt, listColumn, malformed, numberOf, objectAt, timeColumn } from './columns.ts'
import { clockOf } from './yahoo-dates.ts'
import { isScanned } from './yahoo-scan.ts'
import type { ZoneClock } from './zone.ts'

/** The parts of a chart that decide about rows; every column is as long as `times`, or absent. */
export interface Chart {
  readonly meta: Readonly<Record<string, unknown>>
  /** Epoch milliseconds as sent. */
  readonly times: Float64Array
  readonly quote: Readonly<Record<QuoteName, Column | undefined>>
  readonly adjusted: Column | undefined
  /** Of the exchange. */
  readonly clock: ZoneClock
}

/** Lists of prices and volume. */
export type QuoteName = 'open' | 'high' | 'low' | 'close' | 'volume'

function timesOf(stamps: unknown): Float64Array {
  if (stamps === undefined || stamps === null) return new Float64Array(0)
  if (stamps instanceof Float64Array) return timesOfSeconds(stamps)
  const list = listAt(stamps, 'timestamp')
  return timeColumn(list.length, (row) => (typeof list[row] === 'number' ? list[row] * 1000 : list[row]))
}

function timesOfSeconds(seconds: Float64Array): Float64Array {
  const times = new Float64Array(seconds.length)
  let excess = 0
  for (let row = 0; row < times.length; row++) {
    const ms = (seconds[row] as number) * 1000
    times[row] = ms
    // Stays zero unless one of them is infinite.
    excess += ms - ms
  }
  return excess === 0 ? times : timeColumn(times.length, (row) => times[row])
}

function columnOrNone(value: unknown, length: number, path: string): Column | undefined {
  if (value === undefined || value === null) return undefined
  const list = isScanned(value) ? value : listAt(value, path)
  const found = isScanned(list) ? columnLength(list) : list.length
  if (found !== length) throw malformed(`${path}.length`, found, `${length}, one value a timestamp,`)
  return isScanned(list) ? list : listColumn(list, length)
}

/**
 * The chart of one result.
 * @throws {ProviderError} `provider/response` for a shape that is not known
 */
export function chartOf(result: Readonly<Record<string, unknown>>): Chart {
  const meta = objectAt(result['meta'], 'chart.result[0].meta')
  const indicators = objectAt(result['indicators'] ?? {}, 'indicators')
  const quote = objectAt((indicators['quote'] as readonly unknown[] | undefined)?.[0] ?? {}, 'indicators.quote[0]')
  const adjclose = (indicators['adjclose'] as readonly unknown[] | undefined)?.[0]
  const clock = clockOf(meta)
  const times = timesOf(result['timestamp'])
  const read = (name: QuoteName): Column | undefined =>
    columnOrNone(quote[name], times.length, `indicators.quote[0].${name}`)
  return {
    meta,
    clock,
    times,
    quote: { open: read('open'), high: read('high'), low: read('low'), close: read('close'), volume: read('volume') },
    adjusted:
      adjclose === undefined || times.length === 0
        ? undefined
        : columnOrNone(objectAt(adjclose, 'adjclose[0]')['adjclose'], times.length, 'adjclose'),
  }
}

/** Index of the last row if it is the latest price, stamped with the time of the last trade; else -1. */
export function liveRowOf({ meta, times }: Pick<Chart, 'meta' | 'times'>): number {
  const last = times.length - 1
  return last >= 0 && times[last] === (numberOf(meta['regularMarketTime']) ?? Number.NaN) * 1000 ? last : -1
}

/** The vendor's names of one length are the same. */
const SAME_GRANULARITY: Readonly<Record<string, string>> = { '60m': '1h' }
const granularity = (name: string): string => SAME_GRANULARITY[name] ?? name

/** Lengths of the steps inside days say what was sent, whatever the answer claims: is every one at least twice the asked one? */
function isCoarserThan(interval: Interval, times: Float64Array): boolean {
  const step = INTERVALS[interval].ms
  let exact = 0
  for (let row = 1; row < times.length; row++) {
    const gap = (times[row] as number) - (times[row - 1] as number)
    if (gap > 0 && gap < 2 * step) return false
    if (gap === 2 * step) exact++
  }
  return exact >= 5
}

/**
 * Refuses bars of another length than was asked for.
 * @throws {ProviderError} `provider/response`
 */
export function refuseOtherLength({ meta, times }: Chart, interval: Interval, vendorInterval: string): void {
  const sent = meta['dataGranularity']
  const isCoarse = isCoarserThan(interval, times) && !isLabelled(interval)
  const isOther = typeof sent === 'string' && granularity(sent) !== granularity(vendorInterval)
  if (!isOther && !(isCoarse && interval === '30m')) return
  const message = `was asked for bars of ${vendorInterval} and answered with longer or shorter ones`
  throw new ProviderError('provider/response', message, {
    field: 'dataGranularity',
    value: isCoarse ? 'twice as long' : sent,
  })
}
