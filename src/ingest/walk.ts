/**
 * Walks a plan: each page is normalised, checked, buffered and committed in batches, so that an interrupted run
 * resumes at its last commit and memory stays flat.
 * @module
 */
import { type ErrorCode, hasCode, isDataClientError, isRetryable } from '../contract/errors.ts'
import type { PlannedRequest } from '../contract/query.ts'
import { type Range, subtractRanges, unionRanges } from '../contract/range.ts'
import {
  type BufferedPage,
  COMMIT_AFTER_MS,
  COMMIT_AFTER_MS_INSIDE,
  COMMIT_ROWS_UNFINISHED,
  createPageBuffer,
} from './buffer.ts'
import { type CommitOutcome, commitPages } from './commit.ts'
import { type IngestJob, type IngestRooms, newId } from './job.ts'
import { mayRebase } from './plan.ts'
import { createProgress } from './progress.ts'
import { fetchSeriesWhole } from './rebase-series.ts'
import { type Refusal, askServed } from './refusal.ts'
import { readRequest } from './request.ts'
import { isHealing, mayBeRefused, noteAsks, noteInVain, noteRefused } from './walk-asks.ts'
import { type Stride, type Walk, type WalkStart, isBlind, meets, quietWalk } from './walk-state.ts'

/** Walks a plan. Never rejects: a failure is in the result, and what was proven before it is kept. */
export async function walkPlan(rooms: IngestRooms, job: IngestJob, start: WalkStart): Promise<Walk> {
  const walk = quietWalk(start)
  const nowMs = rooms.runtime.now()
  const runId = newId()
  const refused = start.unserved.map(
    (range) => ({ range, reason: 'outside-history', requestId: runId, asOfMs: nowMs, wasAsked: false }) as const,
  )
  const stride: Stride = {
    rooms,
    job,
    walk,
    runId,
    refused,
    buffer: createPageBuffer(),
    holes: start.holes,
    inVain: [],
    postponed: null,
    historyStartMs: undefined,
    flushedAtMs: nowMs,
  }
  if (start.plan.clipped !== null && start.unserved.length > 0) warnClipped(rooms, job, start.plan.clipped)
  try {
    await askAll(stride, start.plan.requests)
    if (!walk.isWhole) await flush(stride, stride.buffer.takeAll())
    warnUnproven(stride)
    if (stride.postponed !== null) throw stride.postponed
  } catch (error) {
    if (!walk.isBetweenBases) await keepProven(stride)
    walk.aborted = job.signal.aborted
    walk.error = walk.aborted ? job.signal.reason : error
    walk.failed = subtractRanges(unionRanges(start.plan.requests.map((request) => request.range)), walk.asked)
  }
  return walk
}

async function askAll(stride: Stride, requests: readonly PlannedRequest[]): Promise<void> {
  const { rooms, job, walk } = stride
  const progress = createProgress(rooms, job, requests.length)
  const ask = async (request: PlannedRequest): Promise<void> => {
    if (walk.isWhole) return
    await askOne(stride, request)
    progress.done(walk.counts.rows)
    const waitedMs = rooms.runtime.now() - stride.flushedAtMs
    await flush(stride, pagesToCommit(stride, waitedMs >= COMMIT_AFTER_MS))
  }
  // What is compared comes first: nothing on a new basis may be stored beside the old one.
  const isFirst = (request: PlannedRequest): boolean =>
    request.reasons.includes('recheck') && mayRebase({ series: job.series, capabilities: job.provider.capabilities })
  const first = requests.filter(isFirst)
  const rest = requests.filter((request) => !isFirst(request))
  for (const request of first) await ask(request)
  if (first.length > 0 && rest.length > 0) await flush(stride, stride.buffer.takeAll())
  const refusals = new Map<number, unknown>()
  await askServed(
    rest.length,
    async (i) => {
      try {
        await ask(rest[i] as PlannedRequest)
        return false
      } catch (error) {
        const request = rest[i] as PlannedRequest
        if (mayBeRefused(stride, request.range, error)) {
          refusals.set(i, error)
          return true
        }
        if (
          !isHealing(request) ||
          isRetryable(error) ||
          !isDataClientError(error) ||
          !error.code.startsWith('provider/')
        )
          throw error
        noteInVain(stride, request.range, error)
        return false
      }
    },
    (from, end) => noteRefused(stride, rest, from, end, refusals),
  )
}

const UNTRUSTED: readonly ErrorCode[] = ['provider/pagination-loop', 'provider/units']

/** Asks one planned request and buffers its pages. */
async function askOne(stride: Stride, { range }: PlannedRequest): Promise<void> {
  const { rooms, job, walk, buffer, runId } = stride
  job.signal.throwIfAborted()
  const requestId = `${runId}.${walk.counts.requests + 1}`
  // Once the source has said where its history begins, what lies before needs no request of its own.
  if (stride.historyStartMs !== undefined && range.endMs <= stride.historyStartMs) {
    const answer = { proven: range, requestId, asOfMs: rooms.runtime.now(), hasRows: false, nullMs: [] }
    buffer.add({ answer, rows: { timestamp: new BigInt64Array(0) }, rejects: null, actions: null })
    walk.asked = unionRanges([...walk.asked, range])
    return
  }
  const askedBefore = walk.asked
  try {
    await readRequest(rooms, job, range, requestId, walk.counts, async (page, historyStartMs) => {
      buffer.add(page)
      walk.asked = unionRanges([...walk.asked, page.answer.proven])
      if (historyStartMs !== undefined)
        stride.historyStartMs = Math.min(historyStartMs, stride.historyStartMs ?? Infinity)
      // One request for years of ticks must not wait for its end.
      const waitedMs = rooms.runtime.now() - stride.flushedAtMs
      if (!walk.isWhole) await flush(stride, pagesToCommit(stride, waitedMs >= COMMIT_AFTER_MS_INSIDE))
    })
  } catch (error) {
    // An answer that repeats itself or counts in other units is not to be trusted in any part.
    if (UNTRUSTED.some((code) => hasCode(error, code))) {
      buffer.drop(requestId)
      walk.asked = askedBefore
    }
    throw error
  }
}

function pagesToCommit({ buffer, job, walk }: Stride, isLate: boolean): BufferedPage[] {
  if (buffer.isEmpty) return []
  if (isLate || buffer.rows >= COMMIT_ROWS_UNFINISHED) return buffer.takeAll()
  return buffer.takeFinished(job.series.schema, walk.head?.partition ?? 'month') ?? []
}

/** Commits pages and what was refused; fetches the series whole where its basis seems to have changed. */
async function flush(stride: Stride, pages: readonly BufferedPage[]): Promise<void> {
  const { rooms, job, walk } = stride
  // Of a series that is not stored a refusal alone makes none.
  if (pages.length === 0 && (stride.refused.length === 0 || walk.head === null)) {
    if (stride.inVain.length > 0) noteAsks(stride, [], [], [])
    return
  }
  stride.flushedAtMs = rooms.runtime.now()
  const history = stride.historyStartMs === undefined ? {} : { historyStartMs: stride.historyStartMs }
  const done = await commitPages(rooms, job, pages, { mayRebase: true, refused: stride.refused, ...history })
  if (!done.needsWhole) {
    const refused = stride.refused
    stride.refused = []
    return noteOutcome(
      stride,
      done,
      pages.map((page) => page.answer.proven),
      refused,
    )
  }
  walk.isBetweenBases = true
  const whole = await fetchSeriesWhole(rooms, job, walk.counts, stride.historyStartMs)
  walk.isBetweenBases = false
  walk.isWhole = true
  walk.asked = unionRanges([...walk.asked, ...whole.proven])
  noteOutcome(stride, whole, whole.proven, [])
}

function noteOutcome(stride: Stride, done: CommitOutcome, asked: readonly Range[], refused: readonly Refusal[]): void {
  const { walk } = stride
  walk.head = done.head ?? walk.head
  walk.compared += done.compared
  for (const name of ['added', 'changed', 'revised', 'withdrawn', 'rejected'] as const) walk.counts[name] += done[name]
  // What lies out of reach is known without asking; what was refused is asked again like a hole.
  noteAsks(
    stride,
    asked,
    refused.flatMap(({ range, wasAsked }) => (wasAsked ? [range] : [])),
    done.holes,
  )
}

/**
 * After a failure: what was proven so far is kept. Not where nothing that is stored was met again: the split that puts it
 * on another basis than the new bars may lie in what is still to come.
 */
async function keepProven(stride: Stride): Promise<void> {
  const { rooms, job, buffer, walk } = stride
  const pages = buffer.takeAll()
  if (isBlind(job, walk) && walk.head?.span !== null && !pages.some(({ rows }) => meets(rows, walk.head))) return
  try {
    await flush(stride, pages)
  } catch (error) {
    // The first failure is the one to report; this one is told beside it.
    rooms.emit('warning', {
      code: 'commit-failed',
      message: `what was proven before the failure could not be stored: ${String(error)}`,
      series: job.series,
    })
  }
}

/** Bars that could not be compared with any stored one may be on another basis, and nothing tells. */
function warnUnproven(stride: Stride): void {
  const { rooms, job, walk } = stride
  if (!isBlind(job, walk) || walk.counts.added === 0) return
  const message = `${job.provider.name} serves none of the stored final bars any more: whether its prices are still adjusted in the same way cannot be seen`
  rooms.emit('warning', { code: 'basis-unproven', message, series: job.series, provider: job.provider.name })
}

function warnClipped(rooms: IngestRooms, job: IngestJob, clipped: Range): void {
  const message = `${job.provider.name} keeps no ${job.series.interval ?? job.series.schema} before ${new Date(clipped.endMs).toISOString()}: the range before it cannot be asked`
  rooms.emit('warning', { code: 'history-limited', message, series: job.series, provider: job.provider.name })
}
