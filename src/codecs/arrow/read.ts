/**
 * Any Arrow table to columns. Reads by type number, never by class, so it works on tables of another copy of
 * apache-arrow and loads none itself.
 * @module
 */
import type { Data, Table, Vector } from 'apache-arrow'
import { type Column, type PlainColumn, bitmap, setBit } from '../../contract/columns.ts'
import { DataError } from '../../contract/errors.ts'

/** What the integers of a time column count. */
export interface ForeignTime {
  readonly unit: 's' | 'ms' | 'us' | 'ns' | 'day'
  /** Time zone as written in the file; null for local times without one. */
  readonly zone: string | null
}

/** Columns of any table, with what is known of those that hold times. */
export interface ForeignTable {
  readonly rows: number
  readonly columns: Readonly<Record<string, Column>>
  readonly times: Readonly<Record<string, ForeignTime>>
}

/** Arrow's numbers of types, as its format fixes them. */
const TYPE = {
  dictionary: -1,
  int: 2,
  float: 3,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  largeUtf8: 20,
  utf8View: 24,
} as const

const READABLE: ReadonlySet<number> = new Set(Object.values(TYPE))

/** Arrow's number of the precision of Float64. */
const DOUBLE = 2

const TIME_UNITS = ['s', 'ms', 'us', 'ns'] as const

/** The parts of Arrow's type objects that are read here. */
interface ArrowType {
  readonly typeId: number
  readonly unit?: number
  readonly timezone?: string | null
  readonly bitWidth?: number
  readonly isSigned?: boolean
  readonly precision?: number
  readonly scale?: number
}

/** Which columns are read. */
export interface ForeignOptions {
  /** Leave out columns that are neither number, time, text nor truth value, instead of refusing the table. @default false */
  readonly skip?: boolean
}

/**
 * Reads all columns. One batch of Float64, Int64, Int32, Uint8 or Timestamp is used in place; the rest is copied.
 * @throws {DataError} `data/schema-mismatch` for a column that is neither number, time, text nor truth value, unless
 *   those are skipped
 */
export function columnsFromTable(table: Table, { skip = false }: ForeignOptions = {}): ForeignTable {
  const columns: Record<string, Column> = {}
  const times: Record<string, ForeignTime> = {}
  for (const [i, field] of table.schema.fields.entries()) {
    const vector = table.getChildAt(i) as Vector
    const type = field.type as unknown as ArrowType
    if (skip && !READABLE.has(type.typeId)) continue
    const time = timeOf(type)
    if (time !== undefined) times[field.name] = time
    columns[field.name] = readColumn(field.name, type, vector)
  }
  return { rows: table.numRows, columns, times }
}

function timeOf(type: ArrowType): ForeignTime | undefined {
  if (type.typeId === TYPE.date) return { unit: type.unit === 0 ? 'day' : 'ms', zone: null }
  if (type.typeId !== TYPE.timestamp) return undefined
  return { unit: TIME_UNITS[type.unit as number] as ForeignTime['unit'], zone: type.timezone ?? null }
}

function readColumn(name: string, type: ArrowType, vector: Vector): Column {
  const values = readValues(name, type, vector)
  return vector.nullCount === 0 ? values : { values, valid: validityOf(vector) }
}

function validityOf(vector: Vector): Uint8Array {
  const only = vector.data[0] as Data | undefined
  if (vector.data.length === 1 && only !== undefined && only.offset === 0 && only.nullBitmap) return only.nullBitmap
  const out = bitmap(vector.length, false)
  for (let row = 0; row < vector.length; row++) if (vector.isValid(row)) setBit(out, row, true)
  return out
}

function readValues(name: string, type: ArrowType, vector: Vector): PlainColumn {
  switch (type.typeId) {
    case TYPE.timestamp:
      return contiguous(vector, BigInt64Array)
    case TYPE.date:
      return type.unit === 0 ? contiguous(vector, Int32Array) : contiguous(vector, BigInt64Array)
    case TYPE.int:
      return readInteger(name, type, vector)
    case TYPE.float:
      return type.precision === DOUBLE ? contiguous(vector, Float64Array) : readNumbers(vector)
    case TYPE.bool:
      return Uint8Array.from(vector, (value) => (value === true ? 1 : 0))
    case TYPE.decimal:
      return readDecimals(type, vector)
    case TYPE.utf8:
    case TYPE.largeUtf8:
    case TYPE.utf8View:
    case TYPE.dictionary:
      return readText(name, vector)
    default:
      throw new DataError('data/schema-mismatch', `column ${name}: Arrow type ${String(vector.type)} is not read`, {
        field: name,
      })
  }
}

function readInteger(name: string, type: ArrowType, vector: Vector): PlainColumn {
  if (type.bitWidth === 64) {
    const values = contiguous(vector, BigInt64Array)
    if (type.isSigned === true || values.every((value) => value >= 0n)) return values
    throw new DataError('data/invalid', `column ${name}: holds unsigned numbers of 2^63 and more`, { field: name })
  }
  if (type.bitWidth === 8 && type.isSigned === false) return contiguous(vector, Uint8Array)
  if (type.bitWidth === 32 && type.isSigned === true) return contiguous(vector, Int32Array)
  return type.bitWidth === 32 ? readNumbers(vector) : Int32Array.from(vector, (value) => Number(value ?? 0))
}

function readNumbers(vector: Vector): Float64Array {
  return Float64Array.from(vector, (value) => (value === null ? Number.NaN : Number(value)))
}

function readText(name: string, vector: Vector): PlainColumn {
  const codes = new Map<string, number>()
  const indices = new Int32Array(vector.length)
  for (let row = 0; row < indices.length; row++) {
    const value: unknown = vector.get(row)
    if (value === null) continue
    if (typeof value !== 'string') {
      throw new DataError('data/schema-mismatch', `column ${name}: a dictionary of ${typeof value} is not read`, {
        field: name,
      })
    }
    let code = codes.get(value)
    if (code === undefined) codes.set(value, (code = codes.size))
    indices[row] = code
  }
  return { indices, dictionary: [...codes.keys()] }
}

interface TypedArrayOf<T> {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): T
  readonly BYTES_PER_ELEMENT: number
}

/** The values of all batches in one array; in place where there is one batch. */
function contiguous<T extends BigInt64Array | Float64Array | Int32Array | Uint8Array>(
  vector: Vector,
  Kind: TypedArrayOf<T>,
): T {
  const parts = vector.data.map((data) => {
    const values = (data as Data).values as Uint8Array
    // Unsigned 64-bit integers and pairs of 32-bit words are seen as what they are in memory: signed 64 bits.
    return new Kind(values.buffer, values.byteOffset, (data as Data).length)
  })
  if (parts.length === 1) return parts[0] as T
  const out = new Kind(new ArrayBuffer(vector.length * Kind.BYTES_PER_ELEMENT))
  let at = 0
  for (const part of parts) {
    ;(out as Float64Array).set(part as Float64Array, at)
    at += part.length
  }
  return out
}

/** Decimals as the nearest double: whole part and fraction are read as text, so 0.1 becomes exactly 0.1. */
function readDecimals(type: ArrowType, vector: Vector): Float64Array {
  const scale = type.scale ?? 0
  return Float64Array.from(vector, (value) => {
    if (value === null) return Number.NaN
    return Number(`${decimalDigits(value as Uint32Array)}e${-scale}`)
  })
}

function decimalDigits(words: Uint32Array): string {
  let value = 0n
  for (let i = words.length - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[i] as number)
  return String(BigInt.asIntN(words.length * 32, value))
}
