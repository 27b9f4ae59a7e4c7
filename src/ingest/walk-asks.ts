/**
 * What a walk asked in vain: refused ranges, holes that cannot be asked, and when they are asked again.
 * @module
 */
import { rangesIn } from '../contract/coverage.ts'
import type { DataClientError } from '../contract/errors.ts'
import type { PlanReason, PlannedRequest } from '../contract/query.ts'
import { type Range, intersectRanges, unionRanges } from '../contract/range.ts'
import { scheduleAsks } from './asks.ts'
import { type Refusal, refusalReason } from './refusal.ts'
import type { Stride } from './walk-state.ts'

const HEALING: ReadonlySet<PlanReason> = new Set(['provider-missing', 'unavailable'])

/** Does a request ask for old holes alone? It must not keep newer bars away by failing. */
export function isHealing({ reasons }: PlannedRequest): boolean {
  return reasons.every((reason) => HEALING.has(reason))
}

/** A hole that was asked in vain moves on in its schedule; a failure that is no refusal is told when the others are done. */
export function noteInVain(stride: Stride, range: Range, error: DataClientError): void {
  const { rooms, job, walk } = stride
  stride.inVain = [...stride.inVain, range]
  walk.asked = unionRanges([...walk.asked, range])
  if (refusalReason(error) === null) stride.postponed ??= error
  rooms.emit('warning', {
    code: 'hole-not-asked',
    message: `a hole could not be asked again: ${String(error)}`,
    series: job.series,
    provider: job.provider.name,
  })
}

/** Is it a refusal that can be recorded? What was stored and could not be compared is a failure. */
export function mayBeRefused({ walk, job }: Stride, range: Range, error: unknown): boolean {
  if (refusalReason(error) === null) return false
  if (walk.head === null && job.mayFailOver === true) return false
  return rangesIn(walk.head?.coverage ?? [], ['data', 'empty', 'partial'], range).length === 0
}

/** Records what was refused, if something newer is served; else the refusal is about more than old data. */
export function noteRefused(
  stride: Stride,
  requests: readonly PlannedRequest[],
  first: number,
  end: number,
  refusals: ReadonlyMap<number, unknown>,
): void {
  const { rooms, job, walk } = stride
  const error = refusals.get(first)
  const lastEndMs = (requests[end - 1] as PlannedRequest).range.endMs
  const hasNewer =
    end < requests.length ||
    rangesIn(walk.head?.coverage ?? [], ['data', 'partial']).some((range) => range.endMs > lastEndMs)
  if (!hasNewer) throw error
  const reason = refusalReason(error) as Refusal['reason']
  const requestId = `${stride.runId}.${first + 1}`
  const refused = requests
    .slice(first, end)
    .map(({ range }) => ({ range, reason, requestId, asOfMs: rooms.runtime.now(), wasAsked: true }))
  stride.refused = [...stride.refused, ...refused]
  walk.asked = unionRanges([...walk.asked, ...refused.map(({ range }) => range)])
  const message = `${job.provider.name} does not serve ${job.series.interval ?? job.series.schema} before ${new Date(lastEndMs).toISOString()}, and is asked again later: ${String(error)}`
  rooms.emit('warning', { code: 'unavailable', message, series: job.series, provider: job.provider.name })
}

/** Moves the schedule of asking again: what was answered, what was refused, and what was asked in vain. */
export function noteAsks(
  stride: Stride,
  asked: readonly Range[],
  refused: readonly Range[],
  holes: readonly Range[],
): void {
  const { rooms, walk, inVain } = stride
  stride.inVain = []
  const unavailable = intersectRanges([...refused, ...inVain], rangesIn(walk.head?.coverage ?? [], ['unavailable']))
  const still = intersectRanges(inVain, stride.holes)
  walk.asks = scheduleAsks(
    walk.asks,
    [...asked, ...refused, ...inVain],
    [...holes, ...unavailable, ...still],
    rooms.runtime.now(),
  )
}
