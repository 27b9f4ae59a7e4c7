/**
 * Where the pages of a file lie: the checked facts of a footer that the decoders need.
 * @module
 */
import type { PageHeader } from 'hyparquet'
import type { ColumnType } from '../../contract/schema.ts'

/** Physical types of Parquet that the kernels decode. */
export type PhysicalType = 'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY'

/** Compressions of Parquet that the codec undoes. */
export type Codec = 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP' | 'BROTLI' | 'ZSTD' | 'LZ4_RAW'

/** One column of a file whose values the kernels decode. */
export interface Leaf {
  readonly name: string
  /** How it is held in memory. */
  readonly type: ColumnType
  readonly physical: PhysicalType
  /** Do pages carry definition levels? */
  readonly optional: boolean
  /** Position among the columns of the file. */
  readonly index: number
  /** Unit of a time after the epoch. */
  readonly timeUnit?: 'day' | 'ms' | 'us' | 'ns'
  /** Is the time one of UTC, not of a clock that the file does not name? */
  readonly adjustedToUtc?: boolean
  /** What is done to the decoded values before they mean what the file says. */
  readonly adapt?: Adapt
}

/** A meaning that no memory type has. */
export type Adapt = { readonly kind: 'uint32' | 'uint64' } | { readonly kind: 'decimal'; readonly scale: number }

/** The header of a page, and where the page's bytes begin and end in its chunk. */
export interface KnownPage {
  readonly header: PageHeader
  readonly start: number
  readonly end: number
}

/** Pages of one column in one row group. */
export interface Chunk {
  readonly codec: Codec
  /** Position of the first page's header. */
  readonly start: number
  /** Bytes of all pages with their headers. */
  readonly length: number
  /** Its first pages, as they are met: a file never changes, and parsing headers takes a third of a small read. */
  readonly known: KnownPage[]
}

/** Consecutive rows whose columns lie in one chunk each. */
export interface RowGroup {
  /** Row of the file that it starts with. */
  readonly startRow: number
  readonly rows: number
  /** Chunks in the order of the file's columns. */
  readonly chunks: readonly Chunk[]
  /** Smallest and largest timestamp, as the file says. */
  readonly span?: { readonly first: bigint; readonly last: bigint }
}
