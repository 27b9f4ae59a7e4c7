/**
 * Decides what to ask a provider. Pure: the plan is a value.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { type CoverageRecord, rangesIn, unknownRanges } from '../contract/coverage.ts'
import { barOpen, ceilOpen, countOpens, isLabelled, nextOpen } from '../contract/interval.ts'
import type { AskRecord } from '../contract/metadata-tracker.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Operation, Plan, PlanReason, PlannedRequest } from '../contract/query.ts'
import { type Range, intersect, intersectRanges, subtractRanges, unionRanges } from '../contract/range.ts'
import type { Series } from '../contract/series.ts'
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

/** The requests of an operation, oldest first: wishes, joined and cut to what one request carries. */
export function planRequests(input: PlanInput): Plan {
  const askable = askableRange(input)
  const { served, clipped } = clipToHistory(input, askable)
  const wishes = served === null ? [] : wishesOf(input, served)
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
    clipped,
  }
}

const clockOf = (input: PlanInput): BarClock => input

/** The part of the range whose bars are closed: what lies after it cannot be asked yet. */
function askableRange(input: PlanInput): Range | null {
  const closed = closedEnd(clockOf(input), input.nowMs)
  return intersect(input.range, { startMs: -Infinity, endMs: closed })
}

function clipToHistory(input: PlanInput, range: Range | null): { served: Range | null; clipped: Range | null } {
  const { interval, schema } = input.series
  const { historyMs, schemaHistoryMs } = input.capabilities
  const reach = schemaHistoryMs?.[schema] ?? (interval === undefined ? undefined : historyMs?.[interval])
  if (range === null || reach === undefined) return { served: range, clipped: null }
  const oldest = input.nowMs - reach
  const first = interval === undefined ? oldest : ceilOpen(interval, oldest)
  if (range.startMs >= first) return { served: range, clipped: null }
  const known = rangesIn(input.coverage, ['data', 'empty', 'partial'], { startMs: range.startMs, endMs: first })
  const [old] = subtractRanges([{ startMs: range.startMs, endMs: Math.min(first, range.endMs) }], known)
  return { served: intersect(range, { startMs: first, endMs: Infinity }), clipped: old ?? null }
}

function wishesOf(input: PlanInput, served: Range): Wish[] {
  if (input.operation === 'load') return [{ ...served, reason: 'reload' }]
  const final = finalEnd(clockOf(input), input.nowMs)
  const wishes: Wish[] = []
  const add = (ranges: readonly Range[], reason: PlanReason): void => {
    for (const range of ranges) wishes.push({ startMs: range.startMs, endMs: range.endMs, reason })
  }
  add(unknownRanges(input.coverage, served), 'unfetched')
  const notFinal = input.coverage.filter((record) => record.state === 'partial' && record.reason === 'not-final')
  add(intersectRanges(notFinal, [{ startMs: served.startMs, endMs: Math.max(served.startMs, final) }]), 'provisional')
  if (input.fillGaps) {
    add(due(input, intersectRanges(holesOf(input), [served])), 'provider-missing')
    add(due(input, rangesIn(input.coverage, ['unavailable'], served)), 'unavailable')
  }
  if (input.operation === 'update') add(recheckRanges(input, served), 'recheck')
  return wishes
}

function holesOf(input: PlanInput): Range[] {
  const nullRows = input.coverage.filter((record) => record.state === 'partial' && record.reason === 'null-row')
  return unionRanges([...input.holes, ...nullRows])
}

/** The parts whose next-ask time has come; a hole that was never asked again is due one day after its first ask. */
function due(input: PlanInput, ranges: readonly Range[]): Range[] {
  const waiting = input.asks.filter((ask) => ask.nextAskMs === null || ask.nextAskMs > input.nowMs)
  return subtractRanges(ranges, waiting)
}

function recheckRanges(input: PlanInput, served: Range): Range[] {
  const explicit = input.lookbackDays
  const fresh = input.recheckedAtMs !== null && input.nowMs - input.recheckedAtMs < DAY_MS
  if (explicit === 0 || (explicit === undefined && fresh)) return []
  const covered = rangesIn(input.coverage, ['data', 'empty', 'partial'])
  const last = covered.at(-1)
  if (last === undefined) return []
  const startMs = last.endMs - (explicit ?? DEFAULT_LOOKBACK_DAYS) * DAY_MS
  const aligned = input.series.interval === undefined ? startMs : barOpen(input.series.interval, startMs)
  return intersectRanges(covered, [{ startMs: Math.max(aligned, served.startMs), endMs: served.endMs }])
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
function rowsIn({ series, calendar }: PlanInput, range: Range): number {
  const { interval } = series
  if (interval === undefined) return 0
  if (!(range.startMs < range.endMs)) return 0
  const clock = countOpens(interval, range)
  // Counting sessions is worth it only where they thin the clock out.
  if (calendar.name === '24/7' || clock === 0) return clock
  return Math.min(clock, sessionRows(calendar, range, interval, clock))
}

function sessionRows(
  calendar: Calendar,
  range: Range,
  interval: NonNullable<Series['interval']>,
  fallback: number,
): number {
  const inside = intersect(range, calendar.valid)
  if (inside === null || inside.startMs !== range.startMs || inside.endMs !== range.endMs) return fallback
  if (isLabelled(interval)) {
    return interval === '1d' ? calendar.sessions({ start: new Date(range.startMs), end: new Date(range.endMs) }).n : fallback
  }
  return openMs(calendar, range) / (nextOpen(interval, 0) - 0)
}

function openMs(calendar: Calendar, range: Range): number {
  const sessions = calendar.sessions({
    start: new Date(Math.max(calendar.valid.startMs, barOpen('1d', range.startMs) - DAY_MS)),
    end: new Date(Math.min(calendar.valid.endMs, barOpen('1d', range.endMs) + 2 * DAY_MS)),
  })
  let total = 0
  for (let i = 0; i < sessions.n; i++) {
    const open = Math.max(sessions.open[i] as number, range.startMs)
    const close = Math.min(sessions.close[i] as number, range.endMs)
    if (close > open) total += close - open
  }
  return total
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

function requestEnd(input: PlanInput, range: Range): EpochMs {
  const { interval } = input.series
  const byspan = Math.min(range.endMs, range.startMs + spanLimitMs(input))
  if (interval === undefined || fitsOneRequest(input, { startMs: range.startMs, endMs: byspan })) return byspan
  let low = nextOpen(interval, ceilOpen(interval, range.startMs))
  let high = byspan
  // The widest end that still fits, by bisection over openings.
  while (high - low > (nextOpen(interval, low) - low) / 2) {
    const middle = barOpen(interval, low + (high - low) / 2)
    const probe = middle <= low ? nextOpen(interval, low) : middle
    if (probe >= high) break
    if (fitsOneRequest(input, { startMs: range.startMs, endMs: probe })) low = probe
    else high = probe
  }
  return Math.min(low, byspan)
}

function minimumMs(capabilities: ProviderCapabilities, weight: number): number {
  let longest = 0
  for (const limit of capabilities.rateLimits) {
    const full = Math.max(0, Math.ceil(weight / limit.weight) - 1)
    longest = Math.max(longest, full * limit.perMs)
  }
  return longest
}
