/**
 * What an HTTP status means, as a table.
 * @module
 */
import { ProviderError } from '../../contract/errors.ts'
import type { Classify, HttpResponse } from '../../contract/http.ts'

/** A code of a failed source. */
export type ProviderCode = Extract<ProviderError['code'], `provider/${string}`>

/** Status -> code. What is not listed: 5xx is `provider/unavailable`, any other failure `provider/response`. */
export const STATUS_CODES: Readonly<Record<number, ProviderCode>> = {
  400: 'provider/unsupported',
  401: 'provider/unauthorized',
  402: 'provider/forbidden',
  403: 'provider/forbidden',
  404: 'provider/not-found',
  408: 'provider/timeout',
  410: 'provider/not-found',
  416: 'provider/unsupported',
  418: 'provider/rate-limited',
  420: 'provider/rate-limited',
  422: 'provider/unsupported',
  425: 'provider/unavailable',
  429: 'provider/rate-limited',
  451: 'provider/forbidden',
}

const TEXT_FIELDS = ['message', 'msg', 'Message', 'error', 'error_message', 'Error Message', 'description', 'detail']

/** What the vendor said, in one line of at most 200 characters: a known text field of the body, else its beginning. */
export function vendorText(body: unknown): string {
  const text = (value: unknown, depth: number): string | undefined => {
    if (typeof value === 'string') return value
    if (typeof value !== 'object' || value === null || depth > 3) return undefined
    for (const name of TEXT_FIELDS) {
      const found = Object.hasOwn(value, name) ? text((value as Record<string, unknown>)[name], depth + 1) : undefined
      if (found !== undefined && found !== '') return found
    }
    return undefined
  }
  const found = body instanceof Uint8Array ? new TextDecoder().decode(body.subarray(0, 400)) : text(body, 0)
  const plain = (found ?? '').replaceAll(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replaceAll(/<[^>]{0,400}>/g, ' ')
  return plain
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 200)
}

/** Is this body a web page where data was asked for? */
export function isWebPage(body: unknown): boolean {
  return typeof body === 'string' && /^\s*<(!doctype|html|head|body|\?xml|script)/i.test(body.slice(0, 400))
}

/** A failure that says what the vendor said. */
export function vendorError(
  code: ProviderCode,
  response: HttpResponse,
  said: string = vendorText(response.body),
): ProviderError {
  const message = `answered ${response.status}${said === '' ? '' : `: ${said}`}`
  return new ProviderError(code, message, { status: response.status })
}

/** The default reading of an answer: by its status, and a web page is never data. */
export const classifyByStatus: Classify = (response: HttpResponse): ProviderError | null => {
  const { status, body } = response
  if (status >= 200 && status < 300) {
    return isWebPage(body)
      ? new ProviderError('provider/response', `answered a web page: ${vendorText(body)}`, { status })
      : null
  }
  const code = STATUS_CODES[status] ?? (status >= 500 ? 'provider/unavailable' : 'provider/response')
  return vendorError(code, response)
}
