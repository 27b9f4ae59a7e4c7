/**
 * Decides what to ask a provider. Pure: the plan is a value.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { type CoverageRecord, type CoverageState, rangesIn, unknownRanges } from '../contract/coverage.ts'
import { INTERVALS, barOpen, ceilOpen, countOpens, isLabelled, nextOpen, shiftOpen } from '../contract/interval.ts'
import type { AskRecord } from '../contract/metadata-tracker.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Operation, Plan, PlanReason, PlannedRequest } from '../contract/query.ts'
import { type Range, intersect, intersectRanges, subtractRanges } from '../contract/range.ts'
import type { Series } from '../contract/series.ts'
import { countSlots } from '../contract/slots.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { type BarClock, closedEnd, finalEnd } from './finality.ts'

/** All that a plan depends on. */
export interface PlanInput {
  readonly series: Series
  readonly operation: Operation
  readonly range: Range
  readonly coverage: readonly CoverageRecord[]
  /** Slots that must exist and have no row, as the detector found them. */
  readonly holes: readonly Range[]
  /** When holes are asked again. */
  readonly asks: readonly AskRecord[]
  readonly recheckedAtMs: EpochMs | null
  readonly capabilities: ProviderCapabilities
  readonly calendar: Calendar
  readonly nowMs: EpochMs
  /** Absent = 7, at most once a day. */
  readonly lookbackDays?: number
  readonly fillGaps: boolean
}

interface Wish extends Range {
  readonly reason: PlanReason
}

const DEFAULT_LOOKBACK_DAYS = 7
/** Final bars of any length that are compared at least: one alone cannot tell a new basis from a revision. */
const FEWEST_COMPARED = 3

/** The requests of an operation, oldest first: wishes, joined and cut to what one request carries. */
export function planRequests(input: PlanInput): Plan {
  const reachMs = historyReach(input)
  const served = intersect(askableRange(input), { startMs: reachMs, endMs: Infinity })
  const wishes = [...(served === null ? [] : wishesOf(input, served))]
  if (wishes.length > 0 || (served !== null && input.operation === 'update'))
    wishes.push(...comparisons(input, served, reachMs))
  const requests = cutToRequests(input, joinWishes(input, wishes))
  const weight = requests.length * (input.capabilities.requestWeight ?? 1)
  return {
    series: input.series,
    operation: input.operation,
    range: input.range,
    requests,
    expectedRows: requests.reduce((sum, request) => sum + request.expectedRows, 0),
    weight,
    minimumMs: minimumMs(input.capabilities, weight),
    clipped: outOfReach(input, ['data', 'empty', 'partial'])[0] ?? null,
  }
}

/** The parts of the range that the source does not reach back to and of which nothing is known, not even that. */
export function unservedRanges(input: PlanInput): Range[] {
  return outOfReach(input, ['data', 'empty', 'partial', 'unavailable'])
}

const clockOf = (input: PlanInput): BarClock => input

/** The part of the range whose bars are closed: what lies after it cannot be asked yet. */
function askableRange(input: PlanInput): Range {
  return { startMs: input.range.startMs, endMs: Math.min(input.range.endMs, closedEnd(clockOf(input), input.nowMs)) }
}

/** First opening that the source reaches back to. */
function historyReach({ series, capabilities, nowMs }: PlanInput): EpochMs {
  const { interval, schema } = series
  const { historyMs, schemaHistoryMs } = capabilities
  const reach = schemaHistoryMs?.[schema] ?? (interval === undefined ? undefined : historyMs?.[interval])
  if (reach === undefined) return -Infinity
  return interval === undefined ? nowMs - reach : ceilOpen(interval, nowMs - reach)
}

function outOfReach(input: PlanInput, known: readonly CoverageState[]): Range[] {
  const beyond = intersect(askableRange(input), { startMs: -Infinity, endMs: historyReach(input) })
  return beyond === null ? [] : subtractRanges([beyond], rangesIn(input.coverage, known))
}

function wishesOf(input: PlanInput, served: Range): Wish[] {
  if (input.operation === 'load') return [{ ...served, reason: 'reload' }]
  const final = finalEnd(clockOf(input), input.nowMs)
  const notFinal = input.coverage.filter((record) => record.state === 'partial' && record.reason === 'not-final')
  return [
    ...wish(unknownRanges(input.coverage, served), 'unfetched'),
    ...wish(
      intersectRanges(notFinal, [{ startMs: served.startMs, endMs: Math.max(served.startMs, final) }]),
      'provisional',
    ),
    ...(input.fillGaps ? wish(due(input, intersectRanges(holesOf(input), [served])), 'provider-missing') : []),
    ...(input.fillGaps ? wish(due(input, rangesIn(input.coverage, ['unavailable'], served)), 'unavailable') : []),
  ]
}

function wish(ranges: readonly Range[], reason: PlanReason): Wish[] {
  return ranges.map(({ startMs, endMs }) => ({ startMs, endMs, reason }))
}

/** Slots that must exist and have no row: those that were found, and those that the source sent as null. */
export function holesOf(input: PlanInput): Range[] {
  const nullRows = input.coverage.filter((record) => record.state === 'partial' && record.reason === 'null-row')
  return subtractRanges([...input.holes, ...nullRows], rangesIn(input.coverage, ['unavailable']))
}

/** The parts whose next-ask time has come; what was never asked again is due at once. */
function due(input: PlanInput, ranges: readonly Range[]): Range[] {
  const waiting = input.asks.filter((ask) => ask.nextAskMs === null || ask.nextAskMs > input.nowMs)
  return subtractRanges(ranges, waiting)
}

/** May the source put this series on another basis, by splits or dividends? */
export function mayRebase({ series, capabilities }: Pick<PlanInput, 'series' | 'capabilities'>): boolean {
  if (series.schema !== 'ohlcv' || series.interval === undefined) return false
  return (
    capabilities.basis[isLabelled(series.interval) ? 'daily' : 'intraday'] !== 'raw' ||
    capabilities.columns.includes('adj_close')
  )
}

/**
 * What is compared with the source: of an update, the recent past that it works on. Whatever else is fetched from a
 * source that adjusts its prices is compared too, since rows on another basis must not come to lie beside the stored ones.
 */
function comparisons(input: PlanInput, served: Range | null, reachMs: EpochMs): Wish[] {
  if (input.operation !== 'update')
    return mayRebase(input) ? wish(recheckRanges(input, { startMs: reachMs, endMs: Infinity }), 'recheck') : []
  return served === null ? [] : wish(recheckRanges(input, served), 'recheck')
}

function recheckRanges(input: PlanInput, within: Range): Range[] {
  const { interval } = input.series
  const explicit = input.lookbackDays
  const fresh = input.recheckedAtMs !== null && input.nowMs - input.recheckedAtMs < DAY_MS
  if (explicit === 0 || (explicit === undefined && fresh)) return []
  const covered = rangesIn(input.coverage, ['data', 'empty', 'partial'])
  const last = covered.at(-1)
  if (last === undefined) return []
  // Longer than the series is the series: dates have an end.
  const backMs = Math.max(
    (covered[0] as Range).startMs,
    Math.floor(last.endMs - (explicit ?? DEFAULT_LOOKBACK_DAYS) * DAY_MS),
  )
  const final = rangesIn(input.coverage, ['data']).at(-1) ?? last
  const startMs =
    interval === undefined
      ? backMs
      : Math.min(barOpen(interval, backMs), shiftOpen(interval, barOpen(interval, final.endMs), -FEWEST_COMPARED))
  return intersectRanges(covered, [{ startMs: Math.max(startMs, within.startMs), endMs: within.endMs }])
}

interface Stretch extends Range {
  readonly reasons: readonly PlanReason[]
}

/** Joins wishes that overlap or touch, and near ones where one request carries both with all between. */
function joinWishes(input: PlanInput, wishes: readonly Wish[]): Stretch[] {
  const sorted = wishes.filter((wish) => wish.startMs < wish.endMs).toSorted((a, b) => a.startMs - b.startMs)
  const out: Stretch[] = []
  for (const wish of sorted) {
    const last = out.at(-1)
    const joined = last && { startMs: last.startMs, endMs: Math.max(last.endMs, wish.endMs) }
    if (last && joined && (wish.startMs <= last.endMs || fitsOneRequest(input, joined))) {
      out[out.length - 1] = { ...joined, reasons: [...new Set([...last.reasons, wish.reason])] }
    } else out.push({ startMs: wish.startMs, endMs: wish.endMs, reasons: [wish.reason] })
  }
  return out
}

function spanLimitMs({ series, capabilities }: PlanInput): number {
  return (series.interval && capabilities.spanMsPerRequest?.[series.interval]) ?? Infinity
}

function fitsOneRequest(input: PlanInput, range: Range): boolean {
  if (range.endMs - range.startMs > spanLimitMs(input)) return false
  return rowsIn(input, range) <= input.capabilities.rowsPerRequest
}

/** Rows of an unbroken answer; for schemas without interval it is not known, and counts as 0. */
function rowsIn({ series, calendar, capabilities }: PlanInput, range: Range): number {
  const { interval } = series
  if (interval === undefined || !(range.startMs < range.endMs)) return 0
  const clock = countOpens(interval, range)
  // Counting sessions is worth it only where they thin the clock out, and where their rules are known.
  const isKnown = calendar.valid.startMs <= range.startMs && range.endMs <= calendar.valid.endMs
  return calendar.name === '24/7' || clock === 0 || !isKnown
    ? clock
    : countSlots(calendar, range, interval, capabilities.anchor)
}

/** Cuts each stretch into requests that carry at most what the provider allows, at openings. */
function cutToRequests(input: PlanInput, stretches: readonly Stretch[]): PlannedRequest[] {
  const out: PlannedRequest[] = []
  for (const stretch of stretches) {
    let { startMs } = stretch
    while (startMs < stretch.endMs) {
      const range = { startMs, endMs: requestEnd(input, { startMs, endMs: stretch.endMs }) }
      out.push({ range, reasons: stretch.reasons, expectedRows: Math.ceil(rowsIn(input, range)) })
      startMs = range.endMs
    }
  }
  return out
}

/** The widest end that one request carries: doubled until it does not, then by bisection over openings. */
function requestEnd(input: PlanInput, { startMs, endMs }: Range): EpochMs {
  const { interval } = input.series
  const most = Math.min(endMs, startMs + spanLimitMs(input))
  if (interval === undefined) return most
  let low = nextOpen(interval, ceilOpen(interval, startMs))
  let step = INTERVALS[interval].ms * input.capabilities.rowsPerRequest
  let high = Math.min(most, barOpen(interval, startMs + 2 * step))
  while (high < most && fitsOneRequest(input, { startMs, endMs: high })) {
    low = Math.max(low, high)
    step *= 2
    high = Math.min(most, barOpen(interval, startMs + 2 * step))
  }
  if (high >= most && fitsOneRequest(input, { startMs, endMs: most })) return most
  while (high - low > (nextOpen(interval, low) - low) / 2) {
    const middle = barOpen(interval, low + (high - low) / 2)
    const probe = middle <= low ? nextOpen(interval, low) : middle
    if (probe >= high) break
    if (fitsOneRequest(input, { startMs, endMs: probe })) low = probe
    else high = probe
  }
  return Math.min(low, most)
}

function minimumMs(capabilities: ProviderCapabilities, weight: number): number {
  let longest = 0
  for (const limit of capabilities.rateLimits) {
    const full = Math.max(0, Math.ceil(weight / limit.weight) - 1)
    longest = Math.max(longest, full * limit.perMs)
  }
  return longest
}
