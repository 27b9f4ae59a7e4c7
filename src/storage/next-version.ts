/**
 * The facts of the next version of a series that follow from the last one and a change. Pure; the same for every store.
 * @module
 */
import { rowCount } from '../contract/columns.ts'
import { type CoverageRecord, sameCoverage } from '../contract/coverage.ts'
import { ConfigError, StorageError } from '../contract/errors.ts'
import type { Cause, Change, Snapshot, SnapshotMeta } from '../contract/storage.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import type { Counts } from './row-edits.ts'

/** Operation ids that a version remembers. */
const MAX_OP_IDS = 64

/** What the next version says beside its rows. */
export interface NextFacts {
  readonly version: number
  readonly parent: string | null
  readonly opIds: readonly string[]
  readonly coverage: readonly CoverageRecord[]
  readonly meta: SnapshotMeta
  readonly cause: Cause
}

/** Lists what the next version says beside its rows. */
export function nextFacts(base: Snapshot | null, change: Change, counts: Counts): NextFacts {
  const { operation = 'commit', requestIds = [], added, changed, removed } = change.cause ?? {}
  return {
    version: (base?.version ?? 0) + 1,
    parent: base?.hash ?? null,
    opIds: [...(base?.opIds ?? []).filter((id) => id !== change.opId), change.opId].slice(-MAX_OP_IDS),
    coverage: change.coverage,
    meta: { ...base?.meta, ...change.meta },
    cause: {
      operation,
      requestIds,
      added: added ?? counts.added,
      changed: changed ?? counts.changed,
      removed: removed ?? counts.removed,
    },
  }
}

/** Does a change leave rows, tables beside them, coverage (bounds, state, reason) and metadata as they are? */
export function changesNothing(base: Snapshot | null, change: Change, counts: Counts): boolean {
  if (base === null) return false
  const beside = [change.revisions, change.rejects].some((rows) => rows !== undefined && rowCount(rows) > 0)
  const { added, changed, removed } = counts
  return (
    !beside &&
    added + changed + removed === 0 &&
    sameCoverage(base.coverage, change.coverage) &&
    sameText(base.meta, { ...base.meta, ...change.meta })
  )
}

/** Are two plain values the same as JSON, whatever the order of their keys? */
export function sameText(a: unknown, b: unknown): boolean {
  return sortedJson(a) === sortedJson(b)
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  )
}

/**
 * Checks what a change says beside its rows.
 * @throws {ConfigError} `config/option`
 */
export function checkChange(change: Change): void {
  const refuse = (field: string, value: unknown, why: string): never => {
    throw new ConfigError('config/option', `${field}: ${why}`, { field, value })
  }
  if (typeof change.opId !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(change.opId)) {
    refuse('opId', change.opId, 'must be 1 to 128 visible ASCII characters')
  }
  for (const [i, record] of change.coverage.entries()) {
    const next = change.coverage[i + 1]
    if (
      !Number.isSafeInteger(record.startMs) ||
      !Number.isSafeInteger(record.endMs) ||
      record.startMs >= record.endMs
    ) {
      refuse(`coverage[${i}]`, record, 'must be a range of whole milliseconds with its start before its end')
    }
    if (next !== undefined && next.startMs < record.endMs)
      refuse(`coverage[${i + 1}]`, next, 'must be sorted and disjoint')
  }
}

/**
 * What a commit meets: the series at the version that the change was made for, or one that holds the change already.
 * @returns the newest version if it already holds the change, else null
 * @throws {StorageError} `storage/conflict` where the newest version is another than `base`
 */
export function alreadyCommitted<Version extends Snapshot>(
  series: Series,
  head: Version | null,
  base: Snapshot | null,
  opId: string,
): Version | null {
  if (head?.opIds.includes(opId)) return head
  if (head?.version === base?.version && head?.hash === base?.hash) return null
  throw conflict(series, opId, `version ${head?.version ?? 'none'} is the newest, not ${base?.version ?? 'none'}`)
}

/** The error of a commit that came second. */
export function conflict(series: Series, opId: string, why: string): StorageError {
  const message = `${seriesKey(series)}: another commit was faster (${why}): read the newest version and apply the change to it`
  return new StorageError('storage/conflict', message, { symbol: series.symbol, opId })
}

/** The error for a version that is no longer kept, or never was. */
export function expired(series: Series, version: number | string): StorageError {
  const message = `${seriesKey(series)}: version ${JSON.stringify(version)} is not kept: read the newest one, or pin a version to keep it`
  return new StorageError('storage/snapshot-expired', message, { symbol: series.symbol, value: version })
}

/**
 * Checks the name of a pin or a note.
 * @throws {ConfigError} `config/option`
 */
export function checkName(field: string, name: unknown): string {
  if (typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name
  throw new ConfigError(
    'config/option',
    `${field}: ${JSON.stringify(name)} must be 1 to 64 letters, digits, - . and _`,
    {
      field,
      value: name,
    },
  )
}

/** The error for dropping a series that pins keep. */
export function stillPinned(series: Series, names: readonly string[]): ConfigError {
  const message = `${seriesKey(series)} is pinned as ${names.join(', ')}: unpin it before it is dropped`
  return new ConfigError('config/option', message, { symbol: series.symbol, field: 'series' })
}

/** The error for a pin whose name is taken by another version of the series. */
export function pinTaken(series: Series, name: string, version: number): ConfigError {
  const message = `pin: ${name} names version ${version} of ${seriesKey(series)}: unpin it, or choose another name`
  return new ConfigError('config/option', message, { field: 'name', value: name })
}
