/**
 * What a provider sees of the network: one call, with limits, retries, caching and redaction behind it.
 * @module
 */

/** What to fetch. */
export interface HttpRequest {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** How the body is read. */
  readonly as: 'json' | 'text' | 'bytes'
  /** Weight of this request against the provider's limit. @default 1 */
  readonly weight?: number
  /** May the answer be kept in memory? Never true for ranges that are not finished. @default false */
  readonly cacheable?: boolean
}

/** A complete answer, of any status. Header names are lower case. */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Turns an answer into a failure, or null where it is none. Sees the body first: a 200 can be an error, a 404 an end. */
export type Classify = (response: HttpResponse) => Error | null

/** The one door to the network that a provider's `fetch` is given. */
export interface Http {
  /**
   * Sends one GET, waits for its turn, retries what may be retried.
   * @throws {ProviderError} any `provider/*` code; `signal.reason` when aborted
   */
  request(request: HttpRequest, options: { readonly signal: AbortSignal; readonly classify?: Classify }): Promise<HttpResponse>
}
