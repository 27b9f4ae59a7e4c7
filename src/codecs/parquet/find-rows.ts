/**
 * Finds the rows of a range of time in a sorted file.
 * @module
 */
import { lowerBound } from '../../contract/columns.ts'
import { decodeChunk, viewChunk } from './decode-chunk.ts'
import { createScratch } from './decode-dictionary.ts'
import { corrupt, unsupported } from './faults.ts'
import type { Chunk, Leaf, RowGroup } from './layout.ts'
import { loadSync } from './load.ts'
import { createTarget } from './target.ts'
import type { ByteSource, Compressors, ParquetFooter } from './types.ts'

/**
 * Rows whose timestamp lies in `[startTicks, endTicksExclusive)`: the row groups that the ends fall into by their
 * bounds, then the row by their timestamps, which are read only where an end falls inside a group.
 * @throws {StorageError} `storage/corrupt`; `storage/unsupported-format` where the file is not sorted
 */
export function findRows(
  source: ByteSource,
  footer: ParquetFooter,
  startTicks: bigint,
  endTicksExclusive: bigint,
  compressors: Compressors = {},
): { startRow: number; endRow: number } {
  if (!footer.sorted) throw unsupported('the file is not sorted by timestamp: read all its rows')
  let last: { readonly group: RowGroup; readonly values: BigInt64Array } | undefined
  const timestampsOf: TimestampsOf = (group) => {
    if (last?.group !== group)
      last = { group, values: timestamps(source, footer.leaves[0] as Leaf, group, compressors) }
    return last.values
  }
  const startRow = rowOf(footer, startTicks, timestampsOf)
  if (endTicksExclusive <= startTicks) return { startRow, endRow: startRow }
  return { startRow, endRow: rowOf(footer, endTicksExclusive, timestampsOf) }
}

type TimestampsOf = (group: RowGroup) => BigInt64Array

/** First row at or after an instant. */
function rowOf(footer: ParquetFooter, ticks: bigint, timestampsOf: TimestampsOf): number {
  let low = 0
  let high = footer.groups.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (spanOf(footer.groups[middle]).last < ticks) low = middle + 1
    else high = middle
  }
  const group = footer.groups[low]
  if (group === undefined) return footer.rows
  if (spanOf(group).first >= ticks) return group.startRow
  return group.startRow + lowerBound(timestampsOf(group), ticks)
}

function spanOf(group: RowGroup | undefined): NonNullable<RowGroup['span']> {
  if (group?.span === undefined) throw corrupt('a sorted row group lacks its bounds')
  return group.span
}

function timestamps(source: ByteSource, leaf: Leaf, group: RowGroup, compressors: Compressors): BigInt64Array {
  const chunk = group.chunks[leaf.index] as Chunk
  const span = { start: chunk.start, end: chunk.start + chunk.length, tasks: [] }
  const bytes = loadSync(source, span, { bytes: new Uint8Array(0) })
  const context = { compressors, verify: false, scratch: createScratch() }
  const view = viewChunk(bytes, leaf, chunk, group.rows, context)
  const values = (view ?? decoded()) as BigInt64Array
  const { first, last } = spanOf(group)
  if (values[0] !== first || values.at(-1) !== last)
    throw corrupt('timestamps lie outside the bounds of their row group')
  return values

  function decoded(): BigInt64Array {
    const target = createTarget({ name: leaf.name, type: 'timestamp' }, group.rows, undefined, undefined)
    const window = { rows: group.rows, startRow: 0, endRow: group.rows, at: 0 }
    for (const _ of decodeChunk(bytes, leaf, chunk, window, target, context));
    if (target.valid !== undefined) throw corrupt('column timestamp: a row has none')
    return target.values as BigInt64Array
  }
}
