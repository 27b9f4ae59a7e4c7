/** What coverage says: listings, empty stretches, borders at odd milliseconds, sessions. */
import { describe, expect, test } from 'vitest'
import { defineCalendar } from '../../src/calendars/index.ts'
import type { Page, Provider } from '../../src/contract/provider.ts'
import { coverageOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { type FakeBar, type FakeSource, fakeSource, minuteBars, testClient } from './support.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const date = (text: string): number => Date.parse(`${text}T00:00Z`)
const weekdays = (start: string, end: string): FakeBar[] => {
  const out: FakeBar[] = []
  for (let ms = date(start); ms < date(end); ms += DAY)
    if (![0, 6].includes(new Date(ms).getUTCDay())) out.push([ms, 100])
  return out
}
const STOCK = { calendar: 'XNYS', anchor: 'session', dayBoundary: 'session', barsWithoutTrades: 'unknown' } as const
const KEY = { symbol: 'AAPL', interval: '1d' } as const
const spans = (ranges: readonly { startMs: number; endMs: number; kind?: string }[]): string[] =>
  ranges.map(({ startMs, endMs, kind }) =>
    [new Date(startMs).toISOString().slice(0, 10), new Date(endMs).toISOString().slice(0, 10), kind]
      .filter(Boolean)
      .join(' '),
  )

/** The source says since when it lists the instrument. */
function listedSince(source: FakeSource, historyStartMs: number): Provider {
  return {
    ...source.provider,
    async *fetch(request, context): AsyncGenerator<Page> {
      for await (const page of source.provider.fetch(request, context)) yield { ...page, historyStartMs }
    },
  }
}

describe('the time before a listing', () => {
  test('is no time before a listing once older rows come: it is a hole then', async () => {
    const bars = [...weekdays('2023-01-02', '2023-02-25'), ...weekdays('2023-05-01', '2023-06-01')]
    const { client } = testClient({ providers: [fakeSource(bars, STOCK).provider] })
    const late = await client.get({ ...KEY, start: '2023-02-27', end: '2023-06-01' })
    expect(coverageOf(late).records[0]).toMatchObject({ state: 'empty', reason: 'before-listing' })
    const whole = await client.get({ ...KEY, start: '2023-01-02', end: '2023-06-01' })
    expect(
      coverageOf(whole).missing.some(
        ({ startMs, endMs }) => startMs <= date('2023-03-01') && endMs >= date('2023-04-28'),
      ),
    ).toBe(true)
  })

  test('is not guessed where the source says that it listed the instrument earlier', async () => {
    const source = fakeSource(weekdays('2023-09-05', '2023-10-01'), STOCK)
    const { client } = testClient({ providers: [listedSince(source, date('1980-12-12'))] })
    const table = await client.get({ ...KEY, start: '2023-06-01', end: '2023-10-01' })
    expect(spans(coverageOf(table).missing)).toEqual(['2023-06-01 2023-09-02 provider-missing'])
  })

  test('said once, stays said: a later answer that says nothing changes nothing', async () => {
    const source = fakeSource(weekdays('2024-01-15', '2024-06-15'), {
      ...STOCK,
      basis: { intraday: 'raw', daily: 'raw' },
    })
    const clock = { nowMs: date('2024-03-02') }
    let provider = listedSince(source, date('2024-01-15'))
    const { client } = testClient({
      clock,
      providers: [{ ...source.provider, fetch: (request, context) => provider.fetch(request, context) }],
    })
    const first = coverageOf(await client.get({ ...KEY, start: '2024-01-02' }))
    expect(spans(first.missing)).toEqual([])
    provider = source.provider
    clock.nowMs = date('2024-03-09')
    await client.update(KEY)
    const later = coverageOf(await client.read({ ...KEY, start: '2024-01-02' }))
    expect(later.records[0]).toMatchObject({ state: 'empty', reason: 'before-listing' })
    expect(spans(later.missing)).toEqual([])
  })

  test('that was asked before any row is known is told as missing, and asked again, not silently empty', async () => {
    const source = fakeSource([], STOCK)
    const { client } = testClient({ providers: [source.provider] })
    const proof = coverageOf(await client.get({ ...KEY, start: '2023-06-01', end: '2023-09-01' }))
    expect(spans(proof.missing)).toEqual(['2023-06-01 2023-09-01 provider-missing'])
    await expect(client.read({ ...KEY, start: '2023-06-01', end: '2023-09-01', complete: true })).rejects.toMatchObject(
      { code: 'storage/incomplete' },
    )
    expect((await client.status(KEY)).asks).toHaveLength(1)
  })
})

describe('a market that is closed', () => {
  const spring = { ...KEY, start: '2024-03-16', end: '2024-03-23' }

  test('misses no bar, asked or not, so that a week is complete from its first session to its last', async () => {
    const source = fakeSource(weekdays('2024-03-01', '2024-04-01'), STOCK)
    const { client } = testClient({ providers: [source.provider] })
    await client.get({ ...KEY, start: '2024-03-18', end: '2024-03-23' })
    const proof = coverageOf(await client.read({ ...spring, complete: true }))
    expect(spans(proof.missing)).toEqual(['2024-03-16 2024-03-18 unfetched'])
    await expect(client.read({ ...spring, start: '2024-03-15', complete: true })).rejects.toMatchObject({
      code: 'storage/incomplete',
    })
  })

  test('is that of the caller, for a listing of its exchange, also where the series was stored without', async () => {
    const bars = weekdays('2024-01-22', '2024-02-01').filter(([ms]) => ms !== date('2024-01-26'))
    const source = fakeSource(bars, STOCK)
    const { calendar: _unsaid, ...capabilities } = source.provider.capabilities
    const provider = { ...source.provider, capabilities }
    const storage = createMemoryStorage()
    const query = { symbol: 'BHP.AX', interval: '1d', start: '2024-01-22', end: '2024-02-01' } as const
    const without = testClient({ storage, providers: [provider] }).client
    expect((await without.get(query)).numRows).toBe(7)
    expect((await without.gaps(query)).expected).toBe(8)
    const XASX = defineCalendar({
      name: 'XASX',
      zone: 'Australia/Sydney',
      hours: { open: '10:00', close: '16:00' },
      holidays: ['1-26'],
    })
    const { client } = testClient({ storage, providers: [provider], calendars: { XASX } })
    expect(await client.gaps(query)).toMatchObject({ expected: 7, present: 7, gaps: [] })
    expect((await client.health()).totals.series).toBe(1)
  })
})

describe('an empty answer', () => {
  test('of a weekend is a holiday, of a session of an unsure source is missing, of a few minutes is none', async () => {
    const source = fakeSource([], STOCK)
    const state = async (interval: '1d' | '1m', start: string, end: string): Promise<unknown> => {
      const { client } = testClient({ providers: [source.provider] })
      const { records, missing } = coverageOf(await client.get({ symbol: 'AAPL', interval, start, end }))
      return [records.map((record) => record.reason), missing.length]
    }
    expect(await state('1d', '2024-03-02', '2024-03-04')).toEqual([['holiday'], 0])
    expect(await state('1d', '2024-03-29', '2024-03-30')).toEqual([['holiday'], 0])
    expect(await state('1m', '2024-03-05', '2024-03-06')).toEqual([['provider-missing'], 1])
    expect(await state('1m', '2024-03-05T15:00Z', '2024-03-05T15:20Z')).toEqual([['no-trades'], 0])
    expect(await state('1m', '2024-03-05T01:00Z', '2024-03-05T09:00Z')).toEqual([['holiday'], 0])
  })
})

describe('borders', () => {
  test('at odd milliseconds lose and double no bar', async () => {
    const start = date('2024-01-01')
    const source = fakeSource(minuteBars(start, 200))
    const { client } = testClient({ providers: [source.provider], clock: { nowMs: start + 150 * MINUTE } })
    const cuts = [0, 10.5, 10.7, 33.999, 34, 100.001, 149.2, 170.3].map(
      (minutes) => start + Math.round(minutes * MINUTE),
    )
    for (const [i, cut] of cuts.slice(1).entries()) {
      const range = { start: new Date(cuts[i] as number), end: new Date(cut) }
      const table = await client.get({ symbol: 'BTCUSDT', interval: '1m', ...range })
      const opens = source.bars.filter(
        ([ms]) => ms >= range.start.getTime() && ms < cut && ms + MINUTE <= start + 150 * MINUTE,
      )
      expect(table.numRows, String(i)).toBe(opens.length)
    }
    const whole = await client.read({ symbol: 'BTCUSDT', interval: '1m' })
    expect(whole.numRows).toBe(150)
    expect(coverageOf(whole).missing).toEqual([])
  })

  test('of labels: a month, a week and three days end where the next begins', async () => {
    const nowMs = date('2024-06-15')
    for (const [interval, firsts] of [
      ['1mo', ['2024-01-01', '2024-02-01', '2024-03-01', '2024-04-01', '2024-05-01', '2024-06-01']],
      ['1w', ['2024-05-13', '2024-05-20', '2024-05-27', '2024-06-03', '2024-06-10']],
      ['3d', ['2024-06-04', '2024-06-07', '2024-06-10', '2024-06-13']],
    ] as const) {
      const source = fakeSource(
        firsts.map((first) => [date(first), 1] as const),
        { intervals: { '1mo': '1', '1w': '1', '3d': '1' } },
      )
      const { client } = testClient({ clock: { nowMs }, providers: [source.provider] })
      const table = await client.get({ symbol: 'BTCUSDT', interval, start: firsts[0], end: '2024-07-01' })
      // The running one is not there, and pends.
      expect(table.numRows, interval).toBe(firsts.length - 1)
      expect(
        coverageOf(table).missing.every((missing) => missing.kind === 'pending'),
        interval,
      ).toBe(true)
      expect(source.requests).toEqual([{ startMs: date(firsts[0]), endMs: date(firsts.at(-1) as string) }])
      await client.update({ symbol: 'BTCUSDT', interval, lookbackDays: 0 })
      expect(source.requests).toHaveLength(1)
    }
  })

  test('a range without a label says so', async () => {
    const { client } = testClient({ providers: [fakeSource([]).provider] })
    const query = { symbol: 'BTCUSDT', interval: '1d', start: '2024-01-01T05:00Z', end: '2024-01-01T09:00Z' } as const
    await expect(client.get(query)).rejects.toMatchObject({
      code: 'config/range',
      message: expect.stringContaining('1d'),
    })
  })
})

describe('finality', () => {
  test('is judged by when an answer came, not by when it was committed', async () => {
    const start = date('2024-01-01')
    const clock = { nowMs: start + 60 * MINUTE }
    const source = fakeSource(minuteBars(start, 60), { finalityLagMs: 5 * MINUTE, rowsPerRequest: 60 })
    const { client } = testClient({ clock, providers: [source.provider] })
    // The answer waits for its commit until its last bars would be final.
    client.on('progress', () => (clock.nowMs += 10 * MINUTE))
    await client.get({ symbol: 'BTCUSDT', interval: '1m', start: new Date(start), end: new Date(start + 60 * MINUTE) })
    const proof = coverageOf(await client.read({ symbol: 'BTCUSDT', interval: '1m' }))
    expect(proof.provisional).toEqual([{ startMs: start + 55 * MINUTE, endMs: start + 60 * MINUTE }])
  })

  test('a provisional bar that the final answer lacks stays and is marked', async () => {
    const start = date('2024-01-01')
    const clock = { nowMs: start + 60 * MINUTE }
    const source = fakeSource(minuteBars(start, 60), { finalityLagMs: 5 * MINUTE })
    const { client } = testClient({ clock, providers: [source.provider] })
    await client.get({ symbol: 'BTCUSDT', interval: '1m', start: new Date(start) })
    source.bars = source.bars.slice(0, 58)
    clock.nowMs += 3 * MINUTE
    expect(
      await client.load({
        symbol: 'BTCUSDT',
        interval: '1m',
        start: new Date(start),
        end: new Date(start + 60 * MINUTE),
      }),
    ).toHaveProperty('numRows', 60)
    expect((await client.revisions({ symbol: 'BTCUSDT', interval: '1m' })).numRows).toBe(0)
    clock.nowMs += 10 * MINUTE
    expect(await client.update({ symbol: 'BTCUSDT', interval: '1m' })).toMatchObject({ withdrawn: 2 })
  })
})

describe('a read without a range', () => {
  test('shows the holes at the ends of what was asked', async () => {
    const start = date('2024-01-01')
    const source = fakeSource(minuteBars(start + 10 * MINUTE, 40))
    const { client } = testClient({ providers: [source.provider], clock: { nowMs: start + 60 * MINUTE } })
    await client.get({ symbol: 'BTCUSDT', interval: '1m', start: new Date(start) })
    const proof = coverageOf(await client.read({ symbol: 'BTCUSDT', interval: '1m' }))
    expect(proof.missing).toMatchObject([
      { startMs: start, endMs: start + 10 * MINUTE, kind: 'provider-missing' },
      { startMs: start + 50 * MINUTE, endMs: start + 60 * MINUTE, kind: 'provider-missing' },
    ])
  })
})
