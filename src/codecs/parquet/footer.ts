/**
 * Reads the end of a file and keeps what the decoders need. A footer is hostile until each fact fits the file's size.
 * @module
 */
import type { ColumnChunk, FileMetaData, RowGroup as RawGroup, SchemaElement } from 'hyparquet'
import { corrupt, guarded, unsupported } from './faults.ts'
import { MAGIC, parseFooter, TRAILER_BYTES } from './format.ts'
import type { Chunk, Codec, Leaf, RowGroup } from './layout.ts'
import { isNative, leafOf } from './leaf.ts'
import type { ByteSource, ParquetFooter } from './types.ts'

/** First guess at the size of a footer; those of one row group take 0.5 to 1 kB. */
const FIRST_READ_BYTES = 8192
/** Largest footer that is read: a million chunks take about 70 MB. */
const MAX_FOOTER_BYTES = 1 << 26
/** No file packs its rows more densely; the bound keeps a forged row count from allocating without limit. */
const MAX_ROWS_PER_BYTE = 16_384
const MIN_FILE_BYTES = 12

const CODECS: readonly string[] = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'] satisfies Codec[]

/**
 * Reads and checks the footer of a file.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function readFooter(source: ByteSource): ParquetFooter {
  return footerOf(readMetadata(source), source.size)
}

/**
 * Reads the metadata of a file as hyparquet gives it, unchecked.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function readMetadata(source: ByteSource): FileMetaData {
  if (!(source.size >= MIN_FILE_BYTES)) throw corrupt(`${source.size} bytes are too few for a Parquet file`)
  let tail = tailOf(source, Math.min(source.size, FIRST_READ_BYTES))
  const trailer = tail.subarray(tail.length - TRAILER_BYTES)
  const mark = String.fromCharCode(...trailer.subarray(4))
  if (mark === 'PARE') throw unsupported('the footer is encrypted')
  if (MAGIC.some((byte, i) => trailer[4 + i] !== byte)) throw corrupt('the file does not end with PAR1')
  const length = new DataView(trailer.buffer, trailer.byteOffset).getUint32(0, true)
  const needed = length + TRAILER_BYTES
  if (needed + MAGIC.length > source.size) throw corrupt(`the footer claims ${length} bytes of ${source.size}`)
  if (needed > MAX_FOOTER_BYTES) throw unsupported(`the footer has ${length} bytes, more than ${MAX_FOOTER_BYTES}`)
  if (needed > tail.length) tail = tailOf(source, needed)
  return parseFooter(tail)
}

function tailOf(source: ByteSource, length: number): Uint8Array {
  if (source.bytes !== undefined) return source.bytes.subarray(source.size - length)
  const tail = new Uint8Array(length)
  source.readSync(tail, source.size - length)
  return tail
}

/**
 * Keeps what the decoders need of a file's metadata, checked against the file's size.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function footerOf(metadata: FileMetaData, size: number): ParquetFooter {
  return guarded('the footer', () => {
    const fields = fieldsOf(metadata.schema)
    const leaves = fields.map(({ element, flat }, index) => (flat ? leafOf(element, index) : undefined))
    const known = leaves.filter((leaf) => leaf !== undefined)
    if (new Set(known.map(({ name }) => name)).size < known.length) throw unsupported('two columns have one name')
    const dataEnd = size - metadata.metadata_length - TRAILER_BYTES
    const groups = groupsOf(metadata, fields, leaves, dataEnd)
    const rows = count(metadata.num_rows, 'rows', size * MAX_ROWS_PER_BYTE)
    const last = groups.at(-1)
    if ((last === undefined ? 0 : last.startRow + last.rows) !== rows) {
      throw corrupt(`the footer counts ${rows} rows, its row groups another number`)
    }
    const timeUnit = known[0]?.timeUnit === 'ns' ? 'ns' : 'us'
    const own = isOwn(leaves, timeUnit)
    const pairs = metadata.key_value_metadata ?? []
    const texts = pairs.map(({ key, value }) => [key, value ?? ''] as const)
    return {
      columns: known.map(({ name, type }) => ({ name, type })),
      timeUnit,
      rows,
      metadata: Object.fromEntries(texts),
      memoryBytes: memoryOf(leaves.length, groups.length, texts),
      own,
      sorted: own && isSorted(metadata.row_groups, groups),
      leaves,
      groups,
    }
  })
}

/** A column of a schema, of any shape. */
export interface Field {
  readonly element: SchemaElement
  /** Is it a direct child of the root? */
  readonly flat: boolean
}

/**
 * Columns of a schema: the elements without children, in order.
 * @throws {StorageError} `storage/corrupt`
 */
export function fieldsOf(schema: readonly SchemaElement[]): Field[] {
  const fields: Field[] = []
  const open: number[] = []
  for (const [i, element] of schema.entries()) {
    if (typeof element.name !== 'string') throw corrupt('a column has no name')
    while (open.at(-1) === 0) open.pop()
    if (i > 0 && open.length === 0) throw corrupt('the schema has elements outside its root')
    const parent = open.length - 1
    if (parent >= 0) open[parent] = (open[parent] as number) - 1
    if (element.type === undefined) open.push(count(element.num_children ?? 0, 'children', schema.length))
    else if (i > 0) fields.push({ element, flat: open.length === 1 })
  }
  if (open.some((left) => left !== 0)) throw corrupt('the schema lacks elements')
  return fields
}

function groupsOf(
  metadata: FileMetaData,
  fields: readonly Field[],
  leaves: readonly (Leaf | undefined)[],
  dataEnd: number,
): RowGroup[] {
  let startRow = 0
  const groups: RowGroup[] = []
  for (const raw of metadata.row_groups) {
    const rows = count(raw.num_rows, 'rows of a row group', Number.MAX_SAFE_INTEGER)
    if (raw.columns.length !== fields.length) throw corrupt('a row group has another number of columns than the schema')
    const chunks = raw.columns.map((column, i) => chunkOf(column, fields[i] as Field, leaves[i], rows, dataEnd))
    const span = leaves[0]?.type === 'timestamp' ? spanOf(raw.columns[0] as ColumnChunk) : undefined
    if (rows > 0) groups.push(span === undefined ? { startRow, rows, chunks } : { startRow, rows, chunks, span })
    startRow += rows
  }
  return groups
}

function chunkOf(
  column: ColumnChunk,
  { element, flat }: Field,
  leaf: Leaf | undefined,
  rows: number,
  dataEnd: number,
): Chunk {
  const facts = column.meta_data
  const name = element.name
  if (facts === undefined) throw unsupported(`column ${name}: its metadata is encrypted`)
  if (column.file_path) throw unsupported(`column ${name}: its pages lie in another file`)
  if (facts.type !== element.type || facts.path_in_schema.at(-1) !== name) {
    throw corrupt(`column ${name}: schema and row group disagree`)
  }
  if (!CODECS.includes(facts.codec) && leaf !== undefined) throw unsupported(`column ${name}: codec ${facts.codec}`)
  const values = count(facts.num_values, `values of column ${name}`, Number.MAX_SAFE_INTEGER)
  if (flat && leaf !== undefined && values !== rows) {
    throw corrupt(`column ${name}: ${values} values in a row group of ${rows} rows`)
  }
  const data = count(facts.data_page_offset, `offset of column ${name}`, dataEnd)
  const dictionary = count(facts.dictionary_page_offset ?? 0n, `offset of column ${name}`, dataEnd)
  const start = dictionary > 0 && dictionary < data ? dictionary : data
  const length = count(facts.total_compressed_size, `bytes of column ${name}`, dataEnd)
  if (start < MAGIC.length || start + length > dataEnd) throw corrupt(`column ${name}: its pages lie outside the data`)
  return { codec: facts.codec as Codec, start, length, known: [] }
}

/** A count that a footer claims, as a number. */
function count(claimed: bigint | number | undefined, what: string, most: number): number {
  const value = Number(claimed)
  if (!Number.isSafeInteger(value) || value < 0 || value > most) {
    throw corrupt(`the footer claims ${String(claimed)} ${what}`)
  }
  return value
}

function spanOf(column: ColumnChunk): RowGroup['span'] {
  const facts = column.meta_data?.statistics
  const first = facts?.min_value ?? facts?.min
  const last = facts?.max_value ?? facts?.max
  return typeof first === 'bigint' && typeof last === 'bigint' && first <= last ? { first, last } : undefined
}

function isOwn(leaves: readonly (Leaf | undefined)[], timeUnit: 'us' | 'ns'): boolean {
  const first = leaves[0]
  if (first?.name !== 'timestamp' || first.type !== 'timestamp') return false
  return leaves.every((leaf) => leaf !== undefined && isNative(leaf, timeUnit))
}

function isSorted(raw: readonly RawGroup[], groups: readonly RowGroup[]): boolean {
  const claimed = raw.every(({ sorting_columns: by, num_rows }) => {
    return num_rows === 0n || (by?.[0]?.column_idx === 0 && !by[0].descending)
  })
  if (!claimed) return false
  return groups.every(({ span }, i) => {
    const next = groups[i + 1]?.span
    return span !== undefined && (next === undefined || next.first >= span.last)
  })
}

function memoryOf(columns: number, groups: number, texts: readonly (readonly [string, string])[]): number {
  const text = texts.reduce((sum, [key, value]) => sum + 2 * (key.length + value.length), 0)
  return 600 + 240 * columns + groups * (200 + 700 * columns) + text
}
