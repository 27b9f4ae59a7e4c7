/**
 * Rows of answers of Alpaca, a list a symbol, and the columns of its bars.
 * @module
 */
import { type Interval, barOpen, isLabelled } from '../contract/interval.ts'
import type { PageColumns } from '../contract/provider.ts'
import { type Row, objectAt, rowsAt } from './answer.ts'
import { rowColumns } from './columns.ts'
import { instantMs } from './stamps.ts'

/** Rows of the symbol: a page may hold none of it while another follows. @throws {ProviderError} `provider/response` */
export function rowsOf(list: unknown, symbol: string): readonly Row[] {
  if (list === null || list === undefined) return []
  if (Array.isArray(list)) return rowsAt(list, 'answer')
  const lists = objectAt(list, 'answer')
  return Object.hasOwn(lists, symbol) ? rowsAt(lists[symbol], symbol) : []
}

const FIELDS = { open: 'o', high: 'h', low: 'l', close: 'c', volume: 'v', trade_count: 'n', vwap: 'vw' }

/** Columns of bars. Days begin at midnight in New York, or for coins in Chicago: a few hours into their UTC date. */
export function barColumns(rows: readonly Row[], interval: Interval): PageColumns {
  const stamps = Float64Array.from(rows, ({ t }, i) => instantMs(t, `[${i}].t`))
  const timestamp = isLabelled(interval) ? stamps.map((ms) => barOpen(interval, ms)) : stamps
  return { timestamp, ...rowColumns(rows, FIELDS) }
}
