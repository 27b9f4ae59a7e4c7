/**
 * Refusals of CoinGecko, which come as `{ error }`, `{ error: { status } }` and `{ status }`.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { type ProviderCode, classifyByStatus, vendorError, vendorText } from './http/status.ts'

/** Source: https://docs.coingecko.com/reference/common-errors-rate-limit. */
const CODES: Readonly<Record<number, ProviderCode>> = {
  429: 'provider/rate-limited',
  10_002: 'provider/unauthorized',
  10_005: 'provider/forbidden',
  10_010: 'provider/unauthorized',
  10_011: 'provider/unauthorized',
  10_012: 'provider/unsupported',
}

/** Reads the failures of CoinGecko. */
export function classifyCoinGecko(response: HttpResponse): Error | null {
  const body = response.body as { status?: unknown; error?: { status?: unknown } | string } | null
  const status = (typeof body?.error === 'object' ? body.error?.status : undefined) ?? body?.status
  const said =
    typeof status === 'object' && status !== null ? (status as { error_code?: unknown; error_message?: unknown }) : {}
  const code = CODES[Number(said.error_code)]
  if (code !== undefined) return vendorError(code, response, String(said.error_message ?? ''))
  const failure = classifyByStatus(response)
  if (failure !== null) return failure
  return typeof body?.error === 'string' ? vendorError('provider/response', response, vendorText(body)) : null
}
