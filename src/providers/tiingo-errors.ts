/**
 * Refusals of Tiingo: an object with `detail`, or a plain text under any status.
 * @module
 */
import { HOUR_MS } from '../contract/time.ts'
import type { HttpResponse } from '../contract/http.ts'
import { classifyByStatus, isWebPage, vendorError, vendorText } from './http/status.ts'
import { type Sayings, saidError } from './sayings.ts'


/** The hour of an allocation ends at some time within one. */
const SAYINGS: Sayings = [
  [/month|bandwidth|\bday\b|daily/i, 'provider/quota'],
  [/allocation|you have run over your/i, 'provider/rate-limited', HOUR_MS],
  [/not found/i, 'provider/not-found'],
  [/permission|not have access/i, 'provider/forbidden'],
  [/token|authentication|credentials/i, 'provider/unauthorized'],
]

/** Reads the failures of Tiingo. */
export function classifyTiingo(response: HttpResponse): Error | null {
  const { body, status } = response
  const byStatus = classifyByStatus(response)
  if (status >= 500 || isWebPage(body)) return byStatus
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  const detail = isObject ? (body as { detail?: unknown }).detail : undefined
  const said = typeof body === 'string' ? vendorText(body) : typeof detail === 'string' ? detail : ''
  // What begins like data is data that broke off.
  const failure = /^\s*\[/.test(said) ? null : saidError(SAYINGS, said, response)
  if (failure !== null) return failure
  return byStatus ?? (detail === undefined ? null : vendorError('provider/response', response, said))
}
