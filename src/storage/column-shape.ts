/**
 * Which columns a table of a series has, in which order and of which type; and tables cut to a request.
 * @module
 */
import {
  type Column,
  type Columns,
  type PlainColumn,
  bitmap,
  isDictionary,
  mapColumns,
  rowCount,
  valuesOf,
} from '../contract/columns.ts'
import { ConfigError, DataError } from '../contract/errors.ts'
import { type ColumnFacts, type ColumnType, REJECT_COLUMNS, REVISION_COLUMNS, SCHEMAS } from '../contract/schema.ts'
import type { SchemaName } from '../contract/schema.ts'
import type { ReadBuffers, StoredColumn, TableName } from '../contract/storage.ts'

/** Columns that a table of a schema may have, in their order. */
export function knownColumns(schema: SchemaName, table: TableName): readonly ColumnFacts[] {
  if (table === 'revisions') return REVISION_COLUMNS
  const { columns } = SCHEMAS[schema]
  return table === 'rows' ? columns : [...REJECT_COLUMNS, ...columns.filter(({ name }) => name !== 'timestamp')]
}

const FITS: Readonly<Record<ColumnType, (values: PlainColumn) => boolean>> = {
  timestamp: (values) => values instanceof BigInt64Array,
  int64: (values) => values instanceof BigInt64Array,
  float64: (values) => values instanceof Float64Array,
  int32: (values) => values instanceof Int32Array,
  uint8: (values) => values instanceof Uint8Array,
  string: (values) => isDictionary(values),
}

function typeByArray(values: PlainColumn): ColumnType {
  if (isDictionary(values)) return 'string'
  return (Object.keys(FITS) as ColumnType[]).find((type) => type !== 'timestamp' && FITS[type](values)) as ColumnType
}

/**
 * The columns of a table, `timestamp` first, then in the order of the schema, then what the schema does not know.
 * @throws {DataError} `data/schema-mismatch` where an array does not fit the type that the schema gives its column
 */
export function shapeOf(schema: SchemaName, table: TableName, columns: Columns): StoredColumn[] {
  const known = knownColumns(schema, table)
  const shape = Object.entries(columns).map(([name, column]) => {
    const type = known.find((facts) => facts.name === name)?.type ?? typeByArray(valuesOf(column))
    if (!FITS[type](valuesOf(column))) throw mismatch(name, `is not held as ${type}`)
    return { name, type }
  })
  return inOrder(shape, known)
}

function inOrder(shape: readonly StoredColumn[], known: readonly ColumnFacts[]): StoredColumn[] {
  const rank = (column: StoredColumn): number => {
    const at = known.findIndex(({ name }) => name === column.name)
    return at < 0 ? known.length : at
  }
  return shape.toSorted((a, b) => rank(a) - rank(b))
}

/**
 * Columns of either shape.
 * @throws {DataError} `data/schema-mismatch` where both have a column in different types
 */
export function unionShapes(
  schema: SchemaName,
  table: TableName,
  a: readonly StoredColumn[],
  b: readonly StoredColumn[],
): readonly StoredColumn[] {
  const fresh = b.filter(({ name, type }) => {
    const old = a.find((column) => column.name === name)
    if (old !== undefined && old.type !== type) throw mismatch(name, `is stored as ${old.type}, not as ${type}`)
    return old === undefined
  })
  return fresh.length === 0 ? a : inOrder([...a, ...fresh], knownColumns(schema, table))
}

function mismatch(name: string, why: string): DataError {
  return new DataError('data/schema-mismatch', `column ${name} ${why}: change it, or give it another name`, {
    field: name,
  })
}

/**
 * The columns that a read returns: `timestamp` first, then as asked, else as stored.
 * A column that only the schema knows is there, without values.
 * @throws {ConfigError} `config/option` for a name that neither knows
 */
export function chooseColumns(
  schema: SchemaName,
  table: TableName,
  stored: readonly StoredColumn[],
  wanted: readonly string[] | undefined,
): StoredColumn[] {
  const known = knownColumns(schema, table)
  const timestamp: StoredColumn = { name: 'timestamp', type: 'timestamp' }
  if (wanted === undefined) {
    return stored.length > 0 ? [...stored] : known.filter(({ optional }) => !optional).map(pickNameAndType)
  }
  const names = [...new Set(wanted)].filter((name) => name !== 'timestamp')
  return [
    timestamp,
    ...names.map((name) => {
      const column = stored.find((one) => one.name === name) ?? known.find((one) => one.name === name)
      if (column !== undefined) return pickNameAndType(column)
      const there = (stored.length > 0 ? stored : known).map((one) => one.name).join(' ')
      throw new ConfigError('config/option', `columns: there is no column ${name}: use ${there}`, {
        field: 'columns',
        value: name,
      })
    }),
  ]
}

function pickNameAndType({ name, type }: StoredColumn): StoredColumn {
  return { name, type }
}

/** A column without rows, or of nulls alone. */
export function nullColumn(type: ColumnType, rows: number): Column {
  const values = emptyValues(type, rows)
  return rows === 0 ? values : { values, valid: bitmap(rows, false) }
}

function emptyValues(type: ColumnType, rows: number): PlainColumn {
  if (type === 'string') return { indices: new Int32Array(rows), dictionary: [] }
  if (type === 'float64') return new Float64Array(rows)
  if (type === 'int32') return new Int32Array(rows)
  return type === 'uint8' ? new Uint8Array(rows) : new BigInt64Array(rows)
}

/** The columns of a shape, in its order; what is not there is null. */
export function projectColumns(columns: Columns | null, shape: readonly StoredColumn[]): Columns {
  const rows = columns === null ? 0 : rowCount(columns)
  const out: Record<string, Column> = { timestamp: new BigInt64Array(0) }
  for (const { name, type } of shape) {
    out[name] = columns !== null && Object.hasOwn(columns, name) ? (columns[name] as Column) : nullColumn(type, rows)
  }
  return out as unknown as Columns
}

/**
 * Copies values into the arrays of the caller, where there are some; a result is the array's front part.
 * @throws {DataError} `data/schema-mismatch` for an array that is too short or of another type
 */
export function intoBuffers(columns: Columns, into: ReadBuffers | undefined): Columns {
  if (into === undefined) return columns
  const out: Record<string, Column> = {}
  for (const [name, column] of Object.entries(columns)) {
    const values = valuesOf(column)
    const target = into[name]
    if (target === undefined || isDictionary(values)) out[name] = column
    else {
      if (target.constructor !== values.constructor || target.length < values.length) {
        const message = `into.${name}: must be ${values.length} long and of the column's type`
        throw new DataError('data/schema-mismatch', message, { field: `into.${name}` })
      }
      ;(target as Float64Array).set(values as Float64Array)
      const front = (target as Float64Array).subarray(0, values.length)
      out[name] = 'valid' in column ? { values: front, valid: column.valid } : front
    }
  }
  return out as unknown as Columns
}

/** The same rows in arrays of their own. */
export function copyColumns(columns: Columns): Columns {
  return mapColumns(columns, (column) => {
    const values = valuesOf(column)
    const copy: PlainColumn = isDictionary(values)
      ? { indices: values.indices.slice(), dictionary: [...values.dictionary] }
      : (values as Float64Array).slice()
    return 'valid' in column ? { values: copy, valid: column.valid.slice() } : copy
  })
}
