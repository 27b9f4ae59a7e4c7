/**
 * Answers of Polygon: a status, a list, and the address of the next page; and what the next one starts from.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { EpochMs } from '../contract/time.ts'
import { type Row, malformed } from './answer.ts'
import { numberOf } from './decimal.ts'
import type { PolygonEvents } from './polygon-events.ts'
import type { Aggregates } from './polygon-scan.ts'

/** The vendor's own hosts. */
export const POLYGON_HOSTS: readonly string[] = ['api.polygon.io', 'api.massive.com']

/** What a page starts from. */
export interface PolygonCursor {
  /** First instant that is not proven yet. */
  readonly startMs: EpochMs
  /** The next page, and the end of the window that it belongs to; absent where a new window begins. */
  readonly page?: { readonly url: string; readonly endMs: EpochMs }
  /** Last bar of the page before, held back because the border may go through it. */
  readonly held?: Aggregates
  readonly events?: PolygonEvents
}

/**
 * The address of the next page is the vendor's own, and goes nowhere but to the vendor: it is asked with the key.
 * @throws {ProviderError} `provider/redirect`
 */
export function nextUrl(answer: Row, baseUrl: string): string | undefined {
  const url = answer['next_url']
  if (url === undefined || url === null || url === '') return undefined
  const next = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null
  const isOurs =
    next !== null &&
    (next.origin === new URL(baseUrl).origin || (next.protocol === 'https:' && POLYGON_HOSTS.includes(next.host)))
  if (!isOurs) throw new ProviderError('provider/redirect', 'names another host for its next page, which is not asked')
  // The vendor has two names; keys and limits are the same.
  return `${baseUrl}${next.pathname}${next.search}`
}

/** The list of an answer; nothing is said by leaving it out. @throws {ProviderError} `provider/response` */
export function resultsOf(answer: Row): unknown {
  if (answer['status'] !== 'OK' && answer['status'] !== 'DELAYED') throw malformed('status', answer['status'], '"OK"')
  const { results, resultsCount } = answer
  return (results === undefined || results === null) && (numberOf(resultsCount) ?? 0) === 0 ? [] : results
}
