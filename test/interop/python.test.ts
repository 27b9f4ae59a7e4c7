/**
 * Our files read by pyarrow and Polars, theirs read by us, value for value and type for type.
 * Set MARKETLAKE_PYTHON to a Python that has both; make one with `python3 -m venv` and `pip install polars pyarrow`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesSource, readForeign } from '../../src/codecs/parquet/index.ts'
import { isDictionary, isNullable, isValid, valueAt, type Column, type Columns } from '../../src/contract/columns.ts'
import { COMPRESSORS, encode, fileLike } from '../codecs/parquet/support.ts'

const python = process.env['MARKETLAKE_PYTHON']
const script = new URL('parquet.py', import.meta.url).pathname
if (python === undefined) console.warn('MARKETLAKE_PYTHON is not set: interop with pyarrow and Polars is not tested')

/** Doubles by their bits, the rest as text, as the script writes them. */
function shownValues(column: Column): (string | null)[] {
  const values = isNullable(column) ? column.values : column
  if (values instanceof Float64Array) {
    const raw = new BigInt64Array(values.buffer, values.byteOffset, values.length)
    return Array.from(raw, (value, row) => (isValid(column, row) ? `f${value}` : null))
  }
  const rows = isDictionary(values) ? values.indices.length : values.length
  return Array.from({ length: rows }, (_, row) => (isValid(column, row) ? String(valueAt(column, row)) : null))
}

describe.skipIf(python === undefined)('files of pyarrow and Polars', () => {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'))
  let files: { path: string; columns: string[] }[] = []
  let expected: Record<string, (string | null)[]> = {}

  beforeAll(() => {
    files = JSON.parse(execFileSync(python as string, [script, 'write', folder]).toString())
    expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('are read value for value, in every codec, page version and encoding', async () => {
    expect(files.length).toBeGreaterThan(30)
    for (const { path, columns } of files) {
      const bytes = new Uint8Array(readFileSync(path))
      for (const source of [bytesSource(bytes), fileLike(bytes)]) {
        const got = await readForeign(source, { compressors: COMPRESSORS, verify: true })
        for (const name of columns) {
          const column = got.columns[name]
          expect(column, `${path}: ${name}: ${JSON.stringify(got.skipped)}`).toBeDefined()
          const values = shownValues(column as Column)
          const wanted = expected[name] as (string | null)[]
          const row = values.findIndex((value, i) => value !== wanted[i])
          expect(row < 0 ? null : `${path}: ${name} row ${row}: ${values[row]} instead of ${wanted[row]}`).toBeNull()
          expect(values.length).toBe(wanted.length)
        }
      }
    }
  }, 240_000)

  it('tell units of time and whether it is UTC', async () => {
    const path = files.find(({ path: each }) => each.includes('pyarrow-zstd-2.0'))?.path as string
    const got = await readForeign(bytesSource(new Uint8Array(readFileSync(path))), { compressors: COMPRESSORS })
    expect(got.timeUnits).toEqual({ timestamp: 'us', ns: 'ns', ms: 'ms', naive: 'us', day: 'day' })
    expect(got.adjustedToUtc).toEqual({ timestamp: true, ns: true, ms: true, naive: false, day: true })
  })

  it('with nested columns give the flat ones and name the others', async () => {
    const path = files.find(({ path: each }) => each.includes('nested'))?.path as string
    const source = bytesSource(new Uint8Array(readFileSync(path)))
    const got = await readForeign(source, { compressors: COMPRESSORS })
    expect(Object.keys(got.columns)).toEqual(['timestamp', 'price'])
    expect(got.skipped.map(({ name }) => name)).toEqual(['list', 'struct'])
    await expect(readForeign(source, { columns: ['list'] })).rejects.toMatchObject({
      code: 'storage/unsupported-format',
    })
  })
})

describe.skipIf(python === undefined)('files of ours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  function sample(rows: number, timeUnit: 'us' | 'ns'): Columns {
    const valid = new Uint8Array((rows + 7) >> 3).map((_, i) => (i * 37) & 0xff)
    const special = [0, -0, Infinity, -Infinity, Number.NaN, 5e-324, 1e308]
    const step = timeUnit === 'us' ? 60_000_000n : 60_000_000_001n
    const start = timeUnit === 'us' ? 1_700_000_000_000_000n : 1_700_000_000_000_000_001n
    const each = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i))
    return {
      timestamp: BigInt64Array.from(each((i) => start + BigInt(i + (i % 390 === 0 ? 1 : 0)) * step)),
      price: Float64Array.from(each((i) => Math.round(10_000 + 500 * Math.sin(i / 100)) / 100)),
      special: Float64Array.from(each((i) => special[i % 7] as number)),
      precise: Float64Array.from(each((i) => Math.sin(i))),
      volume: { values: Float64Array.from(each((i) => i)), valid },
      nothing: { values: new Float64Array(rows), valid: new Uint8Array((rows + 7) >> 3) },
      side: { indices: Int32Array.from(each((i) => i % 3)), dictionary: ['buy', 'sell', '日本'] },
      note: { values: { indices: Int32Array.from(each((i) => i % 2)), dictionary: ['', 'x'] }, valid },
      id: BigInt64Array.from(each((i) => BigInt.asIntN(64, BigInt(i) * 0x9e3779b97f4a7c15n))),
      level: Int32Array.from(each((i) => -i)),
      flag: Uint8Array.from(each((i) => i & 255)),
      seen: { values: BigInt64Array.from(each((i) => BigInt(i))), valid },
    }
  }
  const types = {
    timestamp: 'timestamp',
    price: 'float64',
    special: 'float64',
    precise: 'float64',
    volume: 'float64',
    nothing: 'float64',
    side: 'string',
    note: 'string',
    id: 'int64',
    level: 'int32',
    flag: 'uint8',
    seen: 'timestamp',
  } as const

  it('are read value for value and type for type', () => {
    const cases = [0, 1, 20, 5000, 100_000].flatMap((rows) => {
      return (['us', 'ns'] as const).flatMap((timeUnit) =>
        (['none', 'zstd'] as const).map((compression) => ({ rows, timeUnit, compression })),
      )
    })
    const paths: string[] = []
    for (const [i, { rows, timeUnit, compression }] of cases.entries()) {
      const columns = Object.entries(types).map(([name, type]) => ({ name, type }))
      const path = join(folder, `${i}.parquet`)
      writeFileSync(
        path,
        encode(sample(rows, timeUnit), { columns, timeUnit, compression, metadata: { 'marketlake.test': 'ä' } }),
      )
      paths.push(path)
    }
    const output = execFileSync(python as string, [script, 'read', ...paths], { maxBuffer: 2 ** 30 }).toString()
    for (const [i, line] of output.trim().split('\n').entries()) {
      const { rows, timeUnit } = cases[i] as (typeof cases)[number]
      const got = JSON.parse(line)
      const expected = sample(rows, timeUnit)
      for (const reader of ['pyarrow', 'polars']) {
        for (const name of Object.keys(types)) {
          const values = shownValues(expected[name] as Column)
          const row = values.findIndex((value, at) => value !== got[reader].values[name][at])
          const message = `${reader} ${rows} ${timeUnit}: ${name} row ${row}: ${got[reader].values[name][row]} instead of ${values[row]}`
          expect(row < 0 ? null : message).toBeNull()
          expect(got[reader].values[name].length).toBe(rows)
        }
      }
      expect(got.pyarrow.types).toEqual({
        timestamp: `timestamp[${timeUnit}, tz=UTC]`,
        price: 'double',
        special: 'double',
        precise: 'double',
        volume: 'double',
        nothing: 'double',
        side: 'string',
        note: 'string',
        id: 'int64',
        level: 'int32',
        flag: 'uint8',
        seen: `timestamp[${timeUnit}, tz=UTC]`,
      })
      expect(got.polars.types).toMatchObject({
        timestamp: `Datetime(time_unit='${timeUnit}', time_zone='UTC')`,
        price: 'Float64',
        side: 'String',
        flag: 'UInt8',
        level: 'Int32',
      })
      expect(got.pyarrow.metadata).toEqual({ 'marketlake.test': 'ä' })
      expect(got.pyarrow.sorting).toEqual(rows === 0 ? [] : [0])
      if (rows > 0) {
        expect(got.pyarrow.nullable).toMatchObject({
          timestamp: false,
          price: false,
          nothing: true,
          id: false,
          side: false,
        })
      }
    }
  }, 240_000)
})
