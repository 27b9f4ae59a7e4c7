/**
 * A store in memory: for tests, demos and short-lived programs. Keeps the last 20 versions of a series and pinned ones.
 * @module
 */
import { Mutex } from 'async-mutex'
import { type Columns, lowerBound, rowCount, sliceColumns } from '../contract/columns.ts'
import { ticksOf } from '../contract/ticks.ts'
import { SCHEMAS } from '../contract/schema.ts'
import { type Series, parseSeries, seriesKey } from '../contract/series.ts'
import type { Change, MaintainReport, Pin, ReadRequest, Snapshot, Storage, TableName } from '../contract/storage.ts'
import { chooseColumns, copyColumns, intoBuffers, projectColumns, shapeOf, unionShapes } from './column-shape.ts'
import {
  alreadyCommitted,
  changesNothing,
  checkChange,
  checkName,
  expired,
  nextFacts,
  pinTaken,
  stillPinned,
} from './next-version.ts'
import { type Edit, applyEdits, editsOf, insertOf } from './row-edits.ts'

/** Versions of a series that are kept beside the pinned ones. */
const KEPT_VERSIONS = 20
const BATCH_ROWS = 65_536

type Tables = Readonly<Record<TableName, Columns | null>>

interface Version {
  readonly snapshot: Snapshot
  readonly tables: Tables
}

interface Shelf {
  readonly series: Series
  readonly versions: Map<number, Version>
  readonly pins: Map<string, Pin>
  readonly notes: Map<string, string>
  readonly commits: Mutex
  readonly work: Mutex
  head: Version | null
}

/** 128 bits of FNV-1a in four lanes: names a version, and guards against nothing. */
function hashOf(text: string): string {
  const lanes = [0x811c9dc5, 0x811c9dc5 ^ 0x5bd1e995, 0x811c9dc5 ^ 0x27d4eb2f, 0x811c9dc5 ^ 0x165667b1]
  for (let i = 0; i < text.length; i++) {
    for (let lane = 0; lane < 4; lane++)
      lanes[lane] = Math.imul((lanes[lane] as number) ^ text.charCodeAt(i), 0x01000193 + 2 * lane)
  }
  return lanes.map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}

/** The caller may go on with its arrays. */
const ownRows = (edit: Edit): Edit => ({ ...edit, rows: copyColumns(edit.rows) })

/** Makes an empty store in memory. What it holds is gone with the process. */
export function createMemoryStorage(options: { readonly now?: () => number } = {}): Storage {
  const now = options.now ?? Date.now
  const shelves = new Map<string, Shelf>()

  const shelfOf = (series: Series): Shelf => {
    const key = seriesKey(series)
    const known = shelves.get(key)
    if (known !== undefined) return known
    const shelf: Shelf = {
      series: parseSeries(series),
      versions: new Map(),
      pins: new Map(),
      notes: new Map(),
      commits: new Mutex(),
      work: new Mutex(),
      head: null,
    }
    shelves.set(key, shelf)
    return shelf
  }

  const find = (series: Series, version: number | string): Version => {
    const shelf = shelfOf(series)
    const pinned = typeof version === 'string' ? shelf.pins.get(version)?.version : version
    const found =
      pinned === undefined
        ? [...shelf.versions.values()].find(({ snapshot }) => snapshot.hash === version)
        : shelf.versions.get(pinned)
    if (found === undefined) throw expired(series, version)
    return found
  }

  const rowsOf = (snapshot: Snapshot, request: ReadRequest): Columns => {
    const { schema } = snapshot.series
    const table = request.table ?? 'rows'
    const stored = find(snapshot.series, snapshot.hash).tables[table]
    const shape = table === 'rows' ? snapshot.columns : stored === null ? [] : shapeOf(schema, table, stored)
    const all = projectColumns(stored, chooseColumns(schema, table, shape, request.columns))
    if (request.range === undefined) return all
    const { timeUnit } = SCHEMAS[schema]
    const start = lowerBound(all.timestamp, ticksOf(request.range.startMs, timeUnit))
    const end = lowerBound(all.timestamp, ticksOf(request.range.endMs, timeUnit))
    return sliceColumns(all, start, Math.max(start, end))
  }

  const put = (shelf: Shelf, base: Snapshot | null, change: Change): Snapshot => {
    checkChange(change)
    const done = alreadyCommitted(shelf.series, shelf.head?.snapshot ?? null, base, change.opId)
    if (done !== null) return done
    const { schema } = shelf.series
    const before = shelf.head?.tables ?? { rows: null, revisions: null, rejects: null }
    const edits = editsOf(change, SCHEMAS[schema].timeUnit).map(ownRows)
    const applied = applyEdits(before.rows, edits)
    const fresh = applied.rows === null ? [] : shapeOf(schema, 'rows', applied.rows)
    const columns = unionShapes(schema, 'rows', base?.columns ?? [], fresh)
    if (changesNothing(base, change, applied.counts)) return base as Snapshot
    const add = (table: 'revisions' | 'rejects'): Columns | null => {
      const edit = insertOf(table, change[table])
      if (edit !== null) shapeOf(schema, table, edit.rows)
      return edit === null ? before[table] : applyEdits(before[table], [ownRows(edit)]).rows
    }
    const tables: Tables = { rows: applied.rows, revisions: add('revisions'), rejects: add('rejects') }
    const facts = nextFacts(base, change, applied.counts)
    const { rows } = tables
    const span = rows === null ? null : { first: rows.timestamp[0] as bigint, last: rows.timestamp.at(-1) as bigint }
    const committedAtMs = now()
    const hash = hashOf(`${seriesKey(shelf.series)} ${facts.version} ${facts.parent} ${change.opId} ${committedAtMs}`)
    const snapshot: Snapshot = Object.freeze({
      ...facts,
      series: shelf.series,
      hash,
      committedAtMs,
      rows: rows === null ? 0 : rowCount(rows),
      span,
      columns: rows === null ? [] : columns,
      revisions: tables.revisions === null ? 0 : rowCount(tables.revisions),
      rejects: tables.rejects === null ? 0 : rowCount(tables.rejects),
      sizeBytes: 0,
      partition: 'all',
    })
    shelf.head = { snapshot, tables }
    shelf.versions.set(snapshot.version, shelf.head)
    forget(shelf)
    return snapshot
  }

  const forget = (shelf: Shelf): number => {
    const pinned = new Set([...shelf.pins.values()].map(({ version }) => version))
    const oldest = (shelf.head?.snapshot.version ?? 0) - KEPT_VERSIONS
    const gone = [...shelf.versions.keys()].filter((version) => version <= oldest && !pinned.has(version))
    for (const version of gone) shelf.versions.delete(version)
    return gone.length
  }

  return Object.freeze<Storage>({
    capabilities: Object.freeze({ durable: false, concurrentProcesses: false, files: false }),
    async list() {
      return [...shelves.values()].flatMap(({ series, head }) =>
        head === null ? [] : [{ series, head: head.snapshot }],
      )
    },
    async head(series) {
      return shelfOf(series).head?.snapshot ?? null
    },
    async snapshot(series, version) {
      return find(series, version).snapshot
    },
    async read(snapshot, request, { into, signal } = {}) {
      signal?.throwIfAborted()
      return intoBuffers(copyColumns(rowsOf(snapshot, request)), into)
    },
    async *scan(snapshot, request, { signal } = {}) {
      signal?.throwIfAborted()
      const all = rowsOf(snapshot, request)
      const step = Math.max(1, request.batchRows ?? BATCH_ROWS)
      for (let start = 0; start < rowCount(all); start += step) {
        signal?.throwIfAborted()
        yield copyColumns(sliceColumns(all, start, Math.min(start + step, rowCount(all))))
      }
    },
    async commit(series, base, change) {
      const shelf = shelfOf(series)
      return shelf.commits.runExclusive(() => put(shelf, base, change))
    },
    async history(series) {
      const shelf = shelfOf(series)
      return [...shelf.versions.values()].toReversed().map(({ snapshot }) => ({
        version: snapshot.version,
        hash: snapshot.hash,
        committedAtMs: snapshot.committedAtMs,
        rows: snapshot.rows,
        cause: snapshot.cause,
        pins: [...shelf.pins.values()].filter((pin) => pin.version === snapshot.version).map((pin) => pin.name),
      }))
    },
    async files() {
      return []
    },
    async pin(series, version, name) {
      const shelf = shelfOf(series)
      const { snapshot } = find(series, version)
      const old = shelf.pins.get(checkName('name', name))
      if (old !== undefined && old.hash !== snapshot.hash) throw pinTaken(series, name, old.version)
      const pin: Pin =
        old ?? Object.freeze({ name, series: shelf.series, version, hash: snapshot.hash, pinnedAtMs: now() })
      shelf.pins.set(name, pin)
      return pin
    },
    async unpin(series, name) {
      shelfOf(series).pins.delete(name)
      forget(shelfOf(series))
    },
    async maintain(task): Promise<MaintainReport> {
      const { kind, dryRun = false } = task
      return {
        kind,
        dryRun,
        actions: [],
        filesWritten: 0,
        filesRemoved: 0,
        bytesWritten: 0,
        bytesRemoved: 0,
        version: null,
      }
    },
    async verify({ series } = {}) {
      const heads = [...shelves.values()].filter(
        (shelf) => shelf.head !== null && (series === undefined || shelf === shelfOf(series)),
      )
      const rows = heads.reduce((sum, { head }) => sum + (head?.snapshot.rows ?? 0), 0)
      return { ok: true, series: heads.length, files: 0, rows, bytes: 0, issues: [] }
    },
    async drop(series) {
      const { pins } = shelfOf(series)
      if (pins.size > 0) throw stillPinned(series, [...pins.keys()])
      shelves.delete(seriesKey(series))
    },
    async readNote(series, name) {
      return shelfOf(series).notes.get(checkName('name', name)) ?? null
    },
    async writeNote(series, name, text) {
      shelfOf(series).notes.set(checkName('name', name), text)
    },
    async exclusive(series, work, signal) {
      signal?.throwIfAborted()
      return shelfOf(series).work.runExclusive(() => {
        signal?.throwIfAborted()
        return work()
      })
    },
    async close() {
      await Promise.all([...shelves.values()].map(({ commits }) => commits.waitForUnlock()))
    },
  })
}
