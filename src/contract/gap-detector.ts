/**
 * What is missing in a series, and why: the GapDetector interface.
 * @module
 */
import type { Calendar } from './calendar.ts'
import { timestampsMs } from './ticks.ts'
import type { CoverageRecord, Missing } from './coverage.ts'
import type { ProviderCapabilities } from './provider.ts'
import type { Range } from './range.ts'
import type { Series } from './series.ts'
import type { EpochMs } from './time.ts'

/** All that a verdict depends on; the detector reads nothing else. */
export interface GapInput {
  readonly series: Series
  readonly range: Range
  /** Openings of the stored rows in the range, ascending; epoch milliseconds. */
  readonly timestampsMs: Float64Array
  /**
   * The same openings in microseconds, where the caller has them. A detector that finds its answer by these alone leaves
   * `timestampsMs` unread, which may be computed at its first use.
   */
  readonly timestamp?: BigInt64Array
  readonly coverage: readonly CoverageRecord[]
  /** Rows that rules rejected in the range: their slots are `rejected`, not `provider-missing`. */
  readonly rejectedMs?: Float64Array
  readonly calendar: Calendar
  readonly capabilities: Pick<ProviderCapabilities, 'barsWithoutTrades' | 'finalityLagMs' | 'anchor' | 'dayBoundary'>
  readonly nowMs: EpochMs
  /** Ranges that were asked in this run and failed. */
  readonly failed?: readonly Range[]
}

/**
 * The input for rows as they are stored. Converting millions of times to milliseconds costs more than comparing them, so
 * it waits until a detector asks.
 * @param timestamp ticks of the unit
 */
export function gapInput(
  timestamp: BigInt64Array,
  unit: 'us' | 'ns',
  rest: Omit<GapInput, 'timestamp' | 'timestampsMs'>,
): GapInput {
  let openingsMs: Float64Array | undefined
  return {
    ...rest,
    ...(unit === 'us' ? { timestamp } : {}),
    get timestampsMs() {
      return (openingsMs ??= timestampsMs(timestamp, unit))
    },
  }
}

/** One missing stretch. */
export interface Gap extends Missing {
  /** Slots of the calendar inside it. */
  readonly slots: number
  /** Sessions that it touches. */
  readonly sessions: number
}

/** What is there, what is missing, and what is odd. */
export interface GapReport {
  readonly range: Range
  readonly gaps: readonly Gap[]
  /** Slots that the calendar expects. */
  readonly expected: number
  /** Slots that have a row. */
  readonly present: number
  /** Slots without a row that are no gap, since the source sends no bars without trades. */
  readonly noTrades: number
  readonly duplicates: number
  /** Rows beside every slot; kept and counted. */
  readonly offGrid: number
  /** Rows outside every session; kept and counted. */
  readonly outOfSession: number
  /** `present / expected`; 1 where nothing is expected. */
  readonly coverageRatio: number
  /** Parts of the range for which the calendar's rules are not known: only what was never fetched is reported there. */
  readonly unchecked?: readonly Range[]
}

/** Finds gaps. Pure: the same input gives the same report. */
export interface GapDetector {
  detect(input: GapInput): GapReport
}
