/**
 * What Yahoo answers where it has no chart to give.
 * @module
 */
import type { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import { type ProviderCode, classifyByStatus, vendorError, vendorText } from './http/status.ts'

const WINDOW_WITHOUT_DATA = /^Data doesn't exist for startDate/i

/** Does this error say that the instrument has no data in the window? An error in this interface, and an empty page here. */
export function isWindowWithoutData(error: unknown): boolean {
  return WINDOW_WITHOUT_DATA.test(vendorText(error))
}

/** Name of an error in the body -> code. */
const ERRORS: Readonly<Record<string, ProviderCode>> = {
  'Not Found': 'provider/not-found',
  Unauthorized: 'provider/unauthorized',
  'Unprocessable Entity': 'provider/unsupported',
  'Bad Request': 'provider/unsupported',
  'Too Many Requests': 'provider/rate-limited',
  'Internal Server Error': 'provider/unavailable',
}

/** Reads `{ chart | finance: { error } }` before the status, and the texts of pages that refuse or are down. */
export function classifyYahoo(response: HttpResponse): Error | null {
  const { body, status } = response
  if (typeof body === 'string') {
    if (/too many requests/i.test(body)) return vendorError('provider/rate-limited', response, 'Too Many Requests')
    if (/will be right back/i.test(body)) return vendorError('provider/unavailable', response, 'Will be right back')
    return classifyByStatus(response)
  }
  for (const envelope of ['chart', 'finance']) {
    const part = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[envelope] : undefined
    const error = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)['error'] : undefined
    if (typeof error !== 'object' || error === null) continue
    if (isWindowWithoutData(error)) return null
    const known = ERRORS[String((error as Record<string, unknown>)['code'])]
    const byStatus = classifyByStatus(response) as ProviderError | null
    const code = known ?? (byStatus?.code as ProviderCode | undefined) ?? 'provider/response'
    return vendorError(code, response, vendorText(error))
  }
  return status === 204 ? vendorError('provider/unavailable', response) : classifyByStatus(response)
}
