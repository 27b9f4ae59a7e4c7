/**
 * What is measured on: invented minutes that look like real ones, full-precision prices as the worst case, daily
 * series, and recorded minutes where `MARKETLAKE_FIXTURES` names a folder of recordings.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { randomOf } from './harness.ts'

/** Bars without nulls; `timestamp` in microseconds. */
export interface Bars {
  readonly timestamp: BigInt64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
  readonly [name: string]: BigInt64Array | Float64Array
}

/** Columns in the order of a file. */
export const COLUMNS = ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const
/** Bytes of one decoded row. */
export const ROW_BYTES = 48
/** First bar of every invented series. */
export const START_MS: number = Date.UTC(2015, 0, 1)
export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000

/** How invented bars look. */
export interface BarsShape {
  readonly rows: number
  readonly stepMs: number
  /** `tick`: prices of two decimals, whole volumes · `full`: every bit of a double is used. */
  readonly prices: 'tick' | 'full'
  /** @default 1 */
  readonly seed?: number
  /** @default START_MS */
  readonly startMs?: number
}

function emptyBars(rows: number): Bars {
  const prices = (): Float64Array => new Float64Array(rows)
  return {
    timestamp: new BigInt64Array(rows),
    open: prices(),
    high: prices(),
    low: prices(),
    close: prices(),
    volume: prices(),
  }
}

/** A random walk of evenly spaced bars, the same for the same seed. */
export function inventBars({ rows, stepMs, prices, seed = 1, startMs = START_MS }: BarsShape): Bars {
  const random = randomOf(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random())
  const isTick = prices === 'tick'
  const tick = (price: number): number => (isTick ? Math.round(price * 100) / 100 : price)
  // Volatility grows with the square root of the bar's length; 0.04 % a minute is that of a liquid coin.
  const step = 0.0004 * Math.sqrt(stepMs / MINUTE_MS)
  const bars = emptyBars(rows)
  let price = 100 + (seed % 37)
  for (let i = 0; i < rows; i++) {
    const first = price
    price = Math.min(5000, Math.max(5, price * (1 + step * normal())))
    bars.timestamp[i] = BigInt(startMs + i * stepMs) * 1000n
    bars.open[i] = tick(first)
    bars.close[i] = tick(price)
    bars.high[i] = tick(Math.max(first, price) * (1 + Math.abs(0.5 * step * normal())))
    bars.low[i] = tick(Math.min(first, price) * (1 - Math.abs(0.5 * step * normal())))
    const volume = Math.exp(6.5 + 1.2 * normal())
    bars.volume[i] = isTick ? Math.floor(volume) * (random() < 0.3 ? 100 : 1) + 1 : volume
  }
  return bars
}

/** Rows `[start, end)`, sharing memory. */
export function sliceBars(bars: Bars, start: number, end: number): Bars {
  return Object.fromEntries(
    COLUMNS.map((name) => [name, (bars[name] as Float64Array).subarray(start, end)]),
  ) as unknown as Bars
}

/** Opening of a row, epoch milliseconds. */
export function openMs(bars: Bars, row: number): number {
  return Number((bars.timestamp.at(row) as bigint) / 1000n)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: BigInt64Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Checksum of each column's bits. */
export function digestOf(
  bars: Readonly<Record<string, BigInt64Array | Float64Array>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(COLUMNS.map((name) => [name, crc32(bytesOf(bars[name] as Float64Array))]))
}

/** Makes the comparison of an answer with a reference: rows, and every bit of every column. */
export function expectBars(reference: Bars): (found: Readonly<Record<string, BigInt64Array | Float64Array>>) => void {
  const wanted = digestOf(reference)
  return (found) => {
    for (const name of COLUMNS) {
      const column = found[name]
      if (column?.length !== reference.timestamp.length)
        throw new Error(`${name}: ${column?.length} rows, not ${reference.timestamp.length}`)
      if (crc32(bytesOf(column)) !== wanted[name]) throw new Error(`${name}: other values`)
    }
  }
}

/** Columns of any Arrow table, whichever copy of apache-arrow made it; several batches are joined. */
export function columnsOfArrow(table: {
  getChild(name: string): { toArray(): unknown } | null
}): Record<string, BigInt64Array | Float64Array> {
  return Object.fromEntries(COLUMNS.map((name) => [name, table.getChild(name)?.toArray() as Float64Array]))
}

/** Recorded minutes. */
export interface Recording {
  readonly name: string
  readonly bars: Bars
}

/** Recorded minutes of the folder that `MARKETLAKE_FIXTURES` names; none without it. */
export function recordedBars(): readonly Recording[] {
  const folder = process.env['MARKETLAKE_FIXTURES']
  if (folder === undefined) return []
  const recordings: readonly [name: string, file: string, parse: (text: string) => number[][]][] = [
    ['BTC 1m (recorded, 8 decimals)', 'UNITTEST_BTC-1m.json', (text) => JSON.parse(text) as number[][]],
    ['SPY 1m (recorded, 2 decimals)', 'SPY_1m_2011-03_DST.csv', parseNinjaTrader],
  ]
  return recordings.flatMap(([name, file, parse]) => {
    const path = join(folder, 'providers/series', file)
    return existsSync(path) ? [{ name, bars: barsOfRows(parse(readFileSync(path, 'utf8'))) }] : []
  })
}

/** Lines of `yyyyMMdd HHmmss;open;high;low;close;volume`, stamped at the end of the bar. */
function parseNinjaTrader(text: string): number[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [stamp = '', ...values] = line.trim().split(';')
      const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z')
      return [Date.parse(iso) - MINUTE_MS, ...values.map(Number)]
    })
}

function barsOfRows(rows: readonly (readonly number[])[]): Bars {
  const bars = emptyBars(rows.length)
  for (const [i, row] of rows.entries()) {
    bars.timestamp[i] = BigInt(row[0] as number) * 1000n
    for (const [at, name] of COLUMNS.entries()) if (at > 0) bars[name]![i] = row[at] as number
  }
  return bars
}
