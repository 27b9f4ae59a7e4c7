/**
 * Bytes of a body as what the provider asked for.
 * @module
 */
import { ProviderError } from '../../contract/errors.ts'
import type { HttpRequest, HttpResponse } from '../../contract/http.ts'
import type { RawResponse } from './transport.ts'
import { isWebPage } from './status.ts'

/** A body that was read, or the failure of reading it beside its text: an error page must still be classified. */
export interface ReadBody {
  readonly response: HttpResponse
  readonly fault: ProviderError | null
}

/** A JSON text that begins like data and ends inside of it. */
function isCutShort(text: string): boolean {
  const end = text.trimEnd().at(-1)
  return /^\s*[[{]/.test(text) && end !== '}' && end !== ']'
}

function jsonFault(text: string, status: number): ProviderError {
  if (isCutShort(text)) {
    return new ProviderError('provider/truncated', `the answer broke off after ${text.length} characters`, { status })
  }
  const kind = text.trim() === '' ? 'nothing' : isWebPage(text) ? 'a web page' : 'no JSON'
  const shown = text.trim() === '' ? '' : `: ${text.trim().replaceAll(/\s+/g, ' ').slice(0, 200)}`
  return new ProviderError('provider/response', `answered ${kind} where JSON was expected${shown}`, { status })
}

/** Reads the body as JSON, text or bytes, or as the request's own reader does. */
export function readAs({ as, scan }: Pick<HttpRequest, 'as' | 'scan'>, raw: RawResponse): ReadBody {
  const { status, headers } = raw
  const isGood = status >= 200 && status < 300
  const scanned = isGood ? scan?.(raw.body) : undefined
  if (scanned !== undefined) return { response: { status, headers, body: scanned }, fault: null }
  if (as === 'bytes' && isGood) return { response: raw, fault: null }
  const text = new TextDecoder().decode(raw.body)
  if (as !== 'json') return { response: { status, headers, body: text }, fault: null }
  try {
    return { response: { status, headers, body: JSON.parse(text) as unknown }, fault: null }
  } catch {
    return { response: { status, headers, body: text }, fault: jsonFault(text, status) }
  }
}
