/**
 * Splits and dividends as Polygon writes them. Dividends come as they were paid, bars adjusted for every split until
 * now: each dividend is divided by the splits after it.
 * Source: https://massive.com/docs/rest/stocks/corporate-actions/dividends, /splits
 * @module
 */
import type { Range } from '../contract/range.ts'
import type { EpochMs } from '../contract/time.ts'
import type { ActionRow } from './actions.ts'
import { rowsAt } from './answer.ts'
import { numberOf } from './decimal.ts'
import { dateMs, dayText } from './stamps.ts'

const MOST_ROWS = 1000
const FIELDS = { dividends: 'ex_dividend_date', splits: 'execution_date' } as const

/** Where events are asked for: dividends of the range, and every split since its start, since later ones adjust too. */
export function eventsPath(kind: 'dividends' | 'splits', symbol: string, range: Range): string {
  const query = new URLSearchParams({
    ticker: symbol,
    [`${FIELDS[kind]}.gte`]: dayText(range.startMs),
    ...(kind === 'splits' ? {} : { [`${FIELDS[kind]}.lte`]: dayText(range.endMs - 1) }),
    limit: String(MOST_ROWS),
  })
  return `v3/reference/${kind}?${query}`
}

/** Events of some answers. */
export interface PolygonEvents {
  readonly dividends: readonly ActionRow[]
  readonly splits: readonly ActionRow[]
  /** The events of a range, dividends in the basis that prices have now. */
  rows(range: Range, nowMs: EpochMs): ActionRow[]
}

/** Long-term and short-term gains of a fund; everything else is a dividend. */
const GAINS: ReadonlySet<unknown> = new Set(['LT', 'ST'])

function eventsOf(dividends: readonly ActionRow[], splits: readonly ActionRow[]): PolygonEvents {
  return {
    dividends,
    splits,
    rows(range, nowMs) {
      const inside = ({ exDateMs }: ActionRow): boolean => exDateMs >= range.startMs && exDateMs < range.endMs
      const ratioAfter = (ms: EpochMs): number =>
        splits
          .filter(({ exDateMs }) => exDateMs > ms && exDateMs <= nowMs)
          .reduce((ratio, { value }) => ratio * (value ?? 1), 1)
      const adjusted = dividends.map((row) => ({
        ...row,
        value: row.value === null ? null : row.value / ratioAfter(row.exDateMs),
      }))
      return [...adjusted, ...splits].filter(inside)
    },
  }
}

/** No event yet. */
export const NO_EVENTS: PolygonEvents = eventsOf([], [])

/** Both together. */
export function joinEvents(a: PolygonEvents, b: PolygonEvents): PolygonEvents {
  return eventsOf([...a.dividends, ...b.dividends], [...a.splits, ...b.splits])
}

const OTHER = { dividends: 'splits', splits: 'dividends' } as const

/**
 * Reads one list; rows of other symbols are left out, and those of the other list, which count there.
 * @throws {ProviderError} `provider/response`
 */
export function readEvents(results: unknown, symbol: string, kind: 'dividends' | 'splits'): PolygonEvents {
  const dividends: ActionRow[] = []
  const splits: ActionRow[] = []
  for (const [i, row] of rowsAt(results, 'results').entries()) {
    if (row['ticker'] !== symbol) continue
    if (Object.hasOwn(row, FIELDS[OTHER[kind]]) && !Object.hasOwn(row, FIELDS[kind])) continue
    if (kind === 'splits') {
      const [before, after] = [numberOf(row['split_from']), numberOf(row['split_to'])]
      const value = before === null || after === null || before === 0 ? null : after / before
      splits.push({ kind: 'split', exDateMs: dateMs(row[FIELDS.splits], `results[${i}].${FIELDS.splits}`), value })
    } else {
      dividends.push({
        kind: GAINS.has(row['dividend_type']) ? 'capital-gain' : 'dividend',
        exDateMs: dateMs(row[FIELDS.dividends], `results[${i}].${FIELDS.dividends}`),
        value: numberOf(row['cash_amount']),
        // Shares are traded in dollars; another currency is worth a word.
        ...(row['currency'] === undefined || row['currency'] === 'USD' ? {} : { currency: row['currency'] }),
      })
    }
  }
  return eventsOf(dividends, splits)
}
