/**
 * Judges pages before anything is made of them: wrong units, pages without end, answers to another question.
 * @module
 */
import { ProviderError } from '../../contract/errors.ts'
import { msOf } from '../../contract/ticks.ts'
import { type Interval, INTERVALS, countOpens } from '../../contract/interval.ts'
import type { Page, PageColumns } from '../../contract/provider.ts'
import { type Range, formatRange } from '../../contract/range.ts'
import { SCHEMAS } from '../../contract/schema.ts'
import type { Series } from '../../contract/series.ts'
import { DAY_MS, EARLIEST_MS, type EpochMs, LATEST_MS } from '../../contract/time.ts'

/** Watches the pages of one fetch. */
export interface PageGuard {
  /** Notes what is asked for. @throws {ProviderError} `provider/pagination-loop` for the same request again */
  ask(url: string): void
  /**
   * Checks one page. `strayed`: it has rows and none of them lies in the asked range, so it proves nothing.
   * @throws {ProviderError} `provider/units` for times that cannot be, `provider/pagination-loop` for a page without end
   */
  check(page: Page, hasNext: boolean): { readonly strayed: boolean }
}

// A vendor may send neighbours of what was asked; what lies farther off was counted in other units.
const NEIGHBOUR_MS = 35 * DAY_MS
const MOST_BARREN_PAGES = 100
// More bars than this many times the slots of the range are no answer to the question.
const MOST_ROWS_A_SLOT = 3
const MOST_ROWS_BEYOND = 20_000

function times(columns: PageColumns, unit: 'us' | 'ns'): { firstMs: EpochMs; lastMs: EpochMs; sum: number } {
  const { timestamp } = columns
  let [firstMs, lastMs, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (let row = 0; row < timestamp.length; row++) {
    const value = timestamp[row] as number | bigint
    const ms = typeof value === 'bigint' ? msOf(value, unit) : value
    if (!(ms >= firstMs)) firstMs = ms
    if (!(ms <= lastMs)) lastMs = ms
    sum += ms
  }
  return { firstMs, lastMs, sum }
}

function refuseFar(firstMs: EpochMs, lastMs: EpochMs, range: Range, interval: Interval | undefined): void {
  const lengthMs = interval === undefined ? 0 : INTERVALS[interval].ms
  const slackMs = Math.max(range.endMs - range.startMs, NEIGHBOUR_MS, 3 * lengthMs)
  const outside = firstMs < range.startMs - slackMs || lastMs >= range.endMs + slackMs
  if (firstMs >= EARLIEST_MS && lastMs < LATEST_MS && !outside) return
  const shown = [firstMs, lastMs]
    .map((ms) => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms)))
    .join(' to ')
  const message = `was asked for ${formatRange(range)} and answered with rows of ${shown}`
  throw new ProviderError('provider/units', message, { field: 'timestamp', value: firstMs })
}

/**
 * Refuses times that lie far outside of what was asked. A provider that cuts rows off by itself calls this before, so
 * that an answer in wrong units never looks like an empty one.
 * @throws {ProviderError} `provider/units`
 */
export function refuseFarTimes(timestamp: Float64Array, range: Range, interval: Interval | undefined): void {
  if (timestamp.length === 0) return
  const { firstMs, lastMs } = times({ timestamp }, 'us')
  refuseFar(firstMs, lastMs, range, interval)
}

/** Makes a guard for one fetch. */
export function createPageGuard(range: Range, { schema, interval }: Series): PageGuard {
  const asked = new Set<string>()
  const seen = new Set<string>()
  let barren = 0
  let total = 0
  const unit = SCHEMAS[schema].timeUnit
  const most =
    interval === undefined
      ? Number.POSITIVE_INFINITY
      : MOST_ROWS_A_SLOT * countOpens(interval, range) + MOST_ROWS_BEYOND

  return {
    ask(url) {
      if (asked.has(url))
        throw new ProviderError('provider/pagination-loop', 'the next page is a page that was asked for before')
      asked.add(url)
    },
    check({ columns }, hasNext) {
      const rows = columns.timestamp.length
      if (rows === 0) {
        if (hasNext && ++barren > MOST_BARREN_PAGES) {
          throw new ProviderError(
            'provider/pagination-loop',
            `sent ${barren} pages without a row and another to follow`,
          )
        }
        return { strayed: false }
      }
      barren = 0
      const { firstMs, lastMs, sum } = times(columns, unit)
      refuseFar(firstMs, lastMs, range, interval)
      const mark = `${rows} ${firstMs} ${lastMs} ${sum}`
      if (seen.has(mark))
        throw new ProviderError('provider/pagination-loop', `sent the same ${rows} rows again as another page`)
      seen.add(mark)
      total += rows
      if (total > most) throw new ProviderError('provider/pagination-loop', `sent ${total} rows and does not end`)
      return { strayed: lastMs < range.startMs || firstMs >= range.endMs }
    },
  }
}
