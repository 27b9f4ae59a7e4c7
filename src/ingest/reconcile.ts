/**
 * Compares rows that a source sends now with rows that are stored. Pure.
 * A re-fetch never deletes: what a later answer lacks stays and is marked.
 * @module
 */
import {
  type Column,
  type Columns,
  columnLength,
  isValid,
  rowCount,
  sameValue,
  takeColumns,
  valueAt,
} from '../contract/columns.ts'
import { msOf } from '../contract/ticks.ts'
import { type Range, contains } from '../contract/range.ts'
import { SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import type { Change } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'

/** What is compared. */
export interface ReconcileInput {
  readonly series: Series
  /** Stored rows in the compared ranges, sorted. */
  readonly stored: Columns
  /** Rows of the answers, sorted, one a timestamp. */
  readonly fresh: Columns
  /** What the answers prove complete, sorted and disjoint. */
  readonly proven: readonly Range[]
  /** Was the stored row at this instant final when it was stored? Only then is a change a revision. */
  wasFinal(ms: EpochMs): boolean
  /** Is the row known to be withdrawn already? */
  isWithdrawn(ticks: bigint): boolean
  /** First opening that was not final yet when the answers came: from there on they overrule nothing that is final. */
  readonly freshFinalEndMs: EpochMs
}

/** One change of a stored value. */
export interface Revision {
  readonly ticks: bigint
  /** `*` where the whole row is meant. */
  readonly column: string
  readonly old: number | null
  readonly new: number | null
  readonly kind: 'revised' | 'withdrawn' | 'restored' | 'rebased'
}

/** What the comparison found. */
export interface Reconciled {
  /** Rows that are new or differ; null without. */
  readonly upsert: Columns | null
  /** Ranges whose rows are replaced, of schemas without a key. */
  readonly replace: NonNullable<Change['replace']>
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly revisions: readonly Revision[]
  /** Stored rows that a proven answer lacks now. */
  readonly withdrawn: number
}

/** Compares stored with fresh rows of a schema that keeps one row a timestamp. */
export function reconcileRows(input: ReconcileInput): Reconciled {
  const { stored, fresh, series } = input
  const unit = SCHEMAS[series.schema].timeUnit
  const names = Object.keys(fresh).filter((name) => name !== 'timestamp')
  const chosen: number[] = []
  const revisions: Revision[] = []
  const counts = { added: 0, changed: 0, withdrawn: 0 }
  let s = 0
  let p = 0
  const isProven = (ms: EpochMs): boolean => {
    while (p < input.proven.length && (input.proven[p] as Range).endMs <= ms) p++
    const range = input.proven[p]
    return range !== undefined && contains(range, { startMs: ms, endMs: ms })
  }
  const lacks = (row: number): void => {
    const ticks = stored.timestamp[row] as bigint
    const ms = msOf(ticks, unit)
    if (!isProven(ms) || ms >= input.freshFinalEndMs || input.isWithdrawn(ticks)) return
    revisions.push({ ticks, column: '*', old: null, new: null, kind: 'withdrawn' })
    counts.withdrawn++
  }
  for (let f = 0; f < rowCount(fresh); f++) {
    const ticks = fresh.timestamp[f] as bigint
    while (s < rowCount(stored) && (stored.timestamp[s] as bigint) < ticks) lacks(s++)
    // A slower writer may bring a bar as it was before it became final; another has stored it since.
    const ms = msOf(ticks, unit)
    if (ms >= input.freshFinalEndMs && input.wasFinal(ms)) {
      if (stored.timestamp[s] === ticks) s++
      continue
    }
    if (s >= rowCount(stored) || stored.timestamp[s] !== ticks) {
      chosen.push(f)
      counts.added++
      continue
    }
    if (input.isWithdrawn(ticks)) revisions.push({ ticks, column: '*', old: null, new: null, kind: 'restored' })
    const changes = changedColumns(names, stored, s, fresh, f)
    if (changes.length > 0) {
      chosen.push(f)
      counts.changed++
      if (input.wasFinal(ms)) revisions.push(...changes.map((name) => revised(ticks, name, stored, s, fresh, f)))
    }
    s++
  }
  while (s < rowCount(stored)) lacks(s++)
  const upsert = chosen.length === 0 ? null : takeColumns(withStoredColumns(fresh, stored), Int32Array.from(chosen))
  return { upsert, replace: [], removed: 0, revisions, ...counts }
}

function changedColumns(names: readonly string[], stored: Columns, s: number, fresh: Columns, f: number): string[] {
  return names.filter((name) => {
    const [now, old] = [fresh[name] as Column, stored[name]]
    if (old === undefined) return isValid(now, f)
    return !sameValue(old, s, now, f)
  })
}

function revised(ticks: bigint, column: string, stored: Columns, s: number, fresh: Columns, f: number): Revision {
  const old = stored[column]
  return {
    ticks,
    column,
    old: old === undefined ? null : asNumber(valueAt(old, s)),
    new: asNumber(valueAt(fresh[column] as Column, f)),
    kind: 'revised',
  }
}

function asNumber(value: number | bigint | string | null): number | null {
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null
}

/**
 * Fresh rows with the columns that only the store has, taken from the rows they replace:
 * an answer that does not carry a column says nothing about it.
 */
export function withStoredColumns(fresh: Columns, stored: Columns): Columns {
  const missing = Object.keys(stored).filter((name) => !Object.hasOwn(fresh, name))
  if (missing.length === 0 || rowCount(stored) === 0) return fresh
  const from = new Int32Array(rowCount(fresh)).fill(-1)
  let s = 0
  for (let f = 0; f < from.length; f++) {
    while (s < rowCount(stored) && (stored.timestamp[s] as bigint) < (fresh.timestamp[f] as bigint)) s++
    if (s < rowCount(stored) && stored.timestamp[s] === fresh.timestamp[f]) from[f] = s
  }
  const out: Record<string, Column> = { ...fresh }
  for (const name of missing) out[name] = gather(stored[name] as Column, from)
  return out as unknown as Columns
}

function gather(column: Column, from: Int32Array): Column {
  const rows = Int32Array.from(from, (row) => Math.max(row, 0))
  const valid = new Uint8Array((from.length + 7) >> 3)
  for (let i = 0; i < from.length; i++) {
    const row = from[i] as number
    if (row >= 0 && row < columnLength(column) && isValid(column, row)) valid[i >> 3]! |= 1 << (i & 7)
  }
  const taken = takeColumns({ timestamp: new BigInt64Array(0), column } as Columns, rows)['column'] as Column
  return { values: 'valid' in taken ? taken.values : taken, valid }
}

/** Revisions as the table beside the series holds them. */
export function revisionRows(revisions: readonly Revision[], nowMs: EpochMs, requestId: string): Columns | null {
  if (revisions.length === 0) return null
  const sorted = revisions.toSorted((a, b) => (a.ticks < b.ticks ? -1 : a.ticks > b.ticks ? 1 : 0))
  const total = sorted.length
  const text = (values: readonly string[]): Column => {
    const dictionary = [...new Set(values)]
    return { indices: Int32Array.from(values, (value) => dictionary.indexOf(value)), dictionary }
  }
  const nullable = (values: readonly (number | null)[]): Column => {
    const valid = new Uint8Array((total + 7) >> 3)
    values.forEach((value, i) => {
      if (value !== null) valid[i >> 3]! |= 1 << (i & 7)
    })
    return { values: Float64Array.from(values, (value) => value ?? 0), valid }
  }
  return {
    timestamp: BigInt64Array.from(sorted, (revision) => revision.ticks),
    column: text(sorted.map((revision) => revision.column)),
    old: nullable(sorted.map((revision) => revision.old)),
    new: nullable(sorted.map((revision) => revision.new)),
    kind: text(sorted.map((revision) => revision.kind)),
    seen_at: new BigInt64Array(total).fill(BigInt(nowMs) * 1000n),
    request: text(sorted.map(() => requestId)),
  } as unknown as Columns
}
