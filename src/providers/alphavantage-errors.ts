/**
 * Refusals of Alpha Vantage: all of them come with status 200, told apart by their words.
 * @module
 */
import type { HttpResponse } from '../contract/http.ts'
import { classifyByStatus, vendorError } from './http/status.ts'
import { type Sayings, saidError, waitError } from './sayings.ts'

const SAYINGS: Sayings = [
  [/invalid api call/i, 'provider/not-found'],
  [/per second|sparingly|burst/i, 'provider/rate-limited', 1100],
  [/calls per minute|requests per minute/i, 'provider/rate-limited', 60_000],
  [/per day|daily/i, 'provider/quota'],
  [/premium/i, 'provider/forbidden'],
  [/apikey|api key/i, 'provider/unauthorized'],
]

/** Fields that hold a refusal; the first that is there. */
const FIELDS = ['Error Message', 'Note', 'Information'] as const

function saidBy(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const texts = FIELDS.map((name) => (body as Readonly<Record<string, unknown>>)[name])
  return texts.find((text) => typeof text === 'string')
}

/** Reads the failures of Alpha Vantage; an object without anything is a symbol that it does not know. */
export function classifyAlphaVantage(response: HttpResponse): Error | null {
  const { body } = response
  const said = saidBy(body)
  if (said !== undefined) {
    return saidError(SAYINGS, said, response) ?? waitError('provider/response', said, response, undefined)
  }
  const failure = classifyByStatus(response)
  const isNothing = failure === null && typeof body === 'object' && body !== null && Object.keys(body).length === 0
  return isNothing ? vendorError('provider/not-found', response, 'nothing') : failure
}
