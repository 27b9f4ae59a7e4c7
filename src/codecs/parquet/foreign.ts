/**
 * Reads any flat Parquet file in its own names and types: by the kernels where they know the type, else value by value.
 * @module
 */
import type { FileMetaData, SchemaElement } from 'hyparquet'
import { isDictionary, isNullable, type Column, type PlainColumn } from '../../contract/columns.ts'
import { guarded, unsupported } from './faults.ts'
import { fieldsOf, footerOf, readMetadata, type Field } from './footer.ts'
import {
  conversionOf,
  decodeForeignChunk,
  foreignColumn,
  foreignTarget,
  nearestDouble,
  type ForeignTask,
} from './foreign-values.ts'
import { createScratch } from './decode-dictionary.ts'
import type { Chunk, Leaf } from './layout.ts'
import { isSync, load, loadSync } from './load.ts'
import { createPace } from './pace.ts'
import { readTargets } from './read.ts'
import { columnOf } from './target.ts'
import type { ByteSource, ForeignColumns, ForeignOptions, ParquetFooter } from './types.ts'

const YIELD_AFTER_MS = 8

/** One wanted column, and which way it is decoded. */
type Wanted = { readonly name: string; readonly index: number } & (
  | { readonly leaf: Leaf }
  | { readonly task: ForeignTask }
)

/**
 * Reads all rows of a file, whoever wrote it. Nested columns are refused where they are asked for by name, else skipped.
 * @throws {StorageError} `storage/corrupt`; `storage/unsupported-format` for a column that is nested, of a type without
 *   a counterpart, encrypted, or that the file lacks
 * @throws the signal's reason when aborted
 */
export async function readForeign(source: ByteSource, options: ForeignOptions = {}): Promise<ForeignColumns> {
  options.signal?.throwIfAborted()
  const metadata = readMetadata(source)
  const footer = footerOf(metadata, source.size)
  const { wanted, skipped } = guarded('the footer', () => choose(metadata, footer, options.columns))
  const decoded = new Map<string, Column>()
  const byKernel = wanted.filter((column) => 'leaf' in column)
  const part = { source, footer, startRow: 0, endRow: footer.rows }
  const columns = byKernel.map(({ name, leaf }) => ({ name, type: leaf.type }))
  const targets = await readTargets([part], [byKernel.map(({ leaf }) => leaf)], { ...options, columns })
  for (const [i, target] of targets.entries()) {
    const { leaf } = byKernel[i] as { leaf: Leaf }
    decoded.set(
      target.name,
      guarded(`column ${leaf.name}`, () => adapted(columnOf(target), leaf)),
    )
  }
  for (const column of wanted) {
    if ('task' in column)
      decoded.set(column.name, await readThrough(source, footer, column.index, column.task, options))
  }
  const times = wanted.map((column) => ({
    name: column.name,
    ...('leaf' in column ? column.leaf : column.task.conversion),
  }))
  const timed = times.filter(({ timeUnit }) => timeUnit !== undefined)
  return {
    columns: Object.fromEntries(wanted.map(({ name }) => [name, decoded.get(name) as Column])),
    rows: footer.rows,
    metadata: footer.metadata,
    timeUnits: Object.fromEntries(timed.map(({ name, timeUnit }) => [name, timeUnit as NonNullable<Leaf['timeUnit']>])),
    adjustedToUtc: Object.fromEntries(
      timed.map((time) => [time.name, !('adjustedToUtc' in time) || time.adjustedToUtc !== false]),
    ),
    skipped,
  }
}

function choose(
  metadata: FileMetaData,
  footer: ParquetFooter,
  names: readonly string[] | undefined,
): { readonly wanted: readonly Wanted[]; readonly skipped: ForeignColumns['skipped'] } {
  const fields = fieldsOf(metadata.schema)
  const top = topNames(metadata.schema)
  const wanted: Wanted[] = []
  const skipped: { name: string; reason: string }[] = []
  for (const name of names ?? top) {
    if (!top.includes(name)) throw unsupported(`the file has no column ${name}: it has ${top.join(', ')}`)
    const found = columnFor(name, fields, footer)
    if (typeof found !== 'string') wanted.push(found)
    else if (names === undefined) skipped.push({ name, reason: found })
    else throw unsupported(`column ${name} ${found}`)
  }
  return { wanted, skipped }
}

/** How a column is decoded, or why it cannot be. */
function columnFor(name: string, fields: readonly Field[], footer: ParquetFooter): Wanted | string {
  const index = fields.findIndex(({ element, flat }) => flat && element.name === name)
  const element = fields[index]?.element
  if (element === undefined) return 'is nested: flatten it first'
  const leaf = footer.leaves[index]
  if (leaf !== undefined) return { name, index, leaf }
  const conversion = conversionOf(element)
  if (conversion !== undefined) return { name, index, task: { element, conversion, rows: footer.rows } }
  return `is of type ${wordsOf(element)}, which has no counterpart: cast it first`
}

function wordsOf({ type, logical_type: logical, converted_type: converted, repetition_type }: SchemaElement): string {
  return [repetition_type === 'REPEATED' ? 'list of' : '', type, logical?.type ?? converted].filter(Boolean).join(' ')
}

/** Names of the columns that stand directly below the root. */
function topNames(schema: readonly SchemaElement[]): string[] {
  const names: string[] = []
  const open: number[] = []
  for (const [i, element] of schema.entries()) {
    while (open.at(-1) === 0) open.pop()
    if (i > 0) open[open.length - 1] = (open.at(-1) ?? 0) - 1
    if (open.length === 1 && i > 0) names.push(element.name)
    if (element.type === undefined) open.push(element.num_children ?? 0)
  }
  return names
}

async function readThrough(
  source: ByteSource,
  footer: ParquetFooter,
  index: number,
  task: ForeignTask,
  options: ForeignOptions,
): Promise<Column> {
  const {
    signal,
    compressors = {},
    verify = false,
    yieldAfterMs = YIELD_AFTER_MS,
    now = () => performance.now(),
  } = options
  const pace = createPace(yieldAfterMs, now, signal)
  const target = foreignTarget(task)
  const context = { compressors, verify, scratch: createScratch() }
  const buffer = { bytes: new Uint8Array(0) }
  for (const group of footer.groups) {
    const chunk = group.chunks[index] as Chunk
    const span = { start: chunk.start, end: chunk.start + chunk.length, tasks: [] }
    const bytes = isSync(source) ? loadSync(source, span, buffer) : await load(source, span, buffer)
    decodeForeignChunk(bytes, task, group, chunk, target, context)
    if (pace.isDue()) await pace.turn()
  }
  return foreignColumn(task, target)
}

/** Gives decoded integers the meaning that no memory type has. */
function adapted(column: Column, { name, adapt }: Leaf): Column {
  if (adapt === undefined) return column
  if (isNullable(column)) return { ...column, values: adaptedValues(column.values, name, adapt) }
  return adaptedValues(column, name, adapt)
}

function adaptedValues(values: PlainColumn, name: string, adapt: NonNullable<Leaf['adapt']>): PlainColumn {
  if (isDictionary(values)) return values
  if (adapt.kind === 'uint32') return BigInt64Array.from(values as Int32Array, (value) => BigInt(value >>> 0))
  if (adapt.kind === 'decimal') {
    return Float64Array.from({ length: values.length }, (_, i) =>
      nearestDouble(BigInt(values[i] as number | bigint), adapt.scale),
    )
  }
  if ((values as BigInt64Array).some((value) => value < 0n)) {
    throw unsupported(`column ${name} holds unsigned numbers of 2^63 and more: cast it first`)
  }
  return values
}
