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
  /**
   * A faster reader of the usual answer, tried first on a status of 2xx; undefined leaves it to `as`. What it returns
   * becomes the body.
   */
  readonly scan?: (bytes: Uint8Array) => unknown
  /** Weight of this request against the provider's limit. @default 1 */
  readonly weight?: number
  /** The limit that it counts against, where the vendor has several. @default the one without scope */
  readonly scope?: string
  /** May the answer be kept in memory? Never true for ranges that are not finished. @default false */
  readonly cacheable?: boolean
  /** Texts that must never reach a message, log, event or cache entry: keys and tokens of this request. */
  readonly secrets?: readonly string[]
  /** Other hosts of the vendor that an answer may redirect to, over https and without headers. @default none */
  readonly hosts?: readonly string[]
}

/** A complete answer, of any status. Header names are lower case. */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** What is known of one source since the client was made. */
export interface ProviderHealth {
  readonly provider: string
  /** Requests that were answered or failed for good; retries of one request count once. */
  readonly requests: number
  readonly failures: number
  readonly retries: number
  /** Share of requests that were answered, 0 to 1; null before the first. */
  readonly successRate: number | null
  /** Milliseconds of the last 256 exchanges; null before the first. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly max: number } | null
  readonly lastError: { readonly code: string; readonly message: string; readonly atMs: number } | null
  readonly breaker: { readonly state: 'closed' | 'open' | 'half-open'; readonly retryAtMs: number | null }
  readonly quota: {
    readonly limits: readonly { readonly used: number; readonly weight: number; readonly perMs: number }[]
    /** Nothing is sent before this instant; null where nothing holds requests back. */
    readonly blockedUntilMs: number | null
    /** Requests that wait for their turn. */
    readonly waiting: number
  }
  readonly cache: { readonly hits: number; readonly misses: number }
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
