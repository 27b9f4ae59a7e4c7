/**
 * Answers of Stooq: lines of text under status 200, whatever they say.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { malformed } from './answer.ts'
import { classifyByStatus, vendorError } from './http/status.ts'

const HEADER = ['Date', 'Open', 'High', 'Low', 'Close', 'Volume']
const ROW = /^\d{4}-\d{2}-\d{2}(,|$)/

/**
 * Cells by line. The header may be missing, since the order is always the same; currencies have no volume.
 * @throws {ProviderError} `provider/response`, `provider/truncated`
 */
export function linesOf(body: unknown): readonly (readonly string[])[] {
  if (typeof body !== 'string') throw malformed('answer', body, 'lines of text')
  const lines = body.split(/\r?\n/)
  const rest = lines.pop()
  if (lines.length === 0) throw malformed('answer', rest, 'lines that begin with a date')
  const names = lines[0]?.startsWith('Date,') === true ? (lines.shift() as string).split(',') : undefined
  if (names?.every((name, i) => name === HEADER[i]) === false) throw malformed('line 1', names, HEADER.join())
  const odd = lines.findIndex((line) => !ROW.test(line))
  if (odd >= 0) throw malformed(`line ${odd + 1}`, lines[odd], 'a date and four prices')
  const rows = lines.map((line) => line.split(','))
  const width = names?.length ?? rows[0]?.length ?? 0
  const cut = rows.findIndex((cells) => cells.length !== width)
  // Every line ends with a break, so without one the last number may lack its last digits.
  if (rest !== '' || cut >= 0 || width < 5)
    throw new ProviderError('provider/truncated', 'the answer broke off in a line')
  return rows
}

/** The answer for a window without data, of a symbol that the vendor knows or not. */
export const NO_DATA = /^\s*No data\s*$/i
/** The latest quote of a symbol that does not exist: `NOPE.US,N/D,N/D,N/D,N/D,N/D,N/D,N/D`. */
export const UNKNOWN = /^[^,\n]+,N\/D,N\/D,N\/D,N\/D/m

/** The latest quote of one that does: `AAPL.US,2024-02-02,22:00:19,187,…`. */
export const KNOWN = /^[^,\n]+,\d{4}-\d{2}-\d{2}(,|\s*$)/m

/** Reads the failures of Stooq. */
export function classifyStooq(response: HttpResponse): Error | null {
  const { body } = response
  if (typeof body === 'string') {
    if (/exceeded the daily hits limit/i.test(body))
      return vendorError('provider/quota', response, 'Exceeded the daily hits limit')
    if (/get your apikey|get_apikey/i.test(body))
      return vendorError('provider/unauthorized', response, 'Get your apikey')
    if (response.status === 200 && body.trim() === '') return vendorError('provider/response', response, 'nothing')
  }
  return classifyByStatus(response)
}
