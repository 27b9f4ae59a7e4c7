/**
 * How much of one limit is used, counted so that the vendor can never count more.
 * @module
 */
import type { RateLimit } from '../../contract/provider.ts'
import type { EpochMs } from '../../contract/time.ts'

/**
 * One limit of a vendor.
 * A request reaches the vendor at an unknown instant between its departure and its answer, so it holds its weight
 * while it is under way, and its window starts at the answer: any stretch that the vendor measures holds no more.
 */
export interface Meter {
  readonly limit: RateLimit
  /** Milliseconds until this weight is free; 0 = now, `Infinity` = only when a request under way is answered. */
  waitMs(weight: number, nowMs: EpochMs): number
  /** A request departs. */
  depart(weight: number): void
  /** Its answer came, or it failed. */
  arrive(weight: number, nowMs: EpochMs): void
  /** The vendor counted this much: never less than that is used. */
  observe(used: number, nowMs: EpochMs): void
  used(nowMs: EpochMs): number
}

/** At most `weight` in any stretch of `perMs`. */
function rollingMeter(limit: RateLimit): Meter {
  let entries: { readonly atMs: EpochMs; weight: number }[] = []
  let first = 0
  let counted = 0
  let underWay = 0
  const prune = (nowMs: EpochMs): void => {
    for (
      let entry = entries[first];
      entry !== undefined && entry.atMs + limit.perMs <= nowMs;
      entry = entries[++first]
    ) {
      counted -= entry.weight
    }
    if (first > 1024 && first * 2 > entries.length) {
      entries = entries.slice(first)
      first = 0
    }
  }
  const add = (weight: number, nowMs: EpochMs): void => {
    const last = entries.at(-1)
    if (last !== undefined && first < entries.length && last.atMs === nowMs) last.weight += weight
    else entries.push({ atMs: nowMs, weight })
    counted += weight
  }
  return {
    limit,
    waitMs(weight, nowMs) {
      prune(nowMs)
      // A request heavier than the whole limit goes alone.
      let excess = counted + underWay + Math.min(weight, limit.weight) - limit.weight
      if (excess <= 0) return 0
      for (let i = first; i < entries.length; i++) {
        const entry = entries[i] as { atMs: EpochMs; weight: number }
        excess -= entry.weight
        if (excess <= 0) return entry.atMs + limit.perMs - nowMs
      }
      return Number.POSITIVE_INFINITY
    },
    depart(weight) {
      underWay += weight
    },
    arrive(weight, nowMs) {
      underWay -= weight
      add(weight, nowMs)
    },
    observe(used, nowMs) {
      prune(nowMs)
      if (used > counted + underWay) add(used - counted - underWay, nowMs)
    },
    used(nowMs) {
      prune(nowMs)
      return counted + underWay
    },
  }
}

/** A store of `weight` that refills evenly within `perMs`. */
function bucketMeter(limit: RateLimit): Meter {
  const perMs = limit.weight / limit.perMs
  let tokens = limit.weight
  let filledMs = Number.NEGATIVE_INFINITY
  let underWay = 0
  const refill = (nowMs: EpochMs): void => {
    if (nowMs > filledMs) {
      tokens = Math.min(limit.weight, tokens + (nowMs - filledMs) * perMs)
      filledMs = nowMs
    }
  }
  return {
    limit,
    waitMs(weight, nowMs) {
      refill(nowMs)
      const asked = Math.min(weight, limit.weight)
      const missing = asked - (tokens - underWay)
      if (missing <= 1e-9) return 0
      return asked + underWay > limit.weight ? Number.POSITIVE_INFINITY : missing / perMs
    },
    depart(weight) {
      underWay += weight
    },
    arrive(weight, nowMs) {
      refill(nowMs)
      underWay -= weight
      tokens -= weight
    },
    observe(used, nowMs) {
      refill(nowMs)
      tokens = Math.min(tokens, limit.weight - used + underWay)
    },
    used(nowMs) {
      refill(nowMs)
      return limit.weight - tokens + underWay
    },
  }
}

/** Counts one limit as its vendor does. */
export function meterOf(limit: RateLimit): Meter {
  return limit.kind === 'bucket' ? bucketMeter(limit) : rollingMeter(limit)
}
