import { inspect } from 'node:util'
import type { Table } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { tableFromColumns } from '../../src/codecs/arrow/index.ts'
import { type Columns, setBit } from '../../src/contract/columns.ts'
import type { CoverageReport } from '../../src/contract/query.ts'
import type { Series } from '../../src/contract/series.ts'
import { attachCoverage, columnsOf, coverageOf, formatTable, rowsOf, snapshotOf } from '../../src/query/table.ts'

const DAY = 86_400_000
const START = Date.UTC(2024, 0, 1)
const DAILY: Series = { provider: 'synthetic', schema: 'ohlcv', symbol: 'AAPL', interval: '1d' }

const report = (series: Series, facts: Partial<CoverageReport> = {}): CoverageReport => ({
  requested: { startMs: START, endMs: START + 31 * DAY },
  covered: [],
  missing: [],
  provisional: [],
  rejected: 0,
  source: series.provider,
  series,
  version: 7,
  hash: 'abc',
  actions: null,
  records: [],
  ...facts,
})

const bars = (rows: number, stepMs: number): Columns => {
  const valid = new Uint8Array((rows + 7) >> 3).fill(0xff)
  if (rows > 1) setBit(valid, 1, false)
  return {
    timestamp: BigInt64Array.from({ length: rows }, (_, i) => BigInt(START + i * stepMs) * 1000n),
    open: Float64Array.from({ length: rows }, (_, i) => 100 + i),
    high: Float64Array.from({ length: rows }, (_, i) => 101.25 + i),
    low: Float64Array.from({ length: rows }, (_, i) => 99 + i),
    close: Float64Array.from({ length: rows }, (_, i) => 100.5 + i),
    volume: { values: Float64Array.from({ length: rows }, (_, i) => i * 10), valid },
  }
}

const daily = (rows: number, facts?: Partial<CoverageReport>): Table => {
  const columns = bars(rows, DAY)
  return attachCoverage(tableFromColumns(columns, { schema: 'ohlcv' }), report(DAILY, facts), columns)
}

describe('coverageOf', () => {
  test('gives the report of a table that was returned', () => {
    const table = daily(3)
    expect(coverageOf(table).version).toBe(7)
    expect(Object.isFrozen(coverageOf(table))).toBe(true)
  })

  test('refuses derived and foreign tables and says why', () => {
    const table = daily(3)
    for (const derived of [
      table.slice(0, 2),
      table.select(['close']),
      tableFromColumns(bars(2, DAY), { schema: 'ohlcv' }),
    ]) {
      expect(() => coverageOf(derived)).toThrow(/config\/option.*derived/)
      expect(() => snapshotOf(derived)).toThrow(/config\/option/)
    }
    expect(() => coverageOf(null as never)).toThrow(/config\/option/)
  })

  test('attaching keeps the identity and the enumerable shape of the table', () => {
    const columns = bars(2, DAY)
    const table = tableFromColumns(columns, { schema: 'ohlcv' })
    const before = Object.keys(table)
    expect(attachCoverage(table, report(DAILY), columns)).toBe(table)
    expect(Object.keys(table)).toEqual(before)
  })
})

describe('snapshotOf', () => {
  test('names the rows in plain JSON', () => {
    const reference = snapshotOf(daily(1, { actions: 3 }))
    expect(JSON.parse(JSON.stringify(reference))).toEqual({
      series: DAILY,
      version: 7,
      hash: 'abc',
      actions: 3,
      requested: { startMs: START, endMs: START + 31 * DAY },
    })
  })
})

describe('columnsOf', () => {
  test('shares memory with the table but for time and nulls', () => {
    const columns = bars(3, DAY)
    const table = attachCoverage(tableFromColumns(columns, { schema: 'ohlcv' }), report(DAILY), columns)
    const { timestampMs, timestamp, close, volume } = columnsOf(table)
    expect(close).toBe(columns['close'])
    expect(timestamp).toBe(columns.timestamp)
    expect(timestampMs).toEqual(Float64Array.of(START, START + DAY, START + 2 * DAY))
    expect(volume).toEqual(Float64Array.of(0, Number.NaN, 20))
  })

  test('makes each column once', () => {
    const columns = columnsOf(daily(3))
    expect(columns.timestampMs).toBe(columns.timestampMs)
    expect(columns.volume).toBe(columns.volume)
    expect(Object.keys(columns)).toEqual(['timestamp', 'timestampMs', 'open', 'high', 'low', 'close', 'volume'])
  })

  test('gives text and whole numbers with nulls as arrays', () => {
    const columns: Columns = {
      timestamp: BigInt64Array.of(1_000_000_000n, 2_000_000_000n),
      price: Float64Array.of(1, 2),
      size: Float64Array.of(1, 2),
      side: { values: { indices: Int32Array.of(0, 0), dictionary: ['buy'] }, valid: Uint8Array.of(0b01) },
      trade_id: { values: BigInt64Array.of(5n, 6n), valid: Uint8Array.of(0b10) },
    }
    const table = tableFromColumns(columns, { schema: 'trades' })
    for (const plain of [
      columnsOf(attachCoverage(table, report({ provider: 'x', schema: 'trades', symbol: 'A' }), columns)),
      columnsOf(tableFromColumns(columns, { schema: 'trades' })),
    ]) {
      expect(plain['side']).toEqual(['buy', null])
      expect(plain['trade_id']).toEqual([null, 6n])
      expect(plain.timestampMs).toEqual(Float64Array.of(1000, 2000))
    }
  })

  test('reads derived tables, and refuses one without a timestamp', () => {
    const part = daily(5).slice(1, 3)
    expect(columnsOf(part).close).toEqual(Float64Array.of(101.5, 102.5))
    expect(columnsOf(part).volume).toEqual(Float64Array.of(Number.NaN, 20))
    expect(() => columnsOf(daily(2).select(['close']))).toThrow(/config\/option.*close/)
  })
})

describe('rowsOf', () => {
  test('gives plain objects with ISO times and null', () => {
    expect(rowsOf(daily(5), { limit: 2 })).toEqual([
      { timestamp: '2024-01-01T00:00:00.000Z', open: 100, high: 101.25, low: 99, close: 100.5, volume: 0 },
      { timestamp: '2024-01-02T00:00:00.000Z', open: 101, high: 102.25, low: 100, close: 101.5, volume: null },
    ])
    expect(rowsOf(daily(5)).length).toBe(5)
    expect(rowsOf(daily(2), { limit: 0 })).toEqual([])
  })

  test('writes as many digits as the times need, before the epoch too', () => {
    const columns: Columns = { timestamp: BigInt64Array.of(-1n, 1_000_001n), value: Float64Array.of(1, 2) }
    const rows = rowsOf(tableFromColumns(columns, { schema: 'values' }))
    expect(rows.map((row) => row['timestamp'])).toEqual(['1969-12-31T23:59:59.999999Z', '1970-01-01T00:00:01.000001Z'])
    const ticks: Columns = { timestamp: BigInt64Array.of(1_704_067_200_000_000_123n) }
    expect(rowsOf(tableFromColumns(ticks, { schema: 'trades' }))[0]!['timestamp']).toBe(
      '2024-01-01T00:00:00.000000123Z',
    )
  })

  test('refuses a limit that is no number of rows', () => {
    for (const limit of [-1, 1.5, Number.NaN]) expect(() => rowsOf(daily(1), { limit })).toThrow(/limit/)
  })
})

describe('formatTable', () => {
  test('aligns columns, shows nulls, head and tail, and says where the rows come from', () => {
    const missing = [{ startMs: START, endMs: START + DAY, kind: 'unfetched' as const }]
    expect(formatTable(daily(1000, { missing }), { limit: 4 })).toBe(
      [
        'timestamp   open     high   low   close  volume',
        '2024-01-01   100   101.25    99   100.5       0',
        '2024-01-02   101   102.25   100   101.5    null',
        '…',
        '2026-09-25  1098  1099.25  1097  1098.5    9980',
        '2026-09-26  1099  1100.25  1098  1099.5    9990',
        '1,000 rows · synthetic AAPL 1d · 2024-01-01 .. 2024-02-01 · version 7 · missing: 1 unfetched',
      ].join('\n'),
    )
  })

  test('writes times of intraday bars with the digits they need', () => {
    const columns = bars(2, 60_000)
    const series: Series = { ...DAILY, interval: '1m' }
    const table = attachCoverage(tableFromColumns(columns, { schema: 'ohlcv' }), report(series), columns)
    expect(formatTable(table)).toContain('2024-01-01T00:01:00Z')
    expect(formatTable(table)).toContain('nothing missing')
  })

  test('says of a derived table that nothing is known of its coverage', () => {
    expect(formatTable(daily(3).slice(0, 1))).toMatch(/1 row · derived table/)
  })

  test('shows an empty table', () => {
    expect(formatTable(daily(0)).split('\n').length).toBe(2)
  })
})

describe('display', () => {
  const show = (table: Table): Record<string, string> =>
    (table as unknown as Record<symbol, () => Record<string, string>>)[Symbol.for('Jupyter.display')]!()

  test('notebooks get text and HTML', () => {
    const shown = show(daily(30))
    expect(shown['text/plain']).toBe(formatTable(daily(30)))
    expect(shown['text/html']!.match(/<tr>/g)!.length).toBe(1 + 10 + 1)
  })

  test('the console shows the same text', () => {
    expect(inspect(daily(3))).toBe(formatTable(daily(3)))
  })

  test('escapes what a source wrote, and control characters never reach the terminal', () => {
    const columns: Columns = {
      timestamp: BigInt64Array.of(1n),
      statistic: { indices: Int32Array.of(0), dictionary: ['<script>alert("1")</script>\u001B[2J'] },
    }
    const series: Series = { provider: 'x', schema: 'statistics', symbol: '<b>' }
    const table = attachCoverage(tableFromColumns(columns, { schema: 'statistics' }), report(series), columns)
    expect(show(table)['text/html']).not.toMatch(/<script|<b>/)
    expect(show(table)['text/html']).toContain('&lt;script&gt;')
    expect(formatTable(table)).not.toContain('\u001B')
  })
})
