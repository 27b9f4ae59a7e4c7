/**
 * What the file system's failures mean to a caller.
 * @module
 */
import { StorageError, isDataClientError } from '../../contract/errors.ts'
import { type Series, seriesKey } from '../../contract/series.ts'
import { codeOf } from './fs-port.ts'

interface Meaning {
  readonly code: 'storage/full' | 'storage/read-only' | 'storage/corrupt'
  readonly why: string
}

const full = (why: string): Meaning => ({ code: 'storage/full', why })
const barred = (why: string): Meaning => ({ code: 'storage/read-only', why })

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: full('the disk is full: free space and try again; the last version stays readable'),
  EDQUOT: full('the quota of the disk is used up: free space and try again; the last version stays readable'),
  EMFILE: full('this process has too many files open: close some, or raise the limit (ulimit -n)'),
  ENFILE: full('the system has too many files open: close some and try again'),
  EROFS: barred('the file system is read-only: remount it, or choose another root'),
  EACCES: barred('this process may not write there: give it the right'),
  EPERM: barred('this process may not do that there: give it the right'),
  EBUSY: barred('another program holds the file: close it and try again'),
}

/** The typed error for whatever a file operation threw; errors of marketlake pass unchanged. */
export function storageFault(error: unknown, doing: string, series: Series | null, path: string): Error {
  if (isDataClientError(error)) return error
  const code = codeOf(error)
  if (code === undefined) return error instanceof Error ? error : new Error(String(error))
  const meaning = MEANINGS[code] ?? {
    code: 'storage/corrupt',
    why: `the disk failed with ${code}: check it, then run store.verify`,
  }
  const facts = { path, cause: error, ...(series === null ? {} : { symbol: series.symbol }) }
  const about = series === null ? '' : `${seriesKey(series)}: `
  return new StorageError(meaning.code, `${about}cannot ${doing} (${code}): ${meaning.why}`, facts)
}

/** The error for content that is not what was written. */
export function corruptFile(series: Series, path: string, why: string, cause?: unknown): StorageError {
  const message = `${seriesKey(series)}: ${path} ${why}`
  return new StorageError('storage/corrupt', message, {
    symbol: series.symbol,
    path,
    ...(cause === undefined ? {} : { cause }),
  })
}
