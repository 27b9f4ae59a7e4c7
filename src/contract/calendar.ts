/**
 * What the rooms need of an exchange calendar.
 * @module
 */
import type { Interval } from './interval.ts'
import type { Range } from './range.ts'
import type { EpochMs, TimeInput } from './time.ts'

/** Sessions of equal index; epoch milliseconds, UTC. */
export interface Sessions {
  readonly n: number
  /** Label: the session date at 00:00 UTC. */
  readonly session: Float64Array
  /** Inclusive. */
  readonly open: Float64Array
  /** Exclusive. */
  readonly close: Float64Array
  /** `NaN` where the session has no break. */
  readonly breakStart: Float64Array
  /** `NaN` where the session has no break. */
  readonly breakEnd: Float64Array
}

/** One session; epoch milliseconds, UTC. */
export interface Session {
  readonly session: EpochMs
  readonly open: EpochMs
  readonly close: EpochMs
  readonly breakStart: EpochMs | null
  readonly breakEnd: EpochMs | null
}

/** When one market trades. */
export interface Calendar {
  readonly name: string
  /** Changes whenever a rule or an overlay does; recorded in each snapshot. */
  readonly version: string
  /** IANA time zone of its hours. */
  readonly zone: string
  /** Labels for which its rules are known: first inclusive, end exclusive. */
  readonly valid: Range
  /**
   * Sessions whose label lies in `[start, end)`.
   * @throws {ConfigError} `config/range` outside {@link Calendar.valid}
   */
  sessions(range: { readonly start: TimeInput; readonly end: TimeInput }): Sessions
  /** Is the market open at this instant? Breaks are closed. */
  isOpen(time: TimeInput): boolean
  /** First session that opens after this instant. */
  nextSession(time: TimeInput): Session
  /** Last session that closed at or before this instant. */
  previousSession(time: TimeInput): Session
  /**
   * Openings of the bars that a source without holes has, ascending; epoch milliseconds.
   * Intraday bars begin at the opening of the session, or on the UTC clock with the anchor `clock`.
   */
  expectedBars(
    range: { readonly start: TimeInput; readonly end: TimeInput },
    interval: Interval,
    anchor?: 'clock' | 'session',
  ): Float64Array
}

/** Stretches in which a market trades, as `[open0, close0, open1, close1, …]`; sorted, disjoint, touching ones joined. */
export type Segments = Float64Array
