/**
 * Puts checked pages into the store: reconciled with what is there, all in one version, again if another writer was faster.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { type Columns, rowCount } from '../contract/columns.ts'
import { msOf } from '../contract/ticks.ts'
import { type CoverageRecord, provenRanges, sameCoverage } from '../contract/coverage.ts'
import { type Interval, countOpens, isLabelled } from '../contract/interval.ts'
import { type Range, unionRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Change, Snapshot, SnapshotMeta } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import { actionsSeries, commitActions } from './actions.ts'
import { type BufferedPage, mergePages } from './buffer.ts'
import { commitAgain } from './commit-again.ts'
import { coverAnswers, markListing } from './cover.ts'
import { type BarEnds, barEnds } from './finality.ts'
import { findHoles } from './holes.ts'
import { type IngestJob, type IngestRooms, newId } from './job.ts'
import { NO_PAIRS, bringsNewBasis, looksRebased, pairRows } from './rebase.ts'
import { reconcileRows, revisionRows } from './reconcile.ts'
import { reconcileTicks } from './reconcile-ticks.ts'
import { type Refusal, recordRefusals } from './refusal.ts'
import { countRules, freshRejects } from './reject-news.ts'
import { finalTest, firstRow, hasRowsIn, lowerIndex, mergedOpenings, readStored, withdrawnTest } from './stored.ts'

/** What a commit of pages did. */
export interface CommitOutcome {
  readonly head: Snapshot | null
  readonly added: number
  readonly changed: number
  readonly revised: number
  readonly withdrawn: number
  readonly rejected: number
  /** Slots that must exist and have no row, in the ranges that were proven. */
  readonly holes: readonly Range[]
  /** The source seems to have changed its basis: nothing was stored, the series must be fetched whole. */
  readonly needsWhole: boolean
  /** Stored final bars that were met again. */
  readonly compared: number
}

/** What is committed beside pages, and how. */
export interface CommitOptions {
  /** Is it looked whether the source changed its basis? */
  readonly mayRebase: boolean
  /** Where the source says its history begins. */
  readonly historyStartMs?: EpochMs
  /** Ranges that the source will not serve. */
  readonly refused?: readonly Refusal[]
  /** The prices were seen whole, on one basis, at this time. */
  readonly basisSeenMs?: EpochMs
}

/** Stores some pages. Does nothing where nothing changes. */
export async function commitPages(
  rooms: IngestRooms,
  job: IngestJob,
  pages: readonly BufferedPage[],
  options: CommitOptions,
): Promise<CommitOutcome> {
  const opId = `${job.operation}-${newId()}`
  const actionsVersion = await storeActions(rooms, job, pages, opId)
  return commitAgain(rooms.runtime, async () => {
    const head = await rooms.storage.head(job.series)
    const work = await prepare(rooms, job, head, pages, opId, { ...options, actionsVersion })
    if (work.change === null) return { ...work.outcome, head }
    const next = await rooms.storage.commit(job.series, head, work.change)
    tell(rooms, job, next, work)
    return { ...work.outcome, head: next }
  })
}

/** Stores what came along of splits and dividends; the newest version of their series, undefined without any. */
export async function storeActions(
  rooms: IngestRooms,
  job: IngestJob,
  pages: readonly BufferedPage[],
  opId: string,
): Promise<number | undefined> {
  const answers = pages.flatMap(({ actions, answer }) =>
    actions === null ? [] : [{ ...actions, requestId: answer.requestId, asOfMs: answer.asOfMs }],
  )
  if (answers.length === 0) return undefined
  const head = await commitActions(rooms, actionsSeries(job.series), answers, { opId, operation: job.operation })
  return head?.version
}

interface Prepared {
  readonly change: Change | null
  readonly rejects: Columns | null
  readonly outcome: Omit<CommitOutcome, 'head'>
}

async function prepare(
  rooms: IngestRooms,
  job: IngestJob,
  head: Snapshot | null,
  pages: readonly BufferedPage[],
  opId: string,
  options: CommitOptions & { readonly actionsVersion: number | undefined },
): Promise<Prepared> {
  const nowMs = rooms.runtime.now()
  const fresh = mergePages(pages, job.series.schema)
  const proven = unionRanges(pages.map((page) => page.answer.proven))
  const stored = await readStored(rooms.storage, head, pages, job.series)
  const before = head?.coverage ?? []
  const wasFinal = finalTest(before)
  const pairs =
    job.series.schema === 'ohlcv' ? pairRows(stored, fresh, (ticks) => wasFinal(msOf(ticks, 'us'))) : NO_PAIRS
  const needsWhole =
    options.mayRebase && head !== null && (bringsNewBasis(head, pages) || looksRebased(stored, fresh, pairs))
  const withdrawn = await withdrawnTest(rooms.storage, head, proven)
  const ends = barEnds({ series: job.series, calendar: job.calendar, capabilities: job.provider.capabilities })
  const freshFinalEndMs = ends.finalEnd(pages.reduce((first, page) => Math.min(first, page.answer.asOfMs), nowMs))
  const compared = { series: job.series, stored, fresh, proven, wasFinal, isWithdrawn: withdrawn, freshFinalEndMs }
  const isKeyed = SCHEMAS[job.series.schema].identity === 'timestamp'
  const reconciled = isKeyed
    ? reconcileRows(compared)
    : reconcileTicks({ ...compared, final: provenRanges(before), nowMs })
  const openings = mergedOpenings(stored, fresh, job.series)
  const historyStartMs = earliest(head?.meta.historyStartMs, options.historyStartMs)
  const covered = coverageAfter(
    job,
    before,
    pages,
    openings,
    ends,
    firstRow(head, openings, job.series),
    historyStartMs,
  )
  const coverage = recordRefusals(covered, options.refused ?? [])
  const revisions = revisionRows(reconciled.revisions, nowMs, pages[0]?.answer.requestId ?? '')
  const rejects = await freshRejects(rooms.storage, head, pages, unitOf(job.series))
  const meta = metaChange(head, job, { ...options, historyStartMs }, nowMs)
  const outcome = {
    added: reconciled.added,
    changed: reconciled.changed,
    revised: reconciled.revisions.filter((revision) => revision.kind === 'revised').length,
    withdrawn: reconciled.withdrawn,
    rejected: rejects === null ? 0 : rowCount(rejects),
    holes: findHoles(rooms, job, proven, openings, coverage, pages, nowMs),
    needsWhole,
    compared: pairs.n,
  }
  // Pages without a row and without a proof make no series of a symbol.
  const isUnfounded = head === null && coverage.length === 0
  const isQuiet =
    reconciled.upsert === null &&
    reconciled.replace.length === 0 &&
    revisions === null &&
    rejects === null &&
    (meta === null || isUnfounded) &&
    sameCoverage(before, coverage)
  if (needsWhole || isQuiet) return { change: null, rejects, outcome }
  const change: Change = {
    opId,
    ...(reconciled.upsert === null ? {} : { upsert: reconciled.upsert }),
    ...(reconciled.replace.length === 0 ? {} : { replace: reconciled.replace }),
    coverage,
    ...(revisions === null ? {} : { revisions }),
    ...(rejects === null ? {} : { rejects }),
    ...(meta === null ? {} : { meta }),
    cause: {
      operation: job.operation,
      requestIds: [...new Set(pages.map((page) => page.answer.requestId))].slice(0, 16),
      added: reconciled.added,
      changed: reconciled.changed,
      removed: reconciled.removed,
    },
    // Only the first commit cuts a series into files, and counting the slots of a year is not free.
    ...(head === null ? { rowsPerYear: rowsPerYear(job) } : {}),
  }
  return { change, rejects, outcome }
}

function earliest(a: EpochMs | undefined, b: EpochMs | undefined): EpochMs | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

const unitOf = (series: Series): 'us' | 'ns' => SCHEMAS[series.schema].timeUnit

/** Coverage of a series after some answers; `openings` are those of its rows wherever an answer falls. */
export function coverageAfter(
  job: IngestJob,
  before: readonly CoverageRecord[],
  pages: readonly BufferedPage[],
  openings: Float64Array,
  ends: BarEnds,
  firstRowMs: EpochMs | null,
  historyStartMs: EpochMs | undefined,
): CoverageRecord[] {
  const { series, calendar, provider } = job
  const covered = coverAnswers(
    before,
    pages.map(({ answer }) => ({
      ...answer,
      hasRows: hasRowsIn(openings, answer.proven, ends.finalEnd(answer.asOfMs)),
    })),
    {
      series,
      calendar,
      barsWithoutTrades: provider.capabilities.barsWithoutTrades,
      ...ends,
      hasRow: (ms) => openings[lowerIndex(openings, ms)] === ms,
    },
  )
  return markListing(covered, firstRowMs, historyStartMs)
}

function metaChange(
  head: Snapshot | null,
  job: IngestJob,
  {
    actionsVersion,
    historyStartMs,
    basisSeenMs,
  }: Omit<CommitOptions, 'historyStartMs'> & {
    readonly actionsVersion: number | undefined
    readonly historyStartMs: EpochMs | undefined
  },
  nowMs: EpochMs,
): SnapshotMeta | null {
  const known = head?.meta ?? {}
  const { calendar, provider, series } = job
  const isDaily = series.interval !== undefined && isLabelled(series.interval)
  const kind = provider.capabilities.basis[isDaily ? 'daily' : 'intraday']
  const meta: SnapshotMeta = {
    ...(head === null ? { createdAtMs: nowMs } : {}),
    ...(known.assetClass === job.assetClass ? {} : { assetClass: job.assetClass }),
    ...(series.schema !== 'ohlcv' || (known.basis?.kind === kind && basisSeenMs === undefined)
      ? {}
      : { basis: { kind, asOfMs: basisSeenMs ?? nowMs } }),
    ...(actionsVersion === undefined || known.actionsVersion === actionsVersion ? {} : { actionsVersion }),
    ...(known.calendar?.name === calendar.name && known.calendar.version === calendar.version
      ? {}
      : { calendar: { name: calendar.name, version: calendar.version } }),
    ...(historyStartMs === undefined || known.historyStartMs === historyStartMs ? {} : { historyStartMs }),
  }
  return Object.keys(meta).length === 0 ? null : meta
}

function rowsPerYear({ series, calendar }: IngestJob): number {
  const { interval } = series
  // Ticks have no grid: a busy instrument prints a million times a day.
  if (interval === undefined) return SCHEMAS[series.schema].identity === 'range' ? 50_000_000 : 5_000
  const known = SLOTS_OF_YEAR.get(calendar) ?? new Map<Interval, number>()
  SLOTS_OF_YEAR.set(calendar, known)
  const slots = known.get(interval) ?? slotsOfYear(calendar, interval)
  known.set(interval, slots)
  return slots
}

/** Slots of a year by calendar: counting half a million minutes anew for each of a thousand new series is not free. */
const SLOTS_OF_YEAR = new WeakMap<Calendar, Map<Interval, number>>()

function slotsOfYear(calendar: Calendar, interval: Interval): number {
  const year = { startMs: Date.UTC(2023, 0, 1), endMs: Date.UTC(2024, 0, 1) }
  try {
    return calendar.expectedBars({ start: new Date(year.startMs), end: new Date(year.endMs) }, interval).length
  } catch {
    return countOpens(interval, year)
  }
}

function tell(rooms: IngestRooms, job: IngestJob, next: Snapshot, work: Prepared): void {
  const { series } = job
  const { added, changed, revised, withdrawn, rejected } = work.outcome
  rooms.emit('commit', { series, version: next.version, rows: next.rows, added, changed })
  if (revised + withdrawn > 0) rooms.emit('revision', { series, revised, withdrawn })
  if (rejected > 0) {
    rooms.emit('reject', { series, rows: rejected, rules: countRules(work.rejects) })
  }
}
