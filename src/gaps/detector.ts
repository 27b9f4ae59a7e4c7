/**
 * The gap detector: slots of the calendar against rows, what is missing against coverage.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import type { Gap, GapDetector, GapInput, GapReport } from '../contract/gap-detector.ts'
import { type Interval, isLabelled, parseInterval } from '../contract/interval.ts'
import { type Range, intersect, subtractRanges } from '../contract/range.ts'
import type { slotsOf } from '../contract/slots.ts'
import { createCutter } from './cutter.ts'
import { type Tally, scanSlots, slotsWithRows } from './scan.ts'
import { createSlotsMemo } from './slots-memo.ts'
import { isUnbroken } from './unbroken.ts'
import { isGapRule } from './unsure.ts'
import { stretchesOf } from './verdict.ts'

/** How the detector judges. */
export interface GapDetectorOptions {
  /** Share of the interval by which a row may lie beside its slot, 0 to 0.5, both inclusive. @default 0.1 */
  readonly tolerance?: number
  /**
   * Slots from which on a hole is a gap where the source does not say whether it sends bars without trades.
   * @default 1 for bars of a day and longer; else at least 3, and more where holes are usual in that hour of the day
   */
  readonly minGapSlots?: number
}

const DEFAULT_TOLERANCE = 0.1
const OPTIONS: readonly string[] = ['tolerance', 'minGapSlots'] satisfies (keyof GapDetectorOptions)[]

/**
 * Makes the detector by calendar and coverage.
 * @throws {ConfigError} `config/option` for an unknown option or a value outside its bounds
 */
export function createGapDetector(options: GapDetectorOptions = {}): GapDetector {
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key))
      refuse(key, (options as Record<string, unknown>)[key], `is not known: use ${OPTIONS.join(' or ')}`)
  }
  const { tolerance = DEFAULT_TOLERANCE, minGapSlots } = options
  if (!(tolerance >= 0 && tolerance <= 0.5))
    refuse('tolerance', tolerance, 'is not between 0 and 0.5 (a share of the interval)')
  if (minGapSlots !== undefined && !(Number.isInteger(minGapSlots) && minGapSlots >= 1)) {
    refuse('minGapSlots', minGapSlots, 'is no whole number of slots from 1 on')
  }
  const slotsFor = createSlotsMemo()
  return Object.freeze<GapDetector>({ detect: (input) => detect(input, toleranceFor(input, tolerance), minGapSlots, slotsFor) })
}

function refuse(field: string, value: unknown, why: string): never {
  throw new ConfigError('config/option', `gapDetector.${field}: ${JSON.stringify(value) ?? String(value)} ${why}`, {
    field,
    value,
  })
}

/** A label is a date: one that lies a day off names another bar, not the same one with jitter. */
function toleranceFor({ series }: GapInput, tolerance: number): number {
  return series.interval !== undefined && isLabelled(series.interval) ? 0 : tolerance
}

function detect(
  input: GapInput,
  tolerance: number,
  minGapSlots: number | undefined,
  slotsFor: typeof slotsOf,
): GapReport {
  const { range, calendar, capabilities } = input
  const interval = parseInterval(input.series.interval)
  const checked = intersect(range, calendar.valid)
  const unchecked = subtractRanges([range], [calendar.valid])
  const slots = slotsFor(calendar, checked ?? range, interval, capabilities.anchor, capabilities.dayBoundary)
  if (unchecked.length === 0 && input.timestamp !== undefined && isUnbroken(input.timestamp, slots)) {
    return wholeReport(range, slots.total)
  }
  const { timestampsMs } = input
  const cutter = createCutter({
    slots,
    stretches: stretchesOf(checked ?? range, interval, input),
    rejected: input.rejectedMs === undefined ? [] : slotsWithRows(slots, input.rejectedMs.toSorted(), tolerance),
    finalMs: input.nowMs - capabilities.finalityLagMs,
  })
  const jitter = slots.stepMs * tolerance
  const rows =
    checked === null ? timestampsMs.subarray(0, 0) : rowsIn(timestampsMs, checked.startMs - jitter, checked.endMs)
  const tally: Tally = scanSlots(slots, rows, tolerance, cutter.onHole)

  const isGap = isGapRule(cutter.unsure, slots, minGapSlots ?? shortestGap(interval))
  const later = unchecked.flatMap((part) => unfetchedIn(part, interval, input))
  let noTrades = cutter.noTrades()
  for (const piece of cutter.unsure) {
    const { startMs, endMs, firstSession, lastSession } = piece
    if (!isGap(piece)) noTrades += piece.slots
    else
      later.push({
        startMs,
        endMs,
        kind: 'provider-missing',
        slots: piece.slots,
        sessions: lastSession - firstSession + 1,
      })
  }
  return {
    range,
    gaps: later.length === 0 ? cutter.gaps : [...cutter.gaps, ...later].sort((a, b) => a.startMs - b.startMs),
    expected: slots.total,
    present: tally.present,
    noTrades,
    duplicates: tally.duplicates,
    offGrid: tally.offGrid,
    outOfSession: tally.outOfSession,
    coverageRatio: slots.total === 0 ? 1 : tally.present / slots.total,
    ...(unchecked.length === 0 ? {} : { unchecked }),
  }
}

/** What there is to say of a range that has a row in every slot and no other. */
function wholeReport(range: Range, slots: number): GapReport {
  const none = { noTrades: 0, duplicates: 0, offGrid: 0, outOfSession: 0 }
  return { range, gaps: [], expected: slots, present: slots, ...none, coverageRatio: 1 }
}

function rowsIn(timestampsMs: Float64Array, startMs: number, endMs: number): Float64Array {
  return timestampsMs.subarray(firstNotBefore(timestampsMs, startMs), firstNotBefore(timestampsMs, endMs))
}

function firstNotBefore(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** What was never fetched in a range of which no slot is known: by coverage alone. */
function unfetchedIn(range: Range, interval: Interval, input: GapInput): Gap[] {
  const answered = input.coverage.map((record) =>
    record.state === 'partial' ? { ...record, state: 'data' as const } : record,
  )
  const finalMs = input.nowMs - input.capabilities.finalityLagMs
  return stretchesOf(range, interval, { ...input, coverage: answered }).flatMap(({ verdict, mayPend, ...part }) => {
    if (verdict !== 'unfetched' && verdict !== 'failed' && verdict !== 'unavailable') return []
    const past = mayPend ? intersect(part, { startMs: -Infinity, endMs: finalMs }) : part
    const future = mayPend ? intersect(part, { startMs: finalMs, endMs: Infinity }) : null
    return [
      ...(past === null ? [] : [{ ...past, kind: verdict, slots: 0, sessions: 0 }]),
      ...(future === null ? [] : [{ ...future, kind: 'pending' as const, slots: 0, sessions: 0 }]),
    ]
  })
}

function shortestGap(interval: Interval): number | undefined {
  return isLabelled(interval) ? 1 : undefined
}
