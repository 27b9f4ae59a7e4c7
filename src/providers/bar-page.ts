/**
 * Bars as plain objects, turned into the columns of a page.
 * @module
 */
import type { Column } from '../contract/columns.ts'
import type { PageColumns } from '../contract/provider.ts'
import { floatColumn, timeColumn } from './columns.ts'

/** One bar as a plain object. More numeric fields become columns of the same name. */
export interface BarRow {
  /** Bar open: epoch milliseconds, `Date` or ISO text. */
  readonly time?: number | string | Date
  /** The same under its other name. */
  readonly timestamp?: number | string | Date
  readonly open?: number | string | null
  readonly high?: number | string | null
  readonly low?: number | string | null
  readonly close?: number | string | null
  readonly volume?: number | string | null
  readonly [column: string]: unknown
}

function msOfRow(row: BarRow): number {
  const time = row.time ?? row.timestamp
  if (time instanceof Date) return time.getTime()
  if (typeof time === 'number') return time
  // A date alone is 00:00 UTC, and so is every date-time that carries an offset; one without is ambiguous.
  const hasZone = typeof time === 'string' && (/^\d{4}-\d{2}-\d{2}$/.test(time) || /(Z|[+-]\d{2}:?\d{2})$/i.test(time))
  return hasZone ? Date.parse(time) : Number.NaN
}

/**
 * Columns of bars from plain objects, in the given order.
 * null, undefined and text that is no number become null, never 0.
 * @throws {ProviderError} `provider/response` for a row without a time
 */
export function barPage(rows: readonly BarRow[]): PageColumns {
  const times = rows.map(msOfRow)
  const extras = new Set(rows.flatMap((row) => Object.keys(row)))
  const columns: Record<string, Column> & { timestamp: Float64Array } = {
    timestamp: timeColumn(rows.length, (i) => times[i]),
  }
  for (const name of ['open', 'high', 'low', 'close', 'volume']) {
    columns[name] = floatColumn(rows.length, (i) => rows[i]?.[name])
    extras.delete(name)
  }
  for (const name of extras) {
    if (name !== 'time' && name !== 'timestamp') columns[name] = floatColumn(rows.length, (i) => rows[i]?.[name])
  }
  return columns
}
