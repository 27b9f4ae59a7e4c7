/**
 * Walks the pages of a column chunk. Sizes, counts and checksums are checked before a payload is touched.
 * @module
 */
import type { Encoding, PageHeader } from 'hyparquet'
import { crc32 as ownCrc32 } from './crc32.ts'
import { decompress } from './decompress.ts'
import { corrupt, unsupported } from './faults.ts'
import { parsePageHeader } from './format.ts'
import type { Chunk, KnownPage, PhysicalType } from './layout.ts'
import type { Compressors } from './types.ts'

/** Largest page that is decompressed; writers aim at 1 MB, and a chunk of one page may have some tens. */
const MAX_PAGE_BYTES = 1 << 28
/** Bytes that one value of fixed length takes at most in any encoding, with its level. */
const MAX_VALUE_BYTES = 24
const PAGE_SLACK_BYTES = 4096
/** Headers of a chunk that are kept; ours have two at most, foreign ones may have thousands. */
const MOST_KNOWN = 4

/** What opening pages needs. */
export interface PageContext {
  readonly name: string
  readonly chunk: Chunk
  readonly optional: boolean
  /** Bytes of one value, or undefined where values differ in length. */
  readonly fixed: boolean
  readonly compressors: Compressors
  readonly verify: boolean
}

/** One page, still compressed. */
export interface Page {
  readonly header: PageHeader
  readonly body: Uint8Array
  /** Entries of a dictionary, or values of a data page with its nulls. */
  readonly count: number
  readonly encoding: Encoding
  /** First row of a data page, counted in the row group; -1 for a dictionary. */
  readonly row: number
}

/** Parts of a data page. */
export interface OpenPage {
  /** Definition levels without their length; undefined where the column is required. */
  readonly levels: Uint8Array | undefined
  readonly values: Uint8Array
}

/** Does every value of this type take the same number of bytes? */
export function isFixed(physical: PhysicalType): boolean {
  return physical !== 'BYTE_ARRAY'
}

/**
 * The pages of a chunk in order: a dictionary at most, then data pages that hold exactly `rows` values.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function* pagesOf(bytes: Uint8Array, rows: number, context: PageContext): Generator<Page, void, undefined> {
  let at = 0
  let row = 0
  let dictionaries = 0
  for (let i = 0; row < rows; i++) {
    if (at >= bytes.length) throw corrupt(`column ${context.name}: pages hold ${row} values of ${rows}`)
    const { header, start, end } = pageAt(bytes, at, i, context)
    at = end
    if (header.type === 'INDEX_PAGE') continue
    const body = bytes.subarray(start, end)
    if (context.verify) verify(header, body, context)
    const facts = factsOf(header)
    if (facts === undefined || !isSize(facts.num_values) || facts.encoding === undefined) {
      throw corrupt(`column ${context.name}: a page header lacks its facts`)
    }
    const page = { header, body, count: facts.num_values, encoding: facts.encoding }
    if (header.type === 'DICTIONARY_PAGE') {
      if (row > 0 || ++dictionaries > 1) throw corrupt(`column ${context.name}: a dictionary stands among data pages`)
      yield { ...page, row: -1 }
      continue
    }
    if (facts.num_values > rows - row) throw corrupt(`column ${context.name}: pages hold more than ${rows} values`)
    yield { ...page, row }
    row += facts.num_values
  }
}

/**
 * The header of page `i` of a chunk, which begins at `at`, and where its bytes lie.
 * @throws {StorageError} `storage/corrupt`
 */
export function pageAt(bytes: Uint8Array, at: number, i: number, { name, chunk }: PageContext): KnownPage {
  const known = chunk.known[i]
  if (known !== undefined && known.end <= bytes.length) return known
  const { header, end: start } = parsePageHeader(bytes, at)
  const size = header.compressed_page_size
  if (!isSize(size) || start + size > bytes.length) throw corrupt(`column ${name}: a page is cut short`)
  const page = { header, start, end: start + size }
  if (i < MOST_KNOWN && i === chunk.known.length) chunk.known.push(page)
  return page
}

function factsOf(header: PageHeader): { readonly num_values: number; readonly encoding: Encoding } | undefined {
  if (header.type === 'DICTIONARY_PAGE') return header.dictionary_page_header
  if (header.type === 'DATA_PAGE') return header.data_page_header
  return header.type === 'DATA_PAGE_V2' ? header.data_page_header_v2 : undefined
}

function isSize(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0
}

function verify(header: PageHeader, body: Uint8Array, { compressors, name }: PageContext): void {
  if (header.crc === undefined) return
  const sum = (compressors.crc32 ?? ownCrc32)(body)
  if ((sum | 0) !== (header.crc | 0)) throw corrupt(`column ${name}: the checksum of a page does not match`)
}

/**
 * The values of a page that is nothing but `rows` plain ones of 8 bytes.
 * @returns undefined where it is anything else
 * @throws {StorageError} `storage/corrupt` for a wrong checksum, where those are verified
 */
export function plainValues(
  bytes: Uint8Array,
  { header, start, end }: KnownPage,
  rows: number,
  context: PageContext,
): Uint8Array | undefined {
  const facts = header.type === 'DATA_PAGE' ? header.data_page_header : undefined
  if (facts?.encoding !== 'PLAIN' || facts.num_values !== rows) return undefined
  if (end - start !== rows * 8 || header.uncompressed_page_size !== rows * 8) return undefined
  const body = bytes.subarray(start, end)
  if (context.verify) verify(header, body, context)
  return body
}

/** Checks how long a page claims to be once decompressed. */
function plainSize(page: Page, context: PageContext): number {
  const size = page.header.uncompressed_page_size
  const most = context.fixed
    ? Math.min(MAX_PAGE_BYTES, page.count * MAX_VALUE_BYTES + PAGE_SLACK_BYTES)
    : MAX_PAGE_BYTES
  if (!isSize(size) || size > most)
    throw corrupt(`column ${context.name}: a page of ${page.count} values claims ${size} bytes`)
  return size
}

/**
 * Decompresses a dictionary.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function openDictionary(page: Page, context: PageContext): Uint8Array {
  if (page.encoding !== 'PLAIN' && page.encoding !== 'PLAIN_DICTIONARY') {
    throw unsupported(`column ${context.name}: a dictionary in encoding ${page.encoding}`)
  }
  return decompress(page.body, plainSize(page, context), context.chunk.codec, context.compressors)
}

/**
 * Decompresses a data page and takes levels and values apart.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function openData(page: Page, context: PageContext): OpenPage {
  const size = plainSize(page, context)
  if (page.header.type === 'DATA_PAGE_V2') return openV2(page, size, context)
  const bytes = decompress(page.body, size, context.chunk.codec, context.compressors)
  if (!context.optional) return { levels: undefined, values: bytes }
  if (page.header.data_page_header?.definition_level_encoding !== 'RLE') {
    throw unsupported(`column ${context.name}: definition levels in an encoding other than RLE`)
  }
  if (bytes.length < 4) throw corrupt(`column ${context.name}: a page ends inside its levels`)
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (end > bytes.length) throw corrupt(`column ${context.name}: a page ends inside its levels`)
  return { levels: bytes.subarray(4, end), values: bytes.subarray(end) }
}

/** Levels of a second-version page stand before the values and are never compressed. */
function openV2(
  { header, body, count }: Page,
  size: number,
  { name, chunk, optional, compressors }: PageContext,
): OpenPage {
  const facts = header.data_page_header_v2
  const length = facts?.definition_levels_byte_length ?? 0
  if (facts?.num_rows !== count || (facts.repetition_levels_byte_length ?? 0) !== 0) {
    throw corrupt(`column ${name}: a page of ${count} values claims ${facts?.num_rows} rows or repetition levels`)
  }
  if (!isSize(length) || length > body.length || length > size)
    throw corrupt(`column ${name}: a page ends inside its levels`)
  const rest = body.subarray(length)
  const isPacked = facts.is_compressed !== false && chunk.codec !== 'UNCOMPRESSED'
  const values = decompress(rest, size - length, isPacked ? chunk.codec : 'UNCOMPRESSED', compressors)
  return { levels: optional ? body.subarray(0, length) : undefined, values }
}
