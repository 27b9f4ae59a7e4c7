/**
 * Refusals of Polygon: objects with a status of their own; some have `error`, some `message`, some no body at all.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { waitError } from './sayings.ts'

const MINUTE_MS = 60_000

/** Reads the failures of Polygon. */
export function classifyPolygon(response: HttpResponse): Error | null {
  const { body, headers } = response
  const status = typeof body === 'object' && body !== null ? (body as { status?: unknown }).status : undefined
  const said = vendorText(body)
  if (response.status === 429 || /maximum requests per minute/i.test(said)) {
    // The minute of the limit is over within a minute; nothing is said of when.
    const waitMs = headers['retry-after'] === undefined ? MINUTE_MS : undefined
    return waitError('provider/rate-limited', said, response, waitMs)
  }
  if (/unknown api key|api key was not provided/i.test(said))
    return vendorError('provider/unauthorized', response, said)
  if (status === 'NOT_AUTHORIZED') return vendorError('provider/forbidden', response, said)
  if (status === 'NOT_FOUND') return vendorError('provider/not-found', response, said)
  return classifyByStatus(response) ?? (status === 'ERROR' ? vendorError('provider/response', response, said) : null)
}
