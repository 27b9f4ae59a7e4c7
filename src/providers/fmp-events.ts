/**
 * Splits and dividends as FMP writes them: two lists, each as long as its limit at most, newest first.
 * @module
 */
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { type ActionRow, actionColumns } from './actions.ts'
import { type Row, listAt } from './answer.ts'
import { numberOf } from './decimal.ts'
import { rowsOfSymbol } from './fmp-rows.ts'
import type { HttpProviderOptions, PageAnswer, PageContext } from './http/define.ts'
import { dateMs } from './stamps.ts'

const MOST_EVENTS = 1000

/** Where the next window starts; for events, the dividends so far while splits are asked for. */
export interface FmpCursor {
  readonly startMs: EpochMs
  readonly dividends?: readonly ActionRow[]
}

/** Where events are asked for: dividends, then splits. */
export function fmpEventsPath(symbol: string, cursor: FmpCursor | undefined): string {
  const query = new URLSearchParams({ symbol, limit: String(MOST_EVENTS) })
  return `${cursor === undefined ? 'dividends' : 'splits'}?${query}`
}

function eventOf(row: Row, i: number): ActionRow {
  const exDateMs = dateMs(row['date'], `[${i}].date`)
  if (!Object.hasOwn(row, 'numerator')) {
    return { kind: 'dividend', exDateMs, value: numberOf(row['adjDividend']) ?? numberOf(row['dividend']) }
  }
  const [numerator, denominator] = [numberOf(row['numerator']), numberOf(row['denominator'])]
  const isRatio = numerator !== null && denominator !== null && denominator !== 0
  return { kind: 'split', exDateMs, value: isRatio ? numerator / denominator : null }
}

/** One page of either list, dividends first. @throws {ProviderError} `provider/response` */
export function fmpActionPage(
  body: unknown,
  { range, symbol, cursor }: PageContext<FmpCursor, HttpProviderOptions>,
): PageAnswer<FmpCursor> {
  // Rows of the other list count there.
  const isSplits = cursor?.dividends !== undefined
  const isOurs = (row: Row): boolean =>
    Object.hasOwn(row, 'numerator') ? isSplits : !isSplits || !Object.hasOwn(row, 'dividend')
  const list = rowsOfSymbol(listAt(body, 'answer'), symbol)
  const all = list.filter(isOurs).map(eventOf)
  // A list of full length begins where the limit cut it.
  const oldestMs = list.length < MOST_EVENTS ? range.startMs : Math.min(...all.map(({ exDateMs }) => exDateMs)) + DAY_MS
  const startMs = Math.min(range.endMs, Math.max(cursor?.startMs ?? range.startMs, oldestMs))
  const events = all.filter(({ exDateMs }) => exDateMs >= startMs && exDateMs < range.endMs)
  // Dividends and splits replace what is stored together, so nothing is proven before both are there.
  if (cursor?.dividends === undefined) {
    const proven = { startMs: range.startMs, endMs: range.startMs }
    return { columns: actionColumns([]), proven, next: { startMs, dividends: events } }
  }
  const dividends = cursor.dividends.filter(({ exDateMs }) => exDateMs >= startMs)
  return { columns: actionColumns([...dividends, ...events]), proven: { startMs, endMs: range.endMs } }
}
