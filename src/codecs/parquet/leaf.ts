/**
 * Which memory type a column of a Parquet schema has, as a table.
 *
 * Rules: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
 * @module
 */
import type { SchemaElement } from 'hyparquet'
import type { ColumnType } from '../../contract/schema.ts'
import type { StoredColumn } from '../../contract/storage.ts'
import type { Leaf } from './layout.ts'

type Meaning = Pick<Leaf, 'type' | 'physical'> & Partial<Pick<Leaf, 'timeUnit' | 'adapt'>>

/** Meaning by physical type, then by logical or converted type. A type that is not here is not for the kernels. */
const MEANINGS: Readonly<Record<string, Readonly<Record<string, Meaning>>>> = {
  BOOLEAN: { '': { type: 'uint8', physical: 'BOOLEAN' } },
  DOUBLE: { '': { type: 'float64', physical: 'DOUBLE' } },
  FLOAT: { '': { type: 'float64', physical: 'FLOAT' } },
  INT32: {
    '': { type: 'int32', physical: 'INT32' },
    INT_32: { type: 'int32', physical: 'INT32' },
    INT_16: { type: 'int32', physical: 'INT32' },
    INT_8: { type: 'int32', physical: 'INT32' },
    UINT_8: { type: 'uint8', physical: 'INT32' },
    UINT_16: { type: 'int32', physical: 'INT32' },
    UINT_32: { type: 'int32', physical: 'INT32', adapt: { kind: 'uint32' } },
    TIME: { type: 'int32', physical: 'INT32' },
    DATE: { type: 'int32', physical: 'INT32', timeUnit: 'day' },
  },
  INT64: {
    '': { type: 'int64', physical: 'INT64' },
    INT_64: { type: 'int64', physical: 'INT64' },
    UINT_64: { type: 'int64', physical: 'INT64', adapt: { kind: 'uint64' } },
    TIME: { type: 'int64', physical: 'INT64' },
    MILLIS: { type: 'timestamp', physical: 'INT64', timeUnit: 'ms' },
    MICROS: { type: 'timestamp', physical: 'INT64', timeUnit: 'us' },
    NANOS: { type: 'timestamp', physical: 'INT64', timeUnit: 'ns' },
  },
  BYTE_ARRAY: {
    '': { type: 'string', physical: 'BYTE_ARRAY' },
    STRING: { type: 'string', physical: 'BYTE_ARRAY' },
    ENUM: { type: 'string', physical: 'BYTE_ARRAY' },
    JSON: { type: 'string', physical: 'BYTE_ARRAY' },
  },
}

/** One word for what an element means beyond its physical type; '' for nothing. */
function wordOf(element: SchemaElement): string {
  const logical = element.logical_type
  if (logical?.type === 'TIMESTAMP') return logical.unit
  if (logical?.type === 'INTEGER') return `${logical.isSigned ? '' : 'U'}INT_${logical.bitWidth}`
  if (logical !== undefined && logical.type !== undefined) return logical.type
  const converted = element.converted_type ?? ''
  if (converted === 'UTF8') return 'STRING'
  return converted.replace(/^TIME(_MILLIS|_MICROS)$/, 'TIME').replace(/^TIMESTAMP_/, '')
}

/** How the kernels decode a flat column; undefined where they do not know its type. */
export function leafOf(element: SchemaElement, index: number): Leaf | undefined {
  const facts = { name: element.name, optional: element.repetition_type === 'OPTIONAL', index }
  if (element.repetition_type === 'REPEATED') return undefined
  const word = wordOf(element)
  if (word === 'DECIMAL') {
    const scale = element.logical_type?.type === 'DECIMAL' ? element.logical_type.scale : element.scale
    const adapt = { kind: 'decimal', scale: scale ?? 0 } as const
    if (element.type === 'INT32') return { ...facts, type: 'int32', physical: 'INT32', adapt }
    if (element.type === 'INT64') return { ...facts, type: 'int64', physical: 'INT64', adapt }
    return undefined
  }
  const words = MEANINGS[element.type ?? '']
  const meaning = words !== undefined && Object.hasOwn(words, word) ? words[word] : undefined
  if (meaning?.timeUnit === undefined) return meaning && { ...facts, ...meaning }
  const { logical_type: logical } = element
  return { ...facts, ...meaning, adjustedToUtc: logical?.type === 'TIMESTAMP' ? logical.isAdjustedToUTC : true }
}

/** Can the column be written as it was read, by its name, type and unit alone? */
export function isNative(leaf: Leaf, timeUnit: 'us' | 'ns'): boolean {
  if (leaf.adapt !== undefined || leaf.physical === 'FLOAT' || leaf.physical === 'BOOLEAN') return false
  return leaf.timeUnit === undefined || (leaf.type === 'timestamp' && leaf.timeUnit === timeUnit)
}

const WRITTEN: Readonly<Record<Exclude<ColumnType, 'timestamp'>, Partial<SchemaElement>>> = {
  float64: { type: 'DOUBLE' },
  int64: { type: 'INT64' },
  int32: { type: 'INT32' },
  uint8: { type: 'INT32', converted_type: 'UINT_8' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
}

/** The schema element under which a column is written. */
export function elementOf({ name, type }: StoredColumn, optional: boolean, timeUnit: 'us' | 'ns'): SchemaElement {
  const repetition_type = optional ? 'OPTIONAL' : 'REQUIRED'
  if (type !== 'timestamp') return { name, repetition_type, ...WRITTEN[type] }
  const unit = timeUnit === 'us' ? 'MICROS' : 'NANOS'
  const logical_type = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit } as const
  if (unit === 'NANOS') return { name, repetition_type, type: 'INT64', logical_type }
  return { name, repetition_type, type: 'INT64', logical_type, converted_type: 'TIMESTAMP_MICROS' }
}
