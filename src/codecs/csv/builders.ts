/**
 * Columns that grow cell by cell.
 * @module
 */
import { type Column, type DictionaryColumn, setBit } from '../../contract/columns.ts'
import { INVALID, isNullWord, readNumber, readTime } from './cell.ts'

/** How the cells of a column are read. `auto`: as numbers if all are, else as times if all are, else as text. */
export type ColumnKind = 'number' | 'time' | 'text' | 'auto' | 'skip'

/** Times of one column, row by row. */
export interface TimeColumn {
  /** Milliseconds after 1970-01-01T00:00 on the clock that wrote them; `NaN` where the cell is empty. */
  readonly wallMs: Float64Array
  /** Milliseconds by which that clock is ahead of UTC; `NaN` where the cell does not say. */
  readonly offsetMs: Float64Array
  /** Nanoseconds below the millisecond; absent where all are 0. */
  readonly nanos?: Int32Array
  /** Is every cell a date without a time of day? */
  readonly isDates: boolean
}

/** What a builder made of its column. */
export type BuiltColumn = { readonly column: Column } | { readonly times: TimeColumn }

/** Takes the cells of one column. */
export interface ColumnBuilder {
  /** Takes the next cell. @returns false where it cannot be read */
  add(text: string, start: number, end: number): boolean
  finish(): BuiltColumn
}

const FIRST_SIZE = 1024

/** Makes a builder. `point` is the character code of the decimal mark. */
export function createBuilder(kind: Exclude<ColumnKind, 'skip'>, point: number): ColumnBuilder {
  return BUILDERS[kind](point)
}

const BUILDERS: Readonly<Record<Exclude<ColumnKind, 'skip'>, (point: number) => ColumnBuilder>> = {
  number: numberBuilder,
  time: timeBuilder,
  text: textBuilder,
  auto: autoBuilder,
}

function numberBuilder(point: number): ColumnBuilder {
  let values = new Float64Array(FIRST_SIZE)
  const nulls: number[] = []
  let rows = 0
  return {
    add(text, start, end) {
      const value = readNumber(text, start, end, point)
      if (value === INVALID) return false
      if (rows === values.length) values = grown(values)
      if (value === null) nulls.push(rows++)
      else values[rows++] = value
      return true
    },
    finish: () => ({ column: withNulls(values.slice(0, rows), rows, nulls) }),
  }
}

function textBuilder(): ColumnBuilder {
  let indices = new Int32Array(FIRST_SIZE)
  const codes = new Map<string, number>()
  const nulls: number[] = []
  let rows = 0
  return {
    add(text, start, end) {
      if (rows === indices.length) {
        const more = new Int32Array(rows * 2)
        more.set(indices)
        indices = more
      }
      if (start === end) {
        nulls.push(rows++)
        return true
      }
      const cell = text.slice(start, end)
      let code = codes.get(cell)
      if (code === undefined) codes.set(cell, (code = codes.size))
      indices[rows++] = code
      return true
    },
    finish: () => ({
      column: withNulls({ indices: indices.slice(0, rows), dictionary: [...codes.keys()] }, rows, nulls),
    }),
  }
}

function timeBuilder(): ColumnBuilder {
  let wallMs = new Float64Array(FIRST_SIZE)
  let offsetMs = new Float64Array(FIRST_SIZE)
  let nanos: Float64Array | undefined
  let isDates = true
  let rows = 0
  return {
    add(text, start, end) {
      const time = readTime(text.slice(start, end))
      if (time === INVALID) return false
      if (rows === wallMs.length) {
        ;[wallMs, offsetMs] = [grown(wallMs), grown(offsetMs)]
        if (nanos !== undefined) nanos = grown(nanos)
      }
      wallMs[rows] = time?.wallMs ?? Number.NaN
      offsetMs[rows] = time?.offsetMs ?? Number.NaN
      if (time !== null && time.nanos !== 0) (nanos ??= new Float64Array(wallMs.length))[rows] = time.nanos
      if (time !== null && !time.isDate) isDates = false
      rows++
      return true
    },
    finish() {
      const below = nanos === undefined ? {} : { nanos: Int32Array.from(nanos.subarray(0, rows)) }
      return { times: { wallMs: wallMs.slice(0, rows), offsetMs: offsetMs.slice(0, rows), isDates, ...below } }
    },
  }
}

/** Keeps the text until it is known what all of it is. */
function autoBuilder(point: number): ColumnBuilder {
  const cells: string[] = []
  return {
    add(text, start, end) {
      cells.push(text.slice(start, end))
      return true
    },
    finish() {
      const isEmpty = cells.every((cell) => isNullWord(cell, 0, cell.length))
      for (const kind of isEmpty ? (['text'] as const) : (['number', 'time', 'text'] as const)) {
        const builder = createBuilder(kind, point)
        if (cells.every((cell) => builder.add(cell, 0, cell.length))) return builder.finish()
      }
      throw new Error('text takes every cell')
    },
  }
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(values.length * 2)
  more.set(values)
  return more
}

function withNulls(values: Float64Array | DictionaryColumn, rows: number, nulls: readonly number[]): Column {
  if (nulls.length === 0) return values
  const valid = new Uint8Array((rows + 7) >> 3).fill(0xff)
  for (const row of nulls) setBit(valid, row, false)
  return { values, valid }
}
