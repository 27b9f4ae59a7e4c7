/**
 * One operation on one series: planned, walked, recorded.
 * @module
 */
import { rangesIn } from '../contract/coverage.ts'
import { isDataClientError } from '../contract/errors.ts'
import type { AskRecord, SeriesStatus, UpdateRecord } from '../contract/metadata-tracker.ts'
import type { Plan } from '../contract/query.ts'
import { type Range, contains, subtractRanges } from '../contract/range.ts'
import type { Snapshot } from '../contract/storage.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { scanHoles } from './holes.ts'
import type { IngestJob, IngestRooms, RunResult } from './job.ts'
import { type PlanInput, holesOf, planRequests, unservedRanges } from './plan.ts'
import { type Walk, isBlind, quietWalk } from './walk-state.ts'
import { walkPlan } from './walk.ts'

/** Runs one operation on one series. Never rejects for a failing provider: the failure is in the result. */
export async function runOperation(rooms: IngestRooms, job: IngestJob): Promise<RunResult> {
  const startedAtMs = rooms.runtime.now()
  const first = await planJob(rooms, job)
  if (isQuiet(first)) return finish(rooms, job, startedAtMs, first, quietWalk(first))
  // Another writer may do the same work now; after it, less is left to ask.
  return rooms.storage.exclusive(
    job.series,
    async () => {
      const planned = await planJob(rooms, job)
      const walk = isQuiet(planned) ? quietWalk(planned) : await walkPlan(rooms, job, planned)
      return finish(rooms, job, startedAtMs, planned, walk)
    },
    job.signal,
  )
}

/** A plan with what it was made from. */
export interface PlannedJob {
  readonly plan: Plan
  readonly head: Snapshot | null
  readonly asks: readonly AskRecord[]
  /** Slots that must exist and have no row. */
  readonly holes: readonly Range[]
  /** Parts that the source does not reach back to, of which not even that is recorded. */
  readonly unserved: readonly Range[]
  /** Was the whole series looked through for holes? */
  readonly isScanned: boolean
}

/** Is there nothing to ask, and nothing to record? */
function isQuiet({ plan, head, unserved }: PlannedJob): boolean {
  return plan.requests.length === 0 && (head === null || unserved.length === 0)
}

/** Makes the plan of a job from what is stored. No network. */
export async function planJob(rooms: IngestRooms, job: IngestJob): Promise<PlannedJob> {
  job.signal.throwIfAborted()
  const head = await rooms.storage.head(job.series)
  const status = await statusOf(rooms, job)
  const nowMs = rooms.runtime.now()
  const isScanned = job.operation === 'update' && head !== null && job.fillGaps && isScanDue(job, head, status, nowMs)
  const input: PlanInput = {
    series: job.series,
    operation: job.operation,
    range: job.range,
    coverage: head?.coverage ?? [],
    holes: isScanned ? await scanHoles(rooms, job, head) : status.asks,
    asks: status.asks,
    recheckedAtMs: status.recheckedAtMs,
    capabilities: job.provider.capabilities,
    calendar: job.calendar,
    nowMs,
    ...(job.lookbackDays === undefined ? {} : { lookbackDays: job.lookbackDays }),
    fillGaps: job.fillGaps,
  }
  return {
    plan: planRequests(input),
    head,
    asks: status.asks,
    holes: holesOf(input),
    unserved: unservedRanges(input),
    isScanned,
  }
}

/** A record that was lost or that a killed run did not write may lack holes; once in a while a look costs little. */
const SCAN_EVERY_MS = 30 * DAY_MS

/**
 * Must the whole series be looked through for holes? Not while every version was recorded by the run that made it:
 * a run records the holes that it met, and an update stays as quick for a long series as for a short one.
 */
function isScanDue(job: IngestJob, head: Snapshot, status: SeriesStatus, nowMs: EpochMs): boolean {
  const scannedAtMs = status.scannedAtMs ?? null
  const isRecorded = status.updates[0]?.version === head.version
  const isSameCalendar = head.meta.calendar?.version === job.calendar.version
  return scannedAtMs === null || !isRecorded || !isSameCalendar || nowMs - scannedAtMs >= SCAN_EVERY_MS
}

/** What is known of earlier runs. A record that cannot be read counts as lost: it costs a re-ask, never a failure. */
async function statusOf(rooms: IngestRooms, { series }: IngestJob): Promise<SeriesStatus> {
  try {
    return await rooms.tracker.status(series)
  } catch (error) {
    rooms.emit('warning', {
      code: 'status-lost',
      message: `the record of earlier runs could not be read: ${String(error)}`,
      series,
    })
    return { series, updates: [], errors: 0, lastError: null, lastOkMs: null, recheckedAtMs: null, asks: [] }
  }
}

/** When the recent past was compared, if this run did it; 0 where it must be done by the next one. */
function recheckTime(job: IngestJob, walk: Walk, nowMs: EpochMs): EpochMs | undefined {
  if (walk.isBetweenBases) return 0
  if (walk.isWhole) return nowMs
  if (walk.error !== null || walk.plan.requests.length === 0) return undefined
  const isFresh = walk.versionBefore === null
  const isRechecked = walk.plan.requests.some((request) => request.reasons.includes('recheck')) && !isBlind(job, walk)
  const known = rangesIn(walk.head?.coverage ?? [], ['data', 'empty', 'partial'])
  const [start, end] = [known[0]?.startMs ?? 0, known.at(-1)?.endMs ?? 0]
  const week = { startMs: Math.max(start, end - 7 * DAY_MS), endMs: end }
  const isLoaded = job.operation === 'load' && known.length > 0 && contains(walk.plan.range, week)
  return isFresh || isRechecked || isLoaded ? nowMs : undefined
}

async function finish(
  rooms: IngestRooms,
  job: IngestJob,
  startedAtMs: EpochMs,
  planned: PlannedJob,
  walk: Walk,
): Promise<RunResult> {
  const nowMs = rooms.runtime.now()
  const recheckedAtMs = recheckTime(job, walk, nowMs)
  const isScanned = planned.isScanned || (walk.versionBefore === null && walk.error === null)
  const record: UpdateRecord = {
    series: job.series,
    operation: job.operation,
    startedAtMs,
    durationMs: nowMs - startedAtMs,
    outcome: walk.aborted ? 'aborted' : walk.error === null ? 'ok' : 'failed',
    ...describeFailure(walk),
    requests: walk.counts.requests,
    rows: walk.counts.rows,
    added: walk.counts.added,
    changed: walk.counts.changed,
    version: walk.head?.version ?? null,
    ...(walk.counts.requests === 0 ? {} : { asks: walk.asks }),
    ...(recheckedAtMs === undefined ? {} : { recheckedAtMs }),
    ...(isScanned ? { scannedAtMs: nowMs } : {}),
    ...(job.selection === undefined ? {} : { selection: job.selection }),
  }
  // A get answered by the store alone is no run worth a record.
  const isSilent = job.operation === 'get' && walk.counts.requests === 0 && walk.error === null
  // Of a series that was never stored nothing is kept, not even that it failed.
  if (!isSilent && walk.head !== null) await keepRecord(rooms, record)
  const refused = rangesIn(walk.head?.coverage ?? [], ['unavailable'])
  return {
    head: walk.head,
    versionBefore: walk.versionBefore,
    counts: walk.counts,
    failed: walk.failed,
    holes: subtractRanges(walk.asks, refused).map(({ startMs, endMs }) => ({
      startMs,
      endMs,
      kind: 'provider-missing',
    })),
    error: walk.error,
    durationMs: record.durationMs,
  }
}

/** Losing the record costs nothing but a re-ask, so a disk that refuses it makes no run fail whose data is stored. */
async function keepRecord(rooms: IngestRooms, record: UpdateRecord): Promise<void> {
  try {
    await rooms.tracker.record(record)
  } catch (error) {
    rooms.emit('warning', {
      code: 'status-lost',
      message: `the record of this run could not be kept: ${String(error)}`,
      series: record.series,
    })
  }
}

function describeFailure({ error, aborted }: Walk): { code?: string; message?: string } {
  if (error === null) return {}
  if (isDataClientError(error)) return { code: error.code, message: error.message }
  return { code: aborted ? 'aborted' : 'unknown', message: error instanceof Error ? error.message : String(error) }
}
