/**
 * Decodes columns of types that are rare and have no array: value by value, from their bytes.
 * @module
 */
import type { Encoding, SchemaElement } from 'hyparquet'
import { bitmap, setBit, type Column } from '../../contract/columns.ts'
import type { DecodeContext } from './decode-chunk.ts'
import { decodeHybrid, decodeLevels, indexWidth, type Scratch } from './decode-dictionary.ts'
import { corrupt, guarded, unsupported } from './faults.ts'
import type { Chunk, RowGroup } from './layout.ts'
import { openData, openDictionary, pagesOf } from './page.ts'

/** How the bytes of a value are held in memory. */
interface Conversion {
  readonly type: 'int64' | 'float64' | 'string'
  readonly convert: (bytes: Uint8Array) => bigint | number | string
  readonly timeUnit?: 'ns'
}

/** The conversion for a flat column that is not for the kernels; undefined where there is none. */
export function conversionOf(element: SchemaElement): Conversion | undefined {
  const { type, logical_type: logical, converted_type: converted } = element
  if (element.repetition_type === 'REPEATED') return undefined
  if (type === 'INT96') return { type: 'int64', convert: int96Nanoseconds, timeUnit: 'ns' }
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const scale = (logical?.type === 'DECIMAL' ? logical.scale : element.scale) ?? 0
    return { type: 'float64', convert: (value: Uint8Array) => nearestDouble(bigFromBytes(value), scale) }
  }
  if (type !== 'FIXED_LEN_BYTE_ARRAY') return undefined
  if (logical?.type === 'UUID' && element.type_length === 16) return { type: 'string', convert: uuidText }
  if (logical?.type === 'FLOAT16' && element.type_length === 2) return { type: 'float64', convert: halfFloat }
  return undefined
}

/**
 * The double nearest to `unscaled / 10 ** scale`. One division of exact numbers is rounded once, as parsing a text is;
 * a product with a power of ten would be rounded twice.
 */
export function nearestDouble(unscaled: bigint, scale: number): number {
  const value = Number(unscaled)
  if (Number.isSafeInteger(value) && scale >= 0 && scale <= 22) return value / 10 ** scale
  return Number(`${unscaled}e${-scale}`)
}

/** Julian day of 1970-01-01. */
const EPOCH_JULIAN_DAY = 2_440_588n
const DAY_NS = 86_400_000_000_000n

/**
 * Nanoseconds of the day in eight bytes, then the Julian day in four.
 * @throws {StorageError} `storage/unsupported-format` outside the years 1677 to 2262
 */
function int96Nanoseconds(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const ticks = (BigInt(view.getInt32(8, true)) - EPOCH_JULIAN_DAY) * DAY_NS + view.getBigInt64(0, true)
  if (ticks !== BigInt.asIntN(64, ticks)) throw unsupported('an INT96 timestamp lies beyond 64 bits of nanoseconds')
  return ticks
}

/** Big-endian two's complement. */
function bigFromBytes(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(bytes.length * 8, value)
}

function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function halfFloat(bytes: Uint8Array): number {
  const bits = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** A column to decode value by value. */
export interface ForeignTask {
  readonly element: SchemaElement
  readonly conversion: Conversion
  readonly rows: number
}

/** A column being decoded: values by row, and which are null. */
export interface ForeignTarget {
  readonly values: BigInt64Array | Float64Array | Int32Array
  readonly codes: Map<string, number>
  valid: Uint8Array | undefined
}

/** Room for a column. */
export function foreignTarget({ conversion, rows }: ForeignTask): ForeignTarget {
  const kinds = { int64: BigInt64Array, float64: Float64Array, string: Int32Array } as const
  return { values: new kinds[conversion.type](rows), codes: new Map(), valid: undefined }
}

/** The finished column. */
export function foreignColumn({ conversion }: ForeignTask, { values, codes, valid }: ForeignTarget): Column {
  const plain = conversion.type === 'string' ? { indices: values as Int32Array, dictionary: [...codes.keys()] } : values
  return (valid === undefined ? plain : { values: plain, valid }) as Column
}

/**
 * Decodes one chunk into rows `[group.startRow, …)` of the target.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function decodeForeignChunk(
  bytes: Uint8Array,
  task: ForeignTask,
  group: RowGroup,
  chunk: Chunk,
  target: ForeignTarget,
  { compressors, verify, scratch }: DecodeContext,
): void {
  const { name, repetition_type } = task.element
  const optional = repetition_type === 'OPTIONAL'
  const pages = { name, chunk, optional, fixed: false, compressors, verify }
  guarded(`column ${name}`, () => {
    let entries: readonly Uint8Array[] = []
    for (const page of pagesOf(bytes, group.rows, pages)) {
      if (page.row < 0) {
        entries = splitPlain(openDictionary(page, pages), page.count, task.element)
        continue
      }
      const { levels, values } = openData(page, pages)
      const bits = bitmap(page.count, true)
      const present = levels === undefined ? page.count : decodeLevels(levels, page.count, bits)
      const pieceAt = piecesOf(values, page.encoding, present, entries, task.element, scratch)
      put(pieceAt, bits, page.count, group.startRow + page.row, task, target)
    }
  })
}

/** The bytes of the n-th value of a page. */
type PieceAt = (n: number) => Uint8Array

/** Values of a data page as bytes. */
function piecesOf(
  bytes: Uint8Array,
  encoding: Encoding,
  count: number,
  entries: readonly Uint8Array[],
  element: SchemaElement,
  scratch: Scratch,
): PieceAt {
  if (encoding === 'PLAIN') {
    const pieces = splitPlain(bytes, count, element)
    return (n) => pieces[n] as Uint8Array
  }
  if (encoding !== 'RLE_DICTIONARY' && encoding !== 'PLAIN_DICTIONARY') {
    throw unsupported(`column ${element.name}: ${element.type} values in encoding ${encoding}`)
  }
  const indices = new Int32Array(count)
  if (count > 0) decodeHybrid(bytes.subarray(1), indexWidth(bytes), count, entries.length, indices, 0, scratch)
  return (n) => entries[indices[n] as number] as Uint8Array
}

/** Plain values: of one length each, or each after its length in four bytes. */
function splitPlain(bytes: Uint8Array, count: number, { name, type, type_length }: SchemaElement): Uint8Array[] {
  const fixed = type === 'INT96' ? 12 : (type_length ?? 0)
  if (type !== 'BYTE_ARRAY' && !(fixed > 0)) throw corrupt(`column ${name}: values of ${fixed} bytes`)
  const pieces: Uint8Array[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let i = 0, at = 0; i < count; i++) {
    const start = type === 'BYTE_ARRAY' ? at + 4 : at
    const length = type === 'BYTE_ARRAY' && start <= bytes.length ? view.getUint32(at, true) : fixed
    at = start + length
    if (at > bytes.length) throw corrupt(`column ${name}: a page is cut short`)
    pieces.push(bytes.subarray(start, at))
  }
  return pieces
}

function put(
  pieceAt: PieceAt,
  bits: Uint8Array,
  count: number,
  at: number,
  { conversion, rows }: ForeignTask,
  target: ForeignTarget,
): void {
  let next = 0
  for (let i = 0; i < count; i++) {
    if (((bits[i >> 3] as number) >> (i & 7)) & 1) {
      target.values[at + i] = stored(conversion.convert(pieceAt(next++)), target.codes) as never
      continue
    }
    target.valid ??= bitmap(rows, true)
    setBit(target.valid, at + i, false)
    if (target.values instanceof Float64Array) target.values[at + i] = Number.NaN
  }
}

function stored(value: bigint | number | string, codes: Map<string, number>): bigint | number {
  if (typeof value !== 'string') return value
  const code = codes.get(value) ?? codes.size
  codes.set(value, code)
  return code
}
