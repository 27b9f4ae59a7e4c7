/**
 * Does Tiingo know a coin or a pair of currencies? Its bars do not tell: the list is empty for one that does not exist.
 * Shares need no question, since an unknown one is refused.
 * Source: https://www.tiingo.com/documentation/crypto, "Meta Endpoint"; /forex, "Current Top-of-Book"
 * @module
 */
import type { Row } from './answer.ts'
import type { SymbolQuestion } from './known-symbol.ts'
import { type TiingoKind, kindOf } from './tiingo-kinds.ts'

/** Where a pair is described, or quoted. */
const PATHS: Readonly<Partial<Record<TiingoKind, string>>> = { crypto: 'tiingo/crypto', fx: 'tiingo/fx/top' }

/** Asks for the description of a coin, or for the latest quote of a pair of currencies. */
export const TIINGO_QUESTION: SymbolQuestion = {
  isNeeded: ({ series }) => PATHS[kindOf(series)] !== undefined,
  toRequest({ baseUrl, symbol, series, keys }) {
    const query = new URLSearchParams({ tickers: symbol })
    const headers = { authorization: `Token ${keys['apiKey']}` }
    return { url: `${baseUrl}/${PATHS[kindOf(series)]}?${query}`, headers, as: 'json', cacheable: true }
  },
  read(body, { symbol }) {
    const rows = Array.isArray(body) ? (body as readonly (Row | null)[]) : []
    // Silence twice is no statement: what these lists are for an unknown pair is not documented.
    return rows.some((row) => row?.['ticker'] === symbol) ? 'known' : 'unclear'
  },
}
