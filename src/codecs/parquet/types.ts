/**
 * What the Parquet page codec takes and gives.
 * @module
 */
import type { Column, Columns } from '../../contract/columns.ts'
import type { ReadBuffers, StoredColumn } from '../../contract/storage.ts'
import type { Leaf, RowGroup } from './layout.ts'
import type { ReadScratch } from './read-scratch.ts'

/** Bytes at positions: an open file, or memory. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number
  /**
   * The whole content where it lies in memory already and never changes. Columns may be views of it.
   */
  readonly bytes?: Uint8Array
  /** Are rows read synchronously? @default up to 4 MB */
  readonly sync?: boolean
  /**
   * Fills `target` fully from `position`.
   * @throws {StorageError} `storage/corrupt` on a short read
   */
  readSync(target: Uint8Array, position: number): void
  /**
   * Fills `target` fully from `position`.
   * @throws {StorageError} `storage/corrupt` on a short read
   */
  read(target: Uint8Array, position: number): Promise<void>
}

/** Undoes one compression: compressed bytes and the size of the result. */
export type Decompress = (bytes: Uint8Array, size: number) => Uint8Array

/** Compression and checksums of the platform, injected; snappy, lz4 and a slower crc32 are built in. */
export interface Compressors {
  readonly zstdCompress?: (bytes: Uint8Array) => Uint8Array
  readonly zstdDecompress?: Decompress
  readonly gunzip?: Decompress
  readonly brotliDecompress?: Decompress
  /** CRC-32 as in zlib; `seed` continues an earlier one. */
  readonly crc32?: (bytes: Uint8Array, seed?: number) => number
}

/** Columns in order, `timestamp` first, and the unit of those of type `timestamp`. */
export interface ParquetShape {
  readonly columns: readonly StoredColumn[]
  readonly timeUnit: 'us' | 'ns'
}

/** What is written, and how. */
export interface EncodeOptions extends ParquetShape {
  /** Rows of one row group. @default 43_200 */
  readonly rowGroupRows?: number
  /** `zstd` compresses each column where it saves a tenth or more. @default 'none' */
  readonly compression?: 'none' | 'zstd'
  /** Key-value pairs of the footer. @default {} */
  readonly metadata?: Readonly<Record<string, string>>
  /** Are rows in ascending order of timestamp? Checked, and recorded as sorting column. @default true */
  readonly sorted?: boolean
  /** @default none: pages carry a checksum computed in JavaScript */
  readonly compressors?: Compressors
}

/** What the end of a file says about it. Each fact was checked against the file's size. */
export interface ParquetFooter extends ParquetShape {
  /** Length in rows. */
  readonly rows: number
  /** Key-value pairs of the writer. */
  readonly metadata: Readonly<Record<string, string>>
  /** Estimate of the memory that this value takes, for caches bounded in bytes. */
  readonly memoryBytes: number
  /** Is every column one that {@link ParquetShape} can express and the kernels decode? */
  readonly own: boolean
  /** Does the file say that its rows ascend by timestamp? */
  readonly sorted: boolean
  /** Columns of the file in order, those that the kernels do not decode as undefined; for the codec's own use. */
  readonly leaves: readonly (Leaf | undefined)[]
  /** Row groups in order; for the codec's own use. */
  readonly groups: readonly RowGroup[]
}

/** Rows `[startRow, endRow)` of one file. */
export interface ReadPart {
  readonly source: ByteSource
  readonly footer: ParquetFooter
  readonly startRow: number
  readonly endRow: number
}

/** Which columns are read, `timestamp` first, and how. */
export interface ReadOptions extends ParquetShape {
  /** Arrays of the caller that take the values. A result is the array's front part. */
  readonly into?: ReadBuffers
  readonly signal?: AbortSignal
  readonly compressors?: Compressors
  /** Milliseconds of continuous work after which the event loop gets a turn. @default 8 */
  readonly yieldAfterMs?: number
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number
  /** Are page checksums verified where present? Costs a tenth of a read. @default false */
  readonly verify?: boolean
  /** Memory of earlier reads, lent to this one alone until it ends. @default fresh */
  readonly scratch?: ReadScratch
  /** Gives memory for one column, zeroed or not: every byte is written before it is handed out. @default zeroed */
  readonly allocate?: (bytes: number) => ArrayBuffer
}

/** Columns of any Parquet file in their native names and types. */
export interface ForeignColumns {
  /** Texts, enums, JSON and UUIDs as text; decimals as the nearest double; unsigned 32 bits as int64; booleans as 0 and 1. */
  readonly columns: Readonly<Record<string, Column>>
  readonly rows: number
  /** Key-value pairs of the writer. */
  readonly metadata: Readonly<Record<string, string>>
  /** Unit of each column that counts time after the epoch. */
  readonly timeUnits: Readonly<Record<string, 'day' | 'ms' | 'us' | 'ns'>>
  /** Whether each column of `timeUnits` holds instants in UTC; false for the clock of a place that the file does not name. */
  readonly adjustedToUtc: Readonly<Record<string, boolean>>
  /** Columns that were not asked for by name and cannot be read, with the reason. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
}

/** How any Parquet file is read. */
export interface ForeignOptions extends Partial<
  Pick<ReadOptions, 'signal' | 'compressors' | 'yieldAfterMs' | 'now' | 'verify' | 'allocate'>
> {
  /** Names of the columns wanted, in order. @default all that can be read */
  readonly columns?: readonly string[]
}

export type { Column, Columns, ReadBuffers, StoredColumn }
