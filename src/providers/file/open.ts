/**
 * Files as the source reads them, over the platform's own that it is given.
 * @module
 */
import { ProviderError } from '../../contract/errors.ts'

/** What is needed of a file that the platform opened. */
export interface PlatformFile {
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
  stat(): Promise<{ readonly size: number }>
  close(): Promise<void>
}

/** Opens a file for reading. */
export type PlatformOpen = (path: string, flags: 'r') => Promise<PlatformFile>

/** A file that is open for reading. */
export interface OpenedFile {
  /** Its first bytes; fewer where it is shorter. */
  head(bytes: number): Promise<Uint8Array>
  /** All of it, piece by piece. */
  pieces(): AsyncIterable<Uint8Array>
  /** All of it at once. */
  all(): Promise<Uint8Array>
  close(): Promise<void>
}

const PIECE_BYTES = 1_048_576

/** What the code of a system error means to the caller. */
const CODES = {
  ENOENT: ['provider/not-found', 'there is no such file'],
  ENOTDIR: ['provider/not-found', 'there is no such file'],
  EISDIR: ['provider/not-found', 'this is a folder: name the file'],
  EACCES: ['provider/forbidden', 'this process may not read it'],
  EPERM: ['provider/forbidden', 'this process may not read it'],
} as const

/**
 * Opens a file.
 * @param naming how the path was made, said where there is no such file
 * @throws {ProviderError} `provider/not-found`, `provider/forbidden`, `provider/unavailable` naming the path
 */
export async function openFile(
  open: PlatformOpen,
  path: string,
  signal: AbortSignal,
  naming?: string,
): Promise<OpenedFile> {
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (cause) {
      throw failure(path, cause, naming)
    }
  }
  const handle = await guard(open(path, 'r'))
  const readInto = async (target: Uint8Array, position: number): Promise<number> => {
    signal.throwIfAborted()
    return (await guard(handle.read(target, 0, target.length, position))).bytesRead
  }
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let position = 0; ;) {
      const target = new Uint8Array(PIECE_BYTES)
      const read = await readInto(target, position)
      if (read === 0) return
      position += read
      yield target.subarray(0, read)
    }
  }
  return {
    async head(bytes) {
      const target = new Uint8Array(bytes)
      return target.subarray(0, await readInto(target, 0))
    },
    pieces,
    async all() {
      const target = new Uint8Array((await guard(handle.stat())).size)
      let filled = 0
      while (filled < target.length) {
        const read = await readInto(target.subarray(filled), filled)
        if (read === 0) break
        filled += read
      }
      return target.subarray(0, filled)
    },
    close: () => handle.close(),
  }
}

function failure(path: string, cause: unknown, naming?: string): ProviderError {
  const code = (cause as { code?: unknown } | null)?.code
  const known = typeof code === 'string' && Object.hasOwn(CODES, code) ? CODES[code as keyof typeof CODES] : undefined
  if (known !== undefined) {
    const how = naming === undefined || known[0] !== 'provider/not-found' ? '' : `: ${naming}`
    return new ProviderError(known[0], `${path}: ${known[1]}${how}`, { path, cause })
  }
  return new ProviderError('provider/unavailable', `${path}: cannot be read (${String(code ?? cause)})`, {
    path,
    cause,
  })
}
