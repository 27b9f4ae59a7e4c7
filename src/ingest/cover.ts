/**
 * What the answers of a source prove about a series. Pure; the result does not depend on order or borders of pages.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { type CoverageReason, type CoverageRecord, rangesIn, recordCoverage } from '../contract/coverage.ts'
import { barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import { type Range, intersect, intersectRanges, subtractRanges } from '../contract/range.ts'
import type { Series } from '../contract/series.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

/** One answer, after its rows were normalised and checked. */
export interface Answer {
  readonly proven: Range
  readonly requestId: string
  readonly asOfMs: EpochMs
  readonly hasRows: boolean
  /** Openings of rows without any price. */
  readonly nullMs: readonly EpochMs[]
  readonly condition?: string
}

/** What else decides over coverage. */
export interface CoverContext {
  readonly series: Series
  readonly calendar: Calendar
  readonly barsWithoutTrades: 'emitted' | 'omitted' | 'unknown'
  /** First opening that is not closed, and first that is not final. */
  readonly closedEndMs: EpochMs
  readonly finalEndMs: EpochMs
  /** Has the series a row at this opening after the answers were applied? */
  hasRow(openMs: EpochMs): boolean
}

/** Coverage after some answers. */
export function coverAnswers(
  coverage: readonly CoverageRecord[],
  answers: readonly Answer[],
  context: CoverContext,
): CoverageRecord[] {
  let out: CoverageRecord[] = [...coverage]
  for (const answer of answers) out = coverAnswer(out, answer, context)
  return out
}

function coverAnswer(coverage: readonly CoverageRecord[], answer: Answer, context: CoverContext): CoverageRecord[] {
  const proof = {
    requestId: answer.requestId,
    asOfMs: answer.asOfMs,
    ...(answer.condition === undefined ? {} : { condition: answer.condition }),
  }
  let out: CoverageRecord[] = [...coverage]
  const final = intersect(answer.proven, { startMs: -Infinity, endMs: context.finalEndMs })
  if (final !== null) out = coverFinal(out, final, answer.hasRows, proof, context)
  const provisional = intersect(answer.proven, { startMs: context.finalEndMs, endMs: context.closedEndMs })
  if (provisional !== null) {
    // What was final once stays final: a longer lag later takes no proof back.
    for (const part of subtractRanges([provisional], rangesIn(out, ['data', 'empty']))) {
      out = recordCoverage(out, { ...part, state: 'partial', reason: 'not-final', ...proof })
    }
  }
  return coverNulls(out, answer, proof, context)
}

type Proof = Pick<CoverageRecord, 'requestId' | 'asOfMs' | 'condition'>

/** A stretch of proof is `data` as a whole as soon as it holds one row: nights and holidays need no record of their own. */
function coverFinal(
  coverage: readonly CoverageRecord[],
  final: Range,
  hasRows: boolean,
  proof: Proof,
  context: CoverContext,
): CoverageRecord[] {
  const touching = coverage.filter(
    (record) =>
      (record.state === 'data' || (record.state === 'empty' && record.reason !== 'before-listing')) &&
      record.startMs <= final.endMs &&
      record.endMs >= final.startMs,
  )
  const isData = hasRows || touching.some((record) => record.state === 'data')
  if (!isData) return recordCoverage(coverage, { ...final, state: 'empty', reason: emptyReason(final, context), ...proof })
  let out = recordCoverage(coverage, { ...final, state: 'data', ...proof })
  for (const record of touching) {
    if (record.state !== 'empty') continue
    const { reason: _reason, ...rest } = record
    for (const part of subtractRanges([record], [final])) out = recordCoverage(out, { ...rest, ...part, state: 'data' })
  }
  return out
}

function emptyReason(range: Range, { series, calendar, barsWithoutTrades }: CoverContext): CoverageReason {
  if (series.interval !== undefined && expectsNothing(calendar, range, series.interval)) return 'holiday'
  return barsWithoutTrades === 'emitted' ? 'provider-missing' : 'no-trades'
}

function expectsNothing(calendar: Calendar, range: Range, interval: NonNullable<Series['interval']>): boolean {
  if (calendar.name === '24/7') return false
  const inside = intersect(range, calendar.valid)
  if (inside === null || inside.startMs > range.startMs || inside.endMs < range.endMs) return false
  if (isLabelled(interval)) {
    return calendar.sessions({ start: new Date(range.startMs), end: new Date(range.endMs) }).n === 0
  }
  const sessions = calendar.sessions({
    start: new Date(Math.max(calendar.valid.startMs, barOpen('1d', range.startMs) - DAY_MS)),
    end: new Date(Math.min(calendar.valid.endMs, barOpen('1d', range.endMs) + 2 * DAY_MS)),
  })
  for (let i = 0; i < sessions.n; i++) {
    if ((sessions.open[i] as number) < range.endMs && (sessions.close[i] as number) > range.startMs) return false
  }
  return true
}

function coverNulls(coverage: readonly CoverageRecord[], answer: Answer, proof: Proof, context: CoverContext): CoverageRecord[] {
  const { interval } = context.series
  let out: CoverageRecord[] = [...coverage]
  if (interval === undefined) return out
  for (const openMs of answer.nullMs) {
    if (openMs >= context.finalEndMs || context.hasRow(openMs)) continue
    const slot = { startMs: openMs, endMs: nextOpen(interval, openMs) }
    for (const part of intersectRanges([slot], [answer.proven])) {
      out = recordCoverage(out, { ...part, state: 'partial', reason: 'null-row', ...proof })
    }
  }
  return out
}

/** A lead without rows of this length is time before the listing, not an outage. */
const LISTING_LEAD_MS = 30 * DAY_MS

/**
 * Marks the proven time before the first row of the series, where it is long enough to be the time before its listing,
 * or where the source said so.
 */
export function markListing(
  coverage: readonly CoverageRecord[],
  firstRowMs: EpochMs | null,
  historyStartMs?: EpochMs,
): CoverageRecord[] {
  if (firstRowMs === null) return [...coverage]
  const run = contiguousProof(coverage, firstRowMs)
  if (run === null || run.startMs >= firstRowMs) return [...coverage]
  const lead = { startMs: run.startMs, endMs: firstRowMs }
  const saidSo = historyStartMs !== undefined && historyStartMs >= lead.endMs
  const isListing = saidSo || lead.endMs - lead.startMs >= LISTING_LEAD_MS
  let out: CoverageRecord[] = [...coverage]
  for (const record of coverage) {
    const part = intersect(record, lead)
    if (part === null || (record.state !== 'data' && record.state !== 'empty')) continue
    const { reason: _reason, ...rest } = record
    const state = isListing ? ({ state: 'empty', reason: 'before-listing' } as const) : ({ state: 'data' } as const)
    out = recordCoverage(out, { ...rest, ...part, ...state })
  }
  return out
}

function contiguousProof(coverage: readonly CoverageRecord[], atMs: EpochMs): Range | null {
  return rangesIn(coverage, ['data', 'empty']).find((range) => range.startMs <= atMs && atMs <= range.endMs) ?? null
}
