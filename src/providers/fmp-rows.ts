/**
 * Rows of an answer of FMP, newest first.
 * @module
 */
import { type Row, malformed, objectAt, rowsAt } from './answer.ts'

/**
 * Rows of the symbol: a flat list now, `{ symbol, historical }` until 2025.
 * @throws {ProviderError} `provider/response`, also where all rows are of another symbol
 */
export function rowsOfSymbol(body: unknown, symbol: string): readonly Row[] {
  const all = Array.isArray(body)
    ? rowsAt(body, 'answer')
    : rowsAt(objectAt(body, 'answer')['historical'], 'historical')
  const own = all.filter((row) => row['symbol'] === undefined || row['symbol'] === symbol)
  if (all.length > 0 && own.length === 0) throw malformed('[0].symbol', all[0]?.['symbol'], symbol)
  return own
}
