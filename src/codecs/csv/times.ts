/**
 * Times out of columns that hold them as text or as epoch numbers.
 * @module
 */
import { type Column, columnLength, valueAt } from '../../contract/columns.ts'
import { DataError } from '../../contract/errors.ts'
import { type TimeColumn, createBuilder } from './builders.ts'

/**
 * Reads one time a row from one column, or from a date and a time of day in two.
 * @param where file and column, for messages
 * @throws {DataError} `data/invalid` with the row, from 1, for a value that is no time
 */
export function readTimes(parts: readonly Column[], where: string): TimeColumn {
  const builder = createBuilder('time', 0)
  const rows = columnLength(parts[0] as Column)
  for (let row = 0; row < rows; row++) {
    const values = parts.map((part) => valueAt(part, row))
    const text = values.includes(null) ? '' : values.map(String).join(' ')
    if (!builder.add(text, 0, text.length)) {
      throw new DataError(
        'data/invalid',
        `${where}, row ${row + 1}: ${JSON.stringify(text)} is no time that can be read`,
        { field: where },
      )
    }
  }
  const built = builder.finish()
  if ('times' in built) return built.times
  throw new Error('a builder of times makes times')
}
