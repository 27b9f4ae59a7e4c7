/**
 * Fetches a series whole after its source changed the basis of its prices, and replaces it in one version.
 * Two bases never meet: until that version exists the old one is read.
 * @module
 */
import { type Columns, lowerBound, rowCount, takeColumns } from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { msOf, timestampsMs } from '../contract/ticks.ts'
import { type CoverageRecord, rangesIn, recordCoverage } from '../contract/coverage.ts'
import { type Range, intersectRanges, subtractRanges, unionRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Change, Snapshot } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import { type BufferedPage, mergePages } from './buffer.ts'
import { commitAgain } from './commit-again.ts'
import { type CommitOutcome, commitPages, coverageAfter, storeActions } from './commit.ts'
import { deriveBySplits, deriveRows } from './derive.ts'
import { barEnds } from './finality.ts'
import { findHoles } from './holes.ts'
import { type IngestJob, type IngestRooms, type RunCounts, newId } from './job.ts'
import { planRequests } from './plan.ts'
import { type RowPairs, isRebased, laterSplits, pairRows, rebasedRevisions } from './rebase.ts'
import { type Revision, revisionRows, withStoredColumns } from './reconcile.ts'
import { refusalReason } from './refusal.ts'
import { freshRejects } from './reject-news.ts'
import { readRequest } from './request.ts'
import { withdrawnTest } from './stored.ts'

/** What became of the series. */
export type WholeOutcome = CommitOutcome & {
  /** What was proven. */
  readonly proven: readonly Range[]
}

/**
 * Fetches everything that is covered. If it is on another basis it replaces the series in one version, and what the source
 * no longer serves is multiplied; if not, it is stored as any other answer.
 */
export async function fetchSeriesWhole(
  rooms: IngestRooms,
  job: IngestJob,
  counts: RunCounts,
  historyStartMs?: EpochMs,
): Promise<WholeOutcome> {
  const first = (await rooms.storage.head(job.series)) as Snapshot
  const pages = await fetchCovered(rooms, job, first, counts)
  const proven = unionRanges(pages.map((page) => page.answer.proven))
  const asOfMs = pages.reduce((earliest, page) => Math.min(earliest, page.answer.asOfMs), rooms.runtime.now())
  const opId = `rebase-${newId()}`
  // Actions first: a crash here leaves the old version with the old actions it names.
  const actionsVersion = await storeActions(rooms, job, pages, opId)
  const rebased = await commitAgain(rooms.runtime, async () => {
    const head = (await rooms.storage.head(job.series)) as Snapshot
    const work = await rebasedChange(rooms, job, head, pages, { opId, actionsVersion, asOfMs, historyStartMs })
    return work === null
      ? null
      : { ...work.outcome, head: await rooms.storage.commit(job.series, head, work.change), needsWhole: false }
  })
  if (rebased === null) {
    const basisSeenMs = asOfMs
    return {
      ...(await commitPages(rooms, job, pages, {
        mayRebase: false,
        basisSeenMs,
        ...(historyStartMs === undefined ? {} : { historyStartMs }),
      })),
      proven,
    }
  }
  const { head, added, changed, revised } = rebased
  rooms.emit('commit', { series: job.series, version: head.version, rows: head.rows, added, changed })
  rooms.emit('revision', { series: job.series, revised, withdrawn: 0 })
  return { ...rebased, proven }
}

/** Every page of what is covered and of what the job works on. What is refused now is no longer served. */
async function fetchCovered(
  rooms: IngestRooms,
  job: IngestJob,
  head: Snapshot,
  counts: RunCounts,
): Promise<BufferedPage[]> {
  const known = rangesIn(head.coverage, ['data', 'empty', 'partial'])
  const refused = rangesIn(head.coverage, ['unavailable'])
  const facts = {
    series: job.series,
    operation: 'load',
    coverage: [],
    holes: [],
    asks: [],
    recheckedAtMs: null,
    capabilities: job.provider.capabilities,
    calendar: job.calendar,
    nowMs: rooms.runtime.now(),
    lookbackDays: 0,
    fillGaps: false,
  } as const
  const requests = subtractRanges([...known, job.range], refused).flatMap(
    (range) => planRequests({ ...facts, range }).requests,
  )
  const pages: BufferedPage[] = []
  const runId = newId()
  for (const [i, { range }] of requests.entries()) {
    try {
      await readRequest(rooms, job, range, `${runId}.${i + 1}`, counts, (page) => void pages.push(page))
    } catch (error) {
      if (refusalReason(error) === null) throw error
    }
  }
  return pages
}

interface RebasedChange {
  readonly change: Change
  readonly outcome: Omit<CommitOutcome, 'head' | 'needsWhole'>
}

/** The change that puts the series on the new basis; null where the basis is the same. */
async function rebasedChange(
  rooms: IngestRooms,
  job: IngestJob,
  head: Snapshot,
  pages: readonly BufferedPage[],
  facts: {
    readonly opId: string
    readonly actionsVersion: number | undefined
    readonly asOfMs: EpochMs
    readonly historyStartMs: EpochMs | undefined
  },
): Promise<RebasedChange | null> {
  const { series } = job
  const unit = SCHEMAS[series.schema].timeUnit
  const nowMs = rooms.runtime.now()
  const stored = await rooms.storage.read(head, {})
  const fresh = mergePages(pages, series.schema)
  const pairs = pairRows(stored, fresh)
  const splits = pairs.n === 0 ? laterSplits(head, pages) : []
  if (splits.length === 0 && !isRebased(stored, fresh, pairs)) return null
  const { rows: gone, before } = goneRows(stored, pairs)
  const derived = splits.length > 0 ? deriveBySplits(gone, splits) : deriveRows(gone, before, stored, fresh, pairs)
  const rows = mergeRows(derived.rows, withStoredColumns(fresh, stored))
  const served = rebasedRevisions(stored, fresh, pairs)
  const restored = await restoredRows(rooms, head, fresh)
  const requestId = pages[0]?.answer.requestId ?? ''
  const revisions = revisionRows([...served.revisions, ...derived.revisions, ...restored], nowMs, requestId)
  const rejects = await freshRejects(rooms.storage, head, pages, unit)
  const openings = timestampsMs(rows.timestamp, unit)
  const clock = { series, calendar: job.calendar, capabilities: job.provider.capabilities }
  const first = openings[0] ?? null
  const covered = coverageAfter(
    job,
    head.coverage,
    pages,
    openings,
    barEnds(clock),
    first,
    facts.historyStartMs ?? head.meta.historyStartMs,
  )
  const coverage = before[0] === 0 && derived.changed > 0 ? markDerived(covered, stored, fresh, unit) : covered
  const added = rowCount(fresh) - pairs.n
  const changed = served.changed + derived.changed
  const proven = unionRanges(pages.map((page) => page.answer.proven))
  const change: Change = {
    opId: facts.opId,
    replace: [{ range: wholeRange(head, pages, rows, unit), rows }],
    coverage,
    ...(revisions === null ? {} : { revisions }),
    ...(rejects === null ? {} : { rejects }),
    meta: {
      basis: { kind: head.meta.basis?.kind ?? 'splits', asOfMs: facts.asOfMs },
      ...(facts.actionsVersion === undefined ? {} : { actionsVersion: facts.actionsVersion }),
    },
    cause: { operation: 'rebase', requestIds: [requestId], added, changed, removed: 0 },
  }
  const rejected = rejects === null ? 0 : rowCount(rejects)
  const holes = findHoles(rooms, job, proven, openings, coverage, pages, nowMs)
  return {
    change,
    outcome: {
      added,
      changed,
      revised: served.revisions.length + derived.revisions.length,
      withdrawn: 0,
      rejected,
      holes,
      compared: pairs.n,
    },
  }
}

/** Stored rows that were not sent again, and the number of pairs before each. */
function goneRows(stored: Columns, pairs: RowPairs): { rows: Columns; before: Int32Array } {
  const gone: number[] = []
  const before: number[] = []
  for (let s = 0, p = 0; s < rowCount(stored); s++) {
    if (p < pairs.n && pairs.stored[p] === s) p++
    else {
      gone.push(s)
      before.push(p)
    }
  }
  return { rows: takeColumns(stored, Int32Array.from(gone)), before: Int32Array.from(before) }
}

/** Two sorted sets of rows without a common timestamp as one. */
function mergeRows(a: Columns, b: Columns): Columns {
  if (rowCount(a) === 0) return b
  if (rowCount(b) === 0) return a
  const order = new Int32Array(rowCount(a) + rowCount(b))
  for (let i = 0, x = 0, y = 0; i < order.length; i++) {
    const isFirst = y >= rowCount(b) || (x < rowCount(a) && (a.timestamp[x] as bigint) < (b.timestamp[y] as bigint))
    order[i] = isFirst ? x++ : rowCount(a) + y++
  }
  return takeColumns(concatColumns([a, b]), order)
}

async function restoredRows(rooms: IngestRooms, head: Snapshot, fresh: Columns): Promise<Revision[]> {
  const isWithdrawn = await withdrawnTest(rooms.storage, head, [{ startMs: -8e15, endMs: 8e15 }])
  return Array.from(fresh.timestamp)
    .filter((ticks) => isWithdrawn(ticks))
    .map((ticks) => ({ ticks, column: '*', old: null, new: null, kind: 'restored' }))
}

/** What is replaced holds all rows, also those that lie beside the coverage. */
function wholeRange(head: Snapshot, pages: readonly BufferedPage[], { timestamp }: Columns, unit: 'us' | 'ns'): Range {
  const ranges = [...head.coverage, ...pages.map((page) => page.answer.proven)].filter(
    (range) => range.startMs < range.endMs,
  )
  const [first, last] = [timestamp[0], timestamp.at(-1)]
  if (first !== undefined && last !== undefined)
    ranges.push({ startMs: msOf(first, unit), endMs: msOf(last, unit) + 1 } as CoverageRecord)
  return {
    startMs: ranges.reduce((least, range) => Math.min(least, range.startMs), Infinity),
    endMs: ranges.reduce((most, range) => Math.max(most, range.endMs), -Infinity),
  }
}

/** What the source no longer serves is computed from the last answer that had it, and says so. */
function markDerived(
  coverage: readonly CoverageRecord[],
  stored: Columns,
  fresh: Columns,
  unit: 'us' | 'ns',
): CoverageRecord[] {
  const end =
    fresh.timestamp.length === 0 ? rowCount(stored) : lowerBound(stored.timestamp, fresh.timestamp[0] as bigint)
  if (end === 0) return [...coverage]
  const range = {
    startMs: msOf(stored.timestamp[0] as bigint, unit),
    endMs: msOf(stored.timestamp[end - 1] as bigint, unit) + 1,
  }
  let out: CoverageRecord[] = [...coverage]
  for (const record of coverage) {
    if (record.state !== 'data') continue
    for (const part of intersectRanges([record], [range]))
      out = recordCoverage(out, { ...record, ...part, condition: 'derived' })
  }
  return out
}
