/**
 * A health report as text for people.
 * @module
 */
import { seriesKey } from '../contract/series.ts'
import { formatTime } from '../contract/time.ts'
import type { HealthReport, HealthTotals, SeriesHealth } from './report.ts'

/** A health report as aligned lines: the totals, each asset class, and every series that needs a look. */
export function formatHealth(report: HealthReport): string {
  const trouble = report.series.filter((one) => one.stale || one.lastOutcome === 'failed' || one.holes > 0)
  const lines = [
    `health at ${formatTime(report.atMs)}: ${describe(report.totals)}`,
    ...Object.entries(report.byAssetClass).map(([name, totals]) => `  ${name.padEnd(8)} ${describe(totals)}`),
    ...(trouble.length === 0 ? ['every series is current'] : ['to look at:', ...trouble.map(describeSeries)]),
  ]
  return lines.join('\n')
}

function describe(totals: HealthTotals): string {
  const size = `${(totals.sizeBytes / 1e6).toFixed(1)} MB`
  const parts = [`${totals.series} series`, `${totals.rows} rows`, size]
  if (totals.stale > 0) parts.push(`${totals.stale} stale`)
  if (totals.failing > 0) parts.push(`${totals.failing} failing`)
  if (totals.withHoles > 0) parts.push(`${totals.withHoles} with holes`)
  return parts.join(', ')
}

function describeSeries(one: SeriesHealth): string {
  const parts = [
    ...(one.stale ? [one.sessionsBehind > 0 ? `stale: ${one.sessionsBehind} sessions behind` : 'stale'] : []),
    ...(one.holes > 0 ? [`${one.holes} holes`] : []),
    ...(one.lastOutcome === 'failed' && one.lastError !== null ? [`last run failed: ${one.lastError.message}`] : []),
  ]
  const covered = one.coveredToMs === null ? 'nothing covered' : `covered to ${formatTime(one.coveredToMs)}`
  return `  ${seriesKey(one.series)}  ${covered}; ${parts.join('; ')}`
}
