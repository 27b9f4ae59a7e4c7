import {
  DateDay,
  Decimal,
  Float32,
  Table,
  Utf8,
  makeData,
  makeVector,
  tableFromArrays,
  tableToIPC,
  vectorFromArray,
} from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnsFromArrow, tableFromColumns } from '../../../src/codecs/arrow/index.ts'
import { type Columns, isValid, setBit, valueAt } from '../../../src/contract/columns.ts'

const bars = (rows: number): Columns => {
  const valid = new Uint8Array((rows + 7) >> 3).fill(0xff)
  if (rows > 1) setBit(valid, 1, false)
  return {
    timestamp: BigInt64Array.from({ length: rows }, (_, i) => 1_704_067_200_000_000n + BigInt(i) * 60_000_000n),
    open: Float64Array.from({ length: rows }, (_, i) => 100 + i),
    high: Float64Array.from({ length: rows }, (_, i) => 101 + i),
    low: Float64Array.from({ length: rows }, (_, i) => 99 + i),
    close: Float64Array.from({ length: rows }, (_, i) => 100.5 + i),
    volume: { values: Float64Array.from({ length: rows }, (_, i) => i * 10), valid },
  }
}

describe('tableFromColumns', () => {
  test('makes one batch that shares the memory of the columns', () => {
    const columns = bars(10)
    const table = tableFromColumns(columns, { schema: 'ohlcv' })
    expect(table.batches.length).toBe(1)
    expect(table.numRows).toBe(10)
    expect(table.getChild('close')!.data[0]!.values).toBe(columns['close'])
    expect(table.getChild('timestamp')!.data[0]!.values.buffer).toBe(columns.timestamp.buffer)
    expect(table.getChild('volume')!.data[0]!.nullBitmap.buffer).toBe(
      (columns['volume'] as { valid: Uint8Array }).valid.buffer,
    )
  })

  test('keeps the column order and gives bars their types', () => {
    const table = tableFromColumns({ ...bars(2), filled: new Uint8Array(2) }, { schema: 'ohlcv' })
    expect(table.schema.fields.map((field) => `${field.name} ${field.type} ${field.nullable}`)).toEqual([
      'timestamp Timestamp<MICROSECOND, UTC> false',
      'open Float64 false',
      'high Float64 false',
      'low Float64 false',
      'close Float64 false',
      'volume Float64 true',
      'filled Uint8 false',
    ])
  })

  test('shows nulls as null and counts them', () => {
    const table = tableFromColumns(bars(3), { schema: 'ohlcv' })
    expect([...table.getChild('volume')!]).toEqual([0, null, 20])
    expect(table.getChild('volume')!.nullCount).toBe(1)
  })

  test('gives ticks nanoseconds, ids Int64 and text a dictionary', () => {
    const table = tableFromColumns(
      {
        timestamp: BigInt64Array.of(1n, 2n, 3n),
        price: Float64Array.of(1, 2, 3),
        trade_id: BigInt64Array.of(7n, 8n, 9n),
        side: { values: { indices: Int32Array.of(1, 0, 1), dictionary: ['buy', 'sell'] }, valid: Uint8Array.of(0b011) },
      },
      { schema: 'trades' },
    )
    expect(String(table.schema.fields[0]!.type)).toBe('Timestamp<NANOSECOND, UTC>')
    expect(String(table.schema.fields[2]!.type)).toBe('Int64')
    expect([...table.getChild('side')!]).toEqual(['sell', 'buy', null])
    expect([...table.getChild('trade_id')!]).toEqual([7n, 8n, 9n])
  })

  test('makes a table of no rows', () => {
    const table = tableFromColumns(bars(0), { schema: 'ohlcv' })
    expect(table.numRows).toBe(0)
    expect(table.numCols).toBe(6)
  })

  test('takes views into larger buffers without copying', () => {
    const big = new Float64Array(100).map((_, i) => i)
    const table = tableFromColumns(
      { timestamp: new BigInt64Array(10), close: big.subarray(20, 30) },
      { schema: 'ohlcv' },
    )
    expect(table.getChild('close')!.get(0)).toBe(20)
    expect(table.getChild('close')!.data[0]!.values.buffer).toBe(big.buffer)
  })
})

describe('columnsFromArrow', () => {
  test('reads back what was written, as IPC file and as stream', () => {
    for (const kind of ['file', 'stream'] as const) {
      const columns = bars(9)
      const read = columnsFromArrow(tableToIPC(tableFromColumns(columns, { schema: 'ohlcv' }), kind))
      expect(read.rows).toBe(9)
      expect(read.times).toEqual({ timestamp: { unit: 'us', zone: 'UTC' } })
      expect(read.columns['timestamp']).toEqual(columns.timestamp)
      expect(read.columns['close']).toEqual(columns['close'])
      expect(isValid(read.columns['volume']!, 1)).toBe(false)
      expect(isValid(read.columns['volume']!, 2)).toBe(true)
    }
  })

  test('property: any doubles and nulls survive tables, slices and concatenation bit for bit', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ noNaN: false })), { maxLength: 40 }), fc.nat(40), (values, cut) => {
        const valid = new Uint8Array((values.length + 7) >> 3)
        for (const [i, value] of values.entries()) if (value !== null) setBit(valid, i, true)
        const columns = {
          timestamp: BigInt64Array.from(values, (_, i) => BigInt(i)),
          close: { values: Float64Array.from(values, (v) => v ?? 0), valid },
        }
        const whole = tableFromColumns(columns, { schema: 'ohlcv' })
        const at = Math.min(cut, values.length)
        const joined = whole.slice(0, at).concat(whole.slice(at))
        const parts = [whole, joined, whole.slice(at)] as const
        for (const [i, table] of parts.entries()) {
          const close = columnsFromArrow(table).columns['close']!
          const expected = i === 2 ? values.slice(at) : values
          expect(expected.map((_, row) => valueAt(close, row))).toEqual(expected)
        }
      }),
    )
  })

  test('reads text, truth values, single floats, dates and decimals', () => {
    const decimals = Uint32Array.of(12345, 0, 0, 0, 0xffff_ff85, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff)
    const table = new Table({
      name: vectorFromArray(['a', 'b'], new Utf8()),
      ok: vectorFromArray([true, false]),
      small: vectorFromArray([0.5, 1.5], new Float32()),
      day: makeVector({ type: new DateDay(), data: Int32Array.of(1, 2) } as never),
      cost: makeVector(makeData({ type: new Decimal(2, 10), length: 2, nullCount: 0, data: decimals })),
    } as never)
    const { columns, times } = columnsFromArrow(table)
    expect(columns['name']).toEqual({ indices: Int32Array.of(0, 1), dictionary: ['a', 'b'] })
    expect(columns['ok']).toEqual(Uint8Array.of(1, 0))
    expect(columns['small']).toEqual(Float64Array.of(0.5, 1.5))
    expect(columns['day']).toEqual(Int32Array.of(1, 2))
    expect(times).toEqual({ day: { unit: 'day', zone: null } })
    expect(columns['cost']).toEqual(Float64Array.of(123.45, -1.23))
  })

  test('refuses bytes that are no Arrow, and nested columns, naming them', () => {
    expect(() => columnsFromArrow(new TextEncoder().encode('Date,Open\n2024-01-01,1'))).toThrow(
      /data\/invalid|schema-mismatch/,
    )
    const nested = new Table({ deep: vectorFromArray([[1], [2]]) })
    expect(() => columnsFromArrow(nested)).toThrow(/deep/)
    expect(() => columnsFromArrow(tableFromArrays({ id: BigUint64Array.of(1n << 63n) }))).toThrow(/2\^63/)
  })
})
