/**
 * Walks a plan: each page is normalised, checked, buffered and committed in batches, so that an interrupted run
 * resumes at its last commit and memory stays flat.
 * @module
 */
import { type ErrorCode, hasCode, isDataClientError } from '../contract/errors.ts'
import type { AskRecord, UpdateRecord } from '../contract/metadata-tracker.ts'
import type { FetchContext } from '../contract/provider.ts'
import type { Plan, PlannedRequest } from '../contract/query.ts'
import { type Range, subtractRanges, unionRanges } from '../contract/range.ts'
import type { Snapshot } from '../contract/storage.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { scheduleAsks } from './asks.ts'
import { type BufferedPage, COMMIT_AFTER_MS, COMMIT_ROWS_UNFINISHED, type PageBuffer, createPageBuffer } from './buffer.ts'
import { commitPages } from './commit.ts'
import { finalEnd } from './finality.ts'
import { scanHoles } from './holes.ts'
import { type IngestJob, type IngestRooms, type RunCounts, type RunResult, newId } from './job.ts'
import { readPage } from './page.ts'
import { planRequests } from './plan.ts'
import { createProgress } from './progress.ts'
import { rebaseSeries } from './rebase-series.ts'

/** Runs one operation on one series. Never rejects for a failing provider: the failure is in the result. */
export async function runOperation(rooms: IngestRooms, job: IngestJob): Promise<RunResult> {
  const startedAtMs = rooms.runtime.now()
  const first = await planJob(rooms, job)
  if (first.plan.requests.length === 0) return finish(rooms, job, startedAtMs, quietRun(first))
  // Another writer may do the same work now; after it, less is left to ask.
  return rooms.storage.exclusive(
    job.series,
    async () => {
      const planned = await planJob(rooms, job)
      const run = planned.plan.requests.length === 0 ? quietRun(planned) : await walkPlan(rooms, job, planned)
      return finish(rooms, job, startedAtMs, run)
    },
    job.signal,
  )
}

/** A plan with what it was made from. */
export interface PlannedJob {
  readonly plan: Plan
  readonly head: Snapshot | null
  readonly asks: readonly AskRecord[]
  readonly recheckedAtMs: EpochMs | null
}

/** Makes the plan of a job from what is stored. No network. */
export async function planJob(rooms: IngestRooms, job: IngestJob): Promise<PlannedJob> {
  job.signal.throwIfAborted()
  const head = await rooms.storage.head(job.series)
  const status = await rooms.tracker.status(job.series)
  const nowMs = rooms.runtime.now()
  const isScanDue = job.operation === 'update' && head !== null && job.fillGaps && isRecheckDue(status.recheckedAtMs, nowMs)
  const holes = isScanDue ? await scanHoles(rooms, job, head) : status.asks
  const plan = planRequests({
    series: job.series,
    operation: job.operation,
    range: job.range,
    coverage: head?.coverage ?? [],
    holes,
    asks: status.asks,
    recheckedAtMs: status.recheckedAtMs,
    capabilities: job.provider.capabilities,
    calendar: job.calendar,
    nowMs,
    ...(job.lookbackDays === undefined ? {} : { lookbackDays: job.lookbackDays }),
    fillGaps: job.fillGaps,
  })
  return { plan, head, asks: status.asks, recheckedAtMs: status.recheckedAtMs }
}

function isRecheckDue(recheckedAtMs: EpochMs | null, nowMs: EpochMs): boolean {
  return recheckedAtMs === null || nowMs - recheckedAtMs >= DAY_MS
}

interface Walk {
  readonly plan: Plan
  readonly versionBefore: number | null
  head: Snapshot | null
  readonly counts: RunCounts
  asks: readonly AskRecord[]
  readonly asked: Range[]
  failed: readonly Range[]
  error: unknown
  aborted: boolean
  recheckedAtMs: EpochMs | null
  /** Where the source says its history begins. */
  historyStartMs: EpochMs | undefined
}

function quietRun(planned: PlannedJob): Walk {
  return {
    plan: planned.plan,
    versionBefore: planned.head?.version ?? null,
    head: planned.head,
    counts: {
      requests: 0, rows: 0, added: 0, changed: 0, revised: 0, withdrawn: 0, rejected: 0, nullRows: 0, warnings: {},
    },
    asks: planned.asks,
    asked: [],
    failed: [],
    error: null,
    aborted: false,
    recheckedAtMs: planned.recheckedAtMs,
    historyStartMs: planned.head?.meta.historyStartMs,
  }
}

async function walkPlan(rooms: IngestRooms, job: IngestJob, planned: PlannedJob): Promise<Walk> {
  const walk = quietRun(planned)
  const buffer = createPageBuffer()
  const progress = createProgress(rooms, job, planned.plan.requests.length)
  const runId = newId()
  if (planned.plan.clipped !== null) warnClipped(rooms, job, planned.plan.clipped)
  let flushedAtMs = rooms.runtime.now()
  const flush = async (pages: readonly BufferedPage[]): Promise<boolean> => {
    flushedAtMs = rooms.runtime.now()
    return commitWalk(rooms, job, walk, pages)
  }
  try {
    for (const [i, request] of planned.plan.requests.entries()) {
      job.signal.throwIfAborted()
      if (isBeforeHistory(walk, request.range)) addUnlisted(rooms, request.range, `${runId}.${i + 1}`, walk, buffer)
      else await fetchRequest(rooms, job, request, `${runId}.${i + 1}`, walk, buffer)
      progress.done(walk.counts.rows)
      const pages = pagesToCommit(buffer, job, walk.head, rooms.runtime.now() - flushedAtMs)
      if (pages !== null && (await flush(pages))) return walk
    }
    if (await flush(buffer.takeAll())) return walk
    noteRecheck(job, walk, rooms.runtime.now())
  } catch (error) {
    await keepProven(rooms, job, walk, buffer)
    const open = subtractRanges(planned.plan.requests.map((request) => request.range), walk.asked)
    if (job.signal.aborted) {
      walk.aborted = true
      walk.error = job.signal.reason
    } else walk.error = error
    walk.failed = unionRanges(open)
  }
  return walk
}

/** Asks one planned request and buffers its pages. */
async function fetchRequest(
  rooms: IngestRooms,
  job: IngestJob,
  request: PlannedRequest,
  requestId: string,
  walk: Walk,
  buffer: PageBuffer,
): Promise<void> {
  const { provider, signal } = job
  const context = { signal, http: rooms.httpFor(provider), now: rooms.runtime.now, log: rooms.log }
  const askedBefore = walk.asked.length
  walk.counts.requests++
  try {
    await readPages(rooms, job, request.range, requestId, walk, buffer, context)
  } catch (error) {
    // An answer that repeats itself or counts in other units is not to be trusted in any part.
    if (UNTRUSTED.some((code) => hasCode(error, code))) {
      buffer.drop(requestId)
      walk.asked.length = askedBefore
    }
    throw error
  }
}

const UNTRUSTED: readonly ErrorCode[] = ['provider/pagination-loop', 'provider/units']

async function readPages(
  rooms: IngestRooms,
  job: IngestJob,
  range: Range,
  requestId: string,
  walk: Walk,
  buffer: PageBuffer,
  context: FetchContext,
): Promise<void> {
  for await (const page of job.provider.fetch({ series: job.series, range }, context)) {
    job.signal.throwIfAborted()
    const { page: ready, refusal } = readPage(rooms, job, page, range, requestId, walk.counts)
    buffer.add(ready)
    if (refusal !== null) throw refusal
    walk.asked.push(ready.answer.proven)
    if (page.historyStartMs !== undefined) walk.historyStartMs = page.historyStartMs
  }
}

/** Once the source has said where its history begins, what lies before needs no request of its own. */
function isBeforeHistory(walk: Walk, range: Range): boolean {
  return walk.historyStartMs !== undefined && range.endMs <= walk.historyStartMs
}

function addUnlisted(rooms: IngestRooms, range: Range, requestId: string, walk: Walk, buffer: PageBuffer): void {
  const answer = { proven: range, requestId, asOfMs: rooms.runtime.now(), hasRows: false, nullMs: [] }
  buffer.add({ answer, rows: { timestamp: new BigInt64Array(0) }, rejects: null, actions: null })
  walk.asked.push(range)
}

function pagesToCommit(buffer: PageBuffer, job: IngestJob, head: Snapshot | null, waitedMs: number): BufferedPage[] | null {
  if (buffer.isEmpty) return null
  if (waitedMs >= COMMIT_AFTER_MS || buffer.rows >= COMMIT_ROWS_UNFINISHED) return buffer.takeAll()
  return buffer.takeFinished(job.series.schema, head?.partition ?? 'month')
}

/** Commits pages. True where the source changed its basis, the series was fetched whole and the walk is over. */
async function commitWalk(rooms: IngestRooms, job: IngestJob, walk: Walk, pages: readonly BufferedPage[]): Promise<boolean> {
  if (pages.length === 0) return false
  const done = await commitPages(rooms, job, pages, {
    allowRebasing: true,
    ...(walk.historyStartMs === undefined ? {} : { historyStartMs: walk.historyStartMs }),
  })
  if (done.rebasing !== null) {
    walk.head = await rebaseSeries(rooms, job, done.rebasing, walk.counts)
    walk.recheckedAtMs = rooms.runtime.now()
    return true
  }
  walk.head = done.head ?? walk.head
  walk.counts.added += done.added
  walk.counts.changed += done.changed
  walk.counts.revised += done.revised
  walk.counts.withdrawn += done.withdrawn
  walk.counts.rejected += done.rejected
  const asked = pages.map((page) => page.answer.proven)
  walk.asks = scheduleAsks(walk.asks, asked, done.holes, rooms.runtime.now())
  return false
}

/** After a failure: what was proven so far is kept. */
async function keepProven(rooms: IngestRooms, job: IngestJob, walk: Walk, buffer: PageBuffer): Promise<void> {
  const pages = buffer.takeAll()
  if (pages.length === 0) return
  try {
    await commitWalk(rooms, job, walk, pages)
  } catch (error) {
    // The first failure is the one to report; this one is told beside it.
    rooms.emit('warning', { code: 'commit-failed', message: `what was proven before the failure could not be stored: ${String(error)}`, series: job.series })
  }
}

function noteRecheck(job: IngestJob, walk: Walk, nowMs: EpochMs): void {
  const isFresh = walk.versionBefore === null || job.operation === 'load'
  const isRechecked = walk.plan.requests.some((request) => request.reasons.includes('recheck'))
  const reachesNow = walk.plan.range.endMs >= finalEnd({ series: job.series, calendar: job.calendar, capabilities: job.provider.capabilities }, nowMs)
  if (isRechecked || (isFresh && reachesNow)) walk.recheckedAtMs = nowMs
}

function warnClipped(rooms: IngestRooms, job: IngestJob, clipped: Range): void {
  const message = `${job.provider.name} keeps no ${job.series.interval ?? job.series.schema} before ${new Date(clipped.endMs).toISOString()}: the range before it cannot be asked`
  rooms.emit('warning', { code: 'history-limited', message, series: job.series, provider: job.provider.name })
}

async function finish(rooms: IngestRooms, job: IngestJob, startedAtMs: EpochMs, walk: Walk): Promise<RunResult> {
  const durationMs = rooms.runtime.now() - startedAtMs
  const failure = describeFailure(walk.error)
  const record: UpdateRecord = {
    series: job.series,
    operation: job.operation,
    startedAtMs,
    durationMs,
    outcome: walk.aborted ? 'aborted' : walk.error === null ? 'ok' : 'failed',
    ...failure,
    requests: walk.counts.requests,
    rows: walk.counts.rows,
    added: walk.counts.added,
    changed: walk.counts.changed,
    version: walk.head?.version ?? null,
    ...(walk.counts.requests === 0 ? {} : { asks: walk.asks }),
    ...(walk.recheckedAtMs === null ? {} : { recheckedAtMs: walk.recheckedAtMs }),
    ...(job.selection === undefined ? {} : { selection: job.selection }),
  }
  // A get answered by the store alone is no run worth a record.
  const isSilent = job.operation === 'get' && walk.counts.requests === 0 && walk.error === null
  // Of a series that was never stored nothing is kept, not even that it failed.
  if (!isSilent && walk.head !== null) await rooms.tracker.record(record)
  return {
    head: walk.head,
    versionBefore: walk.versionBefore,
    counts: walk.counts,
    failed: walk.failed,
    holes: walk.asks.map(({ startMs, endMs }) => ({ startMs, endMs, kind: 'provider-missing' })),
    error: walk.error,
    durationMs,
  }
}

function describeFailure(error: unknown): { code?: string; message?: string } {
  if (error === null) return {}
  if (isDataClientError(error)) return { code: error.code, message: error.message }
  return { code: 'aborted', message: error instanceof Error ? error.message : String(error) }
}
