/**
 * What a change does to sorted rows. Pure; the same for every store.
 * @module
 */
import { isRising } from '../contract/tick-doubles.ts'
import {
  type Columns,
  isDictionary,
  isNullable,
  lowerBound,
  rowCount,
  sliceColumns,
  takeColumns,
  valuesOf,
} from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { ticksOf } from '../contract/ticks.ts'
import { DataError } from '../contract/errors.ts'
import type { Range } from '../contract/range.ts'
import type { Change } from '../contract/storage.ts'
import { rowComparer } from './row-comparer.ts'

/**
 * One step of a change, in ticks of the schema.
 * `replace` drops the rows in `[start, end)` and puts its own there; `upsert` replaces rows of the same timestamp, else
 * adds; `insert` adds and keeps equal timestamps, the new ones last.
 */
export interface Edit {
  readonly kind: 'replace' | 'upsert' | 'insert'
  /** Inclusive; of `upsert` and `insert` the first timestamp. */
  readonly start: bigint
  /** Exclusive; of `upsert` and `insert` one tick after the last timestamp. */
  readonly end: bigint
  readonly rows: Columns
}

/** How many rows a change touched. */
export interface Counts {
  readonly added: number
  readonly changed: number
  readonly removed: number
}

/** No row touched. */
export const NONE: Counts = Object.freeze({ added: 0, changed: 0, removed: 0 })

/** Adds two counts. */
export function addCounts(a: Counts, b: Counts): Counts {
  return { added: a.added + b.added, changed: a.changed + b.changed, removed: a.removed + b.removed }
}

/**
 * Checks the rows of a change and lists its edits: replacements in their order, then the upsert.
 * @throws {DataError} `data/invalid` for rows that are unsorted, repeat a timestamp in an upsert, or lie outside the
 *   range they replace; `data/schema-mismatch` for columns of unequal length
 */
export function editsOf(change: Change, unit: 'us' | 'ns'): Edit[] {
  const edits: Edit[] = []
  for (const { range, rows } of change.replace ?? []) {
    if (range.startMs >= range.endMs && rowCount(rows) === 0) continue
    const [start, end] = [ticksOf(range.startMs, unit), ticksOf(range.endMs, unit)]
    checkRows('replace', rows, false)
    checkWithin(rows, range, start, end)
    edits.push({ kind: 'replace', start, end, rows })
  }
  if (change.upsert !== undefined && rowCount(change.upsert) > 0) {
    checkRows('upsert', change.upsert, true)
    edits.push(spanned('upsert', change.upsert))
  }
  return edits
}

/** The edit that adds rows to a table beside the series; null without rows. Sorts them. */
export function insertOf(field: string, rows: Columns | undefined): Edit | null {
  if (rows === undefined || rowCount(rows) === 0) return null
  checkLengths(field, rows)
  return spanned('insert', sortedRows(rows))
}

function spanned(kind: 'upsert' | 'insert', rows: Columns): Edit {
  const { timestamp } = rows
  return { kind, start: timestamp[0] as bigint, end: (timestamp.at(-1) as bigint) + 1n, rows }
}

function sortedRows(rows: Columns): Columns {
  const { timestamp } = rows
  const order = Int32Array.from(timestamp.keys()).sort((a, b) => {
    const [x, y] = [timestamp[a] as bigint, timestamp[b] as bigint]
    return x < y ? -1 : x > y ? 1 : a - b
  })
  return order.every((row, i) => row === i) ? rows : takeColumns(rows, order)
}

function invalid(field: string, message: string): DataError {
  return new DataError('data/invalid', `${field}: ${message}`, { field })
}

function checkLengths(field: string, rows: Columns): void {
  const n = rowCount(rows)
  for (const [name, column] of Object.entries(rows)) {
    const values = valuesOf(column)
    const length = isDictionary(values) ? values.indices.length : values.length
    const bits = isNullable(column) ? column.valid.length * 8 : n
    if (length !== n || bits < n) {
      throw new DataError('data/schema-mismatch', `${field}: column ${name} is ${length} long, timestamp ${n}`, {
        field: name,
      })
    }
  }
}

/** Least of 32 bits with a sign; turns the order of those without into it. */
const LOWEST = -2_147_483_648

function checkRows(field: string, rows: Columns, distinct: boolean): void {
  checkLengths(field, rows)
  const { timestamp } = rows
  if (isRising(timestamp)) return
  // A bigint a row is ten times slower than its two halves.
  const lanes = new Int32Array(timestamp.buffer, timestamp.byteOffset, timestamp.length * 2)
  let high = LOWEST
  let low = LOWEST
  for (let i = 0; i < lanes.length; i += 2) {
    const nextHigh = lanes[i + 1] as number
    const nextLow = (lanes[i] as number) ^ LOWEST
    if (nextHigh < high || (nextHigh === high && nextLow < low)) {
      throw invalid(field, `row ${i / 2} is earlier than the row before: sort the rows by timestamp`)
    }
    if (distinct && i > 0 && nextHigh === high && nextLow === low) {
      throw invalid(field, `row ${i / 2} repeats the timestamp of the row before: keep one of them`)
    }
    high = nextHigh
    low = nextLow
  }
}

function checkWithin(rows: Columns, range: Range, start: bigint, end: bigint): void {
  const { timestamp } = rows
  if (timestamp.length === 0) return
  if ((timestamp[0] as bigint) < start || (timestamp.at(-1) as bigint) >= end) {
    throw invalid('replace', `rows lie outside the replaced range ${range.startMs} .. ${range.endMs}: cut them to it`)
  }
}

/** Part of an edit whose rows and range lie in `[start, end)`; null where nothing does. */
export function cutEdit(edit: Edit, start: bigint, end: bigint): Edit | null {
  const [from, to] = [edit.start > start ? edit.start : start, edit.end < end ? edit.end : end]
  if (from >= to) return null
  if (from === edit.start && to === edit.end) return edit
  const rows = sliceColumns(edit.rows, lowerBound(edit.rows.timestamp, from), lowerBound(edit.rows.timestamp, to))
  if (edit.kind !== 'replace' && rowCount(rows) === 0) return null
  return { kind: edit.kind, start: from, end: to, rows }
}

/** Applies edits in order. `rows` is null where none are left. */
export function applyEdits(stored: Columns | null, edits: readonly Edit[]): { rows: Columns | null; counts: Counts } {
  let rows = stored !== null && rowCount(stored) === 0 ? null : stored
  let counts = NONE
  for (const edit of edits) {
    const done = applyEdit(rows, edit)
    rows = done.rows
    counts = addCounts(counts, done.counts)
  }
  return { rows, counts }
}

type Run = readonly [part: 0 | 1, start: number, end: number]

function applyEdit(stored: Columns | null, edit: Edit): { rows: Columns | null; counts: Counts } {
  const fresh = rowCount(edit.rows)
  if (stored === null) return { rows: fresh === 0 ? null : edit.rows, counts: { ...NONE, added: fresh } }
  const low = lowerBound(stored.timestamp, edit.start)
  const high = lowerBound(stored.timestamp, edit.end)
  const total = rowCount(stored)
  if (edit.kind === 'replace') {
    const counts = compareRows(stored, low, high, edit.rows)
    const rows = joinRuns(stored, edit.rows, [
      [0, 0, low],
      [1, 0, fresh],
      [0, high, total],
    ])
    return { rows, counts }
  }
  const merged = mergeRuns(stored, low, high, edit.rows, edit.kind === 'upsert')
  const runs: Run[] = [[0, 0, low], ...merged.runs, [0, high, total]]
  return { rows: joinRuns(stored, edit.rows, runs), counts: merged.counts }
}

/** Walks both sides between two rows of the stored ones; of equal timestamps, `upsert` keeps the new row alone. */
function mergeRuns(
  stored: Columns,
  low: number,
  high: number,
  fresh: Columns,
  upsert: boolean,
): { runs: Run[]; counts: Counts } {
  const [a, b] = [stored.timestamp, fresh.timestamp]
  const runs: Run[] = []
  const isSame = rowComparer(stored, fresh)
  let [i, j, changed, same] = [low, 0, 0, 0]
  while (i < high || j < b.length) {
    const [fromOld, fromNew] = [i, j]
    while (i < high && (j >= b.length || (a[i] as bigint) < (b[j] as bigint) || (!upsert && a[i] === b[j]))) i++
    if (i > fromOld) runs.push([0, fromOld, i])
    while (j < b.length && (i >= high || (b[j] as bigint) < (a[i] as bigint) || (upsert && a[i] === b[j]))) {
      if (i < high && a[i] === b[j]) {
        if (isSame(i, j)) same++
        else changed++
        i++
      }
      j++
    }
    if (j > fromNew) runs.push([1, fromNew, j])
  }
  return { runs, counts: { added: b.length - changed - same, changed, removed: 0 } }
}

/** Counts what a replacement does, pairing rows of equal timestamps in their order. */
function compareRows(stored: Columns, low: number, high: number, fresh: Columns): Counts {
  const [a, b] = [stored.timestamp, fresh.timestamp]
  const isSame = rowComparer(stored, fresh)
  let [i, j, added, changed, removed] = [low, 0, 0, 0, 0]
  while (i < high || j < b.length) {
    if (j >= b.length || (i < high && (a[i] as bigint) < (b[j] as bigint))) {
      removed++
      i++
    } else if (i >= high || (b[j] as bigint) < (a[i] as bigint)) {
      added++
      j++
    } else {
      if (!isSame(i, j)) changed++
      i++
      j++
    }
  }
  return { added, changed, removed }
}

/** Above this many runs rows are taken one by one, since a slice costs more than a few rows. */
const MAX_SLICES = 64

function joinRuns(stored: Columns, fresh: Columns, runs: readonly Run[]): Columns | null {
  const filled = runs.filter(([, start, end]) => start < end)
  if (filled.length === 0) return null
  const parts = [stored, fresh] as const
  if (filled.length <= MAX_SLICES) {
    return concatColumns(filled.map(([part, start, end]) => sliceColumns(parts[part], start, end)))
  }
  const offset = rowCount(stored)
  const order = new Int32Array(filled.reduce((sum, [, start, end]) => sum + end - start, 0))
  let at = 0
  for (const [part, start, end] of filled) {
    for (let row = start; row < end; row++) order[at++] = row + (part === 1 ? offset : 0)
  }
  return takeColumns(concatColumns([stored, fresh]), order)
}
