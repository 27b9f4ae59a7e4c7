/**
 * Rows and proofs that wait for the next commit. Bounded by the policy of flushing.
 * @module
 */
import { type Columns, lowerBound, rowCount, sliceColumns, takeColumns } from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { ticksOf } from '../contract/ticks.ts'
import { type Range, subtractRanges, unionRanges } from '../contract/range.ts'
import { SCHEMAS, type SchemaName } from '../contract/schema.ts'
import type { Partition } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import type { Checked } from './check.ts'
import type { Answer } from './cover.ts'

/** One checked page with what it proves. */
export interface BufferedPage {
  readonly answer: Answer
  readonly rows: Columns
  readonly rejects: Checked['rejects']
  readonly actions: { readonly rows: Columns; readonly proven: Range } | null
}

/** Finished partitions are committed once they hold this many rows together. */
export const COMMIT_ROWS = 32_768
/** An unfinished partition is committed only when this many rows wait: committing it earlier writes its file twice. */
export const COMMIT_ROWS_UNFINISHED = 131_072
/** No proof waits longer for its commit. */
export const COMMIT_AFTER_MS = 5_000
/** Inside one request proofs may wait longer: a partition that is not finished is written anew with each commit. */
export const COMMIT_AFTER_MS_INSIDE = 30_000

/** Pages that wait for the next commit, in order of arrival. */
export interface PageBuffer {
  readonly rows: number
  readonly isEmpty: boolean
  add(page: BufferedPage): void
  /** Forgets what one request brought, when it turns out not to be trusted. */
  drop(requestId: string): void
  /** Everything, leaving the buffer empty. */
  takeAll(): BufferedPage[]
  /** What lies before the last border of partitions that the pages have passed, if that is worth a commit; else null. */
  takeFinished(schema: SchemaName, partition: Partition): BufferedPage[] | null
}

/** Makes an empty buffer. */
export function createPageBuffer(): PageBuffer {
  let pages: BufferedPage[] = []
  let rows = 0
  const takeAll = (): BufferedPage[] => {
    const all = pages
    pages = []
    rows = 0
    return all
  }
  return {
    get rows() {
      return rows
    },
    get isEmpty() {
      return pages.length === 0
    },
    add(page) {
      pages.push(page)
      rows += rowCount(page.rows)
    },
    drop(requestId) {
      pages = pages.filter((page) => page.answer.requestId !== requestId)
      rows = pages.reduce((sum, page) => sum + rowCount(page.rows), 0)
    },
    takeAll,
    takeFinished(schema, partition) {
      if (rows < COMMIT_ROWS) return null
      const endMs = pages.reduce((last, page) => Math.max(last, page.answer.proven.endMs), -Infinity)
      const borderMs = partitionStart(partition, endMs)
      if (borderMs === null) return null
      const parts = pages.map((page) => splitPage(page, borderMs, schema))
      const before = parts.flatMap(([left]) => (left === null ? [] : [left]))
      if (before.reduce((sum, page) => sum + rowCount(page.rows), 0) < COMMIT_ROWS) return null
      pages = parts.flatMap(([, right]) => (right === null ? [] : [right]))
      rows = pages.reduce((sum, page) => sum + rowCount(page.rows), 0)
      return before
    },
  }
}

function partitionStart(partition: Partition, ms: EpochMs): EpochMs | null {
  const date = new Date(ms)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  if (partition === 'all') return null
  if (partition === 'year') return Date.UTC(year, 0, 1)
  if (partition === 'quarter') return Date.UTC(year, month - (month % 3), 1)
  return partition === 'month' ? Date.UTC(year, month, 1) : Date.UTC(year, month, date.getUTCDate())
}

/** A page cut in two at an instant. Rejects and actions stay with the left part, which is committed first. */
function splitPage(
  page: BufferedPage,
  borderMs: EpochMs,
  schema: SchemaName,
): [BufferedPage | null, BufferedPage | null] {
  const { proven } = page.answer
  if (proven.endMs <= borderMs) return [page, null]
  if (proven.startMs >= borderMs) return [null, page]
  const row = lowerBound(page.rows.timestamp, ticksOf(borderMs, SCHEMAS[schema].timeUnit))
  const part = (rows: Columns, range: Range, nullMs: readonly EpochMs[]): BufferedPage => ({
    answer: { ...page.answer, proven: range, hasRows: rowCount(rows) > 0, nullMs },
    rows,
    rejects: null,
    actions: null,
  })
  const left = part(
    sliceColumns(page.rows, 0, row),
    { startMs: proven.startMs, endMs: borderMs },
    page.answer.nullMs.filter((ms) => ms < borderMs),
  )
  const right = part(
    sliceColumns(page.rows, row, rowCount(page.rows)),
    { startMs: borderMs, endMs: proven.endMs },
    page.answer.nullMs.filter((ms) => ms >= borderMs),
  )
  return [{ ...left, rejects: page.rejects, actions: page.actions }, right]
}

/** All rows of some pages, sorted; of equal timestamps the later page's row, where the schema keeps one. */
export function mergePages(pages: readonly BufferedPage[], schema: SchemaName): Columns {
  if (SCHEMAS[schema].identity === 'range') return mergeProven(pages, SCHEMAS[schema].timeUnit)
  const parts = pages.map((page) => page.rows).filter((rows) => rowCount(rows) > 0)
  if (parts.length === 0) return NO_ROWS
  const all = concatColumns(parts)
  return isAscending(all.timestamp) ? all : sortUnique(all)
}

const NO_ROWS: Columns = { timestamp: new BigInt64Array(0) }

/**
 * Rows without a key belong to the range that their page proves: what lies beside it another page may bring again,
 * and of a range that two pages prove the later page's rows are the ones.
 */
function mergeProven(pages: readonly BufferedPage[], unit: 'us' | 'ns'): Columns {
  let later: Range[] = []
  const parts: Columns[] = []
  for (const { answer, rows } of pages.toReversed()) {
    for (const { startMs, endMs } of subtractRanges([answer.proven], later)) {
      const [start, end] = [
        lowerBound(rows.timestamp, ticksOf(startMs, unit)),
        lowerBound(rows.timestamp, ticksOf(endMs, unit)),
      ]
      if (start < end) parts.push(sliceColumns(rows, start, end))
    }
    later = unionRanges([...later, answer.proven])
  }
  const sorted = parts.toSorted((a, b) => ((a.timestamp[0] as bigint) < (b.timestamp[0] as bigint) ? -1 : 1))
  return sorted.length === 0 ? NO_ROWS : concatColumns(sorted)
}

function isAscending(timestamp: BigInt64Array): boolean {
  for (let i = 1; i < timestamp.length; i++) if ((timestamp[i - 1] as bigint) >= (timestamp[i] as bigint)) return false
  return true
}

function sortUnique(columns: Columns): Columns {
  const { timestamp } = columns
  const order = Array.from({ length: timestamp.length }, (_, row) => row).toSorted((a, b) => {
    const [x, y] = [timestamp[a] as bigint, timestamp[b] as bigint]
    return x < y ? -1 : x > y ? 1 : a - b
  })
  const rows = order.filter((row, i) => i + 1 >= order.length || timestamp[order[i + 1] as number] !== timestamp[row])
  return takeColumns(columns, Int32Array.from(rows))
}
