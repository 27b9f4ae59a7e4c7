/**
 * How the codec refuses a file.
 * @module
 */
import { isDataClientError, StorageError } from '../../contract/errors.ts'

/** The error for bytes that contradict the format or each other. */
export function corrupt(message: string, cause?: unknown): StorageError {
  return new StorageError('storage/corrupt', `parquet: ${message}`, cause === undefined ? {} : { cause })
}

/** The error for a file that may be sound but is beyond this codec. */
export function unsupported(message: string): StorageError {
  return new StorageError('storage/unsupported-format', `parquet: ${message}`)
}

/**
 * Runs a decoder over untrusted bytes: whatever it throws leaves as a typed error.
 * @throws {StorageError} `storage/corrupt`, or the decoder's own typed error
 */
export function guarded<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (isDataClientError(error)) throw error
    throw corrupt(`${what} cannot be decoded (${error instanceof Error ? error.message : String(error)})`, error)
  }
}
