/**
 * The one door to apache-arrow: columns to a Table without copying, and Arrow IPC bytes to columns.
 * Callers load it lazily, so that nobody who asks for no table pays for it.
 * @module
 */
import {
  type DataType,
  type Table,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  RecordBatch,
  Schema,
  Struct,
  Table as ArrowTable,
  TimestampMicrosecond,
  TimestampNanosecond,
  Uint8,
  Utf8,
  makeData,
  tableFromIPC,
  vectorFromArray,
} from 'apache-arrow'
import { type Column, type Columns, isDictionary, isNullable, rowCount, valuesOf } from '../../contract/columns.ts'
import { DataError } from '../../contract/errors.ts'
import { SCHEMAS, type SchemaName, columnFacts } from '../../contract/schema.ts'
import { type ForeignOptions, type ForeignTable, columnsFromTable } from './read.ts'

export type { ForeignOptions, ForeignTable, ForeignTime } from './read.ts'

/** What a table is made of besides its columns. */
export interface TableFacts {
  /** Decides the unit of times and which columns may hold nulls. */
  readonly schema: SchemaName
}

/**
 * Wraps columns as one contiguous batch. Values and validity bitmaps are used as they are: the table shares their
 * memory, and only the few distinct texts of a dictionary are encoded anew.
 *
 * Times are `Timestamp(µs or ns, UTC)`, other 64-bit integers `Int64`, text `Dictionary<Int32, Utf8>`.
 * @param columns `timestamp` first where the order of columns matters; any names
 */
export function tableFromColumns(columns: Columns, facts: TableFacts): Table {
  const rows = rowCount(columns)
  const fields: Field[] = []
  const children = []
  for (const [name, column] of Object.entries(columns)) {
    const type = arrowType(name, column, facts.schema)
    const nullable = isNullable(column) || columnFacts(facts.schema, name)?.nullable === true
    fields.push(new Field(name, type, nullable))
    children.push(dataOf(column, type, rows))
  }
  const schema = new Schema(fields)
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children })
  return new ArrowTable(schema, new RecordBatch(schema, data))
}

function arrowType(name: string, column: Column, schema: SchemaName): DataType {
  const values = valuesOf(column)
  if (isDictionary(values)) return new Dictionary(new Utf8(), new Int32())
  if (values instanceof Float64Array) return new Float64()
  if (values instanceof Int32Array) return new Int32()
  if (values instanceof Uint8Array) return new Uint8()
  const isTime = name === 'timestamp' || columnFacts(schema, name)?.type === 'timestamp'
  if (!isTime) return new Int64()
  return SCHEMAS[schema].timeUnit === 'ns' ? new TimestampNanosecond('UTC') : new TimestampMicrosecond('UTC')
}

function dataOf(column: Column, type: DataType, rows: number): ReturnType<typeof makeData> {
  const values = valuesOf(column)
  // Arrow counts the nulls itself when it is first asked (-1), so wrapping costs no pass over the rows.
  const validity = isNullable(column) ? { nullCount: -1, nullBitmap: column.valid } : { nullCount: 0 }
  if (isDictionary(values)) {
    const dictionary = vectorFromArray(values.dictionary, new Utf8())
    return makeData({ type: type as Dictionary, length: rows, ...validity, data: values.indices, dictionary })
  }
  return makeData({ type: type as Float64, length: rows, ...validity, data: values as Float64Array })
}

/**
 * Reads an Arrow table, or the bytes of an Arrow IPC file (Feather v2) or stream.
 * @throws {DataError} `data/invalid` where the bytes are no Arrow, `data/schema-mismatch` for nested columns, unless
 *   those are skipped
 */
export function columnsFromArrow(source: Table | Uint8Array, options: ForeignOptions = {}): ForeignTable {
  return columnsFromTable(source instanceof Uint8Array ? parseIpc(source) : source, options)
}

function parseIpc(bytes: Uint8Array): Table {
  try {
    return tableFromIPC(bytes)
  } catch (cause) {
    throw new DataError('data/invalid', `no readable Arrow IPC file or stream (${bytes.length} bytes)`, { cause })
  }
}
