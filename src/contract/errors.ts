/**
 * What every failure of marketlake looks like: one table of codes, four classes, guards by brand.
 * @module
 */

/** What a code means for the caller: may the same call succeed later, and what to do about it. */
export interface ErrorCodeFacts {
  readonly retryable: boolean
  readonly hint: string
}

const final = (hint: string): ErrorCodeFacts => ({ retryable: false, hint })
const passing = (hint: string): ErrorCodeFacts => ({ retryable: true, hint })

/** Every error code, with its meaning. A code is `<room>/<reason>` and never changes its meaning. */
const TABLE = {
  'config/option': final('Correct the named option.'),
  'config/interval': final('Use one of 1s 5s 15s 30s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1mo.'),
  'config/symbol': final('Use 1 to 64 characters without spaces or control characters.'),
  'config/time': final('Use an ISO date, an ISO date-time with Z or an offset, a Date, or epoch milliseconds.'),
  'config/range': final('Give a start that is before the end.'),
  'config/provider': final('Name a provider that is configured and serves this query.'),
  'config/start-required': final('Give a start: nothing is stored for this series yet.'),
  'config/not-loaded': final('Call get or load with a start first.'),
  'provider/unauthorized': final('Check the API key.'),
  'provider/forbidden': final('The account is not entitled to this data.'),
  'provider/not-found': final('The provider does not know this symbol.'),
  'provider/rate-limited': passing('Wait for retryAfterMs, or lower the concurrency.'),
  'provider/quota': final('The quota of the account is used up; wait for its reset or change the plan.'),
  'provider/unavailable': passing('The provider is down; try again later.'),
  'provider/timeout': passing('Try again, or raise http.timeoutMs.'),
  'provider/network': passing('Check the connection and try again.'),
  'provider/redirect': final('The provider redirected to another host, which is never followed.'),
  'provider/body-too-large': final('Ask for less, or raise http.maxBodyBytes.'),
  'provider/response': final('The provider answered in a shape that is not known; report it with the message.'),
  'provider/truncated': passing('The answer was cut short; try again.'),
  'provider/units': final('The provider answered in wrong units; nothing was stored.'),
  'provider/pagination-loop': final('The provider repeats a page for ever; nothing of it was stored.'),
  'provider/unsupported': final('Choose a provider that serves this schema, interval and range.'),
  'provider/circuit-open': passing('The provider failed repeatedly; it is asked again after the recovery time.'),
  'data/invalid': final(
    'Correct what the message names: a line of a file, a row of a change. Where too many rows of a source failed the checks, look at rejects(), or set quality.maxInvalidShare.',
  ),
  'data/basis-unavailable': final('Load the actions of this symbol, or read with adjust: "source".'),
  'data/schema-mismatch': final('Use the columns and types that the message names.'),
  'storage/incomplete': final('Fill the named ranges, or read without complete: true.'),
  'storage/conflict': passing('Another writer was faster; the change is applied again to the new version.'),
  'storage/full': passing('Free space; nothing was lost and the last version stays readable.'),
  'storage/corrupt': final('Run store.verify, then store.repair.'),
  'storage/read-only': final('Give this process the right to write to the root.'),
  'storage/unknown-outcome': passing('Retry with the same operation id: it is applied once.'),
  'storage/snapshot-expired': final('Read the newest version, or pin a version before it is collected.'),
  'storage/unsupported-format': final('Upgrade marketlake, or read the file with another tool.'),
} as const

/** A stable name of a failure, `<room>/<reason>`. */
export type ErrorCode = keyof typeof TABLE

/** Every error code with whether a retry can help and what to do. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeFacts>> = TABLE

/** One fault found in data or options: where, and what is wrong. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** Typed facts of an error. Never holds a secret, a request or a response. */
export interface ErrorFacts {
  /** The option, argument or column that is wrong. */
  readonly field?: string
  /** The value that was refused. */
  readonly value?: unknown
  readonly provider?: string
  readonly symbol?: string
  /** Milliseconds to wait before asking again, as the provider said. */
  readonly retryAfterMs?: number
  /** HTTP status of the answer. */
  readonly status?: number
  /** File or folder concerned. */
  readonly path?: string
  /** Operation id with which a retry is applied exactly once. */
  readonly opId?: string
  readonly issues?: readonly Issue[]
  readonly cause?: unknown
}

const BRAND: unique symbol = Symbol.for('marketlake.error') as never

/** The parent of all errors of marketlake. Test with {@link isDataClientError}, not with `instanceof`. */
export class DataClientError extends Error {
  readonly code: ErrorCode
  /** Can the same call succeed later without a change by the caller? */
  readonly retryable: boolean
  /** What to do about it. */
  readonly hint: string
  declare readonly field?: string
  declare readonly value?: unknown
  declare readonly provider?: string
  declare readonly symbol?: string
  declare readonly retryAfterMs?: number
  declare readonly status?: number
  declare readonly path?: string
  declare readonly opId?: string
  declare readonly issues?: readonly Issue[]

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    const { cause, ...rest } = facts
    super(`[${code}] ${message}`, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.retryable = ERROR_CODES[code].retryable
    this.hint = ERROR_CODES[code].hint
    Object.assign(this, rest)
    Object.defineProperty(this, BRAND, { value: true })
  }
}

type CodeOf<Room extends string> = Extract<ErrorCode, `${Room}/${string}`>

/** A wrong option or argument. Codes `config/*`. */
export class ConfigError extends DataClientError {
  constructor(code: CodeOf<'config'>, message: string, facts?: ErrorFacts) {
    super(code, message, facts)
  }
}

/** A source that failed or answered badly. Codes `provider/*`. */
export class ProviderError extends DataClientError {
  constructor(code: CodeOf<'provider'>, message: string, facts?: ErrorFacts) {
    super(code, message, facts)
  }
}

/** Data that cannot be used as asked. Codes `data/*`. */
export class DataError extends DataClientError {
  constructor(code: CodeOf<'data'>, message: string, facts?: ErrorFacts) {
    super(code, message, facts)
  }
}

/** A store that failed or lacks what was asked. Codes `storage/*`. */
export class StorageError extends DataClientError {
  constructor(code: CodeOf<'storage'>, message: string, facts?: ErrorFacts) {
    super(code, message, facts)
  }
}

/** Is this an error of marketlake, also across copies of the package? */
export function isDataClientError(error: unknown): error is DataClientError {
  return typeof error === 'object' && error !== null && BRAND in error
}

/** Can the same call succeed later without a change by the caller? */
export function isRetryable(error: unknown): boolean {
  return isDataClientError(error) && error.retryable
}

/** Is this an error of marketlake with exactly this code? */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return isDataClientError(error) && error.code === code
}
