/**
 * Keeps keys and tokens out of everything that leaves a request: messages, causes, logs, cache keys.
 * @module
 */
import { type ErrorFacts, ProviderError, isDataClientError } from '../../contract/errors.ts'
import type { ProviderCode } from './status.ts'

/** What stands where a secret stood. */
export const REDACTED = '[redacted]'

/** Removes the secrets that it was made for from a text. */
export type Redact = (text: string) => string

// Shorter values would garble every message, and no vendor hands out keys that short.
const SHORTEST_SECRET = 4

/** Names of query parameters whose values are never shown, whatever they hold. */
const SECRET_PARAMETERS =
  /^(api[-_]?(key|token)|access[-_]?(key|token)|token|key|secret|sig(nature)?|crumb|auth.*|x_cg_.*|password)$/i

function base64Of(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}

function spellings(secret: string): string[] {
  const base64 = base64Of(secret)
  return [
    secret,
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll('%20', '+'),
    base64,
    encodeURIComponent(base64),
    base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
    JSON.stringify(secret).slice(1, -1),
  ]
}

/** Makes a function that replaces every spelling of the secrets: plain, URL-encoded, base64, JSON-escaped. */
export function redactorOf(secrets: readonly string[]): Redact {
  const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
  if (long.length === 0) return (text) => text
  const forms = [...new Set(long.flatMap(spellings))].toSorted((a, b) => b.length - a.length)
  return (text) => forms.reduce((out, form) => (out.includes(form) ? out.replaceAll(form, REDACTED) : out), text)
}

/** A URL as it may be shown: origin, path, and the query without the values of secret parameters. */
export function shownUrl(url: string, redact: Redact): string {
  if (!URL.canParse(url)) return redact(url)
  const parsed = new URL(url)
  for (const name of new Set(parsed.searchParams.keys())) {
    if (SECRET_PARAMETERS.test(name)) parsed.searchParams.set(name, 'redacted')
  }
  parsed.username = ''
  parsed.password = ''
  return redact(`${parsed.origin}${parsed.pathname}${parsed.search}`)
}

/** A cause without anything but its redacted text: never a request, a response or an input. */
function plainCause(cause: unknown, redact: Redact, depth: number): Error | undefined {
  if (cause === undefined || cause === null || depth > 4) return undefined
  const source = cause instanceof Error ? cause : new Error(String(cause))
  const inner = plainCause(source.cause, redact, depth + 1)
  const plain = new Error(redact(source.message), inner === undefined ? undefined : { cause: inner })
  plain.name = source.name
  const { code } = source as { code?: unknown }
  if (typeof code === 'string') Object.assign(plain, { code: redact(code) })
  return plain
}

function redactFact(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value)
  return typeof value === 'object' && value !== null ? (JSON.parse(redact(JSON.stringify(value))) as unknown) : value
}

/**
 * The same failure as a `ProviderError` that holds no secret.
 * An error that is not ours becomes `code`, with its text as the message.
 */
export function safeError(
  error: unknown,
  redact: Redact,
  facts: ErrorFacts,
  code: ProviderCode = 'provider/network',
): ProviderError {
  const named = (text: string): string =>
    facts.provider === undefined || text.startsWith(facts.provider) ? text : `${facts.provider}: ${text}`
  if (!isDataClientError(error)) {
    const own = plainCause(error, redact, 0)
    const causes = own?.cause instanceof Error ? ` (${own.cause.message})` : ''
    const told = own === undefined ? facts : { ...facts, cause: own }
    return new ProviderError(code, named(`${own?.message ?? 'failed'}${causes}`), told)
  }
  const cause = plainCause(error.cause, redact, 0)
  const told: Record<string, unknown> = { ...facts }
  for (const name of ['field', 'value', 'provider', 'symbol', 'retryAfterMs', 'status', 'issues'] as const) {
    if (error[name] !== undefined) told[name] = redactFact(error[name], redact)
  }
  if (cause !== undefined) told['cause'] = cause
  const message = redact(error.message).replace(`[${error.code}] `, '')
  return new ProviderError(error.code as ProviderCode, named(message), told as ErrorFacts)
}
