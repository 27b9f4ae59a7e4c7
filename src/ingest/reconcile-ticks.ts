/**
 * Compares the rows of a schema without a key with what a source sends now. Pure.
 * What a range is proven to hold takes the place of what was there; only where the two differ is anything replaced.
 * @module
 */
import {
  type Column,
  type Columns,
  isValid,
  lowerBound,
  rowCount,
  sameValue,
  sliceColumns,
  valueAt,
} from '../contract/columns.ts'
import { msOf, ticksOf } from '../contract/ticks.ts'
import { type Range, intersectRanges, subtractRanges } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Change } from '../contract/storage.ts'
import { mergeActions } from './actions.ts'
import type { ReconcileInput, Reconciled, Revision } from './reconcile.ts'

type Replacement = NonNullable<Change['replace']>[number]

/** What is compared, and when. */
export interface TickInput extends ReconcileInput {
  /** What was final before, sorted and disjoint. */
  readonly final: readonly Range[]
  readonly nowMs: number
}

/** What the comparison of the proven ranges found. */
interface Draft {
  readonly replace: Replacement[]
  readonly revisions: Revision[]
  added: number
  removed: number
  withdrawn: number
}

/**
 * Compares stored with fresh rows, range by range. Identical prints are told apart by their number alone.
 * An answer without any row takes no final row away: those stay and are marked, as bars do.
 */
export function reconcileTicks(input: TickInput): Reconciled {
  const { schema } = input.series
  const unit = SCHEMAS[schema].timeUnit
  const draft: Draft = { replace: [], revisions: [], added: 0, removed: 0, withdrawn: 0 }
  // From there on an answer overrules nothing that is final: a slower writer may bring the past.
  const late = input.proven.flatMap((range) =>
    intersectRanges([range], [{ startMs: input.freshFinalEndMs, endMs: Infinity }]),
  )
  for (const range of subtractRanges(input.proven, intersectRanges(late, input.final))) {
    const [stored, fresh] = [within(input.stored, range, unit), within(input.fresh, range, unit)]
    if (schema === 'actions') compareActions(stored, fresh, range, input.nowMs, draft)
    else if (rowCount(fresh) === 0 && hasFinal(stored, unit, input)) markAll(stored, unit, input, draft)
    else if (rowCount(stored) === 0) append(fresh, range, draft)
    else compareTicks(stored, fresh, unit, input, draft)
  }
  const { replace, revisions, added, removed, withdrawn } = draft
  return { upsert: null, replace, revisions, added, changed: 0, removed, withdrawn }
}

function within(rows: Columns, range: Range, unit: 'us' | 'ns'): Columns {
  const { timestamp } = rows
  return sliceColumns(
    rows,
    lowerBound(timestamp, ticksOf(range.startMs, unit)),
    lowerBound(timestamp, ticksOf(range.endMs, unit)),
  )
}

function append(fresh: Columns, range: Range, draft: Draft): void {
  if (rowCount(fresh) === 0) return
  draft.replace.push({ range, rows: fresh })
  draft.added += rowCount(fresh)
}

/** Events keep when they were first seen, and those that the source took back are marked, never removed. */
function compareActions(stored: Columns, fresh: Columns, range: Range, nowMs: number, draft: Draft): void {
  const rows = mergeActions(stored, fresh, nowMs)
  if (rows === null) return
  draft.replace.push({ range, rows })
  draft.added += rowCount(rows) - rowCount(stored)
}

function hasFinal(stored: Columns, unit: 'us' | 'ns', { wasFinal }: ReconcileInput): boolean {
  return stored.timestamp.some((ticks) => wasFinal(msOf(ticks, unit)))
}

function markAll(stored: Columns, unit: 'us' | 'ns', { wasFinal, isWithdrawn }: ReconcileInput, draft: Draft): void {
  for (const [row, ticks] of stored.timestamp.entries()) {
    const isRepeat = row > 0 && stored.timestamp[row - 1] === ticks
    if (isRepeat || isWithdrawn(ticks) || !wasFinal(msOf(ticks, unit))) continue
    draft.revisions.push({ ticks, column: '*', old: null, new: null, kind: 'withdrawn' })
    draft.withdrawn++
  }
}

/** Walks both sides instant by instant; what is replaced is the stretch from the first difference to the last. */
function compareTicks(stored: Columns, fresh: Columns, unit: 'us' | 'ns', input: ReconcileInput, draft: Draft): void {
  const names = Object.keys({ ...stored, ...fresh }).filter((name) => name !== 'timestamp')
  const [a, b] = [stored.timestamp, fresh.timestamp]
  let [first, last]: [bigint | null, bigint] = [null, 0n]
  for (let s = 0, f = 0; s < a.length || f < b.length;) {
    const ticks = s >= a.length ? (b[f] as bigint) : f >= b.length ? (a[s] as bigint) : a[s]! < b[f]! ? a[s]! : b[f]!
    const [endS, endF] = [endOfEqual(a, s, ticks), endOfEqual(b, f, ticks)]
    const { gone, come } = unmatched(names, stored, s, endS, fresh, f, endF)
    if (gone.length + come.length > 0) {
      first ??= ticks
      last = ticks
      draft.added += come.length
      draft.removed += gone.length
      if (input.wasFinal(msOf(ticks, unit))) tell(ticks, names, stored, gone, fresh, come, draft)
    }
    if (endF > f && input.isWithdrawn(ticks))
      draft.revisions.push({ ticks, column: '*', old: null, new: null, kind: 'restored' })
    s = endS
    f = endF
  }
  if (first === null) return
  const range = { startMs: msOf(first, unit), endMs: msOf(last, unit) + 1 }
  draft.replace.push({ range, rows: within(fresh, range, unit) })
}

function endOfEqual(timestamp: BigInt64Array, from: number, ticks: bigint): number {
  let end = from
  while (end < timestamp.length && timestamp[end] === ticks) end++
  return end
}

/** Rows of one instant that the other side lacks; the order of equal timestamps counts. */
function unmatched(
  names: readonly string[],
  stored: Columns,
  startS: number,
  endS: number,
  fresh: Columns,
  startF: number,
  endF: number,
): { gone: number[]; come: number[] } {
  let f = startF
  const gone: number[] = []
  const come: number[] = []
  for (let s = startS; s < endS; s++) {
    let match = f
    while (match < endF && !sameRow(names, stored, s, fresh, match)) match++
    if (match === endF) gone.push(s)
    else {
      for (; f < match; f++) come.push(f)
      f = match + 1
    }
  }
  for (; f < endF; f++) come.push(f)
  return { gone, come }
}

function sameRow(names: readonly string[], stored: Columns, s: number, fresh: Columns, f: number): boolean {
  return names.every((name) => same(stored[name], s, fresh[name], f))
}

/** A column that one side lacks is null there. */
function same(old: Column | undefined, s: number, now: Column | undefined, f: number): boolean {
  if (old !== undefined && now !== undefined) return sameValue(old, s, now, f)
  return (old === undefined || !isValid(old, s)) && (now === undefined || !isValid(now, f))
}

/** A final row that changed is a revision; where another of its instant came for it, that is its new value. */
function tell(
  ticks: bigint,
  names: readonly string[],
  stored: Columns,
  gone: readonly number[],
  fresh: Columns,
  come: readonly number[],
  draft: Draft,
): void {
  for (const [i, s] of gone.entries()) {
    const f = come[i]
    if (f === undefined) draft.withdrawn++
    for (const name of names) {
      const [old, now] = [numberAt(stored[name], s), f === undefined ? null : numberAt(fresh[name], f)]
      if (f !== undefined ? same(stored[name], s, fresh[name], f) : old === null) continue
      draft.revisions.push({ ticks, column: name, old, new: now, kind: f === undefined ? 'withdrawn' : 'revised' })
    }
  }
}

function numberAt(column: Column | undefined, row: number): number | null {
  const value = column === undefined ? null : valueAt(column, row)
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null
}
