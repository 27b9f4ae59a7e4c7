/**
 * Answers taken apart: what stands at a place, or a failure that names the place.
 * @module
 */
import { ProviderError } from '../contract/errors.ts'

/** One row of an answer in JSON, read only by names that are known. */
export type Row = Readonly<Record<string, unknown>>

/** The failure of an answer whose shape is not known, naming the place and what stands there. */
export function malformed(path: string, found: unknown, expected: string): ProviderError {
  const shown = found === undefined ? 'nothing' : (JSON.stringify(found) ?? String(found)).slice(0, 100)
  const message = `answered ${shown} at ${path} where ${expected} was expected`
  return new ProviderError('provider/response', message, { field: path, issues: [{ path, message }] })
}

/** The list at a place of an answer. @throws {ProviderError} `provider/response` if it is none */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(path, value, 'a list')
  return value
}

/** The object at a place of an answer, read only by names that are known. @throws {ProviderError} `provider/response` */
export function objectAt(value: unknown, path: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(path, value, 'an object')
  return value as Row
}

/** The list of objects at a place of an answer. @throws {ProviderError} `provider/response` if it is none */
export function rowsAt(value: unknown, path: string): readonly Row[] {
  const at = path === 'answer' ? '' : path
  return listAt(value, path).map((row, i) => objectAt(row, `${at}[${i}]`))
}
