/**
 * One request on the wire: the only place that knows ky. Follows redirects by hand and reads bodies with a bound.
 * @module
 */
import { ProviderError } from '../../contract/errors.ts'
import type { HttpRequest } from '../../contract/http.ts'
import { type Redact, shownUrl } from './secrets.ts'

/** An answer before its body means anything. */
export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What the wire needs beside the request. */
export interface TransportOptions {
  readonly fetch: typeof globalThis.fetch
  readonly userAgent: string
  /** Most bytes of a body after decompression. */
  readonly maxBodyBytes: number
  readonly redact: Redact
  readonly signal: AbortSignal
  /** Called when the headers are there. */
  arrived(): void
}

const MOST_REDIRECTS = 3
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Sends one GET and reads the whole body. Fails with `provider/*` or with what `fetch` threw. */
export async function send(request: HttpRequest, options: TransportOptions): Promise<RawResponse> {
  const { default: ky } = await import('ky')
  let { url } = request
  let headers: Record<string, string> = { 'user-agent': options.userAgent, ...request.headers }
  for (let hop = 0; ; hop++) {
    const response = await ky(url, {
      fetch: options.fetch,
      headers,
      signal: options.signal,
      redirect: 'manual',
      retry: 0,
      timeout: false,
      throwHttpErrors: false,
    })
    options.arrived()
    // Where the platform hides a redirect, its target cannot be judged.
    if (response.type === 'opaqueredirect')
      throw refused('redirected to a place that the platform hides', response.status)
    if (!REDIRECTS.has(response.status)) return await rawOf(response, options)
    await response.body?.cancel().catch(() => {})
    const next = redirectTarget(url, response, request, options.redact)
    if (hop === MOST_REDIRECTS) throw refused(`redirected more than ${MOST_REDIRECTS} times`, response.status)
    // Another host gets nothing that the caller sent but the question itself.
    if (new URL(next).origin !== new URL(url).origin) headers = { 'user-agent': options.userAgent }
    url = next
  }
}

function refused(what: string, status: number): ProviderError {
  return new ProviderError('provider/redirect', `${what}, which is not followed`, { status })
}

/** Where a redirect leads, if it may be followed: the same origin, or a listed host over https and without a key. */
function redirectTarget(url: string, response: Response, request: HttpRequest, redact: Redact): string {
  const location = response.headers.get('location') ?? ''
  if (location === '' || !URL.canParse(location, url)) throw refused('redirected to nowhere', response.status)
  const target = new URL(location, url)
  const source = new URL(url)
  if (target.origin === source.origin) return target.href
  const listed = target.protocol === 'https:' && (request.hosts ?? []).includes(target.host)
  const shown = shownUrl(target.href, redact)
  if (!listed) throw refused(`redirected from ${source.host} to ${shown}`, response.status)
  if (redact(target.href) !== target.href) throw refused(`redirected to ${shown} with a key`, response.status)
  return target.href
}

async function rawOf(response: Response, options: TransportOptions): Promise<RawResponse> {
  const headers: Record<string, string> = {}
  for (const [name, value] of response.headers) headers[name.toLowerCase()] = value
  return { status: response.status, headers, body: await readBody(response, headers, options) }
}

async function readBody(
  response: Response,
  headers: Record<string, string>,
  options: TransportOptions,
): Promise<Uint8Array> {
  const encoding = headers['content-encoding']
  const plain = encoding === undefined || encoding === '' || encoding === 'identity'
  const declared = plain && headers['content-length'] !== undefined ? Number(headers['content-length']) : Number.NaN
  const tooLarge = (): ProviderError => {
    const message = `answered more than ${options.maxBodyBytes} bytes`
    return new ProviderError('provider/body-too-large', message, { status: response.status })
  }
  if (response.body === null) return new Uint8Array(0)
  const reader = response.body.getReader()
  const stop = (): void => void reader.cancel(options.signal.reason).catch(() => {})
  options.signal.addEventListener('abort', stop, { once: true })
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    if (declared > options.maxBodyBytes) throw tooLarge()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > options.maxBodyBytes) throw tooLarge()
      chunks.push(value)
    }
  } catch (error) {
    stop()
    if (options.signal.aborted || error instanceof ProviderError) throw error
    throw new ProviderError('provider/truncated', `the answer broke off after ${size} bytes`, {
      status: response.status,
      cause: error,
    })
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
  options.signal.throwIfAborted()
  if (size < declared) {
    const message = `the answer broke off after ${size} of ${declared} bytes`
    throw new ProviderError('provider/truncated', message, { status: response.status })
  }
  return joined(chunks, size)
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const out = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.byteLength
  }
  return out
}
