/** Damages Parquet files and reads them: whatever the bytes, a read ends soon, in values or in a typed error. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { bytesSource, findRows, readColumns, readFooter, readForeign } from '../../../src/codecs/parquet/index.ts'
import { isDataClientError } from '../../../src/contract/errors.ts'
import type { Columns } from '../../../src/contract/columns.ts'
import { BARS, bars, COMPRESSORS, contents, encode } from './support.ts'

/** Numbers in `[0, below)`, the same for the same seed. */
export type Dice = (below: number) => number

export function dice(seed: number): Dice {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** Small files of every shape that is written or read. */
export function corpus(): Uint8Array[] {
  const rows = 4400
  const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
  const mixed = (count: number): Columns => ({
    timestamp: BigInt64Array.from(each(count, (i) => BigInt(i * i))),
    price: Float64Array.from(each(count, (i) => (i % 50) / 4)),
    gaps: {
      values: Float64Array.from(each(count, (i) => i)),
      valid: new Uint8Array((count + 7) >> 3).map((_, i) => i * 37),
    },
    side: { indices: Int32Array.from(each(count, (i) => i % 3)), dictionary: ['buy', 'sell', 'none'] },
    id: BigInt64Array.from(each(count, (i) => BigInt(i) * 12_345_678_901_234n)),
    level: Int32Array.from(each(count, (i) => i)),
    flag: Uint8Array.from(each(count, (i) => i & 1)),
  })
  const shape = {
    timeUnit: 'us' as const,
    columns: Object.entries({
      timestamp: 'timestamp',
      price: 'float64',
      gaps: 'float64',
      side: 'string',
      id: 'int64',
      level: 'int32',
      flag: 'uint8',
    } as const).map(([name, type]) => ({ name, type })),
  }
  const own = [
    encode(mixed(40), shape),
    encode(mixed(rows), shape),
    encode(mixed(rows), { ...shape, compression: 'zstd' }),
    encode(mixed(300), { ...shape, rowGroupRows: 64 }),
    encode(bars(rows), BARS),
    encode(bars(100), BARS),
    encode(bars(0), BARS),
  ]
  const texts = each(400, (i) => (i % 6 === 0 ? null : `text ${i % 40}`))
  const foreign = (['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD'] as const).map(
    (codec) =>
      new Uint8Array(
        parquetWriteBuffer({
          codec,
          compressors: { GZIP: gzipSync, ZSTD: zstdCompressSync },
          rowGroupSize: 150,
          pageSize: 500,
          columnData: [
            { name: 'time', data: each(400, (i) => BigInt(i)), type: 'INT64', encoding: 'DELTA_BINARY_PACKED' },
            { name: 'a', data: each(400, (i) => i / 3), type: 'DOUBLE', encoding: 'BYTE_STREAM_SPLIT' },
            { name: 'b', data: texts, type: 'STRING' },
            { name: 'c', data: texts, type: 'STRING', encoding: 'DELTA_BYTE_ARRAY' },
            { name: 'd', data: texts, type: 'STRING', encoding: 'DELTA_LENGTH_BYTE_ARRAY' },
            { name: 'e', data: each(400, (i) => i % 3 === 0), type: 'BOOLEAN' },
            {
              name: 'f',
              data: each(400, (i) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`),
              type: 'UUID',
            },
            { name: 'g', data: each(400, (i) => (i % 5 === 0 ? null : i)), type: 'INT32' },
            { name: 'h', data: each(400, (i) => i / 8), type: 'FLOAT16' },
          ],
        }),
      ),
  )
  return [...own, ...foreign]
}

/** A copy with a few bytes changed, most of them where headers are; sometimes cut, doubled or spliced. */
export function damaged(original: Uint8Array, roll: Dice): Uint8Array {
  const kind = roll(20)
  if (kind === 0) return original.slice(0, roll(original.length))
  if (kind === 1) {
    const at = roll(original.length)
    const size = roll(64)
    return Uint8Array.from([...original.subarray(0, at), ...original.subarray(at + size)])
  }
  const bytes = original.slice()
  const footer = new DataView(bytes.buffer).getUint32(bytes.length - 8, true) + 8
  for (let i = 1 + roll(roll(4) === 0 ? 12 : 3); i > 0; i--) {
    const at = roll(3) === 0 ? roll(bytes.length) : bytes.length - 1 - roll(Math.min(footer, bytes.length))
    const value = bytes[at] as number
    const changed = [value ^ (1 << roll(8)), roll(256), 0xff, 0x80, 0, value + 1, value - 1]
    bytes[at] = changed[roll(changed.length)] as number
  }
  if (kind === 2) bytes.copyWithin(roll(bytes.length), roll(bytes.length), roll(bytes.length))
  return bytes
}

/** Outcome of one read: its values, or the code of its error. Anything else is thrown on. */
async function outcome(read: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await read())
  } catch (error) {
    const code = isDataClientError(error) ? error.code : ''
    if (code === 'storage/corrupt' || code === 'storage/unsupported-format') return code
    throw error
  }
}

/** Memory that shows where it was not written. */
function memoryOf(fill: number): (bytes: number) => ArrayBuffer {
  return (bytes) => {
    if (bytes > 2 ** 28) throw new RangeError('more memory than a fuzzed file of this size may ask for')
    const memory = new ArrayBuffer(bytes)
    new Uint8Array(memory).fill(fill)
    return memory
  }
}

/**
 * Reads a damaged file in every way.
 * @returns whether any way gave values
 * @throws what no reader may throw, or where memory that was never written came out
 */
export async function readDamaged(bytes: Uint8Array): Promise<boolean> {
  const source = bytesSource(bytes)
  const read = async (fill: number): Promise<unknown> => {
    const footer = readFooter(source)
    if (!footer.own) return 'foreign'
    if (footer.sorted) findRows(source, footer, 1_000n, 100_000n, COMPRESSORS)
    const options = {
      columns: footer.columns,
      timeUnit: footer.timeUnit,
      compressors: COMPRESSORS,
      allocate: memoryOf(fill),
    }
    const { bytes: _, ...onDisk } = source
    const part = { source: onDisk, footer, startRow: 0, endRow: footer.rows }
    const inMemory = { ...part, source, startRow: Math.min(3, footer.rows) }
    return [contents(await readColumns([part], options)), contents(await readColumns([inMemory, part], options))]
  }
  const [first, second] = [await outcome(() => read(0xa5)), await outcome(() => read(0x5a))]
  if (first !== second) throw new Error('memory that was never written came out')
  const foreign = await outcome(async () => {
    const got = await readForeign(source, { compressors: COMPRESSORS, allocate: memoryOf(0xa5) })
    return got.rows
  })
  return !first.startsWith('storage/') || !foreign.startsWith('storage/')
}

/** What a run of the fuzzer saw. */
export interface FuzzReport {
  readonly files: number
  readonly readable: number
  readonly slowestMs: number
  readonly mostBytes: number
}

/**
 * Damages and reads `count` files from `seed` on.
 * @throws with the seed of the file that broke a rule
 */
export async function fuzz(
  count: number,
  seed: number,
  progress: (done: number) => void = () => {},
): Promise<FuzzReport> {
  const originals = corpus()
  let readable = 0
  let slowestMs = 0
  let mostBytes = 0
  for (let i = 0; i < count; i++) {
    const roll = dice(seed + i)
    const bytes = damaged(originals[roll(originals.length)] as Uint8Array, roll)
    const start = performance.now()
    try {
      if (await readDamaged(bytes)) readable++
    } catch (error) {
      throw new Error(`seed ${seed + i}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
    slowestMs = Math.max(slowestMs, performance.now() - start)
    if (i % 64 === 0) mostBytes = Math.max(mostBytes, process.memoryUsage.rss())
    if (i % 1000 === 999) progress(i + 1)
  }
  return { files: count, readable, slowestMs, mostBytes }
}
