/**
 * Reads plain values from the file straight into their target, past any buffer.
 * @module
 */
import { crc32 as ownCrc32 } from './crc32.ts'
import type { DecodeContext } from './decode-chunk.ts'
import { corrupt } from './faults.ts'
import { parsePageHeader } from './format.ts'
import type { Task } from './plan.ts'
import type { Target } from './target.ts'
import type { ByteSource } from './types.ts'

/** Bytes below which copying costs less than one more read. */
const FEWEST_BYTES = 32_768
/** Longest header that a page of ours has, with room. */
const MAX_HEADER_BYTES = 128

/**
 * Reads a whole chunk into the target, if its header proves that nothing but one plain page of all rows follows it.
 * @returns false, with nothing read, where it does not
 * @throws {StorageError} `storage/corrupt`
 */
export function readDirect(source: ByteSource, task: Task, target: Target, context: DecodeContext): boolean {
  const { leaf, chunk, window } = task
  const size = window.rows * 8
  const headerSize = chunk.length - size
  if (source.bytes !== undefined || leaf.optional || chunk.codec !== 'UNCOMPRESSED' || size < FEWEST_BYTES) return false
  if (target.values.BYTES_PER_ELEMENT !== 8 || headerSize <= 0 || headerSize > MAX_HEADER_BYTES) return false
  if (window.startRow > 0 || window.endRow < window.rows) return false
  const head = new Uint8Array(headerSize)
  source.readSync(head, chunk.start)
  if (!isPlainPage(head, window.rows)) return false
  const { buffer, byteOffset } = target.values
  const room = new Uint8Array(buffer, byteOffset + window.at * 8, size)
  source.readSync(room, chunk.start + headerSize)
  if (context.verify) {
    const { crc } = parsePageHeader(head, 0).header
    const sum = (context.compressors.crc32 ?? ownCrc32)(room)
    if (crc !== undefined && (crc | 0) !== (sum | 0))
      throw corrupt(`column ${leaf.name}: the checksum of a page does not match`)
  }
  return true
}

/** Are these bytes exactly one header, of a page with just this many plain values? */
function isPlainPage(head: Uint8Array, rows: number): boolean {
  if (head[0] === undefined) return false
  const parsed = tryParse(head)
  const facts = parsed?.header.data_page_header
  const { compressed_page_size: size, uncompressed_page_size: plainSize } = parsed?.header ?? {}
  if (parsed === undefined || facts === undefined || parsed.end !== head.length) return false
  return facts.encoding === 'PLAIN' && facts.num_values === rows && size === rows * 8 && plainSize === rows * 8
}

function tryParse(head: Uint8Array): ReturnType<typeof parsePageHeader> | undefined {
  try {
    return parsePageHeader(head, 0)
  } catch {
    return undefined
  }
}
