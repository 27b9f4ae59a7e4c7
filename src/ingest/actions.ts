/**
 * Splits and dividends as a series of their own: first seen, superseded, never deleted.
 * @module
 */
import {
  type Column,
  type Columns,
  bitmap,
  isValid,
  rowCount,
  sameValue,
  setBit,
  takeColumns,
  valueAt,
  valuesOf,
} from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { type CoverageRecord, recordCoverage, sameCoverage } from '../contract/coverage.ts'
import type { Range } from '../contract/range.ts'
import type { Series } from '../contract/series.ts'
import type { Snapshot, Storage } from '../contract/storage.ts'
import type { EpochMs } from '../contract/time.ts'
import { commitAgain } from './commit-again.ts'
import type { IngestRooms } from './job.ts'

/** The series of actions that belongs to a series of bars. */
export function actionsSeries(series: Series): Series {
  return Object.freeze({ provider: series.provider, schema: 'actions', symbol: series.symbol })
}

/** Actions of one answer, with the range for which they are all there are. */
export interface ActionsAnswer {
  /** Columns `timestamp kind value` and perhaps `currency`, sorted; `first_seen` is put in where they are stored. */
  readonly rows: Columns
  readonly proven: Range
  readonly requestId: string
  readonly asOfMs: EpochMs
}

/** Rows of the proven range after an answer, or null where nothing differs. */
export function mergeActions(stored: Columns, fresh: Columns, nowMs: EpochMs): Columns | null {
  const nowUs = BigInt(nowMs) * 1000n
  const taken = new Set<number>()
  const gone: number[] = []
  for (let s = 0; s < rowCount(stored); s++) {
    if (isSuperseded(stored, s)) continue
    const match = findAction(fresh, taken, stored, s)
    if (match < 0) gone.push(s)
    else taken.add(match)
  }
  const added = Array.from({ length: rowCount(fresh) }, (_, f) => f).filter((f) => !taken.has(f))
  if (gone.length === 0 && added.length === 0) return null
  const rows = Int32Array.from(added)
  const news = {
    ...takeColumns(fresh, rows),
    first_seen: new BigInt64Array(rows.length).fill(nowUs),
    superseded: noTimes(rows.length),
  }
  const old = rowCount(stored) === 0 ? [] : [supersede(stored, gone, nowUs)]
  return sortByTime(concatColumns([...old, news as unknown as Columns]))
}

function isSuperseded(actions: Columns, row: number): boolean {
  const column = actions['superseded']
  return column !== undefined && isValid(column, row)
}

function findAction(fresh: Columns, taken: ReadonlySet<number>, stored: Columns, s: number): number {
  for (let f = 0; f < rowCount(fresh); f++) {
    if (taken.has(f) || fresh.timestamp[f] !== stored.timestamp[s]) continue
    const isSame = ['kind', 'value'].every((name) => sameValue(fresh[name] as Column, f, stored[name] as Column, s))
    if (isSame) return f
  }
  return -1
}

function noTimes(rows: number): Column {
  return { values: new BigInt64Array(rows), valid: bitmap(rows, false) }
}

function supersede(stored: Columns, gone: readonly number[], nowUs: bigint): Columns {
  const rows = rowCount(stored)
  const before = stored['superseded'] ?? noTimes(rows)
  const values = BigInt64Array.from({ length: rows }, (_, row) => {
    const value = valueAt(before, row)
    return typeof value === 'bigint' ? value : 0n
  })
  const valid = bitmap(rows, false)
  for (let row = 0; row < rows; row++) {
    const isGone = gone.includes(row)
    if (isGone) values[row] = nowUs
    if (isGone || isValid(before, row)) valid[row >> 3]! |= 1 << (row & 7)
  }
  return { ...stored, superseded: { values, valid } } as unknown as Columns
}

function sortByTime(columns: Columns): Columns {
  const { timestamp } = columns
  const order = Array.from({ length: timestamp.length }, (_, row) => row).toSorted((a, b) => {
    const [x, y] = [timestamp[a] as bigint, timestamp[b] as bigint]
    return x < y ? -1 : x > y ? 1 : a - b
  })
  return takeColumns(columns, Int32Array.from(order))
}

/** The rows of a newer version as they stood at an instant: nothing is ever removed, so what was known then can be told. */
export function actionsAsOf(rows: Columns, atMs: EpochMs): Columns {
  const atUs = BigInt(Math.floor(atMs)) * 1000n
  const firstSeen = valuesOf(rows['first_seen'] as Column) as BigInt64Array
  const known = takeColumns(
    rows,
    Int32Array.from(firstSeen.keys()).filter((row) => (firstSeen[row] as bigint) <= atUs),
  )
  const superseded = known['superseded']
  if (superseded === undefined) return known
  const values = valuesOf(superseded) as BigInt64Array
  const valid = bitmap(values.length, false)
  for (const [row, us] of values.entries()) setBit(valid, row, isValid(superseded, row) && us <= atUs)
  return { ...known, superseded: { values, valid } } as unknown as Columns
}

/** Stores the actions of some answers and returns the newest version of their series. */
export async function commitActions(
  { storage, runtime }: Pick<IngestRooms, 'storage' | 'runtime'>,
  series: Series,
  answers: readonly ActionsAnswer[],
  options: { readonly opId: string; readonly operation: string },
): Promise<Snapshot | null> {
  return commitAgain(runtime, async () => {
    let head = await storage.head(series)
    for (const [i, answer] of answers.entries())
      head = await commitAnswer(storage, series, head, answer, `${options.opId}.${i}`, options.operation)
    return head
  })
}

async function commitAnswer(
  storage: Storage,
  series: Series,
  head: Snapshot | null,
  answer: ActionsAnswer,
  opId: string,
  operation: string,
): Promise<Snapshot | null> {
  const stored = head === null ? NONE : await storage.read(head, { range: answer.proven })
  const rows = mergeActions(stored, answer.rows, answer.asOfMs)
  const before: readonly CoverageRecord[] = head?.coverage ?? []
  const proof = { requestId: answer.requestId, asOfMs: answer.asOfMs }
  const coverage = recordCoverage(before, { ...answer.proven, state: 'data', ...proof })
  if (rows === null && sameCoverage(before, coverage)) return head
  return storage.commit(series, head, {
    opId,
    ...(rows === null ? {} : { replace: [{ range: answer.proven, rows }] }),
    coverage,
    rowsPerYear: 10,
    cause: { operation, requestIds: [answer.requestId] },
  })
}

const NONE: Columns = { timestamp: new BigInt64Array(0) }
