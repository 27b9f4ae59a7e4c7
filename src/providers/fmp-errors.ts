/**
 * Refusals of FMP: an object or a plain text where data is a list; only the older interface answered with an object.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { numberOf } from './decimal.ts'
import { classifyByStatus, vendorError, vendorText } from './http/status.ts'
import { type Sayings, saidError, waitError } from './sayings.ts'

const SAYINGS: Sayings = [
  [/(invalid|missing) api[- ]?key|api key is invalid/i, 'provider/unauthorized'],
  [/limit reach/i, 'provider/quota'],
  [
    /(legacy|exclusive|special|restricted) endpoint|premium|upgrade your plan|not available under/i,
    'provider/forbidden',
  ],
]
const TOO_MANY = /too many requests/i

const LONGEST_WAIT_MS = 60_000

/** Milliseconds to wait as the body says; the header beside it counts in other units. */
function waitMsOf(body: unknown): number | undefined {
  const fields = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const seconds = numberOf(fields['X-Rate-Limit-Retry-After-Seconds'])
  const ms = numberOf(fields['X-Rate-Limit-Retry-After-Milliseconds'])
  if (seconds === null && ms === null) return undefined
  return Math.min(LONGEST_WAIT_MS, Math.max(0, (seconds ?? 0) * 1000, ms ?? 0))
}

/** Reads the failures of FMP. */
export function classifyFmp(response: HttpResponse): Error | null {
  const { body, status } = response
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  const isData = status < 400 && (Array.isArray(body) || (isObject && Object.hasOwn(body, 'historical')))
  if (isData) return null
  // An unknown symbol was answered with nothing at all.
  if (status < 400 && isObject && Object.keys(body).length === 0) return vendorError('provider/not-found', response)
  const said = vendorText(body)
  const failure = saidError(SAYINGS, said, response)
  if (failure !== null) return failure
  if (TOO_MANY.test(said)) return waitError('provider/rate-limited', said, response, waitMsOf(body))
  return classifyByStatus(response) ?? (isObject ? vendorError('provider/response', response, said) : null)
}
