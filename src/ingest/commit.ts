/**
 * Puts checked pages into the store: reconciled with what is there, all in one version, again if another writer was faster.
 * @module
 */
import {
  type Columns,
  concatColumns,
  isValid,
  msOf,
  rowCount,
  sameValue,
  sliceColumns,
  takeColumns,
  timestampsMs,
  valueAt,
} from '../contract/columns.ts'
import { type CoverageRecord, provenRanges, sameCoverage } from '../contract/coverage.ts'
import { hasCode, isDataClientError } from '../contract/errors.ts'
import { countOpens } from '../contract/interval.ts'
import { type Range, intersect, subtractRanges, unionRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Change, Snapshot, SnapshotMeta } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import { actionsSeries, commitActions } from './actions.ts'
import { type BufferedPage, mergePages } from './buffer.ts'
import { coverAnswers, markListing } from './cover.ts'
import { closedEnd, finalEnd } from './finality.ts'
import { type IngestJob, type IngestRooms, newId } from './job.ts'
import { type Rebasing, findRebasing } from './rebase.ts'
import { type Reconciled, reconcileRows, revisionRows } from './reconcile.ts'

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
  /** The source changed its basis: nothing was stored, the series must be fetched whole. */
  readonly rebasing: Rebasing | null
}

const NONE: Columns = { timestamp: new BigInt64Array(0) }
const MAX_ATTEMPTS = 200

/** Stores some pages. Does nothing where nothing changes. */
export async function commitPages(
  rooms: IngestRooms,
  job: IngestJob,
  pages: readonly BufferedPage[],
  options: { readonly allowRebasing: boolean; readonly historyStartMs?: EpochMs },
): Promise<CommitOutcome> {
  const opId = `${job.operation}-${newId(rooms.runtime.random)}`
  const actionsVersion = await storeActions(rooms, job, pages, opId)
  for (let attempt = 1; ; attempt++) {
    const head = await rooms.storage.head(job.series)
    const work = await prepare(rooms, job, head, pages, opId, { ...options, actionsVersion })
    if (work.rebasing !== null || work.change === null) return { ...work.outcome, head, rebasing: work.rebasing }
    try {
      const next = await rooms.storage.commit(job.series, head, work.change)
      tell(rooms, job, next, work)
      return { ...work.outcome, head: next, rebasing: null }
    } catch (error) {
      const again = hasCode(error, 'storage/conflict') || hasCode(error, 'storage/unknown-outcome') || isExpired(error)
      if (!again || attempt >= MAX_ATTEMPTS) throw error
      // Full jitter keeps writers that lost together from losing together again.
      await rooms.runtime.sleep(rooms.runtime.random() * Math.min(50, 2 ** Math.min(attempt, 6)))
    }
  }
}

const isExpired = (error: unknown): boolean => isDataClientError(error) && error.code === 'storage/snapshot-expired'

async function storeActions(rooms: IngestRooms, job: IngestJob, pages: readonly BufferedPage[], opId: string): Promise<number | undefined> {
  const answers = pages.flatMap(({ actions, answer }) =>
    actions === null ? [] : [{ ...actions, requestId: answer.requestId, asOfMs: answer.asOfMs }],
  )
  if (answers.length === 0) return undefined
  const head = await commitActions(rooms.storage, actionsSeries(job.series), answers, { opId, operation: job.operation })
  return head?.version
}

interface Prepared {
  readonly change: Change | null
  readonly rebasing: Rebasing | null
  readonly rejects: Columns | null
  readonly outcome: Omit<CommitOutcome, 'head' | 'rebasing'>
}

async function prepare(
  rooms: IngestRooms,
  job: IngestJob,
  head: Snapshot | null,
  pages: readonly BufferedPage[],
  opId: string,
  options: { readonly allowRebasing: boolean; readonly historyStartMs?: EpochMs; readonly actionsVersion: number | undefined },
): Promise<Prepared> {
  const nowMs = rooms.runtime.now()
  const fresh = mergePages(pages, job.series.schema)
  const proven = unionRanges(pages.map((page) => page.answer.proven))
  const stored = await readStored(rooms, head, proven, fresh, job.series)
  const before = head?.coverage ?? []
  const wasFinal = finalTest(before)
  const rebasing = options.allowRebasing && head !== null ? findRebasing(job.series, stored, fresh, wasFinal) : null
  const withdrawn = await withdrawnTest(rooms, head, proven)
  const reconciled = reconcile(job.series, stored, fresh, proven, wasFinal, withdrawn)
  const openings = mergedOpenings(stored, fresh, job.series)
  const coverage = coverageAfter(job, before, pages, openings, nowMs, firstRow(head, openings, job.series), options.historyStartMs)
  const revisions = revisionRows(reconciled.revisions, nowMs, pages[0]?.answer.requestId ?? '')
  const rejects = await freshRejects(rooms, head, pages, unitOf(job.series))
  const meta = metaChange(head, job, options.actionsVersion, nowMs)
  const outcome = {
    added: reconciled.added,
    changed: reconciled.changed,
    revised: reconciled.revisions.filter((revision) => revision.kind === 'revised').length,
    withdrawn: reconciled.withdrawn,
    rejected: rejects === null ? 0 : rowCount(rejects),
    holes: findHoles(rooms, job, proven, openings, coverage, pages, nowMs),
  }
  const isQuiet =
    reconciled.upsert === null && revisions === null && rejects === null && meta === null && sameCoverage(before, coverage)
  if (rebasing !== null || isQuiet) return { change: null, rebasing, rejects, outcome }
  const change: Change = {
    opId,
    ...rowsOf(job.series, reconciled, fresh, proven),
    coverage,
    ...(revisions === null ? {} : { revisions }),
    ...(rejects === null ? {} : { rejects }),
    ...(meta === null ? {} : { meta }),
    cause: {
      operation: job.operation,
      requestIds: [...new Set(pages.map((page) => page.answer.requestId))].slice(0, 16),
      added: reconciled.added,
      changed: reconciled.changed,
      removed: 0,
    },
    rowsPerYear: rowsPerYear(job),
  }
  return { change, rebasing, rejects, outcome }
}

function rowsOf(series: Series, reconciled: Reconciled, fresh: Columns, proven: readonly Range[]): Pick<Change, 'upsert' | 'replace'> {
  if (reconciled.upsert === null) return {}
  if (SCHEMAS[series.schema].identity === 'timestamp') return { upsert: reconciled.upsert }
  // Ticks have no key: what a range is proven to hold replaces what was there.
  const unit = SCHEMAS[series.schema].timeUnit
  const ms = timestampsMs(fresh.timestamp, unit)
  const replace = proven.map((range) => {
    return { range, rows: sliceColumns(fresh, lowerIndex(ms, range.startMs), lowerIndex(ms, range.endMs)) }
  })
  return { replace }
}

function reconcile(
  series: Series,
  stored: Columns,
  fresh: Columns,
  proven: readonly Range[],
  wasFinal: (ms: EpochMs) => boolean,
  isWithdrawn: (ticks: bigint) => boolean,
): Reconciled {
  if (SCHEMAS[series.schema].identity === 'timestamp') {
    return reconcileRows({ series, stored, fresh, proven, wasFinal, isWithdrawn })
  }
  const isSame = rowCount(stored) === rowCount(fresh) && allSame(stored, fresh)
  const added = Math.max(0, rowCount(fresh) - rowCount(stored))
  return { upsert: isSame ? null : fresh, added: isSame ? 0 : added, changed: 0, revisions: [], withdrawn: 0 }
}

function allSame(a: Columns, b: Columns): boolean {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return names.every((name) => {
    const [x, y] = [a[name], b[name]]
    if (x === undefined || y === undefined) return false
    for (let row = 0; row < rowCount(a); row++) if (!sameValue(x, row, y, row)) return false
    return true
  })
}

async function readStored(
  rooms: IngestRooms,
  head: Snapshot | null,
  proven: readonly Range[],
  fresh: Columns,
  series: Series,
): Promise<Columns> {
  if (head === null || head.span === null) return NONE
  const unit = SCHEMAS[series.schema].timeUnit
  const span = { startMs: msOf(head.span.first, unit), endMs: msOf(head.span.last, unit) + 1 }
  const parts: Columns[] = []
  const ranges = unionRanges([...proven, ...freshSpan(fresh, unit)])
  for (const range of ranges) {
    // Ranges beyond the stored rows need no read: an append stays an append.
    const inside = intersect(range, span)
    if (inside !== null) parts.push(await rooms.storage.read(head, { range: inside }))
  }
  return parts.length === 0 ? NONE : concatColumns(parts)
}

function freshSpan(fresh: Columns, unit: 'us' | 'ns'): Range[] {
  const rows = rowCount(fresh)
  if (rows === 0) return []
  return [{ startMs: msOf(fresh.timestamp[0] as bigint, unit), endMs: msOf(fresh.timestamp[rows - 1] as bigint, unit) + 1 }]
}

function finalTest(coverage: readonly CoverageRecord[]): (ms: EpochMs) => boolean {
  const final = provenRanges(coverage)
  return (ms) => final.some((range) => range.startMs <= ms && ms < range.endMs)
}

/** Rows marked withdrawn and not restored since, so that the same loss is recorded once. */
async function withdrawnTest(rooms: IngestRooms, head: Snapshot | null, proven: readonly Range[]): Promise<(ticks: bigint) => boolean> {
  if (head === null || head.revisions === 0 || proven.length === 0) return () => false
  const range = { startMs: (proven[0] as Range).startMs, endMs: (proven.at(-1) as Range).endMs }
  const table = await rooms.storage.read(head, { table: 'revisions', range })
  const gone = new Set<bigint>()
  const order = Array.from({ length: rowCount(table) }, (_, row) => row).toSorted((a, b) => seenAt(table, a) - seenAt(table, b))
  for (const row of order) {
    const kind = valueAt(table['kind'] as never, row)
    if (kind === 'withdrawn') gone.add(table.timestamp[row] as bigint)
    if (kind === 'restored') gone.delete(table.timestamp[row] as bigint)
  }
  return (ticks) => gone.has(ticks)
}

const seenAt = (table: Columns, row: number): number => Number(valueAt(table['seen_at'] as never, row) ?? 0)

/** Rejected rows that are not in the table yet: the same bad row of a re-fetch is no news. */
async function freshRejects(
  rooms: IngestRooms,
  head: Snapshot | null,
  pages: readonly BufferedPage[],
  unit: 'us' | 'ns',
): Promise<Columns | null> {
  const parts = pages.flatMap((page) => (page.rejects === null ? [] : [page.rejects]))
  if (parts.length === 0) return null
  const all = concatColumns(parts)
  if (head === null || head.rejects === 0) return all
  const times = timestampsMs(all.timestamp, unit).toSorted()
  const range = { startMs: Math.floor(times[0] as number), endMs: Math.ceil(times.at(-1) as number) + 1 }
  const known = await rooms.storage.read(head, { table: 'rejects', range })
  const keep = Array.from({ length: rowCount(all) }, (_, row) => row).filter((row) => !isKnownReject(all, row, known))
  return keep.length === 0 ? null : takeColumns(all, Int32Array.from(keep))
}

const unitOf = (series: Series): 'us' | 'ns' => SCHEMAS[series.schema].timeUnit

function isKnownReject(rejects: Columns, row: number, known: Columns): boolean {
  const names = Object.keys(rejects).filter((name) => name !== 'seen_at' && name !== 'request')
  for (let k = 0; k < rowCount(known); k++) {
    if (known.timestamp[k] !== rejects.timestamp[row]) continue
    const isSame = names.every((name) => {
      const old = known[name]
      const now = rejects[name] as NonNullable<typeof old>
      return old === undefined ? !isValid(now, row) : sameValue(now, row, old, k)
    })
    if (isSame) return true
  }
  return false
}

function mergedOpenings(stored: Columns, fresh: Columns, series: Series): Float64Array {
  const unit = SCHEMAS[series.schema].timeUnit
  const [a, b] = [timestampsMs(stored.timestamp, unit), timestampsMs(fresh.timestamp, unit)]
  const out = new Float64Array(a.length + b.length)
  let n = 0
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i] ?? Infinity, b[j] ?? Infinity]
    out[n++] = Math.min(x, y)
    if (x <= y) i++
    if (y <= x) j++
  }
  return out.subarray(0, n)
}

function coverageAfter(
  job: IngestJob,
  before: readonly CoverageRecord[],
  pages: readonly BufferedPage[],
  openings: Float64Array,
  nowMs: EpochMs,
  firstRowMs: EpochMs | null,
  historyStartMs: EpochMs | undefined,
): CoverageRecord[] {
  const { series, calendar } = job
  const clock = { series, calendar, capabilities: job.provider.capabilities }
  const finalEndMs = finalEnd(clock, nowMs)
  const has = (ms: EpochMs): boolean => openings[lowerIndex(openings, ms)] === ms
  const covered = coverAnswers(
    before,
    pages.map(({ answer }) => ({ ...answer, hasRows: hasRowsIn(openings, answer.proven, finalEndMs) })),
    {
      series,
      calendar,
      barsWithoutTrades: job.provider.capabilities.barsWithoutTrades,
      closedEndMs: closedEnd(clock, nowMs),
      finalEndMs,
      hasRow: has,
    },
  )
  return markListing(covered, firstRowMs, historyStartMs)
}

function hasRowsIn(openings: Float64Array, range: Range, endMs: EpochMs): boolean {
  const at = lowerIndex(openings, range.startMs)
  return at < openings.length && (openings[at] as number) < Math.min(range.endMs, endMs)
}

function lowerIndex(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

function firstRow(head: Snapshot | null, openings: Float64Array, series: Series): EpochMs | null {
  const stored = head?.span ? msOf(head.span.first, SCHEMAS[series.schema].timeUnit) : Infinity
  const first = Math.min(stored, openings[0] ?? Infinity)
  return Number.isFinite(first) ? first : null
}

function findHoles(
  rooms: IngestRooms,
  job: IngestJob,
  proven: readonly Range[],
  openings: Float64Array,
  coverage: readonly CoverageRecord[],
  pages: readonly BufferedPage[],
  nowMs: EpochMs,
): Range[] {
  if (job.series.interval === undefined) return []
  const rejectedMs = rejectedOpenings(job.series, pages)
  const holes: Range[] = []
  for (const range of proven) {
    const start = lowerIndex(openings, range.startMs)
    const end = lowerIndex(openings, range.endMs)
    const report = rooms.detector.detect({
      series: job.series,
      range,
      timestampsMs: openings.subarray(start, end),
      coverage,
      rejectedMs,
      calendar: job.calendar,
      capabilities: job.provider.capabilities,
      nowMs,
    })
    for (const gap of report.gaps) if (gap.kind === 'provider-missing') holes.push({ startMs: gap.startMs, endMs: gap.endMs })
  }
  const nulls = coverage.filter((record) => record.state === 'partial' && record.reason === 'null-row')
  for (const record of nulls) for (const range of proven) if (intersect(record, range) !== null) holes.push(record)
  const rejected = Array.from(rejectedMs, (ms) => ({ startMs: ms, endMs: ms + 1 }))
  return subtractRanges(holes, rejected)
}

function rejectedOpenings(series: Series, pages: readonly BufferedPage[]): Float64Array {
  const unit = SCHEMAS[series.schema].timeUnit
  const all = pages.flatMap((page) => (page.rejects === null ? [] : [...timestampsMs(page.rejects.timestamp, unit)]))
  return Float64Array.from(all.toSorted((a, b) => a - b))
}

function metaChange(head: Snapshot | null, job: IngestJob, actionsVersion: number | undefined, nowMs: EpochMs): SnapshotMeta | null {
  const known = head?.meta ?? {}
  const { calendar, provider, series } = job
  const isDaily = series.interval !== undefined && ['1d', '3d', '1w', '1mo'].includes(series.interval)
  const kind = provider.capabilities.basis[isDaily ? 'daily' : 'intraday']
  const meta: SnapshotMeta = {
    ...(head === null ? { createdAtMs: nowMs } : {}),
    ...(known.assetClass === job.assetClass ? {} : { assetClass: job.assetClass }),
    ...(series.schema !== 'ohlcv' || known.basis?.kind === kind ? {} : { basis: { kind, asOfMs: nowMs } }),
    ...(actionsVersion === undefined || known.actionsVersion === actionsVersion ? {} : { actionsVersion }),
    ...(known.calendar?.name === calendar.name && known.calendar.version === calendar.version
      ? {}
      : { calendar: { name: calendar.name, version: calendar.version } }),
  }
  return Object.keys(meta).length === 0 ? null : meta
}

function rowsPerYear(job: IngestJob): number {
  const { interval } = job.series
  // Ticks have no grid: a busy instrument prints a million times a day.
  if (interval === undefined) return SCHEMAS[job.series.schema].identity === 'range' ? 50_000_000 : 5_000
  const year = { startMs: Date.UTC(2023, 0, 1), endMs: Date.UTC(2024, 0, 1) }
  try {
    return job.calendar.expectedBars({ start: new Date(year.startMs), end: new Date(year.endMs) }, interval).length
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

function countRules(rejects: Columns | null): Record<string, number> {
  const rules: Record<string, number> = {}
  const column = rejects?.['rule']
  if (rejects === null || column === undefined) return rules
  for (let row = 0; row < rowCount(rejects); row++) {
    const rule = String(valueAt(column, row))
    rules[rule] = (rules[rule] ?? 0) + 1
  }
  return rules
}
