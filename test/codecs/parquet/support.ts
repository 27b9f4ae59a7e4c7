/** What the tests of the Parquet codec share: platform codecs, sources, arbitrary columns, comparison to the bit. */
import { brotliDecompressSync, crc32, gunzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import {
  bytesSource,
  encodeParquet,
  readColumns,
  readFooter,
  type ByteSource,
  type Compressors,
  type EncodeOptions,
  type ParquetShape,
  type ReadOptions,
} from '../../../src/codecs/parquet/index.ts'
import {
  isDictionary,
  isNullable,
  isValid,
  rowCount,
  valueAt,
  type Column,
  type Columns,
} from '../../../src/contract/columns.ts'
import type { ColumnType } from '../../../src/contract/schema.ts'
import type { StoredColumn } from '../../../src/contract/storage.ts'

export const COMPRESSORS: Compressors = {
  zstdCompress: (bytes) => zstdCompressSync(bytes),
  zstdDecompress: (bytes, size) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  gunzip: (bytes, size) => gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  brotliDecompress: (bytes, size) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  crc32,
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** A source that must be read from, as a file; counts its reads. */
export function fileLike(bytes: Uint8Array): ByteSource & { readonly reads: () => number } {
  const memory = bytesSource(bytes)
  let reads = 0
  return {
    size: bytes.length,
    readSync(target, position) {
      reads++
      memory.readSync(target, position)
    },
    async read(target, position) {
      reads++
      await new Promise((resolve) => setImmediate(resolve))
      memory.readSync(target, position)
    },
    reads: () => reads,
  }
}

export async function readAll(
  source: ByteSource,
  shape: ParquetShape,
  options: Partial<ReadOptions> = {},
  startRow = 0,
  endRow = Infinity,
): Promise<Columns> {
  const footer = readFooter(source)
  const part = { source, footer, startRow, endRow: Math.min(endRow, footer.rows) }
  return readColumns([part], { ...shape, compressors: COMPRESSORS, verify: true, ...options })
}

export function encode(columns: Columns, options: EncodeOptions): Uint8Array {
  return joined(encodeParquet(columns, { compressors: COMPRESSORS, ...options }))
}

const NUMBER = new Float64Array(1)
const NUMBER_BITS = new BigInt64Array(NUMBER.buffer)

/** A value as text that shows every bit. */
function bits(value: number | bigint | string | null): string {
  if (typeof value !== 'number') return `${typeof value} ${String(value)}`
  NUMBER[0] = value
  return `number ${NUMBER_BITS[0]}`
}

/** Rows of a column with every bit of a double in sight; NaN payloads are read past JavaScript's numbers. */
export function rowsOf(column: Column): string[] {
  const values = isNullable(column) ? column.values : column
  if (values instanceof Float64Array) {
    const raw = new BigInt64Array(values.buffer, values.byteOffset, values.length)
    return Array.from(raw, (value, row) => (isValid(column, row) ? `number ${value}` : 'null'))
  }
  const rows = isDictionary(values) ? values.indices.length : values.length
  return Array.from({ length: rows }, (_, row) => (isValid(column, row) ? bits(valueAt(column, row)) : 'null'))
}

/** All columns to the bit, for comparison; a bitmap without nulls equals none. */
export function contents(columns: Columns): Record<string, string[]> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, rowsOf(column)]))
}

/** Doubles of every kind, NaN payloads included, as their bits. */
const doubleBits: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0x4059000000000000n, 0x405900a3d70a3d71n, 0x3ff0000000000000n) },
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(
    0n,
    1n << 63n,
    0x7ff0000000000000n,
    0xfff0000000000000n,
    0x7ff8000000000000n,
    0x7ff0000000000001n,
    0xffffffffffffffffn,
    1n,
    0x000fffffffffffffn,
    0x7fefffffffffffffn,
  ),
)

const int64: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, 2n ** 53n, -(2n ** 52n), 2n ** 32n, 2n ** 32n - 1n),
)

const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', 'buy', 'sell', '\uFEFFbom', '日本'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)

const MAKE: Readonly<Record<ColumnType, (rows: number) => fc.Arbitrary<Column>>> = {
  float64: (rows) =>
    exactly(doubleBits, rows).map((values) => {
      return new Float64Array(BigUint64Array.from(values).buffer)
    }),
  timestamp: (rows) => exactly(int64, rows).map((values) => BigInt64Array.from(values)),
  int64: (rows) => exactly(int64, rows).map((values) => BigInt64Array.from(values)),
  int32: (rows) => exactly(fc.integer(), rows).map((values) => Int32Array.from(values)),
  uint8: (rows) => exactly(fc.nat(255), rows).map((values) => Uint8Array.from(values)),
  string: (rows) =>
    fc
      .tuple(fc.uniqueArray(text, { minLength: 1, maxLength: 20 }), exactly(fc.nat(), rows))
      .map(([dictionary, picks]) => ({
        dictionary,
        indices: Int32Array.from(picks, (pick) => pick % dictionary.length),
      })),
}

function exactly<T>(one: fc.Arbitrary<T>, rows: number): fc.Arbitrary<T[]> {
  return fc.array(one, { minLength: rows, maxLength: rows, size: 'max' })
}

function maybeNull(column: fc.Arbitrary<Column>, rows: number): fc.Arbitrary<Column> {
  const valid = fc.uint8Array({ minLength: (rows + 7) >> 3, maxLength: (rows + 7) >> 3, size: 'max' })
  return fc.oneof(
    column,
    fc.tuple(column, valid).map(([values, bitmap]) => ({ values, valid: bitmap }) as Column),
    column.map((values) => ({ values, valid: new Uint8Array((rows + 7) >> 3) }) as Column),
  )
}

/** Columns of every type with a shape; timestamps ascend unless asked otherwise. */
export function anyColumns(
  rows: fc.Arbitrary<number>,
  sorted: boolean,
): fc.Arbitrary<{ readonly columns: Columns; readonly shape: ParquetShape }> {
  const type = fc.constantFrom<ColumnType>('float64', 'int64', 'int32', 'uint8', 'string', 'timestamp')
  const others = fc.array(type, { maxLength: 5 })
  return fc.tuple(rows, others, fc.constantFrom<'us' | 'ns'>('us', 'ns')).chain(([count, types, timeUnit]) => {
    const stored: StoredColumn[] = types.map((kind, i) => ({ name: `${kind}_${i}`, type: kind }))
    const timestamp = exactly(int64, count).map((values) => {
      return BigInt64Array.from(sorted ? values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)) : values)
    })
    return fc
      .tuple(timestamp, ...stored.map(({ type: kind }) => maybeNull(MAKE[kind](count), count)))
      .map(([time, ...rest]) => ({
        columns: Object.fromEntries([
          ['timestamp', time],
          ...stored.map(({ name }, i) => [name, rest[i]]),
        ]) as unknown as Columns,
        shape: { timeUnit, columns: [{ name: 'timestamp', type: 'timestamp' as const }, ...stored] },
      }))
  })
}

export const BARS: ParquetShape = {
  timeUnit: 'us',
  columns: [
    { name: 'timestamp', type: 'timestamp' },
    ...['open', 'high', 'low', 'close', 'volume'].map((name) => ({ name, type: 'float64' as const })),
  ],
}

/** One-minute bars with prices of two decimals, the same for the same seed. */
export function bars(rows: number, seed = 1, start = 1_704_067_200_000_000n): Columns {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
  const column = (): Float64Array => new Float64Array(rows)
  const [timestamp, open, high, low, close, volume] = [
    new BigInt64Array(rows),
    column(),
    column(),
    column(),
    column(),
    column(),
  ]
  let price = 100
  for (let i = 0; i < rows; i++) {
    timestamp[i] = start + BigInt(i) * 60_000_000n
    open[i] = Math.round(price * 100) / 100
    price = Math.max(5, price * (1 + 0.0008 * (random() + random() - 1)))
    close[i] = Math.round(price * 100) / 100
    high[i] = Math.round(Math.max(open[i]!, close[i]!) * (1 + 0.0003 * random()) * 100) / 100
    low[i] = Math.round(Math.min(open[i]!, close[i]!) * (1 - 0.0003 * random()) * 100) / 100
    volume[i] = Math.floor(Math.exp(6.5 + 2.4 * (random() + random() - 1))) * (random() < 0.3 ? 100 : 1)
  }
  return { timestamp, open, high, low, close, volume }
}

export { rowCount }
