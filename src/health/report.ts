/**
 * How healthy a store is: totals, by asset class, per series; staleness in sessions of each market.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { msOf } from '../contract/ticks.ts'
import { rangesIn } from '../contract/coverage.ts'
import { ConfigError } from '../contract/errors.ts'
import { INTERVALS, barOpen } from '../contract/interval.ts'
import type { SeriesStatus } from '../contract/metadata-tracker.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Snapshot } from '../contract/storage.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

/** What counts as stale: a number of sessions that closed without being covered, or a time. */
export type StaleAfter = { readonly sessions: number } | { readonly ms: number }

/** Options of a health report. */
export interface HealthOptions {
  /** @default { sessions: 2 } */
  readonly staleAfter?: StaleAfter
}

/** Health of one series. */
export interface SeriesHealth {
  readonly series: Series
  readonly assetClass: string
  readonly rows: number
  readonly sizeBytes: number
  readonly version: number
  /** Timestamp of the last row; null without rows. */
  readonly lastMs: EpochMs | null
  /** End of what is proven, final or not; null where nothing is. */
  readonly coveredToMs: EpochMs | null
  /** Sessions that closed since and are not covered. */
  readonly sessionsBehind: number
  readonly stale: boolean
  /** Stretches that the source did not have when last asked. */
  readonly holes: number
  readonly errors: number
  readonly lastError: SeriesStatus['lastError']
  readonly lastUpdateMs: EpochMs | null
  readonly lastOutcome: string | null
}

/** Sums over some series. */
export interface HealthTotals {
  readonly series: number
  readonly rows: number
  readonly sizeBytes: number
  readonly stale: number
  /** Series with a stretch that the source did not have. */
  readonly withHoles: number
  /** Series whose last run failed. */
  readonly failing: number
  readonly errors: number
}

/** Health of a store. */
export interface HealthReport {
  readonly atMs: EpochMs
  readonly staleAfter: StaleAfter
  readonly totals: HealthTotals
  /** Asset class -> sums. */
  readonly byAssetClass: Readonly<Record<string, HealthTotals>>
  /** Stale and failing ones first. */
  readonly series: readonly SeriesHealth[]
}

/** What is known of one series. */
export interface SeriesFacts {
  readonly head: Snapshot
  readonly status: SeriesStatus
  readonly calendar: Calendar
  readonly assetClass: string
}

/** Two sessions: one may be missing because the source is late, two are a fault. */
export const DEFAULT_STALE_AFTER: StaleAfter = { sessions: 2 }

/** Makes the report. Pure. */
export function reportHealth(facts: readonly SeriesFacts[], nowMs: EpochMs, options: HealthOptions = {}): HealthReport {
  const { staleAfter = DEFAULT_STALE_AFTER } = options
  const given: unknown = staleAfter
  const bound = typeof given === 'object' && given !== null ? Object.values(given)[0] : undefined
  const isKnown = typeof bound === 'number' && bound >= 0 && ('ms' in staleAfter || 'sessions' in staleAfter)
  if (!isKnown) {
    const message = `staleAfter: ${JSON.stringify(staleAfter)} is not understood: use { sessions: 2 } or { ms: 86_400_000 }`
    throw new ConfigError('config/option', message, { field: 'staleAfter', value: staleAfter })
  }
  const series = facts.map((one) => seriesHealth(one, nowMs, staleAfter))
  const classes = [...new Set(series.map((one) => one.assetClass))].toSorted()
  const rank = (one: SeriesHealth): number => (one.stale ? 2 : 0) + (one.lastOutcome === 'failed' ? 1 : 0)
  return {
    atMs: nowMs,
    staleAfter,
    totals: sumUp(series),
    byAssetClass: Object.fromEntries(
      classes.map((name) => [name, sumUp(series.filter((one) => one.assetClass === name))]),
    ),
    series: series.toSorted((a, b) => rank(b) - rank(a) || b.sessionsBehind - a.sessionsBehind),
  }
}

function seriesHealth(
  { head, status, calendar, assetClass }: SeriesFacts,
  nowMs: EpochMs,
  staleAfter: StaleAfter,
): SeriesHealth {
  const unit = SCHEMAS[head.series.schema].timeUnit
  const coveredToMs = rangesIn(head.coverage, ['data', 'empty', 'partial']).at(-1)?.endMs ?? null
  const sessionsBehind = coveredToMs === null ? 0 : closedSessions(calendar, coveredToMs, lastClose(head.series, nowMs))
  const isLate = 'ms' in staleAfter ? nowMs - (coveredToMs ?? 0) > staleAfter.ms : sessionsBehind >= staleAfter.sessions
  return {
    series: head.series,
    assetClass,
    rows: head.rows,
    sizeBytes: head.sizeBytes,
    version: head.version,
    lastMs: head.span === null ? null : msOf(head.span.last, unit),
    coveredToMs,
    sessionsBehind,
    stale: coveredToMs === null || isLate,
    holes: status.asks.length,
    errors: status.errors,
    lastError: status.lastError,
    lastUpdateMs: status.updates[0]?.startedAtMs ?? null,
    lastOutcome: status.updates[0]?.outcome ?? null,
  }
}

/** Bars of weeks and months wait for their last session: those of the running one are no delay. */
function lastClose({ interval }: Series, nowMs: EpochMs): EpochMs {
  return interval !== undefined && INTERVALS[interval].ms > DAY_MS ? barOpen(interval, nowMs) : nowMs
}

/** Sessions that opened after the covered end and closed before now. */
function closedSessions(calendar: Calendar, coveredToMs: EpochMs, nowMs: EpochMs): number {
  if (coveredToMs >= nowMs) return 0
  try {
    const sessions = calendar.sessions({ start: new Date(barOpen('1d', coveredToMs)), end: new Date(nowMs + DAY_MS) })
    let behind = 0
    for (let i = 0; i < sessions.n; i++) {
      const label = sessions.session[i] as number
      const isOpenAfter = Math.max(sessions.open[i] as number, label) >= coveredToMs
      if (isOpenAfter && (sessions.close[i] as number) <= nowMs) behind++
    }
    return behind
  } catch {
    // Outside the years that the calendar knows, a day counts as a session.
    return Math.floor((nowMs - coveredToMs) / DAY_MS)
  }
}

function sumUp(series: readonly SeriesHealth[]): HealthTotals {
  const sum = (of: (one: SeriesHealth) => number): number => series.reduce((total, one) => total + of(one), 0)
  return {
    series: series.length,
    rows: sum((one) => one.rows),
    sizeBytes: sum((one) => one.sizeBytes),
    stale: sum((one) => (one.stale ? 1 : 0)),
    withHoles: sum((one) => (one.holes > 0 ? 1 : 0)),
    failing: sum((one) => (one.lastOutcome === 'failed' ? 1 : 0)),
    errors: sum((one) => one.errors),
  }
}
