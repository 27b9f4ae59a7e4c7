/**
 * CSV text to columns: RFC 4180 quoting, separators and headers found by themselves, numbers and times read strictly.
 * @module
 */
import type { Column } from '../../contract/columns.ts'
import { DataError } from '../../contract/errors.ts'
import type { ColumnKind, TimeColumn } from './builders.ts'
import { collectRecords } from './collect.ts'
import { type Delimiter, type Scanner, createScanner, detectDelimiter } from './scan.ts'

export type { ColumnKind, TimeColumn } from './builders.ts'
export type { Delimiter } from './scan.ts'

/** How a file is read. */
export interface CsvOptions {
  /** File or other name for messages. @default 'CSV' */
  readonly name?: string
  /** @default found in the first lines */
  readonly delimiter?: Delimiter
  /** Is the first record a header? @default found: a header holds text and neither numbers nor times */
  readonly header?: boolean
  /** Decimal mark; the other one is no part of a number. @default '.' */
  readonly decimal?: '.' | ','
  /** How each column is read, by its name. @default 'auto' for all, which keeps the text in memory to the end */
  readonly kinds?: (names: readonly string[], hasHeader: boolean) => readonly ColumnKind[]
}

/** A file as columns of equal length. Columns of times and others have separate places. */
export interface CsvTable {
  /** Names of all columns in order; `column1`, `column2`, … without a header. A repeated name gets a number. */
  readonly names: readonly string[]
  readonly rows: number
  readonly hasHeader: boolean
  readonly delimiter: Delimiter
  /** Numbers and text; null where a cell is empty or says so (`NaN`, `null`, `NA` …). */
  readonly columns: Readonly<Record<string, Column>>
  readonly times: Readonly<Record<string, TimeColumn>>
}

/** Reads a file in pieces, in memory for the columns asked for. */
export interface CsvReader {
  /** @throws {DataError} `data/invalid` with the line, for a cell that cannot be read or a record of another length */
  push(text: string): void
  finish(): CsvTable
}

/** Characters that the separator is looked for in. */
const SAMPLE = 65_536

/** Makes a reader for text that comes in pieces. */
export function createCsvReader(options: CsvOptions = {}): CsvReader {
  const where = options.name ?? 'CSV'
  let sample = ''
  let delimiter = options.delimiter
  let scanner: Scanner | undefined
  const table = collectRecords(options, where)
  const start = (): Scanner => {
    delimiter ??= detectDelimiter(sample)
    scanner = createScanner(delimiter, table, where)
    scanner.push(sample)
    return scanner
  }
  return {
    push(text) {
      if (scanner !== undefined) return scanner.push(text)
      sample += text
      if (sample.length >= SAMPLE || delimiter !== undefined) start()
    },
    finish() {
      ;(scanner ?? start()).end()
      return { ...table.finish(), delimiter: delimiter as Delimiter }
    },
  }
}

/**
 * Reads a whole file.
 * @param input text, or bytes in UTF-8 or in UTF-16 with a byte order mark
 * @throws {DataError} `data/invalid` with the line, for a cell that cannot be read, a record of another length, or
 *   bytes that are no text
 */
export function parseCsv(input: string | Uint8Array, options: CsvOptions = {}): CsvTable {
  const reader = createCsvReader(options)
  if (typeof input === 'string') reader.push(input)
  else {
    const decode = createDecoder(options.name ?? 'CSV')
    for (let at = 0; at < input.length; at += SAMPLE) reader.push(decode(input.subarray(at, at + SAMPLE), true))
    reader.push(decode(new Uint8Array(0), false))
  }
  return reader.finish()
}

/**
 * Reads a file whose bytes come in pieces; memory holds the columns and one piece.
 * @throws {DataError} as {@link parseCsv}
 */
export async function readCsv(pieces: AsyncIterable<Uint8Array>, options: CsvOptions = {}): Promise<CsvTable> {
  const reader = createCsvReader(options)
  const decode = createDecoder(options.name ?? 'CSV')
  for await (const piece of pieces) reader.push(decode(piece, true))
  reader.push(decode(new Uint8Array(0), false))
  return reader.finish()
}

function createDecoder(where: string): (bytes: Uint8Array, stream: boolean) => string {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  return (bytes, stream) => {
    decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true })
    try {
      return decoder.decode(bytes, { stream })
    } catch (cause) {
      throw new DataError('data/invalid', `${where}: is no text in UTF-8: convert it, for example with iconv`, {
        cause,
      })
    }
  }
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
}
