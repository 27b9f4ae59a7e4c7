/**
 * Splits and dividends as columns.
 * @module
 */
import type { PageColumns } from '../contract/provider.ts'
import type { EpochMs } from '../contract/time.ts'
import { floatColumn, textColumn, timeColumn } from './columns.ts'
import { numberOf } from './decimal.ts'

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

/**
 * Events of a day as they stand beside its bar: cash per share, and new shares per old share; neither 0 nor 1 nor
 * nothing is an event.
 */
export function actionsOfDay(exDateMs: EpochMs, dividend: unknown, split: unknown): ActionRow[] {
  const [cash, ratio] = [numberOf(dividend) ?? 0, numberOf(split) ?? 1]
  return [
    ...(cash === 0 ? [] : [{ kind: 'dividend' as const, exDateMs, value: cash }]),
    ...(ratio === 1 || ratio === 0 ? [] : [{ kind: 'split' as const, exDateMs, value: ratio }]),
  ]
}
