/**
 * Decodes columns of types that the kernels do not know, through hyparquet, once their pages are proven sound.
 * @module
 */
import { parquetSchema, type FileMetaData, type SchemaElement } from 'hyparquet'
import { readColumn } from 'hyparquet/src/column.js'
import { getTreePath } from 'hyparquet/src/schema.js'
import type { Column } from '../../contract/columns.ts'
import { bitmap, setBit } from '../../contract/columns.ts'
import type { DecodeContext } from './decode-chunk.ts'
import { decodeHybrid, decodeLevels, indexWidth } from './decode-dictionary.ts'
import { decompress } from './decompress.ts'
import { corrupt, guarded, unsupported } from './faults.ts'
import { RAW } from './format.ts'
import type { Chunk, Codec, RowGroup } from './layout.ts'
import { openData, openDictionary, pagesOf } from './page.ts'
import type { Compressors } from './types.ts'

/** How a value that hyparquet decoded is held in memory. */
interface Conversion {
  readonly type: 'int64' | 'float64' | 'string'
  readonly convert: (value: never) => bigint | number | string
  readonly timeUnit?: 'ns'
}

/** The conversion for a flat column that is not for the kernels; undefined where there is none. */
export function conversionOf(element: SchemaElement): Conversion | undefined {
  const { type, logical_type: logical, converted_type: converted } = element
  if (element.repetition_type === 'REPEATED') return undefined
  if (type === 'INT96') return { type: 'int64', convert: (value: bigint) => BigInt.asIntN(64, value), timeUnit: 'ns' }
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

/** A column to decode through hyparquet. */
export interface ForeignTask {
  readonly metadata: FileMetaData
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
  bytes: Uint8Array, task: ForeignTask, group: RowGroup, chunk: Chunk, target: ForeignTarget, context: DecodeContext,
): void {
  const { element, metadata, conversion, rows } = task
  guarded(`column ${element.name}`, () => {
    checkPages(bytes, element, group.rows, chunk.codec, context)
    const values = valuesThroughHyparquet(bytes, element, metadata, group.rows, chunk.codec, context.compressors)
    if (values.length < group.rows) throw corrupt(`column ${element.name}: ${values.length} values of ${group.rows}`)
    for (let i = 0; i < group.rows; i++) {
      const row = group.startRow + i
      const value = values[i]
      if (value === null || value === undefined) {
        if (element.repetition_type === 'REQUIRED') throw corrupt(`column ${element.name}: a required value is missing`)
        target.valid ??= bitmap(rows, true)
        setBit(target.valid, row, false)
        if (target.values instanceof Float64Array) target.values[row] = Number.NaN
      } else target.values[row] = stored(conversion.convert(value as never), target.codes) as never
    }
  })
}

function stored(value: bigint | number | string, codes: Map<string, number>): bigint | number {
  if (typeof value !== 'string') return value
  const code = codes.get(value) ?? codes.size
  codes.set(value, code)
  return code
}

/** hyparquet trusts counts and runs; here they are followed once without keeping anything. */
function checkPages(bytes: Uint8Array, element: SchemaElement, rows: number, codec: Codec, context: DecodeContext): void {
  const { name, type, type_length: size = 0 } = element
  const optional = element.repetition_type === 'OPTIONAL'
  const width = type === 'INT96' ? 12 : type === 'BYTE_ARRAY' ? 4 : size
  if (!(width > 0)) throw corrupt(`column ${name}: values of ${width} bytes`)
  const pages = { name, codec, optional, fixed: false, compressors: context.compressors, verify: context.verify }
  let entries = 0
  for (const page of pagesOf(bytes, rows, pages)) {
    if (page.row < 0) {
      entries = page.count
      if (openDictionary(page, pages).length < entries * width) throw corrupt(`column ${name}: a dictionary is cut short`)
      continue
    }
    const { levels, values } = openData(page, pages)
    const bits = new Uint8Array((page.count + 7) >> 3)
    const present = levels === undefined ? page.count : decodeLevels(levels, page.count, bits)
    if (page.encoding === 'RLE_DICTIONARY' || page.encoding === 'PLAIN_DICTIONARY') {
      const room = new Int32Array(present)
      if (present > 0) decodeHybrid(values.subarray(1), indexWidth(values), present, entries, room, 0, context.scratch)
    } else if (page.encoding !== 'PLAIN') throw unsupported(`column ${name}: ${String(type)} values in encoding ${page.encoding}`)
    else if (values.length < present * width) throw corrupt(`column ${name}: a page is cut short`)
  }
}

function valuesThroughHyparquet(
  bytes: Uint8Array, element: SchemaElement, metadata: FileMetaData, rows: number, codec: Codec, compressors: Compressors,
): readonly unknown[] {
  const bare: SchemaElement = { ...element }
  delete bare.converted_type
  delete bare.logical_type
  const tree = parquetSchema({ schema: metadata.schema.map((other) => (other === element ? bare : other)) })
  const schemaPath = getTreePath(tree, [element.name])
  const decoder = {
    pathInSchema: [element.name], type: bare.type ?? 'INT96', element: bare, schemaPath, codec, parsers: RAW,
    compressors: { [codec]: (input: Uint8Array, size: number) => decompress(input, size, codec, compressors) },
  }
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
  const plan = { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows }
  const values: unknown[] = []
  for (const page of readColumn(reader, plan, decoder).data) for (const value of page) values.push(value)
  return values
}
