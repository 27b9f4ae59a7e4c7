/**
 * Does Polygon know a symbol? Its bars and events do not tell: both are empty for a symbol that does not exist.
 * Source: https://massive.com/docs/rest/stocks/tickers/all-tickers
 * @module
 */
import { DAY_MS } from '../contract/time.ts'
import type { Row } from './answer.ts'
import type { SymbolQuestion } from './known-symbol.ts'

/** Instruments that are traded, then those that are no more. */
const ACTIVE = ['true', 'false'] as const

/** Most rows of the list; the symbol has one. */
const MOST_ROWS = 1000

/** Looks a symbol up in the list of instruments; contracts of options stand in none that says which are expired. */
export const POLYGON_QUESTION: SymbolQuestion = {
  toRequest({ baseUrl, symbol, keys, nowMs }, step) {
    if (symbol.startsWith('O:')) return null
    // An answer is kept in memory under its address, which differs from day to day: a symbol may be listed tomorrow.
    const limit = 1 + (Math.floor(nowMs / DAY_MS) % MOST_ROWS)
    const query = new URLSearchParams({ ticker: symbol, active: ACTIVE[step] as string, limit: String(limit) })
    const headers = { authorization: `Bearer ${keys['apiKey']}` }
    return { url: `${baseUrl}/v3/reference/tickers?${query}`, headers, as: 'json', cacheable: true }
  },
  read(body, { symbol }, step) {
    const { results, resultsCount } = (body ?? {}) as { results?: unknown; resultsCount?: unknown }
    // An answer that counts its results is one of bars, not of the list.
    if (!Array.isArray(results) || resultsCount !== undefined) return 'unclear'
    if (results.length === 0) return step + 1 < ACTIVE.length ? 'ask again' : 'unknown'
    return (results as readonly (Row | null)[]).some((row) => row?.['ticker'] === symbol) ? 'known' : 'unclear'
  },
}
