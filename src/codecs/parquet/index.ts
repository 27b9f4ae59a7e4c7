/**
 * Columns to Parquet and back: hyparquet and hyparquet-writer for footers and page headers, own kernels for the pages.
 * @module
 */
export { bytesSource } from './bytes-source.ts'
export { findRows } from './find-rows.ts'
export { readFooter } from './footer.ts'
export { readForeign } from './foreign.ts'
export { readColumns } from './read.ts'
export { createReadScratch, scratchBytes, type ReadScratch } from './read-scratch.ts'
export { encodeParquet } from './write.ts'
export type {
  ByteSource,
  Compressors,
  Decompress,
  EncodeOptions,
  ForeignColumns,
  ForeignOptions,
  ParquetFooter,
  ParquetShape,
  ReadOptions,
  ReadPart,
} from './types.ts'
