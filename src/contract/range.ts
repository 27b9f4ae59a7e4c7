/**
 * Half-open ranges of time and the algebra on sorted, disjoint lists of them.
 * @module
 */
import { ConfigError } from './errors.ts'
import { type EpochMs, formatTime } from './time.ts'

/** `[startMs, endMs)` in epoch milliseconds, UTC. For bars of a day and longer, a range of labels. */
export interface Range {
  /** Inclusive. */
  readonly startMs: EpochMs
  /** Exclusive. */
  readonly endMs: EpochMs
}

/**
 * Makes a range.
 * @throws {ConfigError} `config/range` unless start is before end
 */
export function rangeOf(startMs: EpochMs, endMs: EpochMs): Range {
  if (!(startMs < endMs)) {
    const message = `start ${formatTime(startMs)} is not before end ${formatTime(endMs)} (end is exclusive): swap them or move one`
    throw new ConfigError('config/range', message, { field: 'start', value: { startMs, endMs } })
  }
  return { startMs, endMs }
}

/** The part that both have, or null. */
export function intersect(a: Range, b: Range): Range | null {
  const startMs = Math.max(a.startMs, b.startMs)
  const endMs = Math.min(a.endMs, b.endMs)
  return startMs < endMs ? { startMs, endMs } : null
}

/** Does the first range hold all of the second? */
export function contains(outer: Range, inner: Range): boolean {
  return outer.startMs <= inner.startMs && inner.endMs <= outer.endMs
}

/** Sorts, drops empty ranges, and joins those that touch or overlap; `gapMs` also joins near ones. */
export function unionRanges(ranges: readonly Range[], gapMs = 0): Range[] {
  const sorted = ranges.filter((r) => r.startMs < r.endMs).toSorted((a, b) => a.startMs - b.startMs)
  const out: Range[] = []
  for (const range of sorted) {
    const last = out.at(-1)
    if (last !== undefined && range.startMs <= last.endMs + gapMs) {
      out[out.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, range.endMs) }
    } else out.push({ startMs: range.startMs, endMs: range.endMs })
  }
  return out
}

/** What is in the first list and not in the second; sorted and disjoint. */
export function subtractRanges(from: readonly Range[], cut: readonly Range[]): Range[] {
  const holes = unionRanges(cut)
  const out: Range[] = []
  let h = 0
  for (const range of unionRanges(from)) {
    let startMs = range.startMs
    while (h < holes.length && (holes[h] as Range).endMs <= startMs) h++
    for (let i = h; i < holes.length && startMs < range.endMs; i++) {
      const hole = holes[i] as Range
      if (hole.startMs >= range.endMs) break
      if (hole.startMs > startMs) out.push({ startMs, endMs: hole.startMs })
      startMs = Math.max(startMs, hole.endMs)
    }
    if (startMs < range.endMs) out.push({ startMs, endMs: range.endMs })
  }
  return out
}

/** What is in both lists; sorted and disjoint. */
export function intersectRanges(a: readonly Range[], b: readonly Range[]): Range[] {
  const [xs, ys] = [unionRanges(a), unionRanges(b)]
  const out: Range[] = []
  let i = 0
  let j = 0
  while (i < xs.length && j < ys.length) {
    const [x, y] = [xs[i] as Range, ys[j] as Range]
    const both = intersect(x, y)
    if (both !== null) out.push(both)
    if (x.endMs < y.endMs) i++
    else j++
  }
  return out
}

/** Milliseconds that a list of disjoint ranges spans. */
export function totalMs(ranges: readonly Range[]): number {
  let sum = 0
  for (const range of ranges) sum += range.endMs - range.startMs
  return sum
}

/** `2024-01-01 .. 2024-02-01`, end exclusive. */
export function formatRange(range: Range): string {
  return `${formatTime(range.startMs)} .. ${formatTime(range.endMs)}`
}
