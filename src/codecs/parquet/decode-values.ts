/**
 * Decodes the values of a data page, nulls left out, by physical type and encoding.
 * @module
 */
import type { Encoding } from 'hyparquet'
import { decodeDelta } from './decode-delta.ts'
import { decodeDictionaryDoubles, decodeHybrid, indexWidth, type Scratch } from './decode-dictionary.ts'
import { decodeDeltaLengthTexts, decodeDeltaTexts } from './decode-texts.ts'
import { corrupt, unsupported } from './faults.ts'
import type { PhysicalType } from './layout.ts'
import { decodePlainTexts, type TextPool } from './text-pool.ts'

/** What values are decoded into, by physical type; texts by their number in the pool. */
export type Values = Float64Array | BigInt64Array | Int32Array | Uint8Array

/** What decoding needs besides the page. */
export interface ValueContext {
  readonly physical: PhysicalType
  readonly scratch: Scratch
  /** Entries of the chunk's dictionary. */
  readonly dictionary: Values | undefined
  readonly texts: TextPool | undefined
}

type Decode = (bytes: Uint8Array, count: number, out: never, at: number, context: ValueContext) => void

const ARRAYS = {
  BOOLEAN: Uint8Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FLOAT: Float64Array,
  DOUBLE: Float64Array,
  BYTE_ARRAY: Int32Array,
} as const

/** Bits that a plain value takes at least. */
const LEAST_BITS: Readonly<Record<PhysicalType, number>> = {
  BOOLEAN: 1,
  INT32: 32,
  INT64: 64,
  FLOAT: 32,
  DOUBLE: 64,
  BYTE_ARRAY: 32,
}

/** Fresh room for `count` values of a physical type. */
export function roomFor(physical: PhysicalType, count: number): Values {
  return new ARRAYS[physical](count)
}

const TABLE: Readonly<Record<PhysicalType, Readonly<Partial<Record<Encoding, Decode>>>>> = {
  BOOLEAN: { PLAIN: plainBooleans, RLE: runBooleans },
  INT32: {
    PLAIN: plain,
    PLAIN_DICTIONARY: dictionaryIntegers,
    RLE_DICTIONARY: dictionaryIntegers,
    DELTA_BINARY_PACKED: deltaIntegers,
    BYTE_STREAM_SPLIT: split,
  },
  INT64: {
    PLAIN: plain,
    PLAIN_DICTIONARY: dictionaryBigs,
    RLE_DICTIONARY: dictionaryBigs,
    DELTA_BINARY_PACKED: (bytes, count, out, at) => void decodeDelta(bytes, count, out, at),
    BYTE_STREAM_SPLIT: split,
  },
  FLOAT: {
    PLAIN: plainFloats,
    PLAIN_DICTIONARY: dictionaryDoubles,
    RLE_DICTIONARY: dictionaryDoubles,
    BYTE_STREAM_SPLIT: splitFloats,
  },
  DOUBLE: {
    PLAIN: plain,
    PLAIN_DICTIONARY: dictionaryDoubles,
    RLE_DICTIONARY: dictionaryDoubles,
    BYTE_STREAM_SPLIT: split,
  },
  BYTE_ARRAY: {
    PLAIN: (bytes, count, out, at, { texts }) => decodePlainTexts(bytes, count, out, at, pool(texts)),
    PLAIN_DICTIONARY: dictionaryIntegers,
    RLE_DICTIONARY: dictionaryIntegers,
    DELTA_LENGTH_BYTE_ARRAY: (bytes, count, out, at, { texts }) =>
      decodeDeltaLengthTexts(bytes, count, out, at, pool(texts)),
    DELTA_BYTE_ARRAY: (bytes, count, out, at, { texts }) => decodeDeltaTexts(bytes, count, out, at, pool(texts)),
  },
}

/**
 * Decodes `count` values into `out` from `at` on; `out` is of the kind that {@link roomFor} makes.
 * @throws {StorageError} `storage/corrupt`; `storage/unsupported-format` for an encoding that is not for this type
 */
export function decodeValues(
  bytes: Uint8Array,
  encoding: Encoding,
  count: number,
  out: Values,
  at: number,
  context: ValueContext,
): void {
  const decode = TABLE[context.physical][encoding]
  if (decode === undefined) throw unsupported(`${context.physical} values in encoding ${encoding}`)
  if (count > 0) decode(bytes, count, out as never, at, context)
}

/**
 * Decodes the entries of a dictionary page; doubles are a view of it where they are aligned.
 * @throws {StorageError} `storage/corrupt`, `storage/unsupported-format`
 */
export function decodeEntries(bytes: Uint8Array, count: number, context: ValueContext): Values {
  if (context.physical === 'DOUBLE' && count * 8 <= bytes.length && bytes.byteOffset % 8 === 0) {
    return new Float64Array(bytes.buffer, bytes.byteOffset, count)
  }
  const least = Math.floor((count * LEAST_BITS[context.physical]) / 8)
  if (least > bytes.length) throw short(bytes, least)
  const out = roomFor(context.physical, count)
  decodeValues(bytes, 'PLAIN', count, out, 0, context)
  return out
}

function short(bytes: Uint8Array, needed: number): Error {
  return corrupt(`a page holds ${bytes.length} bytes of values, ${needed} are needed`)
}

function pool(texts: TextPool | undefined): TextPool {
  if (texts === undefined) throw corrupt('texts in a column that is none of text')
  return texts
}

function entriesOf<T extends Values>(context: ValueContext): T {
  if (context.dictionary === undefined) throw corrupt('a page refers to a dictionary that its column lacks')
  return context.dictionary as T
}

function plain(bytes: Uint8Array, count: number, out: Float64Array | BigInt64Array | Int32Array, at: number): void {
  const size = out.BYTES_PER_ELEMENT
  if (count * size > bytes.length) throw short(bytes, count * size)
  new Uint8Array(out.buffer, out.byteOffset + at * size, count * size).set(bytes.subarray(0, count * size))
}

function plainFloats(bytes: Uint8Array, count: number, out: Float64Array, at: number): void {
  if (count * 4 > bytes.length) throw short(bytes, count * 4)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  for (let i = 0; i < count; i++) out[at + i] = view.getFloat32(i * 4, true)
}

function plainBooleans(bytes: Uint8Array, count: number, out: Uint8Array, at: number): void {
  if (count > bytes.length * 8) throw short(bytes, Math.ceil(count / 8))
  for (let i = 0; i < count; i++) out[at + i] = ((bytes[i >> 3] as number) >> (i & 7)) & 1
}

function runBooleans(bytes: Uint8Array, count: number, out: Uint8Array, at: number, { scratch }: ValueContext): void {
  const wide = new Int32Array(count)
  decodeHybrid(bytes.subarray(4), 1, count, 2, wide, 0, scratch)
  out.set(wide, at)
}

function dictionaryDoubles(
  bytes: Uint8Array,
  count: number,
  out: Float64Array,
  at: number,
  context: ValueContext,
): void {
  decodeDictionaryDoubles(bytes, count, entriesOf(context), out, at, context.scratch)
}

function dictionaryIntegers(
  bytes: Uint8Array,
  count: number,
  out: Int32Array,
  at: number,
  context: ValueContext,
): void {
  const entries = entriesOf<Int32Array>(context)
  decodeHybrid(bytes.subarray(1), indexWidth(bytes), count, entries.length, out, at, context.scratch)
  for (let i = at; i < at + count; i++) out[i] = entries[out[i] as number] as number
}

function dictionaryBigs(bytes: Uint8Array, count: number, out: BigInt64Array, at: number, context: ValueContext): void {
  const entries = entriesOf<BigInt64Array>(context)
  const indices = new Int32Array(count)
  decodeHybrid(bytes.subarray(1), indexWidth(bytes), count, entries.length, indices, 0, context.scratch)
  const [from, to] = [lanesOf(entries, 0, entries.length), lanesOf(out, at, count)]
  for (let i = 0; i < count; i++) {
    const index = 2 * (indices[i] as number)
    to[2 * i] = from[index] as number
    to[2 * i + 1] = from[index + 1] as number
  }
}

function lanesOf(values: BigInt64Array, at: number, count: number): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset + at * 8, count * 2)
}

function deltaIntegers(bytes: Uint8Array, count: number, out: Int32Array, at: number): void {
  const wide = new BigInt64Array(count)
  decodeDelta(bytes, count, wide, 0)
  const lanes = lanesOf(wide, 0, count)
  for (let i = 0; i < count; i++) out[at + i] = lanes[2 * i] as number
}

/** Byte k of every value stands in the k-th of as many equal stretches as a value has bytes. */
function split(bytes: Uint8Array, count: number, out: Float64Array | BigInt64Array | Int32Array, at: number): void {
  const size = out.BYTES_PER_ELEMENT
  if (count * size > bytes.length) throw short(bytes, count * size)
  const words = new Int32Array(out.buffer, out.byteOffset + at * size, (count * size) / 4)
  const perValue = size / 4
  for (let word = 0; word < perValue; word++) {
    const start = word * 4 * count
    for (let i = 0; i < count; i++) {
      const low = (bytes[start + i] as number) | ((bytes[start + count + i] as number) << 8)
      const high = (bytes[start + 2 * count + i] as number) | ((bytes[start + 3 * count + i] as number) << 8)
      words[i * perValue + word] = low | (high << 16)
    }
  }
}

function splitFloats(bytes: Uint8Array, count: number, out: Float64Array, at: number): void {
  const words = new Int32Array(count)
  split(bytes, count, words, 0)
  out.set(new Float32Array(words.buffer), at)
}
