/**
 * The door to hyparquet and hyparquet-writer: footers, thrift and page headers. Payloads of pages are not their work.
 * @module
 */
import { parquetMetadata, type FileMetaData, type PageHeader, type ParquetParsers } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { corrupt, guarded } from './faults.ts'
import { checkThrift } from './thrift-guard.ts'

/** Four bytes that start and end a file: `PAR1`. */
export const MAGIC: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31)

/** Bytes after the metadata: its length and the magic. */
export const TRAILER_BYTES = 8

/** Longest page header that is read; own ones take 20 to 40 bytes, foreign ones may carry statistics. */
const MAX_HEADER_BYTES = 1 << 20

const same = <T>(value: T): T => value

/** Leaves values as they are stored: a `Date` would cut micro- and nanoseconds off. */
export const RAW: ParquetParsers = {
  timestampFromMilliseconds: same,
  timestampFromMicroseconds: same,
  timestampFromNanoseconds: same,
  dateFromDays: same,
  stringFromBytes: same,
  jsonFromBytes: same,
  geometryFromBytes: same,
  geographyFromBytes: same,
  uuidFromBytes: same,
}

/**
 * Parses the end of a file: metadata, its length and the magic.
 * @throws {StorageError} `storage/corrupt`
 */
export function parseFooter(tail: Uint8Array): FileMetaData {
  const end = tail.length - TRAILER_BYTES
  const start = end - new DataView(tail.buffer, tail.byteOffset + end).getUint32(0, true)
  if (start < 0 || checkThrift(tail.subarray(0, end), start) > end) throw corrupt('the footer is cut short')
  return guarded('the footer', () => parquetMetadata(tail, { parsers: RAW, geoparquet: false }))
}

/** A page header and the position after it. */
export interface ParsedHeader {
  readonly header: PageHeader
  readonly end: number
}

/**
 * Parses the page header at `start`.
 * @throws {StorageError} `storage/corrupt`
 */
export function parsePageHeader(bytes: Uint8Array, start: number): ParsedHeader {
  const within = bytes.subarray(start, start + MAX_HEADER_BYTES)
  const length = checkThrift(within, 0)
  const reader = { view: new DataView(within.buffer, within.byteOffset, length), offset: 0 }
  const header = guarded('a page header', () => parquetHeader(reader))
  return { header, end: start + reader.offset }
}

/** A page header as bytes. */
export function pageHeaderBytes(header: PageHeader): Uint8Array {
  const writer = new ByteWriter(64)
  writePageHeader(writer, header)
  return writer.getBytes()
}

/** The end of a file: metadata, its length and the magic. */
export function footerBytes(metadata: FileMetaData): Uint8Array {
  const writer = new ByteWriter(1024)
  writeMetadata(writer, metadata)
  writer.appendBytes(MAGIC)
  return writer.getBytes()
}
