/**
 * Versions as text: one line of JSON, and a line with its hash. The grammar is strict to the last byte.
 * @module
 */
import { createHash } from 'node:crypto'
import type { CoverageReason, CoverageRecord, CoverageState } from '../../contract/coverage.ts'
import { StorageError } from '../../contract/errors.ts'
import { COLUMN_TYPES, type ColumnType } from '../../contract/schema.ts'
import { type Series, parseSeries, seriesKey } from '../../contract/series.ts'
import type { Cause, Partition, Snapshot, SnapshotMeta, StoredColumn, TableName } from '../../contract/storage.ts'
import { corruptFile } from './faults.ts'
import { type Json, isObject, list, need, text, whole } from './json-shape.ts'
import type { DataFile } from './layout.ts'
import { isPartName } from './partition.ts'

/** Grammar of version files that this code writes and reads. */
const FORMAT = 1

/** A version as the local store knows it. */
export interface LocalSnapshot extends Snapshot {
  /** Live files of each table; of the rows in ascending order of time. */
  readonly files: Readonly<Record<TableName, readonly DataFile[]>>
  /** Columns of the rejects. */
  readonly rejectColumns: readonly StoredColumn[]
  /** Unreadable versions that this one replaces. */
  readonly repairs: readonly number[]
}

/** What a version says, before it has a hash. */
export type SnapshotContent = Omit<LocalSnapshot, 'hash' | 'rows' | 'span' | 'revisions' | 'rejects' | 'sizeBytes'>

type FileEntry = readonly [
  part: string,
  id: string,
  size: number,
  crc32: number,
  rows: number,
  first: string,
  last: string,
]
type CoverageEntry = readonly [
  startMs: number,
  endMs: number,
  state: string,
  reason: string | null,
  requestId: string,
  asOfMs: number,
  condition?: string,
]

/** 128 bits of SHA-256, in hexadecimal digits. */
function hashOf(line: string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, 32)
}

const fileEntry = (file: DataFile): FileEntry => [
  file.part,
  file.id,
  file.sizeBytes,
  file.crc32,
  file.rows,
  String(file.first),
  String(file.last),
]

/** Files pass from version to version unchanged, so that each is written as text once. */
const FILE_TEXTS = new WeakMap<DataFile, string>()

function fileText(file: DataFile): string {
  const known = FILE_TEXTS.get(file)
  if (known !== undefined) return known
  const text = JSON.stringify(fileEntry(file))
  FILE_TEXTS.set(file, text)
  return text
}

const filesText = (files: readonly DataFile[]): string => `[${files.map(fileText).join(',')}]`

const coverageEntry = (record: CoverageRecord): CoverageEntry => [
  record.startMs,
  record.endMs,
  record.state,
  record.reason ?? null,
  record.requestId,
  record.asOfMs,
  ...(record.condition === undefined ? ([] as const) : ([record.condition] as const)),
]

/** Writes a version, and gives it as a reader will find it. */
export function encodeSnapshot(content: SnapshotContent): {
  readonly bytes: Uint8Array
  readonly snapshot: LocalSnapshot
} {
  const { files, cause, repairs } = content
  const coverage = content.coverage.map(coverageEntry)
  const meta = JSON.stringify(content.meta)
  const facts = JSON.stringify({
    format: FORMAT,
    version: content.version,
    parent: content.parent,
    committedAtMs: content.committedAtMs,
    series: content.series,
    partition: content.partition,
    columns: content.columns.map(({ name, type }) => [name, type]),
    rejectColumns: content.rejectColumns.map(({ name, type }) => [name, type]),
    coverage,
    opIds: content.opIds,
    cause,
    repairs,
  })
  const tables = (['rows', 'revisions', 'rejects'] as const).map((table) => `"${table}":${filesText(files[table])}`)
  const line = `${facts.slice(0, -1)},"meta":${meta},${tables.join(',')}}\n`
  const hash = hashOf(line)
  for (const table of Object.values(files)) need(ascends(table), 'order of files')
  // Nothing of the caller's goes into the version itself.
  const own = { coverage: coverage.map(readCoverage), meta: JSON.parse(meta) as SnapshotMeta, cause: { ...cause } }
  const snapshot = Object.freeze({ ...content, ...own, ...totalsOf(files), series: parseSeries(content.series), hash })
  return { bytes: new TextEncoder().encode(`${line}${hash}\n`), snapshot }
}

/** What follows from the files. */
function totalsOf(
  files: LocalSnapshot['files'],
): Pick<LocalSnapshot, 'rows' | 'span' | 'revisions' | 'rejects' | 'sizeBytes'> {
  const [first, last] = [files.rows[0]?.first, files.rows.at(-1)?.last]
  const bytes = Object.values(files).map((table) => table.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  return {
    rows: totalRows(files.rows),
    span: first === undefined || last === undefined ? null : { first, last },
    revisions: totalRows(files.revisions),
    rejects: totalRows(files.rejects),
    sizeBytes: bytes.reduce((sum, table) => sum + table, 0),
  }
}

/**
 * Reads a version and freezes it.
 * @throws {StorageError} `storage/corrupt` for anything that {@link encodeSnapshot} did not write as this version of this
 *   series; `storage/unsupported-format` for a sound one of another grammar
 */
export function decodeSnapshot(bytes: Uint8Array, series: Series, version: number, path: string): LocalSnapshot {
  const { line, hash } = split(bytes, series, path)
  let content: unknown
  try {
    content = JSON.parse(line)
  } catch (error) {
    throw corruptFile(series, path, 'is no JSON', error)
  }
  if (!isObject(content)) throw corruptFile(series, path, 'holds no object')
  if (content['format'] !== FORMAT) {
    const message = `${seriesKey(series)}: ${path} has format ${String(content['format'])}, this code knows ${FORMAT}: upgrade marketlake`
    throw new StorageError('storage/unsupported-format', message, { symbol: series.symbol, path })
  }
  try {
    return Object.freeze(readContent(content, hash, series, version))
  } catch (error) {
    throw corruptFile(
      series,
      path,
      `is no version ${version} of it (${error instanceof Error ? error.message : ''})`,
      error,
    )
  }
}

/** The line with its newline, and the hash that was found to fit it. */
function split(bytes: Uint8Array, series: Series, path: string): { line: string; hash: string } {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw corruptFile(series, path, 'is no UTF-8', error)
  }
  const end = text.indexOf('\n') + 1
  const [line, tail] = [text.slice(0, end), text.slice(end)]
  if (end === 0 || !/^[0-9a-f]{32}\n$/.test(tail)) throw corruptFile(series, path, 'is cut short or was changed')
  if (hashOf(line) !== tail.slice(0, 32)) throw corruptFile(series, path, 'does not fit its hash')
  return { line, hash: tail.slice(0, 32) }
}

const PARTITIONS: readonly string[] = ['all', 'year', 'quarter', 'month', 'day'] satisfies Partition[]
const STATES: readonly string[] = ['data', 'empty', 'partial', 'unavailable'] satisfies CoverageState[]

function readContent(content: Json, hash: string, series: Series, version: number): LocalSnapshot {
  need(content['version'] === version, 'version')
  need(content['parent'] === null || typeof content['parent'] === 'string', 'parent')
  const named = parseSeries(content['series'] as Series)
  need(seriesKey(named) === seriesKey(series), 'series')
  need(PARTITIONS.includes(text(content['partition'], 'partition')), 'partition')
  const files = {
    rows: readFiles(content['rows'], 'rows'),
    revisions: readFiles(content['revisions'], 'revisions'),
    rejects: readFiles(content['rejects'], 'rejects'),
  }
  for (const table of Object.values(files)) need(ascends(table), 'order of files')
  const columns = readColumns(content['columns'])
  const rejectColumns = readColumns(content['rejectColumns'])
  need(files.rows.length === 0 || columns[0]?.name === 'timestamp', 'columns')
  need(files.rejects.length === 0 || rejectColumns[0]?.name === 'timestamp', 'rejectColumns')
  return {
    ...totalsOf(files),
    series: named,
    version,
    hash,
    parent: content['parent'] as string | null,
    committedAtMs: whole(content['committedAtMs'], 'committedAtMs'),
    columns,
    coverage: list(content['coverage'], 'coverage').map(readCoverage),
    opIds: list(content['opIds'], 'opIds').map((id) => text(id, 'opIds')),
    cause: readCause(content['cause']),
    meta: (need(isObject(content['meta']), 'meta'), content['meta'] as SnapshotMeta),
    partition: content['partition'] as Partition,
    files,
    rejectColumns,
    repairs: list(content['repairs'], 'repairs').map((repaired) => whole(repaired, 'repairs')),
  }
}

const totalRows = (files: readonly DataFile[]): number => files.reduce((sum, { rows }) => sum + rows, 0)

function ascends(files: readonly DataFile[]): boolean {
  return files.every((file, i) => file.first <= file.last && (i === 0 || (files[i - 1] as DataFile).last < file.first))
}

function readColumns(value: unknown): StoredColumn[] {
  return list(value, 'columns').map((entry) => {
    const [name, type] = list(entry, 'columns')
    need(Object.hasOwn(COLUMN_TYPES, text(type, 'columns')), 'columns')
    return { name: text(name, 'columns'), type: type as ColumnType }
  })
}

function readFiles(value: unknown, table: TableName): DataFile[] {
  return list(value, table).map((entry) => {
    const [part, id, sizeBytes, crc32, rows, first, last] = list(entry, table)
    need(isPartName(text(part, table)) && /^[0-9a-z-]{1,64}$/.test(text(id, table)), table)
    return {
      table,
      part: part as string,
      id: id as string,
      sizeBytes: whole(sizeBytes, table),
      crc32: whole(crc32, table),
      rows: whole(rows, table),
      first: BigInt(text(first, table)),
      last: BigInt(text(last, table)),
    }
  })
}

function readCoverage(entry: unknown): CoverageRecord {
  const [startMs, endMs, state, reason, requestId, asOfMs, condition] = list(entry, 'coverage')
  need(STATES.includes(text(state, 'coverage')), 'coverage')
  return {
    startMs: whole(startMs, 'coverage'),
    endMs: whole(endMs, 'coverage'),
    state: state as CoverageState,
    ...(reason === null ? {} : { reason: text(reason, 'coverage') as CoverageReason }),
    requestId: text(requestId, 'coverage'),
    asOfMs: whole(asOfMs, 'coverage'),
    ...(condition === undefined ? {} : { condition: text(condition, 'coverage') }),
  }
}

function readCause(value: unknown): Cause {
  need(isObject(value), 'cause')
  const cause = value as Json
  return {
    operation: text(cause['operation'], 'cause'),
    requestIds: list(cause['requestIds'], 'cause').map((id) => text(id, 'cause')),
    added: whole(cause['added'], 'cause'),
    changed: whole(cause['changed'], 'cause'),
    removed: whole(cause['removed'], 'cause'),
  }
}
