/**
 * Ways to the bytes of a file of rows, each of which leaves nothing open.
 * @module
 */
import { crc32 } from 'node:zlib'
import type { ByteSource } from '../../codecs/parquet/index.ts'
import { type FileHandle, isCode } from './fs-port.ts'
import { type DataFile, dataName } from './layout.ts'
import type { LocalStore } from './store.ts'

const CHECK_CHUNK_BYTES = 2 ** 20

/** The error of a file that is not there; the reader finds out why. */
export class MissingDataFile extends Error {
  readonly file: DataFile
  constructor(file: DataFile) {
    super(`${dataName(file)} is missing`)
    this.file = file
  }
}

/** The error of a file whose content is not what was written. */
export class DamagedDataFile extends Error {
  readonly file: DataFile
  constructor(file: DataFile, why: string) {
    super(why)
    this.file = file
  }
}

/** @throws {DamagedDataFile} where a file is not as long as it was written */
export function checkSize(file: DataFile, sizeBytes: number): void {
  if (sizeBytes !== file.sizeBytes) throw new DamagedDataFile(file, `is ${sizeBytes} bytes long, not ${file.sizeBytes}`)
}

/** One open, one read, one close: for small files the number of calls is what costs. */
export function readWhole(store: LocalStore, file: DataFile, path: string): Uint8Array {
  return opened(store, file, path, (handle) => {
    // One byte more than there should be shows a file that grew.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(file.sizeBytes + 1).buffer)
    let at = 0
    while (at < file.sizeBytes) {
      const got = store.fs.readSync(handle, at === 0 ? bytes : bytes.subarray(at), at)
      if (got === 0) break
      at += got
    }
    checkSize(file, at)
    return bytes.subarray(0, at)
  })
}

/** The checksum of a small file, pass by pass through memory that is used again. */
export function checksumInPasses(store: LocalStore, file: DataFile, path: string): number {
  return opened(store, file, path, (handle) => {
    let [crc, at] = [0, 0]
    while (at <= file.sizeBytes) {
      const got = store.fs.readSync(handle, store.passes, at)
      if (got === 0) break
      crc = crc32(store.passes.subarray(0, got), crc)
      at += got
    }
    checkSize(file, at)
    return crc
  })
}

function opened<T>({ fs }: LocalStore, file: DataFile, path: string, work: (handle: FileHandle) => T): T {
  let handle: FileHandle
  try {
    handle = fs.openSync(path)
  } catch (error) {
    throw isCode(error, 'ENOENT') ? new MissingDataFile(file) : error
  }
  try {
    return work(handle)
  } finally {
    fs.closeSync(handle)
  }
}

/** Opens the file for each read alone, so that an abandoned read leaves nothing open. */
export function sourceOnDemand(store: LocalStore, file: DataFile, path: string): ByteSource {
  const { fs, options } = store
  const cutShort = (): Error => new DamagedDataFile(file, 'was cut short')
  const missing = (error: unknown): unknown => (isCode(error, 'ENOENT') ? new MissingDataFile(file) : error)
  return {
    size: file.sizeBytes,
    ...(options.io === 'auto' ? {} : { sync: options.io === 'sync' }),
    readSync(target, position) {
      opened(store, file, path, (handle) => {
        for (let at = 0; at < target.length;) {
          const got = fs.readSync(handle, at === 0 ? target : target.subarray(at), position + at)
          if (got === 0) throw cutShort()
          at += got
        }
      })
    },
    async read(target, position) {
      let handle: FileHandle
      try {
        handle = await fs.open(path, 'read')
      } catch (error) {
        throw missing(error)
      }
      try {
        for (let at = 0; at < target.length;) {
          const got = await fs.read(handle, target.subarray(at), position + at)
          if (got === 0) throw cutShort()
          at += got
        }
      } finally {
        await fs.close(handle)
      }
    },
  }
}

/** The checksum of what a source gives, a piece at a time. */
export async function checksumOf(source: ByteSource): Promise<number> {
  const buffer = new Uint8Array(Math.min(source.size, CHECK_CHUNK_BYTES))
  let crc = 0
  for (let at = 0; at < source.size; at += buffer.length) {
    const chunk = buffer.subarray(0, Math.min(buffer.length, source.size - at))
    await source.read(chunk, at)
    crc = crc32(chunk, crc)
  }
  return crc
}
