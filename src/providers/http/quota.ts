/**
 * What a vendor says of its limits in the headers of an answer.
 * @module
 */
import type { EpochMs } from '../../contract/time.ts'

/** What an answer tells about the limit of its account. */
export interface QuotaNews {
  /** Send nothing before this instant. */
  readonly blockedUntilMs?: EpochMs
  /** Weight used in a window, as the vendor counts it. */
  readonly used?: readonly { readonly weight: number; readonly perMs: number }[]
}

type Headers = Readonly<Record<string, string>>

// A wait beyond this is a fault of the header, not a rule of the vendor.
const LONGEST_WAIT_MS = 3 * 86_400_000

const inBounds = (ms: number): number | undefined => (ms >= 0 && ms <= LONGEST_WAIT_MS ? ms : undefined)

/** Milliseconds that `Retry-After` asks to wait: seconds or an HTTP date (RFC 9110 section 10.2.3); undefined if unusable. */
export function retryAfterMs(headers: Headers, nowMs: EpochMs): number | undefined {
  const text = headers['retry-after']?.trim() ?? ''
  // Two headers are joined by a comma; so are the parts of a date.
  const [seconds] = text.split(',')
  if (seconds !== undefined && /^\d+(\.\d+)?$/.test(seconds.trim())) return inBounds(Number(seconds) * 1000)
  const at = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : inBounds(Math.max(0, at - nowMs))
}

/** `X-RateLimit-Reset` is epoch seconds with some vendors, epoch milliseconds or seconds from now with others. */
function resetAtMs(value: number, nowMs: EpochMs): EpochMs {
  if (value > 1e11) return value
  return value > 1e9 ? value * 1000 : nowMs + value * 1000
}

const WINDOW_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads every limit header that the vendors are known to send but `Retry-After`, which counts only on a refusal. */
export function quotaFromHeaders(headers: Headers, nowMs: EpochMs): QuotaNews {
  const used: { weight: number; perMs: number }[] = []
  const until: number[] = []
  for (const [name, value] of Object.entries(headers)) {
    // Binance: X-MBX-USED-WEIGHT-1M, one header a window.
    const match = /^x-mbx-used-weight-(\d+)([smhd])$/.exec(name)
    const weight = Number(value)
    if (match !== null && Number.isFinite(weight)) {
      used.push({ weight, perMs: Number(match[1]) * (WINDOW_MS[match[2] as string] as number) })
    }
  }
  const remaining = Number(headers['x-ratelimit-remaining'] ?? Number.NaN)
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN)
  if (remaining === 0 && Number.isFinite(reset)) {
    const wait = inBounds(resetAtMs(reset, nowMs) - nowMs)
    if (wait !== undefined) until.push(nowMs + wait)
  }
  return {
    ...(used.length === 0 ? {} : { used }),
    ...(until.length === 0 ? {} : { blockedUntilMs: Math.max(...until) }),
  }
}
