/**
 * Measures the Parquet page codec against the limits of the machine, cases interleaved in one process:
 * full read of ten years of minutes in files of 43,200 rows against `readFileSync` of the decoded bytes,
 * encoding of a symbol-year against `writeFileSync` of the raw bytes, and the size of a row.
 *
 * `node --expose-gc bench/codec-kernels.ts [repeats]`
 * @module
 */
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync, writevSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  encodeParquet,
  readColumns,
  readFooter,
  type ByteSource,
  type Compressors,
  type ParquetFooter,
  type ReadOptions,
} from '../src/codecs/parquet/index.ts'
import { rowCount, sliceColumns, type Columns } from '../src/contract/columns.ts'

const repeats = Number(process.argv[2] ?? 7)
const COMPRESSORS: Compressors = {
  zstdCompress: (bytes) => zstdCompressSync(bytes, { params: { 100: 1 } }),
  zstdDecompress: (bytes) => zstdDecompressSync(bytes),
  crc32,
}
const PRICES = ['open', 'high', 'low', 'close', 'volume'] as const
const SHAPE = {
  timeUnit: 'us' as const,
  columns: [
    { name: 'timestamp', type: 'timestamp' as const },
    ...PRICES.map((name) => ({ name, type: 'float64' as const })),
  ],
}

/** Minute bars; `tick` has prices of two decimals, `full` prices of full precision. */
function bars(rows: number, kind: 'tick' | 'full'): Columns {
  let state = 12_345
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
  const gauss = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random())
  const round = kind === 'tick' ? (x: number): number => Math.round(x * 100) / 100 : (x: number): number => x
  const timestamp = new BigInt64Array(rows)
  const [open, high, low, close, volume] = PRICES.map(() => new Float64Array(rows)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  let price = 100
  for (let i = 0; i < rows; i++) {
    timestamp[i] = 1_420_070_400_000_000n + BigInt(i) * 60_000_000n
    const first = price
    price = Math.min(5000, Math.max(5, price * (1 + 0.0004 * gauss())))
    open[i] = round(first)
    close[i] = round(price)
    high[i] = round(Math.max(first, price) * (1 + Math.abs(0.0002 * gauss())))
    low[i] = round(Math.min(first, price) * (1 - Math.abs(0.0002 * gauss())))
    volume[i] =
      kind === 'tick'
        ? Math.floor(Math.exp(6.5 + 1.2 * gauss())) * (random() < 0.3 ? 100 : 1)
        : Math.exp(6.5 + 1.2 * gauss())
  }
  return { timestamp, open, high, low, close, volume }
}

function fileSource(path: string, size: number): ByteSource & { close(): void } {
  const fd = openSync(path, 'r')
  const readFully = (target: Uint8Array, position: number): void => {
    if (readSync(fd, target, 0, target.length, position) !== target.length) throw new Error('short read')
  }
  return {
    size,
    readSync: readFully,
    read: async (target, position) => readFully(target, position),
    close: () => closeSync(fd),
  }
}

interface Stored {
  readonly path: string
  readonly size: number
  readonly footer: ParquetFooter
}

function store(folder: string, name: string, columns: Columns, compression: 'none' | 'zstd'): Stored {
  const path = join(folder, name)
  writeParts(path, encodeParquet(columns, { ...SHAPE, compression, compressors: COMPRESSORS }))
  const size = readFileSync(path).length
  const source = fileSource(path, size)
  try {
    return { path, size, footer: readFooter(source) }
  } finally {
    source.close()
  }
}

function writeParts(path: string, parts: readonly Uint8Array[]): void {
  const fd = openSync(path, 'w')
  for (let i = 0; i < parts.length; i += 1000) writevSync(fd, parts.slice(i, i + 1000))
  closeSync(fd)
}

/** Reads all files as one set. Footers are known, as they are to a store that is warm. */
async function readAll(files: readonly Stored[], options: Partial<ReadOptions> = {}): Promise<Columns> {
  const sources = files.map(({ path, size }) => fileSource(path, size))
  try {
    const parts = files.map(({ footer }, i) => ({
      source: sources[i] as ByteSource,
      footer,
      startRow: 0,
      endRow: footer.rows,
    }))
    return await readColumns(parts, { ...SHAPE, compressors: COMPRESSORS, ...options })
  } finally {
    for (const source of sources) source.close()
  }
}

function rawBytes(columns: Columns): Uint8Array {
  const arrays = Object.values(columns) as Float64Array[]
  const out = new Uint8Array(arrays.reduce((sum, array) => sum + array.byteLength, 0))
  let at = 0
  for (const array of arrays) {
    out.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += array.byteLength
  }
  return out
}

function pieces(columns: Columns, rows: number): Columns[] {
  const count = Math.ceil(rowCount(columns) / rows)
  return Array.from({ length: count }, (_, i) =>
    sliceColumns(columns, i * rows, Math.min(rowCount(columns), (i + 1) * rows)),
  )
}

interface Case {
  readonly group: string
  readonly name: string
  run(): unknown
}

async function measure(cases: readonly Case[]): Promise<void> {
  const walls = new Map<Case, number[]>()
  const cpus = new Map<Case, number[]>()
  for (let repeat = 0; repeat <= repeats; repeat++) {
    for (const one of [...cases].sort(() => Math.random() - 0.5)) {
      globalThis.gc?.()
      const cpu = process.cpuUsage()
      const start = performance.now()
      await one.run()
      const wall = performance.now() - start
      const used = process.cpuUsage(cpu)
      if (repeat === 0) continue
      walls.set(one, [...(walls.get(one) ?? []), wall])
      cpus.set(one, [...(cpus.get(one) ?? []), (used.user + used.system) / 1000])
    }
  }
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number
  const limits = new Map<string, readonly [number, number]>()
  for (const one of cases) {
    const [wall, cpu] = [walls.get(one) ?? [], cpus.get(one) ?? []]
    const [med, min] = [median(wall), Math.min(...wall)]
    if (!limits.has(one.group)) limits.set(one.group, [med, min])
    const [limitMed, limitMin] = limits.get(one.group) as readonly [number, number]
    const ratio = `${(med / limitMed).toFixed(2)} / ${(min / limitMin).toFixed(2)}`
    console.log(
      `${one.group.padEnd(8)}${one.name.padEnd(52)}${med.toFixed(2).padStart(9)}${min.toFixed(2).padStart(9)}${median(cpu).toFixed(1).padStart(9)}   ${ratio}`,
    )
  }
}

const folder = mkdtempSync(join(tmpdir(), 'codec-kernels-'))
try {
  const decade = bars(5_256_000, 'tick')
  const year = sliceColumns(decade, 0, 525_600)
  const full = bars(525_600, 'full')
  writeFileSync(join(folder, 'decade.raw'), rawBytes(decade))
  writeFileSync(join(folder, 'year.raw'), rawBytes(year))
  writeFileSync(join(folder, 'month.raw'), rawBytes(sliceColumns(year, 0, 43_200)))
  const months = pieces(decade, 43_200).map((piece, i) => store(folder, `month-${i}.parquet`, piece, 'none'))
  const one = store(folder, 'decade.parquet', decade, 'none')
  const packed = pieces(decade, 43_200).map((piece, i) => store(folder, `zstd-${i}.parquet`, piece, 'zstd'))
  const fullMonths = pieces(full, 43_200).map((piece, i) => store(folder, `full-${i}.parquet`, piece, 'none'))
  const sizes = [months, packed, fullMonths].map((files) => files.reduce((sum, { size }) => sum + size, 0))
  const rows = rowCount(decade)
  const [plain = 0, zstd = 0, precise = 0] = sizes
  console.log(
    `bytes a row: ${(plain / rows).toFixed(2)}, zstd ${(zstd / rows).toFixed(2)}, full precision ${(precise / 525_600).toFixed(2)}`,
  )
  console.log(
    `${'case'.padEnd(60)}${'med ms'.padStart(9)}${'min ms'.padStart(9)}${'cpu ms'.padStart(9)}   ratio to the first of its group, med / min`,
  )
  const into = Object.fromEntries(
    Object.entries(decade).map(([name, array]) => [name, (array as Float64Array).slice()]),
  ) as never
  const allocate = (bytes: number): ArrayBuffer => Buffer.allocUnsafeSlow(bytes).buffer
  const target = join(folder, 'out')
  const raw = rawBytes(year)
  await measure([
    { group: 'decade', name: 'readFileSync of the decoded bytes', run: () => readFileSync(join(folder, 'decade.raw')) },
    { group: 'decade', name: 'files of 43,200 rows', run: () => readAll(months) },
    { group: 'decade', name: 'files of 43,200 rows, unzeroed memory', run: () => readAll(months, { allocate }) },
    { group: 'decade', name: 'files of 43,200 rows, checksums verified', run: () => readAll(months, { verify: true }) },
    { group: 'decade', name: "files of 43,200 rows into the caller's arrays", run: () => readAll(months, { into }) },
    { group: 'decade', name: 'one file', run: () => readAll([one]) },
    { group: 'decade', name: 'files of 43,200 rows, zstd', run: () => readAll(packed) },
    { group: 'year', name: 'readFileSync of the decoded bytes', run: () => readFileSync(join(folder, 'year.raw')) },
    { group: 'year', name: 'files of 43,200 rows', run: () => readAll(months.slice(0, 13)) },
    {
      group: 'year',
      name: 'files of 43,200 rows, unzeroed memory',
      run: () => readAll(months.slice(0, 13), { allocate }),
    },
    { group: 'year', name: 'full precision, files of 43,200 rows', run: () => readAll(fullMonths) },
    { group: 'month', name: 'readFileSync of the decoded bytes', run: () => readFileSync(join(folder, 'month.raw')) },
    { group: 'month', name: 'one file of 43,200 rows', run: () => readAll(months.slice(5, 6)) },
    {
      group: 'month',
      name: 'one file of 43,200 rows, unzeroed memory',
      run: () => readAll(months.slice(5, 6), { allocate }),
    },
    { group: 'month', name: 'one file of 43,200 rows, full precision', run: () => readAll(fullMonths.slice(5, 6)) },
    { group: 'write', name: 'writeFileSync of the raw bytes', run: () => writeFileSync(target, raw) },
    {
      group: 'write',
      name: 'row groups of 43,200',
      run: () => writeParts(target, encodeParquet(year, { ...SHAPE, compressors: COMPRESSORS })),
    },
    {
      group: 'write',
      name: 'row groups of 525,600',
      run: () => writeParts(target, encodeParquet(year, { ...SHAPE, rowGroupRows: 525_600, compressors: COMPRESSORS })),
    },
    {
      group: 'write',
      name: 'full precision',
      run: () => writeParts(target, encodeParquet(full, { ...SHAPE, compressors: COMPRESSORS })),
    },
    { group: 'write', name: 'checksums in JavaScript', run: () => writeParts(target, encodeParquet(year, SHAPE)) },
    {
      group: 'write',
      name: 'zstd',
      run: () => writeParts(target, encodeParquet(year, { ...SHAPE, compression: 'zstd', compressors: COMPRESSORS })),
    },
  ])
} finally {
  rmSync(folder, { recursive: true })
}
