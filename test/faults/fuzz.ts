/**
 * Changes bytes of files and snapshots in every way, and reads them: typed errors or the right rows, in bounded time and
 * memory.
 * @module
 */
import { createHash } from 'node:crypto'
import * as zlib from 'node:zlib'
import {
  type Compressors,
  bytesSource,
  encodeParquet,
  findRows,
  readColumns,
  readFooter,
  readForeign,
} from '../../src/codecs/parquet/index.ts'
import type { Columns } from '../../src/contract/columns.ts'
import { isDataClientError } from '../../src/contract/errors.ts'
import type { StoredColumn } from '../../src/contract/storage.ts'
import { pinsFolder, versionName } from '../../src/storage/local/layout.ts'
import { setUp } from './crash.ts'
import { type Random, between, oneOf, randomFrom, seedOf } from './random.ts'
import { type DiskState, copyDisk } from './sim-disk.ts'
import { type Expected, PATHS, SERIES, STORE_ROOT, bars, openWorld, rowsOfColumns } from './world.ts'

/** What is changed. */
export const TARGETS = ['codec', 'file', 'snapshot', 'sealed snapshot', 'pin'] as const
/** One of {@link TARGETS}. */
export type Target = (typeof TARGETS)[number]

/** Most processor time that one reading may take, in milliseconds. */
const MAX_CPU_MS = 2_000
/** Most memory by which one reading may make the process grow. */
const MAX_GROWTH_BYTES = 512 * 2 ** 20

const COMPRESSORS: Compressors = {
  zstdCompress: (bytes) => zlib.zstdCompressSync(bytes),
  zstdDecompress: (bytes, size) => zlib.zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  gunzip: (bytes, size) => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  brotliDecompress: (bytes, size) => zlib.brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
}

const EXTREMES = [0, 1, -1, 0x7fffffff, -0x80000000, 0x7f, 0x80, 0xffff, 0x10000]

const joined = (chunks: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(chunks))

/** Ways to change bytes. Each returns new ones. */
const CHANGES: readonly ((bytes: Uint8Array, at: number, random: Random) => Uint8Array)[] = [
  (bytes, at, random) => write(bytes, at, [(bytes[at] ?? 0) ^ (1 << between(random, 0, 8))]),
  (bytes, at, random) => write(bytes, at, [between(random, 0, 256)]),
  (bytes, at, random) =>
    write(
      bytes,
      at,
      Array.from({ length: between(random, 1, 9) }, () => between(random, 0, 256)),
    ),
  (bytes, at, random) => write(bytes, at, [...new Uint8Array(Int32Array.of(oneOf(random, EXTREMES)).buffer)]),
  (bytes, at, random) =>
    write(
      bytes,
      at,
      Array.from({ length: between(random, 1, 10) }, () => 0xff),
    ),
  (bytes, at, random) =>
    write(
      bytes,
      at,
      Array.from({ length: between(random, 1, 64) }, () => 0),
    ),
  (bytes, at) => bytes.slice(0, at),
  (bytes, at) => bytes.slice(at),
  (bytes, at, random) => splice(bytes, at, between(random, 1, 40), new Uint8Array(0)),
  (bytes, at, random) =>
    splice(
      bytes,
      at,
      0,
      Uint8Array.from({ length: between(random, 1, 40) }, () => between(random, 0, 256)),
    ),
  (bytes, at, random) => splice(bytes, bytes.length, 0, bytes.slice(at, at + between(random, 1, 4_000))),
  (bytes, at, random) => splice(bytes, at, 0, bytes.slice(0, between(random, 1, 200))),
]

function write(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const out = bytes.slice()
  for (const [i, value] of values.entries()) if (at + i < out.length) out[at + i] = value
  return out
}

function splice(bytes: Uint8Array, at: number, count: number, values: Uint8Array): Uint8Array {
  return joined([bytes.subarray(0, at), values, bytes.subarray(at + count)])
}

/** Changes bytes in one to three places, often where lengths and counts are. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let out = bytes
  for (let left = random() < 0.8 ? 1 : between(random, 2, 4); left > 0; left--) {
    const tail = Math.min(out.length, 1_500)
    const place = random()
    const at =
      place < 0.35
        ? out.length - 1 - between(random, 0, Math.max(1, tail))
        : place < 0.45
          ? out.length - between(random, 1, 10)
          : place < 0.55
            ? between(random, 0, Math.min(64, out.length + 1))
            : between(random, 0, out.length + 1)
    out = oneOf(random, CHANGES)(out, Math.max(0, at), random)
  }
  return out
}

interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Files of every kind of page. */
function samples(): Sample[] {
  const random = randomFrom(7)
  const rows = 500
  const timestamp = BigInt64Array.from({ length: rows }, (_, i) => BigInt(i) * 60_000_000n)
  const noise = Float64Array.from({ length: rows }, () => random() * 1e9)
  const ticks = Float64Array.from({ length: rows }, () => 100 + between(random, 0, 20) / 100)
  const valid = Uint8Array.from({ length: Math.ceil(rows / 8) }, () => between(random, 0, 256))
  const texts = {
    indices: Int32Array.from({ length: rows }, () => between(random, 0, 3)),
    dictionary: ['buy', 'sell', 'ü'],
  }
  const columns: Columns = {
    timestamp,
    noise,
    ticks,
    holes: { values: ticks, valid },
    texts,
    texted: { values: texts, valid },
    whole: BigInt64Array.from(timestamp, (t) => t % 7n),
    small: Int32Array.from({ length: rows }, (_, i) => i % 5),
    bits: new Uint8Array(rows).fill(1),
  }
  const shape: StoredColumn[] = [
    { name: 'timestamp', type: 'timestamp' },
    { name: 'noise', type: 'float64' },
    { name: 'ticks', type: 'float64' },
    { name: 'holes', type: 'float64' },
    { name: 'texts', type: 'string' },
    { name: 'texted', type: 'string' },
    { name: 'whole', type: 'int64' },
    { name: 'small', type: 'int32' },
    { name: 'bits', type: 'uint8' },
  ]
  const bare = shape.slice(0, 3)
  const settings = { timeUnit: 'us', compressors: COMPRESSORS, metadata: { marketlake: '{}' } } as const
  return [
    { name: 'all types', bytes: joined(encodeParquet(columns, { ...settings, columns: shape })) },
    { name: 'groups', bytes: joined(encodeParquet(columns, { ...settings, columns: shape, rowGroupRows: 64 })) },
    { name: 'zstd', bytes: joined(encodeParquet(columns, { ...settings, columns: shape, compression: 'zstd' })) },
    { name: 'plain', bytes: joined(encodeParquet({ timestamp, noise, ticks }, { ...settings, columns: bare })) },
  ]
}

/** What is fuzzed, made once. */
export interface FuzzCorpus {
  readonly samples: readonly Sample[]
  readonly disk: DiskState
  readonly nowMs: number
  readonly expected: Expected
}

/** Makes a store and files to damage. */
export async function makeCorpus(): Promise<FuzzCorpus> {
  const step = (first: number, count: number, price: number) => ({
    action: { kind: 'upsert', rows: bars(first, count, price), revisions: 1, rejects: 1 } as const,
  })
  const base = await setUp({
    name: 'fuzz',
    setup: [step(0, 300, 1), step(100, 50, 2), { action: { kind: 'pin', name: 'kept' } }, step(300, 5, 3)],
    steps: [],
  })
  return { samples: samples(), ...base }
}

/** Does one mutation and reads what it left. @returns what is wrong, if anything */
export async function fuzzOnce(corpus: FuzzCorpus, target: Target, seed: number): Promise<string | null> {
  const random = randomFrom(seedOf(seed, target))
  const cpu = process.cpuUsage()
  const rss = process.resourceUsage().maxRSS
  const wrong = target === 'codec' ? await fuzzCodec(corpus, random) : await fuzzStore(corpus, target, random)
  const { user, system } = process.cpuUsage(cpu)
  if ((user + system) / 1_000 > MAX_CPU_MS) return `took ${Math.round((user + system) / 1_000)} ms`
  const grown = (process.resourceUsage().maxRSS - rss) * 1_024
  if (grown > MAX_GROWTH_BYTES) return `took ${Math.round(grown / 2 ** 20)} MB`
  return wrong
}

function untyped(error: unknown): string | null {
  return isDataClientError(error)
    ? null
    : `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

async function fuzzCodec({ samples: files }: FuzzCorpus, random: Random): Promise<string | null> {
  const source = bytesSource(mutate(oneOf(random, files).bytes, random))
  try {
    const footer = readFooter(source)
    const startRow = random() < 0.7 ? 0 : between(random, 0, footer.rows + 1)
    const wanted = random() < 0.5 ? footer.columns : footer.columns.filter((_, i) => i === 0 || random() < 0.5)
    const { startRow: from, endRow } =
      random() < 0.3 ? findRows(source, footer, 0n, 200n * 60_000_000n, COMPRESSORS) : { startRow, endRow: footer.rows }
    await readColumns([{ source, footer, startRow: Math.min(from, endRow), endRow }], {
      columns: wanted,
      timeUnit: footer.timeUnit,
      compressors: COMPRESSORS,
      verify: random() < 0.2,
    })
  } catch (error) {
    const wrong = untyped(error)
    if (wrong !== null) return wrong
  }
  if (random() < 0.9) return null
  try {
    await readForeign(source, { compressors: COMPRESSORS })
    return null
  } catch (error) {
    return untyped(error)
  }
}

/** Changes single values of a snapshot and gives it the hash that fits. */
function sealedMutation(bytes: Uint8Array, random: Random): Uint8Array {
  const values = [null, 0, -1, 1e308, '', 'x', [], {}, true, '9223372036854775808', 2 ** 53, '../../x', 'NaN']
  const change = (value: unknown): unknown => {
    if (Array.isArray(value) && value.length > 0 && random() < 0.9) {
      const at = between(random, 0, value.length)
      const next = value.map((inner, i) => (i === at ? change(inner) : inner)) as unknown[]
      return random() < 0.1 ? [...next, ...next] : next
    }
    if (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.keys(value).length > 0 &&
      random() < 0.95
    ) {
      const key = oneOf(random, Object.keys(value))
      const { [key]: inner, ...rest } = value as Record<string, unknown>
      return random() < 0.1 ? rest : { ...rest, [key]: change(inner) }
    }
    if (typeof value === 'number' && random() < 0.5) return value + oneOf(random, [1, -1, 0.5, 1e6, -1e6])
    return oneOf(random, values)
  }
  const text = new TextDecoder().decode(bytes)
  const line = `${JSON.stringify(change(JSON.parse(text.slice(0, text.indexOf('\n')))))}\n`
  return new TextEncoder().encode(`${line}${createHash('sha256').update(line).digest('hex').slice(0, 32)}\n`)
}

async function fuzzStore(corpus: FuzzCorpus, target: Exclude<Target, 'codec'>, random: Random): Promise<string | null> {
  const world = openWorld({ disk: copyDisk(corpus.disk), nowMs: corpus.nowMs, seed: 1 })
  const { sim, storage } = world
  const isMeant = {
    file: (path: string) => path.endsWith('.pq'),
    snapshot: (path: string) => path.endsWith(versionName(4)) || path.endsWith(versionName(3)),
    'sealed snapshot': (path: string) => path.endsWith(versionName(3)),
    pin: (path: string) => path.startsWith(pinsFolder(STORE_ROOT)),
  }[target]
  const path = oneOf(
    random,
    sim.paths().filter((name) => isMeant(name) && (name.startsWith(PATHS.data) || !name.endsWith('.parquet'))),
  )
  const before = sim.peek(path) as Uint8Array
  sim.poke(path, target === 'sealed snapshot' ? sealedMutation(before, random) : mutate(before, random))
  const attempts: (() => Promise<unknown>)[] = [
    async () => {
      const head = await storage.head(SERIES)
      if (head === null) return
      const rows = rowsOfColumns(await storage.read(head, {}))
      if (
        target !== 'sealed snapshot' &&
        rows.length === corpus.expected.rows.size &&
        rows.some(([ms, close]) => corpus.expected.rows.get(ms) !== close)
      ) {
        throw new Error('wrong rows')
      }
    },
    async () => {
      const pinned = await storage.snapshot(SERIES, 'kept')
      for (const table of ['rows', 'revisions', 'rejects'] as const) await storage.read(pinned, { table })
    },
    async () => {
      const head = await storage.head(SERIES)
      if (head !== null) for await (const _ of storage.scan(head, { batchRows: 100 }));
    },
    () => storage.history(SERIES),
    () => storage.list(),
    () => storage.verify({ deep: true }),
    () => storage.maintain({ kind: 'repair', series: SERIES }),
    () => storage.maintain({ kind: 'collect', series: SERIES, graceMs: 0 }),
  ]
  for (const attempt of attempts) {
    try {
      await attempt()
    } catch (error) {
      const wrong = untyped(error)
      if (wrong !== null) return wrong
    }
  }
  return sim.handles.size === 0 ? null : `${sim.handles.size} files are open`
}

/** The target of a seed: most go to the codec, which is the largest. */
export function targetOf(seed: number): Target {
  const share = randomFrom(seed)()
  return share < 0.7
    ? 'codec'
    : share < 0.8
      ? 'file'
      : share < 0.88
        ? 'snapshot'
        : share < 0.98
          ? 'sealed snapshot'
          : 'pin'
}
