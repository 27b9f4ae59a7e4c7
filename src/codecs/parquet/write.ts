/**
 * Columns to a Parquet file: pages by own kernels, headers and footer by hyparquet-writer.
 * @module
 */
import type { ColumnChunk, ColumnMetaData, FileMetaData, PageHeader, RowGroup } from 'hyparquet'
import { columnLength, rowCount, sliceColumn, validityOf, type Column, type Columns } from '../../contract/columns.ts'
import { ConfigError, DataError } from '../../contract/errors.ts'
import type { StoredColumn } from '../../contract/storage.ts'
import { crc32 as ownCrc32 } from './crc32.ts'
import { encodeColumn, type EncodedColumn, type EncodedPage } from './encode-column.ts'
import { createWorkshop } from './encode-dictionary.ts'
import { footerBytes, MAGIC, pageHeaderBytes } from './format.ts'
import { elementOf } from './leaf.ts'
import type { EncodeOptions } from './types.ts'

/** Rows of a row group unless asked otherwise: 30 days of minutes. */
const ROW_GROUP_ROWS = 43_200
const MAX_ROW_GROUP_ROWS = 1 << 20
/** First payload of a chunk starts at a multiple of it, so that readers can map the values in place. */
const ALIGNMENT = 8
const WORD = 4
/** Compressed pages are kept where they take at most this share. */
const WORTH = 0.9

/** Bytes written so far, in parts. */
interface Output {
  readonly parts: Uint8Array[]
  size: number
}

/** What all chunks of a file share. */
interface Context {
  readonly output: Output
  readonly crc32: (bytes: Uint8Array) => number
  readonly compress: ((bytes: Uint8Array) => Uint8Array) | undefined
}

/**
 * Encodes columns as a Parquet file.
 * Columns are REQUIRED unless a row is null, sorted by timestamp, one page a column and row group, aligned in the file.
 * @returns the file in parts, in order, which may be views of the caller's arrays: write them before those change
 * @throws {DataError} `data/schema-mismatch` where columns and shape disagree, `data/invalid` where rows do not ascend
 * @throws {ConfigError} `config/option`
 */
export function encodeParquet(columns: Columns, options: EncodeOptions): readonly Uint8Array[] {
  const rows = rowCount(columns)
  const groupRows = groupRowsOf(options.rowGroupRows ?? ROW_GROUP_ROWS)
  const { compression = 'none', compressors = {}, sorted = true } = options
  if (compression === 'zstd' && compressors.zstdCompress === undefined) {
    throw new ConfigError('config/option', 'compression: zstd needs compressors.zstdCompress', { field: 'compression' })
  }
  if (options.columns[0]?.name !== 'timestamp') throw mismatch('timestamp', 'must be the first column')
  if (new Set(options.columns.map(({ name }) => name)).size < options.columns.length) {
    throw new DataError('data/schema-mismatch', 'two columns have one name', { field: 'columns' })
  }
  const context: Context = {
    output: { parts: [MAGIC], size: MAGIC.length },
    crc32: compressors.crc32 ?? ownCrc32,
    compress: compression === 'zstd' ? compressors.zstdCompress : undefined,
  }
  const workshop = createWorkshop(Math.min(rows, groupRows))
  const optional = options.columns.map(({ name }) => isOptional(columns, name, rows))
  if (optional[0]) throw new DataError('data/invalid', 'column timestamp: a row has none', { field: 'timestamp' })
  const groups: RowGroup[] = []
  for (let start = 0; start < rows; start += groupRows) {
    const end = Math.min(rows, start + groupRows)
    const encoded = options.columns.map(({ name, type }, i) => {
      return encodeColumn(
        name,
        type,
        sliceColumn(columns[name] as Column, start, end),
        optional[i] as boolean,
        workshop,
      )
    })
    if (sorted) checkAscending(columns.timestamp, start, encoded[0] as EncodedColumn)
    groups.push(writeGroup(context, options.columns, encoded, end - start, sorted))
  }
  const fields = options.columns.map((column, i) => elementOf(column, optional[i] as boolean, options.timeUnit))
  const metadata: FileMetaData = {
    version: 2,
    created_by: 'marketlake',
    schema: [{ name: 'root', num_children: fields.length }, ...fields],
    num_rows: BigInt(rows),
    row_groups: groups,
    metadata_length: 0,
  }
  const pairs = Object.entries(options.metadata ?? {})
  if (pairs.length > 0) metadata.key_value_metadata = pairs.map(([key, value]) => ({ key, value }))
  push(context.output, footerBytes(metadata))
  return context.output.parts
}

function groupRowsOf(rows: number): number {
  if (Number.isInteger(rows) && rows >= 1 && rows <= MAX_ROW_GROUP_ROWS) return rows
  const message = `rowGroupRows: ${String(rows)} is no whole number from 1 to ${MAX_ROW_GROUP_ROWS}`
  throw new ConfigError('config/option', message, { field: 'rowGroupRows', value: rows })
}

function mismatch(name: string, why: string): DataError {
  return new DataError('data/schema-mismatch', `column ${name}: ${why}`, { field: name })
}

/** Is a row of the column null? */
function isOptional(columns: Columns, name: string, rows: number): boolean {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined
  if (column === undefined) throw mismatch(name, 'is missing')
  if (columnLength(column) !== rows) throw mismatch(name, `has ${columnLength(column)} rows, timestamp has ${rows}`)
  const valid = validityOf(column)
  if (valid === undefined) return false
  if (valid.length * 8 < rows) throw mismatch(name, `has a bitmap for ${valid.length * 8} rows of ${rows}`)
  const whole = rows >> 3
  for (let i = 0; i < whole; i++) if (valid[i] !== 0xff) return true
  const rest = (1 << (rows & 7)) - 1
  return rest !== 0 && ((valid[whole] as number) & rest) !== rest
}

/** Readers skip row groups by the order that the file claims, so a false claim would hide rows. */
function checkAscending(timestamp: BigInt64Array, start: number, encoded: EncodedColumn): void {
  const before = timestamp[start - 1]
  if (encoded.ascending === true && (before === undefined || before <= (timestamp[start] as bigint))) return
  const message = `rows ${start} and after do not ascend by timestamp: sort them, or pass sorted: false`
  throw new DataError('data/invalid', message, { field: 'timestamp' })
}

function writeGroup(
  context: Context,
  columns: readonly StoredColumn[],
  encoded: readonly EncodedColumn[],
  rows: number,
  sorted: boolean,
): RowGroup {
  const start = context.output.size
  const chunks = encoded.map((column, i) => writeChunk(context, (columns[i] as StoredColumn).name, column, rows))
  const group: RowGroup = {
    columns: chunks,
    total_byte_size: chunks.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n),
    num_rows: BigInt(rows),
    file_offset: BigInt(start),
    total_compressed_size: chunks.reduce((sum, { meta_data }) => sum + (meta_data?.total_compressed_size ?? 0n), 0n),
  }
  if (sorted) group.sorting_columns = [{ column_idx: 0, descending: false, nulls_first: false }]
  return group
}

/** A page as it is written. */
interface WrittenPage {
  readonly header: Uint8Array
  readonly body: Uint8Array
}

function writeChunk(context: Context, name: string, column: EncodedColumn, rows: number): ColumnChunk {
  const { output } = context
  const sources = column.dictionary === undefined ? [column.data] : [column.dictionary, column.data]
  const raw = sources.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const packed = context.compress === undefined ? [] : sources.map(({ bytes }) => context.compress?.(bytes) ?? bytes)
  const isPacked = packed.length > 0 && packed.reduce((sum, bytes) => sum + bytes.length, 0) <= WORTH * raw
  const pages = sources.map((page, i) => {
    const body = isPacked ? (packed[i] as Uint8Array) : page.bytes
    return writtenPage(context, page, body, page === column.dictionary)
  })
  const gap = gapBefore(output.size, pages, isPacked ? undefined : column.data.wordsAt)
  if (gap > 0) push(output, new Uint8Array(gap))
  const start = output.size
  let dataStart = start
  for (const page of pages) {
    dataStart = output.size
    push(output, page.header)
    push(output, page.body)
  }
  const headers = pages.reduce((sum, { header }) => sum + header.length, 0)
  const encodings = new Set(sources.map(({ encoding }) => encoding))
  if (column.optional) encodings.add('RLE')
  const meta: ColumnMetaData = {
    type: column.physical,
    encodings: [...encodings],
    path_in_schema: [name],
    codec: isPacked ? 'ZSTD' : 'UNCOMPRESSED',
    num_values: BigInt(rows),
    total_uncompressed_size: BigInt(headers + raw),
    total_compressed_size: BigInt(output.size - start),
    data_page_offset: BigInt(dataStart),
    statistics: { ...column.bounds, null_count: BigInt(column.nulls) },
  }
  if (column.dictionary !== undefined) meta.dictionary_page_offset = BigInt(start)
  return { file_offset: BigInt(start), meta_data: meta }
}

/**
 * Bytes to leave out before a chunk, so that readers need not copy what they use in place: the packed words of the last
 * page, at a multiple of 4, and the values of the first page, at a multiple of 8, where both can be had.
 */
function gapBefore(size: number, pages: readonly WrittenPage[], wordsAt: number | undefined): number {
  const [first, ...others] = pages as [WrittenPage, ...WrittenPage[]]
  const values = size + first.header.length
  const gap = -values & (ALIGNMENT - 1)
  if (wordsAt === undefined) return gap
  const between =
    others.reduce((sum, { header }) => sum + header.length, 0) + (others.length > 0 ? first.body.length : 0)
  const wordsMiss = -(values + gap + between + wordsAt) & (WORD - 1)
  return wordsMiss === 0 ? gap : (gap + wordsMiss) & (WORD - 1)
}

function writtenPage(context: Context, page: EncodedPage, body: Uint8Array, isDictionary: boolean): WrittenPage {
  const sizes = { uncompressed_page_size: page.bytes.length, compressed_page_size: body.length }
  const crc = context.crc32(body) | 0
  const { values: num_values, encoding } = page
  const levels = { definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' } as const
  const header: PageHeader = isDictionary
    ? { type: 'DICTIONARY_PAGE', ...sizes, crc, dictionary_page_header: { num_values, encoding } }
    : { type: 'DATA_PAGE', ...sizes, crc, data_page_header: { num_values, encoding, ...levels } }
  return { header: pageHeaderBytes(header), body }
}

function push(output: Output, bytes: Uint8Array): void {
  if (bytes.length === 0) return
  output.parts.push(bytes)
  output.size += bytes.length
}
