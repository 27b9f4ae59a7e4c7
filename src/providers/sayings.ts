/**
 * What the words of a vendor mean: a table of patterns a vendor, read where the status does not say enough.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'
import type { HttpResponse } from '../contract/http.ts'
import type { ProviderCode } from './http/status.ts'

/** Pattern -> code, with milliseconds to wait where the words imply them; the first that matches. */
export type Sayings = readonly (readonly [pattern: RegExp, code: ProviderCode, retryAfterMs?: number])[]

/** The failure that these words mean, or null where the table does not know them. */
export function saidError(sayings: Sayings, said: string, response: HttpResponse): ProviderError | null {
  const found = sayings.find(([pattern]) => pattern.test(said))
  if (found === undefined) return null
  const [, code, retryAfterMs] = found
  return waitError(code, said, response, retryAfterMs)
}

/** A failure that says what the vendor said, and how long it wants to be left alone. */
export function waitError(
  code: ProviderCode,
  said: string,
  { status }: HttpResponse,
  retryAfterMs: number | undefined,
): ProviderError {
  return new ProviderError(code, `answered ${status}: ${said.slice(0, 200)}`, {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
