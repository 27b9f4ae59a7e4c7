/**
 * Reads one page of a provider: normalised, checked, with what it proves.
 * @module
 */
import { type Columns, rowCount } from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { timestampsMs } from '../contract/ticks.ts'
import type { DataError } from '../contract/errors.ts'
import { barOpen } from '../contract/interval.ts'
import type { Page, PageColumns } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS } from '../contract/time.ts'
import { actionsSeries } from './actions.ts'
import type { BufferedPage } from './buffer.ts'
import { checkRows, rejectRows } from './check.ts'
import { closedTest } from './finality.ts'
import type { IngestJob, IngestRooms, RunCounts } from './job.ts'
import { normalisePage, provenPart } from './normalise.ts'
import { type RuleContext, extents } from './rules.ts'

/** A page that was read, and why it must not be stored, if so: then it holds nothing but its rejects. */
export interface ReadPage {
  readonly page: BufferedPage
  readonly refusal: DataError | null
}

/** Normalises and checks one page. */
export function readPage(
  rooms: IngestRooms,
  job: IngestJob,
  page: Page,
  range: Range,
  requestId: string,
  counts: RunCounts,
): ReadPage {
  const nowMs = rooms.runtime.now()
  const { series, calendar, provider } = job
  const clock = { series, calendar, capabilities: provider.capabilities }
  const columns = series.schema === 'actions' ? withFirstSeen(page.columns) : page.columns
  const normal = normalisePage(columns, { series, range, isClosed: closedTest(clock, nowMs) })
  const checked = checkRows(normal.rows, { ...ruleContext(job, normal.rows), series, nowMs, requestId }, rooms.quality)
  const untimed = normal.untimed === null ? [] : [rejectUntimed(normal.untimed, nowMs, requestId)]
  const rejects = [...untimed, ...(checked.rejects === null ? [] : [checked.rejects])]
  if (checked.refusal !== null) return { page: rejectsOnly(rejects, range, requestId, nowMs), refusal: checked.refusal }
  counts.rows += rowCount(checked.rows)
  counts.nullRows += normal.nullMs.length
  if (normal.duplicates > 0) counts.warnings['duplicate'] = (counts.warnings['duplicate'] ?? 0) + normal.duplicates
  for (const [rule, rows] of Object.entries(checked.warnings))
    counts.warnings[rule] = (counts.warnings[rule] ?? 0) + rows
  const proven = provenPart(page.proven, range)
  rooms.emit('page', {
    series,
    requestId,
    rows: rowCount(checked.rows),
    proven,
    nullRows: normal.nullMs.length,
    ...(page.condition === undefined ? {} : { condition: page.condition }),
  })
  const actions = page.actions === undefined || proven.startMs >= proven.endMs ? null : actionsOf(job, page, proven)
  const answer = {
    proven,
    requestId,
    asOfMs: nowMs,
    hasRows: rowCount(checked.rows) > 0,
    nullMs: normal.nullMs,
    ...(page.condition === undefined ? {} : { condition: page.condition }),
  }
  return { page: { answer, rows: checked.rows, rejects: joinRejects(rejects), actions }, refusal: null }
}

function joinRejects(parts: readonly Columns[]): Columns | null {
  return parts.length === 0 ? null : concatColumns(parts)
}

function rejectUntimed(rows: Columns, nowMs: number, requestId: string): Columns {
  return rejectRows(
    rows,
    Array.from({ length: rowCount(rows) }, () => 'no-timestamp'),
    { nowMs, requestId },
  )
}

/** What a rule rejects is kept even where the answer is refused; nothing else of it is, and nothing is proven. */
function rejectsOnly(rejects: readonly Columns[], range: Range, requestId: string, nowMs: number): BufferedPage {
  const proven = { startMs: range.startMs, endMs: range.startMs }
  const answer = { proven, requestId, asOfMs: nowMs, hasRows: false, nullMs: [] }
  return { answer, rows: { timestamp: new BigInt64Array(0) }, rejects: joinRejects(rejects), actions: null }
}

function actionsOf(job: IngestJob, page: Page, proven: Range): BufferedPage['actions'] {
  const columns = page.actions as NonNullable<Page['actions']>
  // Events are dated by session: the labels that the proven range touches.
  const days = { startMs: barOpen('1d', proven.startMs), endMs: barOpen('1d', proven.endMs - 1) + DAY_MS }
  const normal = normalisePage(withFirstSeen(columns), {
    series: actionsSeries(job.series),
    range: days,
    isClosed: () => true,
  })
  return { rows: normal.rows, proven: days }
}

/** When an event was first seen is known where it meets what is stored; until then its place is held. */
function withFirstSeen(columns: PageColumns): PageColumns {
  return { ...columns, first_seen: new BigInt64Array(columns.timestamp.length) }
}

function ruleContext(job: IngestJob, rows: Columns): RuleContext {
  return { assetClass: job.assetClass, onGrid: gridTest(job, rows), extentOf: extents() }
}

/** Bars anchored to a session have no grid on the UTC clock; the gap report judges them by the calendar. */
function gridTest({ series, provider }: IngestJob, { timestamp }: Columns): RuleContext['onGrid'] {
  const { interval } = series
  if (interval === undefined || provider.capabilities.anchor === 'session') return null
  const openMs = timestampsMs(timestamp, 'us')
  return (row) => barOpen(interval, openMs[row] as number) === openMs[row]
}
