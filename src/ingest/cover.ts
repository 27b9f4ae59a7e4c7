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
  /** Is a final row of the series in what it proves, from whatever answer? */
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
  /** First opening that was not closed when an answer came. */
  closedEnd(asOfMs: EpochMs): EpochMs
  /** First opening that was not final when an answer came: a bar does not become final by waiting for its commit. */
  finalEnd(asOfMs: EpochMs): EpochMs
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
  const finalEndMs = context.finalEnd(answer.asOfMs)
  const final = intersect(answer.proven, { startMs: -Infinity, endMs: finalEndMs })
  if (final !== null) out = coverFinal(out, final, answer.hasRows, proof, context)
  const provisional = intersect(answer.proven, { startMs: finalEndMs, endMs: context.closedEnd(answer.asOfMs) })
  if (provisional !== null) {
    // What was final once stays final: a longer lag later takes no proof back.
    for (const part of subtractRanges([provisional], rangesIn(out, ['data', 'empty']))) {
      out = recordCoverage(out, { ...part, state: 'partial', reason: 'not-final', ...proof })
    }
  }
  return coverNulls(out, answer, finalEndMs, proof, context)
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
  if (!isData)
    return recordCoverage(coverage, { ...final, state: 'empty', reason: emptyReason(final, context), ...proof })
  let out = recordCoverage(coverage, { ...final, state: 'data', ...proof })
  for (const record of touching) {
    if (record.state !== 'empty') continue
    const { reason: _reason, ...rest } = record
    for (const part of subtractRanges([record], [final])) out = recordCoverage(out, { ...rest, ...part, state: 'data' })
  }
  return out
}

/**
 * Why a stretch without any row is empty. A day without trades is rare, and so is a whole session of a source that does
 * not say whether it sends empty bars: such a stretch is missing until something else is known.
 */
function emptyReason(range: Range, { series, calendar, barsWithoutTrades }: CoverContext): CoverageReason {
  const { interval } = series
  if (interval === undefined) return barsWithoutTrades === 'emitted' ? 'provider-missing' : 'no-trades'
  const { touched, whole } = sessionsIn(calendar, range, interval)
  if (!touched) return 'holiday'
  if (barsWithoutTrades === 'emitted' || isLabelled(interval)) return 'provider-missing'
  return barsWithoutTrades === 'unknown' && whole ? 'provider-missing' : 'no-trades'
}

/** Does a session touch this range, and does one lie in it whole? Where the calendar does not know, the UTC day counts. */
function sessionsIn(
  calendar: Calendar,
  range: Range,
  interval: NonNullable<Series['interval']>,
): { touched: boolean; whole: boolean } {
  const inside = intersect(range, calendar.valid)
  if (calendar.name === '24/7' || inside === null || inside.startMs > range.startMs || inside.endMs < range.endMs) {
    return { touched: true, whole: range.endMs - range.startMs >= 2 * DAY_MS }
  }
  if (isLabelled(interval)) {
    const { n } = calendar.sessions({ start: new Date(range.startMs), end: new Date(range.endMs) })
    return { touched: n > 0, whole: n > 0 }
  }
  const sessions = calendar.sessions({
    start: new Date(Math.max(calendar.valid.startMs, barOpen('1d', range.startMs) - DAY_MS)),
    end: new Date(Math.min(calendar.valid.endMs, barOpen('1d', range.endMs) + 2 * DAY_MS)),
  })
  let touched = false
  for (let i = 0; i < sessions.n; i++) {
    const [open, close] = [sessions.open[i] as number, sessions.close[i] as number]
    if (open >= range.startMs && close <= range.endMs) return { touched: true, whole: true }
    touched ||= open < range.endMs && close > range.startMs
  }
  return { touched, whole: false }
}

function coverNulls(
  coverage: readonly CoverageRecord[],
  answer: Answer,
  finalEndMs: EpochMs,
  proof: Proof,
  context: CoverContext,
): CoverageRecord[] {
  const { interval } = context.series
  let out: CoverageRecord[] = [...coverage]
  if (interval === undefined) return out
  for (const openMs of answer.nullMs) {
    if (openMs >= finalEndMs || context.hasRow(openMs)) continue
    const slot = { startMs: openMs, endMs: nextOpen(interval, openMs) }
    for (const part of intersectRanges([slot], [answer.proven])) {
      out = recordCoverage(out, { ...part, state: 'partial', reason: 'null-row', ...proof })
    }
  }
  return out
}

/** A lead without rows of this length is time before the listing, not an outage, unless the source says otherwise. */
const LISTING_LEAD_MS = 30 * DAY_MS

/**
 * Marks what lies before the listing: what the source says is older than its history; where it says nothing, a proven
 * lead of 30 days or more before the first row. After the first row nothing lies before the listing: what was taken for
 * it, before older rows came, is a hole.
 */
export function markListing(
  coverage: readonly CoverageRecord[],
  firstRowMs: EpochMs | null,
  historyStartMs?: EpochMs,
): CoverageRecord[] {
  const firstMs = firstRowMs ?? Infinity
  const lead = contiguousProof(coverage, firstMs)
  const isLong = lead !== null && firstMs - lead.startMs >= LISTING_LEAD_MS
  const listedMs = historyStartMs === undefined ? (isLong ? firstMs : -Infinity) : Math.min(historyStartMs, firstMs)
  let out: CoverageRecord[] = [...coverage]
  for (const record of coverage) {
    if (record.state !== 'data' && record.state !== 'empty') continue
    const { reason, ...rest } = record
    const before = intersect(record, { startMs: -Infinity, endMs: listedMs })
    if (before !== null) out = recordCoverage(out, { ...rest, ...before, state: 'empty', reason: 'before-listing' })
    const after = intersect(record, { startMs: listedMs, endMs: Infinity })
    if (after === null || record.state === 'data') continue
    const isLead = lead !== null && after.startMs < firstMs && intersect(after, lead) !== null
    if (isLead || reason === 'before-listing') out = recordCoverage(out, { ...rest, ...after, state: 'data' })
  }
  return out
}

function contiguousProof(coverage: readonly CoverageRecord[], atMs: EpochMs): Range | null {
  return rangesIn(coverage, ['data', 'empty']).find((range) => range.startMs <= atMs && atMs <= range.endMs) ?? null
}
