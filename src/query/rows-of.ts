/**
 * Rows of a table as plain objects, for looking at and for JSON.
 * @module
 */
import { rowCount, valueAt } from '../contract/columns.ts'
import { ConfigError } from '../contract/errors.ts'
import type { TableSource } from './table-source.ts'

/** One row. Times are ISO text in UTC. */
export type Row = Record<string, number | bigint | string | null>

/** How many rows. */
export interface RowsOptions {
  /** Most rows, counted from the first. @default all rows */
  readonly limit?: number
}

/** Rows of a table as plain objects, in order. */
export function plainRows(source: TableSource, options: RowsOptions): Row[] {
  const rows = Math.min(checkLimit(options.limit) ?? Number.POSITIVE_INFINITY, rowCount(source.columns))
  const shown = Array.from({ length: rows }, (_, row) => row)
  const digits = Math.max(3, timeDigits(source, shown))
  return shown.map((row) => plainRow(source, row, digits))
}

function plainRow(source: TableSource, row: number, digits: number): Row {
  const out: Row = {}
  for (const [name, column] of Object.entries(source.columns)) {
    const value = valueAt(column, row)
    out[name] = typeof value === 'bigint' && source.times.has(name) ? isoTime(value, source.timeUnit, digits) : value
  }
  return out
}

/**
 * Refuses a number of rows that is none.
 * @throws {ConfigError} `config/option`
 */
export function checkLimit(limit: number | undefined): number | undefined {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 0)) return limit
  throw new ConfigError('config/option', `limit: ${String(limit)} is no number of rows: use 0 or more`, {
    field: 'limit',
    value: limit,
  })
}

/** Digits after the second that all these rows can be written with; always 9 where times are nanoseconds. */
export function timeDigits(source: TableSource, rows: readonly number[]): 0 | 3 | 6 | 9 {
  if (source.timeUnit === 'ns') return 9
  const times = rows.map((row) => source.columns.timestamp[row] as bigint)
  if (times.every((ticks) => ticks % 1_000_000n === 0n)) return 0
  return times.every((ticks) => ticks % 1000n === 0n) ? 3 : 6
}

/** Ticks as ISO text in UTC with so many digits after the second. */
export function isoTime(ticks: bigint, unit: 'us' | 'ns', digits: number): string {
  const perSecond = unit === 'us' ? 1_000_000n : 1_000_000_000n
  let seconds = ticks / perSecond
  let rest = ticks % perSecond
  if (rest < 0n) {
    seconds -= 1n
    rest += perSecond
  }
  const fraction = String(rest)
    .padStart(unit === 'us' ? 6 : 9, '0')
    .slice(0, digits)
  const iso = new Date(Number(seconds) * 1000).toISOString().slice(0, -5)
  return digits === 0 ? `${iso}Z` : `${iso}.${fraction}Z`
}
