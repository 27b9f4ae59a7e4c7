/**
 * Files of rows: written once, checked when first opened, never changed.
 * @module
 */
import { crc32 } from 'node:zlib'
import type { ByteSource, ParquetFooter } from '../../codecs/parquet/index.ts'
import { type Columns, rowCount } from '../../contract/columns.ts'
import { hasCode } from '../../contract/errors.ts'
import type { SnapshotMeta, TableName } from '../../contract/storage.ts'
import { shapeOf } from '../column-shape.ts'
import { writeDurably } from './fs-port.ts'
import {
  DamagedDataFile,
  checkSize,
  checksumInPasses,
  checksumOf,
  MissingDataFile,
  readWhole,
  sourceOnDemand,
} from './file-bytes.ts'
import { type DataFile, dataName } from './layout.ts'
import { type Desk, type LocalStore, freshId } from './store.ts'

/** Files up to this size are read whole, by one synchronous read, when they are first opened. */
const SMALL_BYTES = 4 * 2 ** 20

/** Key of the footer under which a file says where it belongs. */
export const ORIGIN_KEY = 'marketlake'

/** Where a file belongs: enough to rebuild a lost log. */
export interface Origin {
  readonly provider: string
  readonly schema: string
  readonly symbol: string
  readonly interval?: string
  readonly table: TableName
  readonly part: string
  /** How the series was cut into files. */
  readonly partition: string
  /** Version that the file was written for. */
  readonly version: number
  readonly opId: string
  /** Position among the files of that version. */
  readonly sequence: number
  readonly meta: SnapshotMeta
}

/** Path of a file of rows. */
export const dataPath = (desk: Desk, file: Pick<DataFile, 'table' | 'part' | 'id'>): string =>
  `${desk.paths.data}/${dataName(file)}`

/**
 * Writes rows to a new file and syncs its content; its name reaches the disk when the folder is synced.
 * @throws the file system's error
 */
export async function writeDataFile(store: LocalStore, desk: Desk, rows: Columns, origin: Origin): Promise<DataFile> {
  const { table, part } = origin
  const chunks = store.codec.parquet.encodeParquet(rows, {
    columns: shapeOf(desk.series.schema, table, rows),
    timeUnit: desk.timeUnit,
    compression: store.options.compression,
    metadata: { [ORIGIN_KEY]: JSON.stringify(origin) },
    sorted: true,
    compressors: store.compressors,
  })
  const file: DataFile = {
    table,
    part,
    id: freshId(store),
    sizeBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    crc32: chunks.reduce((crc, chunk) => crc32(chunk, crc), 0),
    rows: rowCount(rows),
    first: rows.timestamp[0] as bigint,
    last: rows.timestamp.at(-1) as bigint,
  }
  const path = dataPath(desk, file)
  const temporary = `${desk.paths.data}/.${dataName(file)}.tmp`
  await writeDurably(store.fs, temporary, chunks)
  await store.fs.rename(temporary, path)
  return file
}

/** A file of rows that was found to be what it should be. Nothing stays open. */
export interface OpenDataFile {
  readonly file: DataFile
  readonly source: ByteSource
  /** Its bytes, where it was read whole. */
  readonly whole?: Uint8Array
  /** The same file, read again whenever asked. */
  readonly onDemand: ByteSource
  readonly footer: ParquetFooter
}

/** How a file is opened. */
export interface OpenOptions {
  /** Is what was learnt of it forgotten, its checksum compared and its footer read once more? @default false */
  readonly again?: boolean
  /** May a small file stay in memory for as long as it is open? @default true */
  readonly keep?: boolean
}

/**
 * Opens a file of rows. The first time in a process its size and checksum are compared.
 * @throws {MissingDataFile} or {DamagedDataFile}
 */
export async function openDataFile(
  store: LocalStore,
  desk: Desk,
  file: DataFile,
  { again = false, keep = true }: OpenOptions = {},
): Promise<OpenDataFile> {
  const path = dataPath(desk, file)
  const onDemand = sourceOnDemand(store, file, path)
  const { io } = store.options
  if (again) {
    store.verified.delete(path)
    store.footers.delete(path)
  }
  if (io === 'async' || (io === 'auto' && file.sizeBytes > SMALL_BYTES)) {
    const facts = store.fs.factsSync(path)
    if (facts === null) throw new MissingDataFile(file)
    checkSize(file, facts.sizeBytes)
    await check(store, file, path, onDemand)
    return { file, source: onDemand, onDemand, footer: footerOf(store, file, path, onDemand) }
  }
  const known = store.footers.get(path)
  // Of a file that is known, only what is wanted is read, and when its turn comes, into memory that is used again.
  if (known !== undefined && store.verified.has(path)) {
    return { file, source: onDemand, onDemand, footer: known }
  }
  if (!keep) {
    if (!store.verified.has(path)) compare(store, file, path, checksumInPasses(store, file, path))
    return { file, source: onDemand, onDemand, footer: footerOf(store, file, path, onDemand) }
  }
  const whole = readWhole(store, file, path)
  const source = store.codec.parquet.bytesSource(whole)
  await check(store, file, path, source)
  return { file, source, whole, onDemand, footer: footerOf(store, file, path, source) }
}

async function check(store: LocalStore, file: DataFile, path: string, source: ByteSource): Promise<void> {
  if (store.verified.has(path)) return
  compare(store, file, path, source.bytes === undefined ? await checksumOf(source) : crc32(source.bytes))
}

function compare(store: LocalStore, file: DataFile, path: string, found: number): void {
  if (found !== file.crc32) throw new DamagedDataFile(file, `has checksum ${found}, not ${file.crc32}`)
  // Names are never used twice, so a name stands for its content.
  if (store.verified.size >= 100_000) store.verified.clear()
  store.verified.add(path)
}

function footerOf(store: LocalStore, file: DataFile, path: string, source: ByteSource): ParquetFooter {
  const cached = store.footers.get(path)
  if (cached !== undefined) return cached
  let footer: ParquetFooter
  try {
    footer = store.codec.parquet.readFooter(source)
  } catch (error) {
    if (hasCode(error, 'storage/corrupt')) throw new DamagedDataFile(file, (error as Error).message)
    throw error
  }
  if (footer.rows !== file.rows) throw new DamagedDataFile(file, `holds ${footer.rows} rows, not ${file.rows}`)
  store.footers.set(path, footer, footer.memoryBytes)
  return footer
}
