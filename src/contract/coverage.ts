/**
 * Coverage: what a series is proven to hold, to lack, or not to know; and the algebra on it.
 * @module
 */
import { type Range, intersect, subtractRanges, unionRanges } from './range.ts'
import type { EpochMs } from './time.ts'

/**
 * `data`: proven, rows are there · `empty`: asked and proven to have none · `partial`: not final yet ·
 * `unavailable`: asked and refused (not entitled, before the history that the source keeps).
 */
export type CoverageState = 'data' | 'empty' | 'partial' | 'unavailable'

/** Why a range has the state it has. */
export type CoverageReason =
  | 'holiday'
  | 'no-trades'
  | 'before-listing'
  | 'provider-missing'
  | 'not-entitled'
  | 'outside-history'
  | 'not-final'
  | 'null-row'

/** One range with its state and its first proof. */
export interface CoverageRecord extends Range {
  readonly state: CoverageState
  readonly reason?: CoverageReason
  /** The request that proved it first. */
  readonly requestId: string
  /** When it was proven first. */
  readonly asOfMs: EpochMs
  /** What the provider said of the quality of this range, in its own word. */
  readonly condition?: string
}

/** Kinds of missing: the first four lie outside coverage, the last two inside it. */
export type MissingKind = 'unfetched' | 'unavailable' | 'pending' | 'failed' | 'provider-missing' | 'rejected'

/** A range that has no data, and why. */
export interface Missing extends Range {
  readonly kind: MissingKind
}

function sameFact(a: CoverageRecord, b: CoverageRecord): boolean {
  return a.state === b.state && a.reason === b.reason && a.condition === b.condition
}

/**
 * Writes one record over a sorted, disjoint list.
 * What it overlaps takes the new state; where the fact is the same the first proof stays; equal neighbours join.
 */
export function recordCoverage(list: readonly CoverageRecord[], record: CoverageRecord): CoverageRecord[] {
  if (!(record.startMs < record.endMs)) return [...list]
  const pieces: CoverageRecord[] = []
  const unchanged: CoverageRecord[] = []
  for (const old of list) {
    const both = intersect(old, record)
    if (both === null) pieces.push(old)
    else {
      if (old.startMs < both.startMs) pieces.push({ ...old, endMs: both.startMs })
      if (old.endMs > both.endMs) pieces.push({ ...old, startMs: both.endMs })
      if (sameFact(old, record)) {
        const kept = { ...old, ...both }
        pieces.push(kept)
        unchanged.push(kept)
      }
    }
  }
  for (const fresh of subtractRanges([record], unchanged)) pieces.push({ ...record, ...fresh })
  return joinNeighbours(pieces.toSorted((a, b) => a.startMs - b.startMs))
}

function joinNeighbours(sorted: readonly CoverageRecord[]): CoverageRecord[] {
  const out: CoverageRecord[] = []
  for (const record of sorted) {
    const last = out.at(-1)
    if (last !== undefined && last.endMs === record.startMs && sameFact(last, record)) {
      // The older proof speaks for both: a long backfill stays one record, not one a page.
      const first = last.asOfMs <= record.asOfMs ? last : record
      out[out.length - 1] = { ...first, startMs: last.startMs, endMs: record.endMs }
    } else out.push(record)
  }
  return out
}

/** Forgets what is known about a range, as after a lost file. */
export function forgetCoverage(list: readonly CoverageRecord[], range: Range): CoverageRecord[] {
  return list.flatMap((old) => subtractRanges([old], [range]).map((rest) => ({ ...old, ...rest })))
}

/** Ranges in one of these states, joined; clipped to `within` if given. */
export function rangesIn(list: readonly CoverageRecord[], states: readonly CoverageState[], within?: Range): Range[] {
  const found: Range[] = []
  for (const record of list) {
    if (!states.includes(record.state)) continue
    const clipped = within === undefined ? record : intersect(record, within)
    if (clipped !== null) found.push({ startMs: clipped.startMs, endMs: clipped.endMs })
  }
  return unionRanges(found)
}

/** Ranges that are proven and final: `data` and `empty`. */
export function provenRanges(list: readonly CoverageRecord[], within?: Range): Range[] {
  return rangesIn(list, ['data', 'empty'], within)
}

/** Ranges of which nothing is known. */
export function unknownRanges(list: readonly CoverageRecord[], within: Range): Range[] {
  return subtractRanges([within], list)
}

/** Are two coverages the same in bounds, state and reason? Who proved it and when is not compared. */
export function sameCoverage(a: readonly CoverageRecord[], b: readonly CoverageRecord[]): boolean {
  if (a.length !== b.length) return false
  return a.every((x, i) => {
    const y = b[i] as CoverageRecord
    return x.startMs === y.startMs && x.endMs === y.endMs && sameFact(x, y)
  })
}
