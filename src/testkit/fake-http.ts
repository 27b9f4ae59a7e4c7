/**
 * The network as a provider sees it, played from answers: one exchange a request, at most two retries, no waiting.
 * @module
 */
import { ProviderError, hasCode } from '../contract/errors.ts'
import type { Http, HttpRequest, HttpResponse } from '../contract/http.ts'

/** What a vendor answers. */
export interface VendorAnswer {
  /** @default 200 */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A value is sent as JSON; text and bytes as they are. */
  readonly body: unknown
}

/** Answers requests; throwing is a failing network. */
export type Vendor = (url: URL, headers: Readonly<Record<string, string>>) => VendorAnswer

const MOST_ATTEMPTS = 3
const PASSING = [
  'provider/network',
  'provider/unavailable',
  'provider/rate-limited',
  'provider/truncated',
  'provider/timeout',
] as const

type Code = ConstructorParameters<typeof ProviderError>[0]

const CODES: Readonly<Record<number, Code>> = {
  401: 'provider/unauthorized',
  403: 'provider/forbidden',
  404: 'provider/not-found',
  408: 'provider/timeout',
  429: 'provider/rate-limited',
}

function byStatus({ status }: HttpResponse): ProviderError | null {
  if (status < 400) return null
  return new ProviderError(
    CODES[status] ?? (status >= 500 ? 'provider/unavailable' : 'provider/response'),
    `answered ${status}`,
    { status },
  )
}

function read(answer: VendorAnswer, as: HttpRequest['as']): { response: HttpResponse; fault: ProviderError | null } {
  const { status = 200, headers = {}, body } = answer
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const answered = (value: unknown): HttpResponse => ({ status, headers: lower, body: value })
  if (status >= 300 && status < 400) {
    return {
      response: answered(''),
      fault: new ProviderError('provider/redirect', 'redirected, which is not followed', { status }),
    }
  }
  if (as === 'bytes') return { response: answered(body), fault: null }
  const text =
    typeof body === 'string' ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body)
  if (as === 'text') return { response: answered(text), fault: null }
  try {
    return { response: answered(JSON.parse(text) as unknown), fault: null }
  } catch {
    const code = /^\s*[[{]/.test(text) ? 'provider/truncated' : 'provider/response'
    return { response: answered(text), fault: new ProviderError(code, 'answered no JSON', { status }) }
  }
}

/** Plays a vendor. */
export function httpOver(vendor: Vendor): Http {
  const once = (request: HttpRequest, classify: (response: HttpResponse) => Error | null): HttpResponse => {
    let answer: VendorAnswer
    try {
      answer = vendor(new URL(request.url), request.headers ?? {})
    } catch (cause) {
      throw new ProviderError('provider/network', 'the network failed', { cause })
    }
    const { response, fault } = read(answer, request.as)
    const failure = fault?.code === 'provider/redirect' ? fault : (classify(response) ?? fault)
    if (failure !== null) throw failure
    return response
  }
  return {
    async request(request, { signal, classify }) {
      for (let attempt = 1; ; attempt++) {
        signal.throwIfAborted()
        // A turn of the event loop, as any network takes, so that an abort can come in between.
        await new Promise((resolve) => setTimeout(resolve, 0))
        signal.throwIfAborted()
        try {
          return once(request, classify ?? byStatus)
        } catch (error) {
          if (attempt >= MOST_ATTEMPTS || !PASSING.some((code) => hasCode(error, code))) throw error
        }
      }
    },
  }
}
