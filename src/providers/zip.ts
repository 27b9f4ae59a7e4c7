/**
 * The one file of a ZIP archive, checked before it is believed.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end of it).
 * @module
 */
import { ProviderError } from '../contract/errors.ts'

/** Bounds of an archive. */
export interface UnzipOptions {
  /** Most bytes of the file. */
  readonly maxBytes: number
  /** Most bytes of the file a byte of the archive. @default 200 */
  readonly maxRatio?: number
}

const END_SIGNATURE = 0x0605_4b50
const DIRECTORY_SIGNATURE = 0x0201_4b50
const LOCAL_SIGNATURE = 0x0403_4b50
const END_LENGTH = 22
const DIRECTORY_LENGTH = 46
const LOCAL_LENGTH = 30
const LONGEST_COMMENT = 65_535
const STORED = 0
const DEFLATED = 8

const refuse = (why: string): ProviderError => new ProviderError('provider/response', `sent an archive ${why}`)
const truncated = (why: string): ProviderError => new ProviderError('provider/truncated', `sent an archive ${why}`)

function endOffset(view: DataView): number {
  const lowest = Math.max(0, view.byteLength - END_LENGTH - LONGEST_COMMENT)
  for (let at = view.byteLength - END_LENGTH; at >= lowest; at--)
    if (view.getUint32(at, true) === END_SIGNATURE) return at
  throw truncated('without its end')
}

/** Unpacks an archive that holds exactly one file. @throws {ProviderError} `provider/truncated`, `provider/response` */
export async function unzipOne(archive: Uint8Array, { maxBytes, maxRatio = 200 }: UnzipOptions): Promise<Uint8Array> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength)
  const within = (start: number, length: number): void => {
    if (start < 0 || start + length > archive.byteLength) throw truncated('whose parts lie outside of it')
  }
  if (archive.byteLength < END_LENGTH) throw truncated(`of ${archive.byteLength} bytes`)
  const end = endOffset(view)
  if (view.getUint16(end + 10, true) !== 1) throw refuse(`with ${view.getUint16(end + 10, true)} files instead of one`)
  const entry = view.getUint32(end + 16, true)
  within(entry, DIRECTORY_LENGTH)
  if (view.getUint32(entry, true) !== DIRECTORY_SIGNATURE) throw refuse('whose directory is broken')
  const method = view.getUint16(entry + 10, true)
  const crc = view.getUint32(entry + 16, true)
  const packedBytes = view.getUint32(entry + 20, true)
  const bytes = view.getUint32(entry + 24, true)
  const nameLength = view.getUint16(entry + 28, true)
  within(entry + DIRECTORY_LENGTH, nameLength)
  const name = new TextDecoder().decode(
    archive.subarray(entry + DIRECTORY_LENGTH, entry + DIRECTORY_LENGTH + nameLength),
  )
  if (/[/\\:\0]|^\.\.?$/.test(name) || name === '')
    throw refuse(`with a file called ${JSON.stringify(name.slice(0, 60))}`)
  if ((view.getUint16(entry + 8, true) & 1) !== 0) throw refuse('that is encrypted')
  if (bytes > maxBytes || bytes > Math.max(1, packedBytes) * maxRatio) {
    throw new ProviderError('provider/body-too-large', `sent an archive of ${packedBytes} bytes that holds ${bytes}`)
  }
  const local = view.getUint32(entry + 42, true)
  within(local, LOCAL_LENGTH)
  if (view.getUint32(local, true) !== LOCAL_SIGNATURE) throw refuse('whose file has no header')
  const start = local + LOCAL_LENGTH + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
  within(start, packedBytes)
  const packed = archive.subarray(start, start + packedBytes)
  if (method !== STORED && method !== DEFLATED) throw refuse(`packed by method ${method}`)
  const content = method === STORED ? packed : await inflate(packed, bytes)
  const { crc32 } = await import('../codecs/parquet/crc32.ts')
  if (content.byteLength !== bytes || crc32(content) !== crc) throw truncated('whose file fails its checksum')
  return content
}

/** Inflates into exactly the declared length; a stream that grows beyond it is cut there. */
async function inflate(packed: Uint8Array, bytes: number): Promise<Uint8Array> {
  const stream = new Blob([packed.slice()]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const reader = stream.getReader()
  const out = new Uint8Array(bytes)
  let at = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return out.subarray(0, at)
      if (at + value.byteLength > bytes) throw refuse('whose file is longer than it says')
      out.set(value, at)
      at += value.byteLength
    }
  } catch (error) {
    await reader.cancel().catch(() => {})
    if (error instanceof ProviderError) throw error
    throw truncated('whose file does not unpack')
  }
}
