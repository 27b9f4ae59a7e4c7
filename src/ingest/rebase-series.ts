/**
 * Fetches a series whole after its source changed the basis of its prices, and replaces it in one version.
 * Two bases never meet: until that version exists the old one is read.
 * @module
 */
import { type Columns, concatColumns, lowerBound, rowCount, sliceColumns, takeColumns, ticksOf } from '../contract/columns.ts'
import { type CoverageRecord, rangesIn } from '../contract/coverage.ts'
import { hasCode } from '../contract/errors.ts'
import type { Range } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Change, Snapshot } from '../contract/storage.ts'
import { actionsSeries, commitActions } from './actions.ts'
import { type BufferedPage, mergePages } from './buffer.ts'
import { coverAnswers, markListing } from './cover.ts'
import { barEnds } from './finality.ts'
import { type IngestJob, type IngestRooms, type RunCounts, newId } from './job.ts'
import { planRequests } from './plan.ts'
import { type Rebasing, deriveRows } from './rebase.ts'
import { reconcileRows, revisionRows } from './reconcile.ts'
import { readPage } from './page.ts'

/** Re-fetches everything that is covered and commits it on the new basis. What the source no longer serves is derived. */
export async function rebaseSeries(rooms: IngestRooms, job: IngestJob, rebasing: Rebasing, counts: RunCounts): Promise<Snapshot> {
  const first = (await rooms.storage.head(job.series)) as Snapshot
  const { pages, clipped } = await fetchWhole(rooms, job, first, counts)
  const opId = `rebase-${newId()}`
  const answers = pages.flatMap(({ actions, answer }) =>
    actions === null ? [] : [{ ...actions, requestId: answer.requestId, asOfMs: answer.asOfMs }],
  )
  // Actions first: a crash here leaves the old version with the old actions it names.
  const actions = answers.length === 0 ? null : await commitActions(rooms.storage, actionsSeries(job.series), answers, { opId, operation: 'rebase' })
  for (;;) {
    const head = (await rooms.storage.head(job.series)) as Snapshot
    const change = await rebasedChange(rooms, job, head, pages, rebasing, clipped, opId, actions?.version)
    try {
      const next = await rooms.storage.commit(job.series, head, change.change)
      counts.changed += change.changed
      counts.added += change.added
      counts.revised += change.revised
      rooms.emit('commit', { series: job.series, version: next.version, rows: next.rows, added: change.added, changed: change.changed })
      rooms.emit('revision', { series: job.series, revised: change.revised, withdrawn: 0 })
      return next
    } catch (error) {
      if (!hasCode(error, 'storage/conflict')) throw error
    }
  }
}

async function fetchWhole(
  rooms: IngestRooms,
  job: IngestJob,
  head: Snapshot,
  counts: RunCounts,
): Promise<{ pages: BufferedPage[]; clipped: Range | null }> {
  const covered = rangesIn(head.coverage, ['data', 'empty', 'partial'])
  const range = {
    startMs: Math.min((covered[0] as Range).startMs, job.range.startMs),
    endMs: Math.max((covered.at(-1) as Range).endMs, job.range.endMs),
  }
  const plan = planRequests({
    series: job.series,
    operation: 'load',
    range,
    coverage: [],
    holes: [],
    asks: [],
    recheckedAtMs: null,
    capabilities: job.provider.capabilities,
    calendar: job.calendar,
    nowMs: rooms.runtime.now(),
    fillGaps: false,
  })
  const pages: BufferedPage[] = []
  const context = { signal: job.signal, http: rooms.httpFor(job.provider), now: rooms.runtime.now, log: rooms.log }
  const runId = newId()
  for (const [i, request] of plan.requests.entries()) {
    counts.requests++
    for await (const page of job.provider.fetch({ series: job.series, range: request.range }, context)) {
      job.signal.throwIfAborted()
      const read = readPage(rooms, job, page, request.range, `${runId}.${i + 1}`, counts)
      if (read.refusal !== null) throw read.refusal
      pages.push(read.page)
    }
  }
  return { pages, clipped: plan.clipped }
}

interface RebasedChange {
  readonly change: Change
  readonly added: number
  readonly changed: number
  readonly revised: number
}

async function rebasedChange(
  rooms: IngestRooms,
  job: IngestJob,
  head: Snapshot,
  pages: readonly BufferedPage[],
  rebasing: Rebasing,
  clipped: Range | null,
  opId: string,
  actionsVersion: number | undefined,
): Promise<RebasedChange> {
  const { series } = job
  const unit = SCHEMAS[series.schema].timeUnit
  const nowMs = rooms.runtime.now()
  const requestId = pages[0]?.answer.requestId ?? ''
  const stored = await rooms.storage.read(head, {})
  const fresh = mergePages(pages, series.schema)
  const before = lowerBound(stored.timestamp, ticksOf(Math.ceil(rebasing.beforeMs), unit))
  const gone = Int32Array.from(Array.from({ length: before }, (_, row) => row).filter((row) => !hasTicks(fresh, stored.timestamp[row] as bigint)))
  const derived = deriveRows(takeColumns(stored, gone), rebasing.ratios)
  const kept = keptRows(stored, before, fresh)
  const rows = mergePages(
    [derived.rows, kept, fresh].filter((part) => rowCount(part) > 0).map((part) => ({ rows: part }) as BufferedPage),
    series.schema,
  )
  const compared = reconcileRows({ series, stored, fresh, proven: [], wasFinal: () => true, isWithdrawn: () => false, freshFinalEndMs: Infinity })
  const revisions = [...compared.revisions.map((revision) => ({ ...revision, kind: 'rebased' as const })), ...derived.revisions]
  const span = { startMs: head.coverage[0]?.startMs ?? 0, endMs: Math.max(head.coverage.at(-1)?.endMs ?? 0, lastEnd(pages)) }
  const table = revisionRows(revisions, nowMs, requestId)
  const rejects = pages.flatMap((page) => (page.rejects === null ? [] : [page.rejects]))
  const change: Change = {
    opId,
    replace: [{ range: span, rows }],
    coverage: rebasedCoverage(job, head, pages, rows, clipped),
    ...(table === null ? {} : { revisions: table }),
    ...(rejects.length === 0 ? {} : { rejects: concatColumns(rejects) }),
    meta: {
      basis: { kind: head.meta.basis?.kind ?? 'splits', asOfMs: nowMs },
      ...(actionsVersion === undefined ? {} : { actionsVersion }),
    },
    cause: { operation: 'rebase', requestIds: [requestId], added: compared.added, changed: compared.changed, removed: 0 },
  }
  return { change, added: compared.added, changed: compared.changed + gone.length, revised: revisions.length }
}

function hasTicks(columns: Columns, ticks: bigint): boolean {
  return columns.timestamp[lowerBound(columns.timestamp, ticks)] === ticks
}

/** Rows after the point of re-basing that the source did not send again: they are on the new basis already. */
function keptRows(stored: Columns, before: number, fresh: Columns): Columns {
  const rest = sliceColumns(stored, before, rowCount(stored))
  const rows = Array.from({ length: rowCount(rest) }, (_, row) => row).filter((row) => !hasTicks(fresh, rest.timestamp[row] as bigint))
  return rows.length === 0 ? { timestamp: new BigInt64Array(0) } : concatColumns([takeColumns(rest, Int32Array.from(rows))])
}

function lastEnd(pages: readonly BufferedPage[]): number {
  return pages.reduce((last, page) => Math.max(last, page.answer.proven.endMs), 0)
}

function rebasedCoverage(
  job: IngestJob,
  head: Snapshot,
  pages: readonly BufferedPage[],
  rows: Columns,
  clipped: Range | null,
): readonly CoverageRecord[] {
  const { series, calendar, provider } = job
  const clock = { series, calendar, capabilities: provider.capabilities }
  const unit = SCHEMAS[series.schema].timeUnit
  const covered = coverAnswers(
    head.coverage,
    pages.map((page) => page.answer),
    {
      series,
      calendar,
      barsWithoutTrades: provider.capabilities.barsWithoutTrades,
      ...barEnds(clock),
      hasRow: (ms) => hasTicks(rows, ticksOf(ms, unit)),
    },
  )
  const first = rows.timestamp[0]
  const listed = markListing(covered, first === undefined ? null : Number(first / (unit === 'us' ? 1000n : 1_000_000n)), head.meta.historyStartMs)
  if (clipped === null) return listed
  // What the source no longer serves is computed from the last answer that had it.
  return listed.map((record) => (record.endMs <= clipped.endMs && record.state === 'data' ? { ...record, condition: 'derived' } : record))
}
