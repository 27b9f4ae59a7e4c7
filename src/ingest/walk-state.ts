/**
 * Where a walk stands: what it started from, what it counted, what is left.
 * @module
 */
import type { Columns } from '../contract/columns.ts'
import type { DataClientError } from '../contract/errors.ts'
import type { AskRecord } from '../contract/metadata-tracker.ts'
import type { Plan } from '../contract/query.ts'
import type { Range } from '../contract/range.ts'
import type { Snapshot } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import type { PageBuffer } from './buffer.ts'
import type { IngestJob, IngestRooms, RunCounts } from './job.ts'
import { mayRebase } from './plan.ts'
import type { Refusal } from './refusal.ts'

/** What a walk starts from. */
export interface WalkStart {
  readonly plan: Plan
  readonly head: Snapshot | null
  readonly asks: readonly AskRecord[]
  /** Slots that must exist and have no row, as they were known when the plan was made. */
  readonly holes: readonly Range[]
  /** Parts that the source does not reach back to, of which not even that is recorded. */
  readonly unserved: readonly Range[]
}

/** What a walk ended with. */
export interface Walk {
  readonly plan: Plan
  readonly versionBefore: number | null
  head: Snapshot | null
  readonly counts: RunCounts
  asks: readonly AskRecord[]
  /** What was answered, or refused. */
  asked: readonly Range[]
  failed: readonly Range[]
  error: unknown
  aborted: boolean
  /** Stored final bars that answers met again. */
  compared: number
  /** The source changed its basis, and the series was fetched whole: nothing is left to ask. */
  isWhole: boolean
  /** The source changed its basis, and the series could not be fetched whole: nothing on the new one was stored. */
  isBetweenBases: boolean
}

/** A walk over nothing. */
export function quietWalk({ plan, head, asks }: WalkStart): Walk {
  return {
    plan,
    versionBefore: head?.version ?? null,
    head,
    counts: {
      requests: 0,
      rows: 0,
      added: 0,
      changed: 0,
      revised: 0,
      withdrawn: 0,
      rejected: 0,
      nullRows: 0,
      warnings: {},
    },
    asks,
    asked: [],
    compared: 0,
    failed: [],
    error: null,
    aborted: false,
    isWhole: false,
    isBetweenBases: false,
  }
}

/** Everything that one walk works with. */
export interface Stride {
  readonly rooms: IngestRooms
  readonly job: IngestJob
  readonly walk: Walk
  readonly buffer: PageBuffer
  readonly runId: string
  readonly holes: readonly Range[]
  /** Asked in vain since the last commit. */
  inVain: readonly Range[]
  /** Failure of a request that only meant to heal, told when the others are done; null without. */
  postponed: DataClientError | null
  /** Waits for the next commit. */
  refused: readonly Refusal[]
  /** Where the source says its history begins. */
  historyStartMs: EpochMs | undefined
  flushedAtMs: EpochMs
}

/** Was something to be compared, and nothing that is stored met again, so that a new basis would not be seen? */
export function isBlind(job: IngestJob, walk: Walk): boolean {
  const isMeant = walk.plan.requests.some((request) => request.reasons.includes('recheck'))
  return (
    isMeant &&
    walk.compared === 0 &&
    !walk.isWhole &&
    mayRebase({ series: job.series, capabilities: job.provider.capabilities })
  )
}

/** Does one of these rows lie among the stored ones? */
export function meets({ timestamp }: Columns, head: Snapshot | null): boolean {
  const [first, span] = [timestamp[0], head?.span]
  return first !== undefined && span !== null && span !== undefined && first <= span.last
}
