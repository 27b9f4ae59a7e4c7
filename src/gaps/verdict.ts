/**
 * What coverage says of a slot without a row, stretch by stretch.
 * @module
 */
import type { CoverageRecord, MissingKind } from '../contract/coverage.ts'
import type { GapInput } from '../contract/gap-detector.ts'
import { isLabelled } from '../contract/interval.ts'
import { type Range, intersect, intersectRanges, subtractRanges } from '../contract/range.ts'
import type { Interval } from '../contract/interval.ts'

/**
 * `no-trades`: no gap, the source sends no bar without trades, or proved that there is none ·
 * `unsure`: proven, but whether a bar must exist is not known; decided by the length of the hole.
 */
export type Verdict = MissingKind | 'no-trades' | 'unsure'

/** A stretch of time with one verdict on the slots that open in it. */
export interface Stretch extends Range {
  readonly verdict: Verdict
  /** Is it `pending` instead while the slot is not final? What is proven, or refused, waits for nothing. */
  readonly mayPend: boolean
}

type Facts = Pick<GapInput, 'coverage' | 'failed' | 'capabilities'>

/** Cuts a range into stretches, ascending and without holes. */
export function stretchesOf(range: Range, interval: Interval, facts: Facts): Stretch[] {
  const proven: Stretch[] = []
  const asked: Stretch[] = []
  for (const record of facts.coverage) {
    const inside = intersect(record, range)
    if (inside === null) continue
    if (record.state === 'data' || record.state === 'empty') {
      proven.push({ ...inside, verdict: provenVerdict(record, interval, facts.capabilities), mayPend: false })
    } else asked.push({ ...inside, ...openVerdict(record) })
  }
  const open = subtractRanges([range], proven)
  const failed = intersectRanges(open, facts.failed ?? [])
  const rest = subtractRanges(open, failed)
  const known = asked.flatMap(({ verdict, mayPend, ...stretch }) =>
    intersectRanges([stretch], rest).map((part) => ({ ...part, verdict, mayPend })),
  )
  return [
    ...proven,
    ...failed.map((part) => ({ ...part, verdict: 'failed' as const, mayPend: true })),
    ...known,
    ...subtractRanges(rest, known).map((part) => ({ ...part, verdict: 'unfetched' as const, mayPend: true })),
  ].toSorted((a, b) => a.startMs - b.startMs)
}

function provenVerdict(
  { state, reason }: CoverageRecord,
  interval: Interval,
  { barsWithoutTrades }: Facts['capabilities'],
): Verdict {
  if (reason === 'provider-missing') return 'provider-missing'
  if (state === 'empty')
    return reason === undefined && barsWithoutTrades === 'emitted' ? 'provider-missing' : 'no-trades'
  if (barsWithoutTrades === 'unknown') return 'unsure'
  // A session without its daily bar is a gap even from a source that omits empty minutes: a day without trades is rare.
  return barsWithoutTrades === 'omitted' && !isLabelled(interval) ? 'no-trades' : 'provider-missing'
}

function openVerdict({ state, reason }: CoverageRecord): Pick<Stretch, 'verdict' | 'mayPend'> {
  if (state === 'unavailable') return { verdict: 'unavailable', mayPend: false }
  // A row of nulls is an answer: the source knows of the slot and has no bar.
  return { verdict: reason === 'null-row' ? 'provider-missing' : 'unfetched', mayPend: true }
}
