/**
 * Splits and dividends as columns.
 * @module
 */
import type { PageColumns } from '../contract/provider.ts'
import type { EpochMs } from '../contract/time.ts'
import { floatColumn, textColumn, timeColumn } from './columns.ts'

/** One event of an instrument. */
export interface ActionRow {
  readonly kind: 'split' | 'dividend' | 'capital-gain'
  /** Ex-date at 00:00 UTC. */
  readonly exDateMs: EpochMs
  /** New shares per old share, or cash per share in the basis of the source; null where the source does not say. */
  readonly value: number | null
  /** ISO 4217, where it differs from the price. */
  readonly currency?: unknown
}

/** Columns of events; `currency` only where one of them has it. */
export function actionColumns(rows: readonly ActionRow[]): PageColumns {
  const columns = {
    timestamp: timeColumn(rows.length, (i) => rows[i]?.exDateMs),
    kind: textColumn(rows.length, (i) => rows[i]?.kind),
    value: floatColumn(rows.length, (i) => rows[i]?.value),
  }
  const foreign = rows.some(({ currency }) => typeof currency === 'string')
  return foreign ? { ...columns, currency: textColumn(rows.length, (i) => rows[i]?.currency) } : columns
}
