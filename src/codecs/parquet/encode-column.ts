/**
 * One column of one row group to pages: chooses the encoding, which depends on the values alone.
 * @module
 */
import type { Encoding, ParquetType } from 'hyparquet'
import { isDictionary, validityOf, valuesOf, type Column, type DictionaryColumn } from '../../contract/columns.ts'
import { DataError } from '../../contract/errors.ts'
import type { ColumnType } from '../../contract/schema.ts'
import { encodeDelta } from './encode-delta.ts'
import {
  encodeDictionary,
  FEWEST_VALUES,
  MAX_ENTRIES,
  packIndices,
  widthOf,
  type Workshop,
} from './encode-dictionary.ts'
import { encodeLevels } from './encode-levels.ts'
import { boundsOfBigs, boundsOfDoubles, boundsOfIntegers, boundsOfTexts, type Bounds } from './statistics.ts'

/** An encoding of 64-bit integers is kept where it takes at most this share of the plain values. */
const WORTH = 0.7

/** Payload of a page before compression. */
export interface EncodedPage {
  readonly bytes: Uint8Array
  readonly values: number
  readonly encoding: Encoding
  /** Byte from which on a reader takes words of 4 bytes, where there are any. */
  readonly wordsAt?: number
}

/** Pages of one column chunk with the facts that its metadata names. */
export interface EncodedColumn {
  readonly physical: ParquetType
  readonly dictionary?: EncodedPage
  readonly data: EncodedPage
  readonly bounds: Bounds
  readonly nulls: number
  /** Do its pages carry definition levels? */
  readonly optional: boolean
  /** Do the values ascend? Known for 64-bit integers only. */
  readonly ascending?: boolean
}

type Encoded = Omit<EncodedColumn, 'data' | 'nulls' | 'optional'> & Omit<EncodedPage, 'values'>

/**
 * Encodes one column.
 * @throws {DataError} `data/schema-mismatch` where values and type disagree, `data/invalid` for a text that is none
 */
export function encodeColumn(
  name: string,
  type: ColumnType,
  column: Column,
  optional: boolean,
  workshop: Workshop,
): EncodedColumn {
  const values = valuesOf(column)
  const valid = validityOf(column)
  const rows = isDictionary(values) ? values.indices.length : values.length
  const present = optional && valid !== undefined ? rowsPresent(valid, rows) : undefined
  const { bytes, encoding, wordsAt, ...rest } = encodeValues(name, type, values, present, workshop)
  const nulls = present === undefined ? 0 : rows - present.length
  const page = (body: Uint8Array, lead: number): EncodedPage => ({
    bytes: body,
    values: rows,
    encoding,
    ...(wordsAt === undefined ? {} : { wordsAt: lead + wordsAt }),
  })
  if (!optional) return { ...rest, data: page(bytes, 0), nulls, optional }
  const levels = encodeLevels(valid ?? new Uint8Array(Math.ceil(rows / 8)).fill(0xff), rows)
  return { ...rest, data: page(joined(levels, bytes), levels.length), nulls, optional }
}

function encodeValues(
  name: string,
  type: ColumnType,
  values: ReturnType<typeof valuesOf>,
  present: Int32Array | undefined,
  workshop: Workshop,
): Encoded {
  if (isDictionary(values)) {
    if (type === 'string') return encodeTexts(name, values, present, workshop)
  } else if (type === 'float64') {
    if (values instanceof Float64Array) return encodeDoubles(taken(values, present), workshop)
  } else if (type === 'timestamp' || type === 'int64') {
    if (values instanceof BigInt64Array) return encodeBigs(taken(values, present))
  } else if (type === 'int32') {
    if (values instanceof Int32Array) return encodeIntegers(taken(values, present))
  } else if (type === 'uint8') {
    if (values instanceof Uint8Array) return encodeIntegers(Int32Array.from(taken(values, present)))
  }
  const facts = { field: name, value: type }
  throw new DataError('data/schema-mismatch', `column ${name}: its values are not of type ${type}`, facts)
}

function encodeDoubles(values: Float64Array, workshop: Workshop): Encoded {
  const physical = 'DOUBLE'
  const found = encodeDictionary(values, workshop)
  if (found === undefined)
    return { physical, bytes: bytesOf(values), encoding: 'PLAIN', bounds: boundsOfDoubles(values) }
  const bounds = boundsOfDoubles(found.entries)
  const dictionary = { bytes: bytesOf(found.entries.slice()), values: found.entries.length, encoding: 'PLAIN' } as const
  return { physical, dictionary, ...found.page, encoding: 'RLE_DICTIONARY', bounds }
}

function encodeBigs(values: BigInt64Array): Encoded {
  const { bounds, ascending } = boundsOfBigs(values)
  const facts = { physical: 'INT64', bounds, ascending } as const
  const delta = values.length < FEWEST_VALUES ? undefined : encodeDelta(values, WORTH * 8 * values.length)
  if (delta !== undefined) return { ...facts, bytes: delta, encoding: 'DELTA_BINARY_PACKED' }
  return { ...facts, bytes: bytesOf(values), encoding: 'PLAIN' }
}

function encodeIntegers(values: Int32Array): Encoded {
  return { physical: 'INT32', bytes: bytesOf(values), encoding: 'PLAIN', bounds: boundsOfIntegers(values) }
}

function encodeTexts(
  name: string,
  column: DictionaryColumn,
  present: Int32Array | undefined,
  workshop: Workshop,
): Encoded {
  const indices = taken(column.indices, present)
  const codes = new Map<string, number>()
  const renumbered = new Int32Array(column.dictionary.length).fill(-1)
  const rows = new Int32Array(indices.length)
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row] as number
    let code = renumbered[index] ?? -1
    if (code < 0) {
      const text = textAt(name, column, index)
      code = codes.get(text) ?? codes.size
      codes.set(text, code)
      renumbered[index] = code
    }
    rows[row] = code
  }
  const encoder = new TextEncoder()
  const texts = [...codes.keys()].map((text) => encoder.encode(text))
  const facts = { physical: 'BYTE_ARRAY', bounds: boundsOfTexts(texts) } as const
  if (texts.length === 0 || texts.length > MAX_ENTRIES) {
    return { ...facts, bytes: plainTexts(Array.from(rows, (code) => texts[code] as Uint8Array)), encoding: 'PLAIN' }
  }
  workshop.indices.set(rows)
  const dictionary = { bytes: plainTexts(texts), values: texts.length, encoding: 'PLAIN' } as const
  const page = packIndices(workshop.indices, rows.length, widthOf(Math.max(1, texts.length)))
  return { ...facts, dictionary, ...page, encoding: 'RLE_DICTIONARY' }
}

function textAt(name: string, column: DictionaryColumn, index: number): string {
  const text = column.dictionary[index]
  if (text === undefined) {
    const message = `column ${name}: index ${index} has no entry in a dictionary of ${column.dictionary.length}`
    throw new DataError('data/schema-mismatch', message, { field: name, value: index })
  }
  if (text.isWellFormed()) return text
  const message = `column ${name}: ${JSON.stringify(text)} has half a surrogate pair, which UTF-8 cannot hold`
  throw new DataError('data/invalid', message, { field: name, value: text })
}

/** Texts, each after its length in four bytes. */
function plainTexts(texts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(texts.reduce((sum, text) => sum + 4 + text.length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const text of texts) {
    view.setUint32(at, text.length, true)
    out.set(text, at + 4)
    at += 4 + text.length
  }
  return out
}

/** Rows that have a value. */
function rowsPresent(valid: Uint8Array, rows: number): Int32Array {
  const present = new Int32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) if (((valid[row >> 3] as number) >> (row & 7)) & 1) present[count++] = row
  return present.subarray(0, count)
}

type Values = Float64Array | BigInt64Array | Int32Array | Uint8Array

function taken<T extends Values>(values: T, rows: Int32Array | undefined): T {
  if (rows === undefined) return values
  const out = values.slice(0, rows.length) as T
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i] as number] as never
  return out
}

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const out = new Uint8Array(first.length + second.length)
  out.set(first)
  out.set(second, first.length)
  return out
}
