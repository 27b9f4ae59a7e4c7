/**
 * Splits, dividends and capital gains of a Yahoo chart.
 * @module
 */
import { barOpen, ceilOpen } from '../contract/interval.ts'
import type { PageColumns } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { actionColumns } from './actions.ts'
import { numberOf, objectAt, timeColumn } from './columns.ts'
import { sessionDates } from './yahoo-dates.ts'
import type { ZoneClock } from './zone.ts'

type Event = Readonly<Record<string, unknown>>

function ratioOf(event: Event): number | null {
  const [numerator, denominator] = [numberOf(event['numerator']), numberOf(event['denominator'])]
  return numerator === null || denominator === null || denominator === 0 ? null : numerator / denominator
}

const amountOf = (event: Event): number | null => numberOf(event['amount'])

/** Kind of event, its list in the answer, its value. */
const EVENTS = [
  ['split', 'splits', ratioOf],
  ['dividend', 'dividends', amountOf],
  ['capital-gain', 'capitalGains', amountOf],
] as const

/**
 * Events by ex-date, of the days that the range touches. The keys of the vendor's lists follow the bars; `date` is the
 * session itself.
 * @throws {ProviderError} `provider/response` for events that are no objects, or without a date
 */
export function eventColumns(result: Readonly<Record<string, unknown>>, clock: ZoneClock, range: Range): PageColumns {
  const days = { startMs: barOpen('1d', range.startMs), endMs: ceilOpen('1d', range.endMs) }
  const events = objectAt(result['events'] ?? {}, 'events')
  const rows = EVENTS.flatMap(([kind, list, valueOf]) =>
    Object.values(objectAt(events[list] ?? {}, `events.${list}`)).map((entry) => {
      const event = objectAt(entry, `events.${list}`)
      const atMs = (numberOf(event['date']) ?? Number.NaN) * 1000
      const [exDateMs] = sessionDates(
        timeColumn(1, () => atMs),
        clock,
        -1,
      )
      return { kind, exDateMs: exDateMs as number, value: valueOf(event), currency: event['currency'] }
    }),
  ).filter(({ exDateMs }) => exDateMs >= days.startMs && exDateMs < days.endMs)
  return actionColumns(rows)
}
