/**
 * Cuts CSV text into cells (RFC 4180), chunk by chunk, without making a string of a cell.
 * @module
 */
import { DataError } from '../../contract/errors.ts'

/** Separators that are looked for. */
export type Delimiter = ',' | ';' | '\t' | '|'

/** Is told of each cell: the text from `start` to `end`, with quotes removed. */
export interface CellSink {
  cell(text: string, start: number, end: number): void
  /** Called after the last cell of a record; `line` is the line on which the record began, from 1. */
  record(line: number): void
}

/** Takes text in pieces of any length. */
export interface Scanner {
  push(chunk: string): void
  /** @throws {DataError} `data/invalid` where a quote was never closed */
  end(): void
}

const QUOTE = 34
const LF = 10
const CR = 13
const BOM = 0xfeff

/** Characters of one record. Anything longer is a fault, not a record, and would fill the memory. */
const LONGEST_RECORD = 1_048_576

/**
 * Makes a scanner. Records end with LF, CRLF or CR; empty lines are skipped; a byte order mark is ignored.
 * @param where file or other name for messages
 */
export function createScanner(delimiter: Delimiter, sink: CellSink, where: string): Scanner {
  const separator = delimiter.charCodeAt(0)
  let rest = ''
  let line = 1
  let isFirst = true

  /** Reads whole records of `text`; what begins a record that may go on in the next chunk is kept. */
  const scan = (text: string, isLast: boolean): void => {
    let at = 0
    while (at < text.length) {
      const next = record(text, at, isLast)
      if (next < 0) break
      at = next
    }
    rest = at === 0 ? text : text.slice(at)
  }

  /** Reads one record from `at`. @returns where the next begins, or -1 where the record has no end yet */
  const record = (text: string, at: number, isLast: boolean): number => {
    const end = recordEnd(text, at, isLast)
    if (end < 0) return -1
    if (end > at) cells(text, at, end)
    line += countLines(text, at, end) + 1
    return text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF ? end + 2 : end + 1
  }

  const recordEnd = (text: string, at: number, isLast: boolean): number => {
    for (let i = at; i < text.length; i++) {
      let code = text.charCodeAt(i)
      if (code === QUOTE) {
        i = closingQuote(text, i)
        if (i < 0) break
        code = text.charCodeAt(++i)
      }
      // A quote opens a cell only as its first character; elsewhere it is a character like any other.
      while (i < text.length && code !== separator && code !== LF && code !== CR) code = text.charCodeAt(++i)
      if (code === LF) return i
      // The LF of a CRLF may still be on its way.
      if (code === CR) return i + 1 < text.length || isLast ? i : -1
      if (i >= text.length) break
    }
    if (text.length - at > LONGEST_RECORD)
      throw broken(line, `a record is longer than ${LONGEST_RECORD} characters: is a quote never closed?`)
    if (!isLast) return -1
    if (isInQuotes(text, at)) throw broken(line, 'a quote is opened and never closed')
    return text.length
  }

  const isInQuotes = (text: string, at: number): boolean => {
    for (let i = at; i < text.length; i++) {
      if (text.charCodeAt(i) === QUOTE) {
        i = closingQuote(text, i)
        if (i < 0) return true
      }
      while (i < text.length && text.charCodeAt(i) !== separator) i++
    }
    return false
  }

  const cells = (text: string, at: number, end: number): void => {
    let start = at
    for (;;) {
      const stop = text.charCodeAt(start) === QUOTE ? quoted(text, start, end) : plain(text, start, end)
      if (stop >= end) break
      start = stop + 1
    }
    sink.record(line)
  }

  const plain = (text: string, start: number, end: number): number => {
    let stop = start
    while (stop < end && text.charCodeAt(stop) !== separator) stop++
    sink.cell(text, start, stop)
    return stop
  }

  const quoted = (text: string, start: number, end: number): number => {
    const close = closingQuote(text, start)
    const after = close + 1
    if (after < end && text.charCodeAt(after) !== separator) throw broken(line, 'text follows a closing quote')
    const cell = text.slice(start + 1, close).replaceAll('""', '"')
    sink.cell(cell, 0, cell.length)
    return after
  }

  const broken = (atLine: number, why: string): DataError => csvError(where, atLine, why)

  return {
    push(chunk) {
      const text = rest + chunk
      if (text === '') return
      const start = isFirst && text.charCodeAt(0) === BOM ? 1 : 0
      isFirst = false
      scan(start === 0 ? text : text.slice(start), false)
    },
    end() {
      scan(rest, true)
      rest = ''
    },
  }
}

/** Position of the quote that closes the one at `open`, doubled ones skipped; -1 where there is none. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1)
  while (at >= 0 && text.charCodeAt(at + 1) === QUOTE) at = text.indexOf('"', at + 2)
  return at
}

function countLines(text: string, start: number, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

/** A fault in a file, with the line it is on. */
export function csvError(where: string, line: number, why: string): DataError {
  return new DataError('data/invalid', `${where}, line ${line}: ${why}`, { field: `line ${line}` })
}

/** The separator that cuts the first lines into most cells of equal number; comma where none does. */
export function detectDelimiter(sample: string): Delimiter {
  const lines = sample.split(/\r\n|\n|\r/, 6).filter((line) => line !== '')
  let best: Delimiter = ','
  let most = 0
  for (const delimiter of [',', ';', '\t', '|'] as const) {
    const counts = lines.map((line) => line.replaceAll(/"[^"]*"/g, '').split(delimiter).length - 1)
    const fewest = Math.min(...counts)
    if (fewest > most) [best, most] = [delimiter, fewest]
  }
  return best
}
