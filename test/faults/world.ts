/**
 * A store on a simulated disk, with a model beside it that says what the store must hold after each action.
 * @module
 */
import type { Columns } from '../../src/contract/columns.ts'
import { type CoverageRecord, forgetCoverage, recordCoverage } from '../../src/contract/coverage.ts'
import type { Series } from '../../src/contract/series.ts'
import type { Change, MaintainReport, MaintainTask, Partition, Snapshot, Storage } from '../../src/contract/storage.ts'
import { type FsPort, type HistoryOptions, createLocalStorage } from '../../src/storage/local/index.ts'
import { type SeriesPaths, pathsOf } from '../../src/storage/local/layout.ts'
import { type Random, randomFrom } from './random.ts'
import type { DiskState } from './sim-disk.ts'
import { type SimFs, createSimFs } from './sim-fs.ts'

/** Folder of every simulated store. */
export const STORE_ROOT = '/lake'
/** Step of the bars. */
export const MINUTE_MS = 60_000
/** First bar that tests store. */
export const START_MS = Date.UTC(2024, 0, 31, 22)

/** The series that tests write. */
export const SERIES: Series = { provider: 'fake', schema: 'ohlcv', symbol: 'BTC-USD', interval: '1m' }

/** Its folders. */
export const PATHS: SeriesPaths = pathsOf(STORE_ROOT, SERIES)

/** Rows as the model keeps them: closing price by bar open in epoch milliseconds. */
export type Rows = ReadonlyMap<number, number>

/** What the store must hold. */
export interface Expected {
  readonly rows: Rows
  readonly coverage: readonly CoverageRecord[]
  readonly revisions: number
  readonly rejects: number
  /** Rows of each pinned version. */
  readonly pins: ReadonlyMap<string, Rows>
}

/** Nothing stored. */
export const NOTHING: Expected = { rows: new Map(), coverage: [], revisions: 0, rejects: 0, pins: new Map() }

/** A clock that only tests move, except that waiting moves it on. */
export interface SimClock {
  nowMs: number
}

/** A store on a simulated disk. */
export interface World {
  readonly sim: SimFs
  readonly storage: Storage
  readonly clock: SimClock
  readonly random: Random
  /** Told by the store. */
  readonly warnings: string[]
}

/** How a world differs from the usual one. */
export interface WorldOptions {
  readonly disk?: DiskState
  readonly seed?: number
  readonly nowMs?: number
  readonly partition?: Partition
  readonly history?: HistoryOptions
  readonly graceMs?: number
  readonly lockTimeoutMs?: number
  /** Puts something between the store and the disk. */
  readonly wrap?: (fs: FsPort) => FsPort
}

/** Opens a store on a disk. */
export function openWorld(options: WorldOptions = {}): World {
  const clock = { nowMs: options.nowMs ?? Date.UTC(2024, 5, 15) }
  const random = randomFrom(options.seed ?? 1)
  const sim = createSimFs(() => clock.nowMs, options.disk)
  const warnings: string[] = []
  const storage = createLocalStorage({
    root: STORE_ROOT,
    fs: options.wrap?.(sim) ?? sim,
    now: () => clock.nowMs,
    random,
    sleep: async (ms) => void (clock.nowMs += Math.ceil(ms)),
    partition: options.partition ?? 'month',
    onWarning: ({ code, message }) => void warnings.push(`${code}: ${message}`),
    ...(options.history === undefined ? {} : { history: options.history }),
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    ...(options.lockTimeoutMs === undefined ? {} : { lockTimeoutMs: options.lockTimeoutMs }),
  })
  return { sim, storage, clock, random, warnings }
}

/** Bars `[first, first + count)` minutes after {@link START_MS}; the closing price tells the writer. */
export function bars(first: number, count: number, price: number): Map<number, number> {
  return new Map(
    Array.from({ length: count }, (_, i) => [START_MS + (first + i) * MINUTE_MS, price + i / 1024] as const),
  )
}

/** The model's rows as the store takes them. */
export function columnsOfRows(rows: Rows): Columns {
  const sorted = [...rows].toSorted(([a], [b]) => a - b)
  const price = (factor: number): Float64Array => Float64Array.from(sorted, ([, close]) => close * factor)
  return {
    timestamp: BigInt64Array.from(sorted, ([ms]) => BigInt(ms) * 1000n),
    open: price(1),
    high: price(1.5),
    low: price(0.5),
    close: price(1),
    volume: price(2),
  }
}

/** Rows as the store gave them, in its order. */
export function rowsOfColumns({ timestamp, ...columns }: Columns): [ms: number, close: number][] {
  const close = columns['close'] as Float64Array | undefined
  return Array.from(timestamp, (ticks, i) => [Number(ticks / 1000n), close?.[i] ?? NaN])
}

/** One thing that is done to a store. */
export type Action =
  | { readonly kind: 'upsert'; readonly rows: Rows; readonly revisions?: number; readonly rejects?: number }
  | { readonly kind: 'replace'; readonly rows: Rows; readonly startMs: number; readonly endMs: number }
  | { readonly kind: 'pin'; readonly name: string }
  | { readonly kind: 'unpin'; readonly name: string }
  | { readonly kind: 'read' }
  | { readonly kind: 'note' }
  | { readonly kind: 'lock' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'maintain'; readonly task: MaintainTask }

const covers = (rows: Rows, requestId: string): CoverageRecord | null => {
  if (rows.size === 0) return null
  const times = [...rows.keys()]
  return {
    startMs: Math.min(...times),
    endMs: Math.max(...times) + MINUTE_MS,
    state: 'data',
    requestId,
    asOfMs: START_MS,
  }
}

/** What the store must hold after an action. */
export function after(before: Expected, action: Action): Expected {
  switch (action.kind) {
    case 'upsert': {
      const record = covers(action.rows, 'r')
      return {
        ...before,
        rows: new Map([...before.rows, ...action.rows]),
        coverage: record === null ? before.coverage : recordCoverage(before.coverage, record),
        revisions: before.revisions + (action.revisions ?? 0),
        rejects: before.rejects + (action.rejects ?? 0),
      }
    }
    case 'replace': {
      const record = covers(action.rows, 'r')
      const cleared = forgetCoverage(before.coverage, action)
      const outside = [...before.rows].filter(([ms]) => ms < action.startMs || ms >= action.endMs)
      return {
        ...before,
        rows: new Map([...outside, ...action.rows]),
        coverage: record === null ? cleared : recordCoverage(cleared, record),
      }
    }
    case 'pin':
      return { ...before, pins: new Map([...before.pins, [action.name, before.rows]]) }
    case 'unpin':
      return { ...before, pins: new Map([...before.pins].filter(([name]) => name !== action.name)) }
    case 'drop':
      return NOTHING
    case 'read':
    case 'note':
    case 'lock':
    case 'maintain':
      return before
  }
}

function changeOf(before: Expected, action: Action & { kind: 'upsert' | 'replace' }, opId: string): Change {
  const { coverage } = after(before, action)
  const rows = columnsOfRows(action.rows)
  if (action.kind === 'replace')
    return { opId, replace: [{ range: { startMs: action.startMs, endMs: action.endMs }, rows }], coverage }
  return {
    opId,
    upsert: rows,
    coverage,
    ...(action.revisions === undefined ? {} : { revisions: besideRows(action.revisions, true) }),
    ...(action.rejects === undefined ? {} : { rejects: besideRows(action.rejects, false) }),
  }
}

function besideRows(count: number, isRevision: boolean): Columns {
  const texts = (value: string) => ({ indices: new Int32Array(count), dictionary: [value] })
  const timestamp = BigInt64Array.from({ length: count }, (_, i) => BigInt(START_MS + i * MINUTE_MS) * 1000n)
  const seen = { seen_at: BigInt64Array.from(timestamp), request: texts('r') }
  if (!isRevision) return { timestamp, rule: texts('price'), ...seen, close: new Float64Array(count) }
  return {
    timestamp,
    column: texts('close'),
    old: new Float64Array(count),
    new: new Float64Array(count),
    kind: texts('revised'),
    ...seen,
  }
}

/** Does an action; commits carry the id, so that doing it again is the same action. */
export async function perform(
  { storage }: World,
  before: Expected,
  action: Action,
  opId: string,
): Promise<Snapshot | MaintainReport | null> {
  switch (action.kind) {
    case 'upsert':
    case 'replace':
      return await storage.commit(SERIES, await storage.head(SERIES), changeOf(before, action, opId))
    case 'pin': {
      const head = await storage.head(SERIES)
      await storage.pin(SERIES, head?.version ?? 0, action.name)
      return null
    }
    case 'unpin':
      await storage.unpin(SERIES, action.name)
      return null
    case 'read': {
      const head = await storage.head(SERIES)
      if (head !== null) await storage.read(head, {})
      return null
    }
    case 'note':
      await storage.writeNote(SERIES, 'status', `{"said":"${opId}"}`)
      return null
    case 'lock':
      await storage.exclusive(SERIES, async () => {})
      return null
    case 'drop':
      await storage.drop(SERIES)
      return null
    case 'maintain':
      return await storage.maintain(action.task)
  }
}
