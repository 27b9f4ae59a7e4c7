/**
 * Funding rates of Binance futures.
 * Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Get-Funding-Rate-History
 * @module
 */
import type { PageColumns } from '../contract/provider.ts'
import { rowsAt } from './answer.ts'
import type { Endpoint } from './binance-endpoint.ts'
import { rowColumns, timeColumn } from './columns.ts'

const FUNDING_ROWS = 1000
const MINUTE_MS = 60_000

/** Funding rates. Their instants come some milliseconds late; they lie on whole minutes. */
export const FUNDING: Endpoint = {
  toRequest({ baseUrl, symbol, range, cursor }) {
    const query = new URLSearchParams({
      symbol,
      startTime: String(cursor?.startMs ?? range.startMs),
      endTime: String(range.endMs - 1),
      limit: String(FUNDING_ROWS),
    })
    return { url: `${baseUrl}/fapi/v1/fundingRate?${query}`, as: 'json', weight: 1, scope: 'funding' }
  },
  toPage(body, { range, cursor }) {
    // An empty list is written as null by some of its servers.
    const rows = rowsAt(body ?? [], 'answer')
    const startMs = cursor?.startMs ?? range.startMs
    const raw = timeColumn(rows.length, (i) => rows[i]?.['fundingTime'])
    const timestamp = raw.map((ms) => Math.round(ms / MINUTE_MS) * MINUTE_MS)
    const columns: PageColumns = {
      timestamp,
      ...rowColumns(rows, { rate: 'fundingRate' }),
      ...(rows.at(-1)?.['markPrice'] === undefined ? {} : rowColumns(rows, { mark_price: 'markPrice' })),
    }
    const lastMs = raw.at(-1)
    if (rows.length < FUNDING_ROWS || lastMs === undefined) return { columns, proven: { startMs, endMs: range.endMs } }
    return { columns, proven: { startMs, endMs: (timestamp.at(-1) as number) + 1 }, next: { startMs: lastMs + 1 } }
  },
}
