/**
 * Pages of splits and dividends of Polygon: the dividends first, then the splits.
 * @module
 */
import { actionColumns } from './actions.ts'
import type { Row } from './answer.ts'
import type { HttpProviderOptions, PageAnswer, PageContext } from './http/define.ts'
import { type PolygonCursor, nextUrl, resultsOf } from './polygon-answer.ts'
import { NO_EVENTS, eventsPath, joinEvents, readEvents } from './polygon-events.ts'

/** One page of either list. @throws {ProviderError} `provider/response`, `provider/redirect` */
export function actionPage(
  answer: Row,
  { baseUrl, symbol, range, cursor, nowMs }: PageContext<PolygonCursor, HttpProviderOptions>,
): PageAnswer<PolygonCursor> {
  const hadSplits = cursor?.page?.url.includes('/reference/splits') === true
  const fresh = readEvents(resultsOf(answer), symbol, hadSplits ? 'splits' : 'dividends')
  const events = joinEvents(cursor?.events ?? NO_EVENTS, fresh)
  const url = nextUrl(answer, baseUrl) ?? (hadSplits ? undefined : `${baseUrl}/${eventsPath('splits', symbol, range)}`)
  if (url === undefined) return { columns: actionColumns(events.rows(range, nowMs)), proven: range }
  // Dividends and splits replace what is stored together, so nothing is proven before both are there.
  const { startMs } = range
  return {
    columns: actionColumns([]),
    proven: { startMs, endMs: startMs },
    next: { startMs, page: { url, endMs: range.endMs }, events },
  }
}
