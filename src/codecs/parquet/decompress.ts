/**
 * Undoes the compression of pages.
 * @module
 */
import { decompressLz4 } from './decompress-lz4.ts'
import { decompressSnappy } from './decompress-snappy.ts'
import { corrupt, guarded, unsupported } from './faults.ts'
import type { Codec } from './layout.ts'
import type { Compressors, Decompress } from './types.ts'

/** What undoes each codec, and the name of the injected function where the platform must bring it. */
const TABLE: Readonly<Record<Codec, { built?: Decompress; injected?: keyof Compressors }>> = {
  UNCOMPRESSED: { built: (bytes) => bytes },
  SNAPPY: { built: decompressSnappy },
  LZ4_RAW: { built: decompressLz4 },
  GZIP: { injected: 'gunzip' },
  BROTLI: { injected: 'brotliDecompress' },
  ZSTD: { injected: 'zstdDecompress' },
}

/**
 * Decompresses one page into exactly `size` bytes; a view of the input where it is not compressed.
 * @throws {StorageError} `storage/corrupt`; `storage/unsupported-format` where the platform brings no such codec
 */
export function decompress(bytes: Uint8Array, size: number, codec: Codec, compressors: Compressors): Uint8Array {
  if (!Object.hasOwn(TABLE, codec)) throw unsupported(`pages in codec ${String(codec)}`)
  const { built, injected } = TABLE[codec]
  const run = built ?? (injected === undefined ? undefined : (compressors[injected] as Decompress | undefined))
  if (run === undefined) throw unsupported(`${codec} pages need compressors.${injected}, which this platform lacks`)
  const out = size === 0 && codec !== 'UNCOMPRESSED' ? new Uint8Array(0) : guarded('a page', () => run(bytes, size))
  if (out.length !== size) throw corrupt(`a page of ${size} bytes decompresses to ${out.length}`)
  return out
}
