/**
 * Refusals of Alpaca.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'

/** Reads the failures of Alpaca. */
export function classifyAlpaca(response: HttpResponse): Error | null {
  const said = vendorText(response.body)
  if (/invalid symbol/i.test(said)) return vendorError('provider/not-found', response, said)
  // A wrong key is forbidden too, in one word.
  if (response.status === 403 && /^(forbidden\.?|request is not authorized)?$/i.test(said))
    return vendorError('provider/unauthorized', response, said)
  return classifyByStatus(response)
}
