/**
 * Refusals of CryptoCompare, most of them under status 200, and the one that is no failure: the end of the history.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { numberOf } from './decimal.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { type Sayings, saidError } from './sayings.ts'

const SAYINGS: Sayings = [
  [/rate limit/i, 'provider/rate-limited'],
  [/only available for the last|toTs/i, 'provider/unsupported'],
  [/api key|auth/i, 'provider/unauthorized'],
  [/no data for|does not exist|not trading|no matching/i, 'provider/not-found'],
]

/** When a pair was first traded, as the answer to a window before it says; null in any other answer. */
export function firstTradeMs(body: unknown): number | null {
  const error = (body as { Err?: { other_info?: { first?: unknown } } } | null)?.Err
  const first = numberOf(error?.other_info?.first)
  return first === null ? null : first * 1000
}

/** Reads the failures of CryptoCompare. */
export function classifyCryptoCompare(response: HttpResponse): Error | null {
  const { body } = response
  if (firstTradeMs(body) !== null) return null
  const failed = (body as { Response?: unknown } | null)?.Response === 'Error'
  if (!failed && response.status < 400) return classifyByStatus(response)
  const said = vendorText(body)
  return (
    saidError(SAYINGS, said, response) ?? classifyByStatus(response) ?? vendorError('provider/response', response, said)
  )
}
