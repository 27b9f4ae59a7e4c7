/**
 * Records to columns: the first may be a header, every cell goes to the builder of its column.
 * @module
 */
import type { Column } from '../../contract/columns.ts'
import { type ColumnBuilder, type ColumnKind, type TimeColumn, createBuilder } from './builders.ts'
import { INVALID, isNullWord, readNumber, readTime } from './cell.ts'
import type { CsvOptions, CsvTable } from './index.ts'
import { type CellSink, csvError } from './scan.ts'

/** Takes cells until the file ends. */
export interface RecordSink extends CellSink {
  finish(): Omit<CsvTable, 'delimiter'>
}

interface Layout {
  readonly names: readonly string[]
  readonly hasHeader: boolean
  /** One a column; null where it is skipped. */
  readonly builders: readonly (ColumnBuilder | null)[]
  readonly kinds: readonly ColumnKind[]
}

/** How a cell of a kind may be written. */
const REMEDIES: Readonly<Partial<Record<ColumnKind, string>>> = {
  time: ': write 2024-01-31, 20240131, 2024-01-31 09:30:00 or a Unix time',
  number: ': write a plain number, such as 1234.5',
}

/**
 * Makes a sink.
 * @param where file or other name for messages
 */
export function collectRecords(options: CsvOptions, where: string): RecordSink {
  const point = (options.decimal ?? '.').charCodeAt(0)
  const first: string[] = []
  let layout: Layout | undefined
  let at = 0
  let rows = 0
  let fault: string | undefined

  const take = (known: Layout, text: string, start: number, end: number): void => {
    const column = at++
    if (column >= known.names.length) {
      // A separator at the end of the line makes an empty cell too many.
      if (start < end) fault ??= lengthFault(known)
    } else if (known.builders[column]?.add(text, start, end) === false) {
      fault ??= `column ${known.names[column]}: ${JSON.stringify(text.slice(start, end))} cannot be read${REMEDIES[known.kinds[column] ?? 'auto'] ?? ''}`
    }
  }

  const lengthFault = ({ names }: Layout): string => `has ${at} cells, the first record has ${names.length}`

  return {
    cell(text, start, end) {
      if (layout === undefined) first.push(text.slice(start, end))
      else take(layout, text, start, end)
    },
    record(line) {
      if (layout === undefined) {
        layout = layOut(first, options, point)
        if (layout.hasHeader) return
        for (const cell of first) take(layout, cell, 0, cell.length)
      }
      if (at < layout.names.length) fault ??= lengthFault(layout)
      if (fault !== undefined) throw csvError(where, line, fault)
      rows++
      at = 0
    },
    finish() {
      const { names, hasHeader, builders } = layout ?? layOut([], options, point)
      const columns: Record<string, Column> = {}
      const times: Record<string, TimeColumn> = {}
      for (const [i, builder] of builders.entries()) {
        const built = builder?.finish()
        if (built === undefined) continue
        if ('times' in built) times[names[i] as string] = built.times
        else columns[names[i] as string] = built.column
      }
      return { names, rows, hasHeader, columns, times }
    },
  }
}

function layOut(first: readonly string[], options: CsvOptions, point: number): Layout {
  const hasHeader = first.length > 0 && (options.header ?? isHeader(first, point))
  const names = hasHeader ? uniqueNames(first) : first.map((_, i) => `column${i + 1}`)
  const kinds = options.kinds?.(names, hasHeader) ?? names.map(() => 'auto' as const)
  return { names, hasHeader, kinds, builders: kinds.map((kind) => (kind === 'skip' ? null : createBuilder(kind, point))) }
}

/** A header holds text, and no cell that is a number or a time. */
function isHeader(cells: readonly string[], point: number): boolean {
  const texts = cells.filter((cell) => !isNullWord(cell, 0, cell.length))
  const isText = (cell: string): boolean =>
    readNumber(cell, 0, cell.length, point) === INVALID && readTime(cell) === INVALID
  return texts.length > 0 && texts.every(isText)
}

function uniqueNames(cells: readonly string[]): string[] {
  const seen = new Set<string>()
  return cells.map((cell, i) => {
    const name = cell.trim() === '' ? `column${i + 1}` : cell.trim()
    let unique = name
    for (let n = 2; seen.has(unique); n++) unique = `${name}_${n}`
    seen.add(unique)
    return unique
  })
}
