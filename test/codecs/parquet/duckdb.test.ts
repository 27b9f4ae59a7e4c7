import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesSource, readForeign } from '../../../src/codecs/parquet/index.ts'
import { isDictionary, isNullable, isValid, valueAt, type Column, type Columns } from '../../../src/contract/columns.ts'
import { bars, BARS, COMPRESSORS, encode } from './support.ts'

let connection: DuckDBConnection
const folder = mkdtempSync(join(tmpdir(), 'duckdb-'))
let files = 0
/** A fresh name each time: DuckDB keeps what it learned of a name. */
const fresh = (): string => join(folder, `${files++}.parquet`)

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
})
afterAll(() => {
  connection.disconnectSync()
  rmSync(folder, { recursive: true })
})

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Record<string, unknown>[]
}

function bitsOf(value: number): bigint {
  return new BigInt64Array(new Float64Array([value]).buffer)[0] as bigint
}

function shown(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'number' ? `f${bitsOf(value)}` : String(value)
}

function columnText(column: Column): (string | null)[] {
  const values = isNullable(column) ? column.values : column
  const count = isDictionary(values) ? values.indices.length : values.length
  const isDouble = values instanceof Float64Array
  return Array.from({ length: count }, (_, row) => {
    const value = isValid(column, row) ? valueAt(column, row) : null
    return isDouble ? shown(value) : value === null ? null : String(value)
  })
}

describe('a file of ours in DuckDB', () => {
  const count = 9000
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
  const valid = new Uint8Array((count + 7) >> 3).map((_, i) => (i * 91) & 0xff)
  const special = [0, -0, Infinity, -Infinity, 5e-324, -1.5]
  const columns = {
    timestamp: BigInt64Array.from(each((i) => 1_700_000_000_000_000n + BigInt(i * i))),
    price: Float64Array.from(each((i) => Math.round(10_000 + 500 * Math.sin(i / 100)) / 100)),
    special: Float64Array.from(each((i) => special[i % 6] as number)),
    precise: Float64Array.from(each((i) => Math.sin(i))),
    volume: { values: Float64Array.from(each((i) => i)), valid },
    nothing: { values: new Float64Array(count), valid: new Uint8Array((count + 7) >> 3) },
    side: { indices: Int32Array.from(each((i) => i % 3)), dictionary: ['buy', 'sell', '日本'] },
    note: { values: { indices: Int32Array.from(each((i) => i % 2)), dictionary: ['', 'x'] }, valid },
    id: BigInt64Array.from(each((i) => BigInt.asIntN(64, BigInt(i) * 0x9e3779b97f4a7c15n))),
    level: Int32Array.from(each((i) => -i)),
    flag: Uint8Array.from(each((i) => i & 255)),
  } satisfies Columns
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
  } as const
  const stored = Object.entries(types).map(([name, type]) => ({ name, type }))

  for (const compression of ['none', 'zstd'] as const) {
    it(`has the same values and types (compression ${compression}, several row groups)`, async () => {
      const path = fresh()
      writeFileSync(path, encode(columns, { timeUnit: 'us', columns: stored, compression, rowGroupRows: 4500 }))
      const types = await rows(`select column_name, column_type from (describe select * from '${path}')`)
      expect(Object.fromEntries(types.map((row) => [row['column_name'], row['column_type']]))).toEqual({
        timestamp: 'TIMESTAMP WITH TIME ZONE',
        price: 'DOUBLE',
        special: 'DOUBLE',
        precise: 'DOUBLE',
        volume: 'DOUBLE',
        nothing: 'DOUBLE',
        side: 'VARCHAR',
        note: 'VARCHAR',
        id: 'BIGINT',
        level: 'INTEGER',
        flag: 'UTINYINT',
      })
      const got = await rows(`select * replace (epoch_us(timestamp) as timestamp) from '${path}'`)
      for (const name of Object.keys(columns) as (keyof typeof columns)[]) {
        const isDouble = types.find((row) => row['column_name'] === name)?.['column_type'] === 'DOUBLE'
        const values = got.map((row) => (isDouble ? shown(row[name]) : row[name] === null ? null : String(row[name])))
        expect(values).toEqual(columnText(columns[name]))
      }
    })
  }

  it('is filtered by our bounds without losing a row', async () => {
    const path = fresh()
    writeFileSync(path, encode(columns, { timeUnit: 'us', columns: stored, rowGroupRows: 4500 }))
    const count = async (where: string): Promise<unknown> =>
      (await rows(`select count(*)::int n from '${path}' where ${where}`))[0]?.['n']
    const is = (name: 'special' | 'precise' | 'price', test: (value: number) => boolean): number =>
      columns[name].filter(test).length
    expect(await count('special = 0')).toBe(is('special', (x) => x === 0))
    expect(await count("special >= 'infinity'::double")).toBe(is('special', (x) => x === Infinity))
    expect(await count('precise > 0.99')).toBe(is('precise', (x) => x > 0.99))
    expect(await count('price between 99 and 99.5')).toBe(is('price', (x) => x >= 99 && x <= 99.5))
    expect(await count("side = '日本'")).toBe(3000)
    expect(await count('epoch_us(timestamp) < 1700000000000100')).toBe(10)
  })

  it('never hides NaN behind bounds', async () => {
    const path = fresh()
    const price = Float64Array.of(1, 2, Number.NaN, 3)
    writeFileSync(
      path,
      encode({ timestamp: BigInt64Array.of(1n, 2n, 3n, 4n), price }, { timeUnit: 'us', columns: stored.slice(0, 2) }),
    )
    expect((await rows(`select count(*)::int n from '${path}' where price > 100`))[0]).toEqual({ n: 1 })
  })

  it('may be empty, or have one row', async () => {
    for (const count of [0, 1]) {
      const path = fresh()
      writeFileSync(path, encode(bars(count), BARS))
      expect(await rows(`select count(*)::int n, sum(open) s from '${path}'`)).toEqual([
        { n: count, s: count === 0 ? null : 100 },
      ])
    }
  })

  it('is cut to microseconds by DuckDB where it holds nanoseconds, and only there', async () => {
    const path = fresh()
    const timestamp = BigInt64Array.of(1_700_000_000_000_000_001n)
    writeFileSync(path, encode({ timestamp }, { timeUnit: 'ns', columns: stored.slice(0, 1) }))
    const got = await readForeign(bytesSource(new Uint8Array(readFileSync(path))))
    expect(got.columns['timestamp']).toEqual(timestamp)
    expect(await rows(`select epoch_us(timestamp) t from '${path}'`)).toEqual([{ t: 1_700_000_000_000_000n }])
  })
})

describe('a file of DuckDB', () => {
  const select = `select
      make_timestamptz(1700000000000000 + i * 60000000) "timestamp",
      make_timestamp(1700000000000000 + i) naive,
      make_timestamp_ns(1700000000000000001 + i) ns,
      (date '1969-12-25' + i::int) "day",
      round(100 + sin(i / 100) * 5, 2) price,
      case i % 4 when 0 then 'nan'::double when 1 then -0.0::double when 2 then '-infinity'::double else 5e-324 end special,
      sin(i) precise,
      case when i % 7 = 0 then null else i / 4.0::double end gaps,
      null::double vacant,
      (i / 8)::float "real",
      (i * 922337203685477 * (1 - 2 * (i % 2)))::bigint big,
      -i::int i32, (i % 256)::utinyint u8, (4294967295 - i)::uinteger u32, (9223372036854775807 - i)::ubigint u64,
      (i % 3 = 0) flag,
      ['buy', 'sell', '', '日本'][i % 4 + 1] side,
      'order-' || i unique_text,
      case when i % 3 = 0 then null else 't' || (i % 50) end text_null,
      (i / 100)::decimal(9, 2) dec9, (i / 100)::decimal(38, 2) dec38,
      ('00000000-0000-0000-0000-' || lpad(i::varchar, 12, '0'))::uuid id
    from range(4500) t(i)`
  const expectedSql = `select * replace (epoch_us("timestamp") as "timestamp", epoch_us(naive) as naive, epoch_ns(ns) as ns,
    datediff('day', date '1970-01-01', "day") as "day", flag::int as flag, "real"::double as "real",
    dec9::double as dec9, dec38::double as dec38, id::varchar as id) from (${select})`
  const doubles = ['price', 'special', 'precise', 'gaps', 'vacant', 'real', 'dec9', 'dec38']

  for (const version of ['V1', 'V2']) {
    for (const codec of ['uncompressed', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4_raw']) {
      it(`is read value for value (${codec}, ${version})`, async () => {
        const path = fresh()
        await connection.run(
          `copy (${select}) to '${path}' (format parquet, codec '${codec}', parquet_version ${version}, row_group_size 2048)`,
        )
        const expected = await rows(expectedSql)
        const source = bytesSource(new Uint8Array(readFileSync(path)))
        const got = await readForeign(source, { compressors: COMPRESSORS, verify: true })
        expect(got.skipped).toEqual([])
        expect(got.rows).toBe(4500)
        for (const [name, column] of Object.entries(got.columns)) {
          const isDouble = doubles.includes(name)
          const wanted = expected.map((row) =>
            isDouble ? shown(row[name]) : row[name] === null ? null : String(row[name]),
          )
          const values = columnText(column)
          const row = values.findIndex((value, i) => value !== wanted[i])
          expect(row < 0 ? null : `${name} row ${row}: ${values[row]} instead of ${wanted[row]}`).toBeNull()
        }
        expect(got.timeUnits).toMatchObject({ timestamp: 'us', naive: 'us', ns: 'ns', day: 'day' })
        expect(got.adjustedToUtc).toMatchObject({ timestamp: true, naive: false })
      })
    }
  }
})
