/** How a store is doing: in sessions of each market, in milliseconds, in words. */
import { describe, expect, test } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import { formatHealth } from '../../src/health/format-health.ts'
import { createTracker } from '../../src/health/tracker.ts'
import type { UpdateRecord } from '../../src/contract/metadata-tracker.ts'
import type { Series } from '../../src/contract/series.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { fakeSource, minuteBars, testClient } from '../client/support.ts'

const at = (text: string): number => Date.parse(`${text}Z`)
const DAY = 86_400_000
const STOCK = {
  anchor: 'session',
  dayBoundary: 'session',
  barsWithoutTrades: 'unknown',
  rowsPerRequest: 50_000,
  intervals: { '1m': '1', '1d': '1', '1w': '1', '1mo': '1' },
} as const

describe('staleness', () => {
  test.each([
    // Friday's close, the weekend, Monday (a holiday), Tuesday's and Wednesday's close.
    ['XNYS', '2024-02-16T22:00', 0],
    ['XNYS', '2024-02-19T22:00', 0],
    ['XNYS', '2024-02-20T20:30', 0],
    ['XNYS', '2024-02-20T22:00', 1],
    ['XNYS', '2024-02-21T22:00', 2],
    ['24/7', '2024-02-17T01:00', 1],
    ['24/7', '2024-02-18T01:00', 2],
    ['CMES', '2024-02-20T23:30', 3],
  ] as const)('of daily bars on %s at %s counts %d sessions', async (name, now, behind) => {
    const clock = { nowMs: at('2024-02-16T22:30') }
    const days = [...calendar(name).sessions({ start: '2024-02-01', end: '2024-03-01' }).session].map(
      (ms) => [ms, 100] as const,
    )
    const { client } = testClient({ clock, providers: [fakeSource(days, { ...STOCK, calendar: name }).provider] })
    await client.get({ symbol: 'X', interval: '1d', assetClass: 'equity', start: '2024-02-01' })
    clock.nowMs = at(now)
    const [series] = (await client.health()).series
    expect(series).toMatchObject({ sessionsBehind: behind, stale: behind >= 2 })
  })

  test('of minutes counts sessions that were missed whole, and is known in time too', async () => {
    const clock = { nowMs: at('2024-02-16T18:00') }
    const opens = [...calendar('XNYS').expectedBars({ start: '2024-02-15', end: '2024-02-22' }, '1m')].map(
      (ms) => [ms, 100] as const,
    )
    const { client } = testClient({ clock, providers: [fakeSource(opens, { ...STOCK, calendar: 'XNYS' }).provider] })
    await client.get({ symbol: 'AAPL', interval: '1m', start: '2024-02-15' })
    clock.nowMs = at('2024-02-20T21:30')
    expect((await client.health()).series[0]).toMatchObject({ sessionsBehind: 1, stale: false })
    expect((await client.health({ staleAfter: { sessions: 1 } })).series[0]).toMatchObject({ stale: true })
    expect((await client.health({ staleAfter: { ms: DAY } })).totals.stale).toBe(1)
    expect((await client.health({ staleAfter: { ms: 10 * DAY } })).totals.stale).toBe(0)
  })

  test.each(['1w', '1mo'] as const)('of %s does not begin before the running bar has ended', async (interval) => {
    const clock = { nowMs: at('2024-06-01T12:00') }
    const labels =
      interval === '1w' ? ['2024-05-13', '2024-05-20', '2024-05-27'] : ['2024-03-01', '2024-04-01', '2024-05-01']
    const { client } = testClient({
      clock,
      providers: [
        fakeSource(
          labels.map((label) => [Date.parse(label), 100] as const),
          { ...STOCK, calendar: 'XNYS' },
        ).provider,
      ],
    })
    await client.get({ symbol: 'AAPL', interval, start: labels[0] as string })
    clock.nowMs = at('2024-06-07T22:00')
    expect((await client.health()).series[0]).toMatchObject({ sessionsBehind: 0, stale: false })
    clock.nowMs = at('2024-07-01T22:00')
    expect((await client.health()).series[0]).toMatchObject({ stale: true })
  })

  test.each([
    { staleAfter: { session: 2 } },
    { staleAfter: { ms: 'day' } },
    { staleAfter: 2 },
    { staleAfter: null },
    { stale: 1 },
  ])('is not understood as %j', async (options) => {
    const { client } = testClient({ providers: [] })
    await expect(client.health(options as never)).rejects.toMatchObject({ code: 'config/option' })
  })
})

describe('the report', () => {
  test('sums up, puts trouble first, and is written for people', async () => {
    const clock = { nowMs: Date.UTC(2024, 0, 3) }
    const start = Date.UTC(2024, 0, 1)
    const source = fakeSource(
      minuteBars(start, 10 * 1440).filter((_, i) => i !== 100),
      { rowsPerRequest: 50_000 },
    )
    const { client } = testClient({ clock, providers: [source.provider] })
    const query = { interval: '1m', start: new Date(start) } as const
    await client.get({ ...query, symbol: 'BTCUSDT' })
    await client.get({ ...query, symbol: 'AAPL', assetClass: 'equity' })
    clock.nowMs = Date.UTC(2024, 0, 6)
    await client.update({ symbol: 'BTCUSDT', interval: '1m' })
    source.before = () => {
      throw new Error('down')
    }
    clock.nowMs += DAY
    await expect(client.update({ symbol: 'BTCUSDT', interval: '1m' })).rejects.toThrow('down')
    const report = await client.health()
    expect(report.totals).toMatchObject({
      series: 2,
      stale: 1,
      withHoles: 2,
      failing: 1,
      errors: 1,
      rows: 5 * 1440 - 1 + 2 * 1440 - 1,
    })
    expect(Object.keys(report.byAssetClass)).toEqual(['crypto', 'equity'])
    expect(report.series.map(({ series, stale }) => [series.symbol, stale])).toEqual([
      ['AAPL', true],
      ['BTCUSDT', false],
    ])
    const text = formatHealth(report)
    expect(text.split('\n')[0]).toBe(
      'health at 2024-01-07: 2 series, 10078 rows, 0.0 MB, 1 stale, 1 failing, 2 with holes',
    )
    expect(text).toContain('fake/ohlcv/1m/AAPL  covered to 2024-01-03; stale: 4 sessions behind; 1 holes')
    expect(text).toContain('last run failed: down')
    expect(formatHealth(await testClient({ providers: [] }).client.health())).toContain('every series is current')
  })
})

describe('the tracker', () => {
  const series: Series = { provider: 'fake', schema: 'ohlcv', symbol: 'X', interval: '1d' }
  const run = (i: number, more: Partial<UpdateRecord> = {}): UpdateRecord => ({
    series,
    operation: 'update',
    startedAtMs: i,
    durationMs: 1,
    outcome: 'ok',
    requests: 1,
    rows: i,
    added: 1,
    changed: 0,
    version: i,
    ...more,
  })

  test('keeps the last hundred runs, newest first, and errors for ever', async () => {
    const tracker = createTracker(createMemoryStorage())
    await tracker.record(run(0, { outcome: 'failed', code: 'provider/timeout', message: 'slow' }))
    for (let i = 1; i <= 150; i++) await tracker.record(run(i))
    const status = await tracker.status(series)
    expect(status.updates).toHaveLength(100)
    expect(status.updates[0]).toMatchObject({ startedAtMs: 150 })
    expect(status).toMatchObject({
      errors: 1,
      lastError: { atMs: 1, code: 'provider/timeout', message: 'slow' },
      lastOkMs: 151,
    })
  })

  test('loses no run of many at once', async () => {
    const tracker = createTracker(createMemoryStorage())
    await Promise.all(Array.from({ length: 50 }, (_, i) => tracker.record(run(i))))
    expect((await tracker.status(series)).updates).toHaveLength(50)
  })

  test.each([
    '',
    'null',
    '[]',
    '{"format":1}',
    '{"format":2,"updates":[],"asks":[]}',
    '{"format":1,"updates":[null],"asks":[null,{"startMs":"x"}]}',
  ])('counts the record %j as lost, or what of it cannot be read', async (text) => {
    const storage = createMemoryStorage()
    await storage.writeNote(series, 'status', text)
    const tracker = createTracker(storage)
    expect(await tracker.status(series)).toMatchObject({ errors: 0, asks: [] })
    await tracker.record(run(1))
    expect((await tracker.status(series)).updates[0]).toMatchObject({ startedAtMs: 1 })
    expect(await tracker.summary()).toMatchObject({ errors: 0, lastError: null })
  })
})
