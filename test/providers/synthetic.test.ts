import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Calendar } from '../../src/contract/calendar.ts'
import { isNullable, isValid } from '../../src/contract/columns.ts'
import { INTERVALS, type Interval, barOpen, countOpens, isInterval, nextOpen } from '../../src/contract/interval.ts'
import type { Page } from '../../src/contract/provider.ts'
import type { Range } from '../../src/contract/range.ts'
import { SILENT } from '../../src/contract/runtime.ts'
import type { Series } from '../../src/contract/series.ts'
import { type SyntheticOptions, synthetic } from '../../src/providers/synthetic.ts'

const utc = (text: string): number => Date.parse(text)
const NOW = utc('2024-06-01T00:00:30Z')

async function fetchAll(
  options: SyntheticOptions,
  series: Partial<Series>,
  range: Range,
  nowMs = NOW,
  signal?: AbortSignal,
) {
  const pages: Page[] = []
  const source = synthetic(options)
  const full: Series = { provider: source.name, schema: 'ohlcv', symbol: 'AAPL', ...series }
  const context = {
    signal: signal ?? new AbortController().signal,
    http: undefined as never,
    now: () => nowMs,
    log: SILENT,
  }
  for await (const page of source.fetch({ series: full, range }, context)) pages.push(page)
  const column = (name: string): number[] => pages.flatMap((page) => [...(page.columns[name] as Float64Array)])
  return { pages, column, opens: pages.flatMap((page) => [...(page.columns.timestamp as Float64Array)]) }
}

const day: Range = { startMs: utc('2024-01-01'), endMs: utc('2024-01-02') }

describe('synthetic', () => {
  test('sends every slot of the clock, around the clock', async () => {
    const { opens, pages } = await fetchAll({}, { interval: '1m' }, day)
    expect(opens.length).toBe(1440)
    expect(opens).toEqual(Array.from({ length: 1440 }, (_, i) => day.startMs + i * 60_000))
    expect(pages.map((page) => page.proven)).toEqual([day])
  })

  test('property: any part of a range, in any order, holds the same bars as the whole', async () => {
    const intervals = Object.keys(INTERVALS).filter(isInterval)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...intervals),
        fc.nat(200),
        fc.nat(200),
        fc.integer(),
        async (interval, a, b, seed) => {
          const length = INTERVALS[interval].ms
          const startMs = barOpen(interval, utc('2020-03-01'))
          const whole = await fetchAll({ seed }, { interval }, { startMs, endMs: startMs + 40 * length })
          const [from, to] = [Math.min(a, b) / 5, Math.max(a, b) / 5]
          const part = { startMs: startMs + Math.floor(from * length), endMs: startMs + Math.floor(to * length) }
          if (part.startMs >= part.endMs) return
          const some = await fetchAll({ seed }, { interval }, part)
          const rows = whole.opens.map((ms, i) => ({ ms, i })).filter(({ ms }) => ms >= part.startMs && ms < part.endMs)
          expect(some.opens).toEqual(rows.map(({ ms }) => ms))
          for (const name of ['open', 'high', 'low', 'close', 'volume']) {
            expect(some.column(name)).toEqual(rows.map(({ i }) => whole.column(name)[i]))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('property: bars are possible, prices have two decimals, each opens where the one before closed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.string({ minLength: 1, maxLength: 8 }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        async (seed, symbol, volatility) => {
          const range = { startMs: utc('2015-01-01'), endMs: utc('2016-01-01') }
          const { column, opens } = await fetchAll({ seed, volatility }, { interval: '1d', symbol }, range)
          const [open, high, low, close, volume] = ['open', 'high', 'low', 'close', 'volume'].map(column) as number[][]
          for (const i of opens.keys()) {
            expect(low![i]!).toBeLessThanOrEqual(Math.min(open![i]!, close![i]!))
            expect(high![i]!).toBeGreaterThanOrEqual(Math.max(open![i]!, close![i]!))
            expect(low![i]!).toBeGreaterThan(0)
            expect(volume![i]!).toBeGreaterThan(0)
            for (const price of [open![i]!, high![i]!, low![i]!]) expect(Math.round(price * 100) / 100).toBe(price)
            if (i > 0) expect(open![i]).toBe(close![i - 1])
          }
        },
      ),
      { numRuns: 20 },
    )
  })

  test('an hour opens and closes as its minutes do', async () => {
    const hours = await fetchAll({}, { interval: '1h' }, day)
    const minutes = await fetchAll({}, { interval: '1m' }, day)
    expect(hours.column('open')).toEqual(minutes.column('open').filter((_, i) => i % 60 === 0))
    expect(hours.column('close')).toEqual(minutes.column('close').filter((_, i) => i % 60 === 59))
  })

  test('seed and symbol change the prices; the listing price is the start price', async () => {
    const first = async (options: SyntheticOptions, symbol: string): Promise<number> =>
      (
        await fetchAll(options, { interval: '1d', symbol }, { startMs: utc('2010-01-01'), endMs: utc('2010-01-03') })
      ).column('close')[0]!
    const seen = new Set([
      await first({}, 'A'),
      await first({}, 'B'),
      await first({ seed: 2 }, 'A'),
      await first({ seed: -1 }, 'A'),
    ])
    expect(seen.size).toBe(4)
    const listed = await fetchAll(
      { startPrice: 42 },
      { interval: '1d' },
      { startMs: utc('2010-01-01'), endMs: utc('2010-01-02') },
    )
    expect(listed.column('open')).toEqual([42])
  })

  test('looks like a market: yearly volatility is near what was asked', async () => {
    const range = { startMs: utc('2012-01-01'), endMs: utc('2022-01-01') }
    const { column } = await fetchAll({ volatility: 0.3, startPrice: 10_000 }, { interval: '1d' }, range)
    const close = column('close')
    const returns = close.slice(1).map((price, i) => Math.log(price / close[i]!))
    const deviation = Math.sqrt(returns.reduce((sum, r) => sum + r * r, 0) / returns.length) * Math.sqrt(365.25)
    expect(deviation).toBeGreaterThan(0.27)
    expect(deviation).toBeLessThan(0.33)
  })

  test('sends the same bits for ever', async () => {
    const { column } = await fetchAll(
      {},
      { interval: '1h', symbol: 'BTC-USD' },
      { ...day, endMs: day.startMs + 3 * 3_600_000 },
    )
    expect({ close: column('close'), volume: column('volume') }).toMatchInlineSnapshot(`
      {
        "close": [
          52.6,
          52.25,
          52.31,
        ],
        "volume": [
          2252,
          1298,
          1697,
        ],
      }
    `)
  })

  test('serves weeks from Monday and months from the 1st', async () => {
    const year = { startMs: utc('2023-01-01'), endMs: utc('2024-01-01') }
    const weeks = await fetchAll({}, { interval: '1w' }, year)
    expect(weeks.opens.length).toBe(countOpens('1w', year))
    expect(weeks.opens.every((ms) => new Date(ms).getUTCDay() === 1)).toBe(true)
    const months = await fetchAll({}, { interval: '1mo' }, year)
    expect(months.opens.map((ms) => new Date(ms).toISOString().slice(5, 10))).toEqual(
      Array.from({ length: 12 }, (_, i) => `${String(i + 1).padStart(2, '0')}-01`),
    )
  })

  test('never sends a bar that has not closed, and proves nothing from there on', async () => {
    const nowMs = utc('2024-01-01T12:00:30Z')
    const { opens, pages } = await fetchAll({}, { interval: '1m' }, day, nowMs)
    expect(opens.at(-1)).toBe(utc('2024-01-01T11:59:00Z'))
    expect(pages.at(-1)!.proven.endMs).toBe(utc('2024-01-01T12:00:00Z'))
    const later = await fetchAll({}, { interval: '1m' }, { startMs: nowMs + 1, endMs: day.endMs }, nowMs)
    expect(later.opens).toEqual([])
    expect(later.pages.every((page) => page.proven.startMs === page.proven.endMs)).toBe(true)
  })

  test('has nothing before its listing, and says since when it keeps data', async () => {
    const range = { startMs: utc('2009-12-30'), endMs: utc('2010-01-03') }
    const { opens, pages } = await fetchAll({}, { interval: '1d' }, range)
    expect(opens[0]).toBe(utc('2010-01-01'))
    expect(pages[0]!.proven.startMs).toBe(utc('2010-01-01'))
    expect(pages[0]!.historyStartMs).toBe(utc('2010-01-01'))
    const before = await fetchAll({}, { interval: '1d' }, { startMs: utc('2005-01-01'), endMs: utc('2005-02-01') })
    expect(before.opens).toEqual([])
    expect(before.pages[0]!.historyStartMs).toBe(utc('2010-01-01'))
    expect(Object.keys(before.pages[0]!.columns)).toEqual(['timestamp', 'open', 'high', 'low', 'close', 'volume'])
  })

  test('long ranges come as pages that prove them without a seam', async () => {
    const range = { startMs: utc('2024-01-01'), endMs: utc('2024-02-01') }
    const { pages, opens } = await fetchAll({}, { interval: '1m' }, range)
    expect(pages.length).toBeGreaterThan(1)
    expect(opens.length).toBe(31 * 1440)
    for (const [i, page] of pages.entries()) if (i > 0) expect(page.proven.startMs).toBe(pages[i - 1]!.proven.endMs)
    expect([pages[0]!.proven.startMs, pages.at(-1)!.proven.endMs]).toEqual([range.startMs, range.endMs])
  })

  test('opens when a calendar says so', async () => {
    const opens = Float64Array.of(day.startMs + 3_600_000, day.startMs + 7_200_000)
    const calendar = {
      valid: { startMs: 0, endMs: utc('2030-01-01') },
      expectedBars: ({ start, end }: { start: number; end: number }, interval: Interval) =>
        interval === '1h' ? opens.filter((ms) => ms >= start && ms < end) : new Float64Array(0),
    } as unknown as Calendar
    const got = await fetchAll({ calendar }, { interval: '1h' }, day)
    expect(got.opens).toEqual([...opens])
    expect(synthetic({ calendar }).capabilities.anchor).toBe('session')
  })

  test('has the faults it was asked for: holes, null rows, failures', async () => {
    const holes = [{ start: '2024-01-01T01:00:00Z', end: '2024-01-01T02:00:00Z' }]
    expect((await fetchAll({ holes }, { interval: '1m' }, day)).opens.length).toBe(1380)
    const { pages } = await fetchAll({ nulls: holes }, { interval: '1h' }, day)
    const close = pages[0]!.columns['close']!
    expect(isNullable(close) && [0, 1, 2].map((row) => isValid(close, row))).toEqual([true, false, true])
    const failing = fetchAll({ failAt: '2024-01-01T10:00:00Z' }, { interval: '1m' }, day)
    await expect(failing).rejects.toMatchObject({ code: 'provider/unavailable', provider: 'synthetic' })
  })

  test('a failing source sends what lies before the failure', async () => {
    const source = synthetic({ failAt: '2024-01-01T10:00:00Z' })
    const context = { signal: new AbortController().signal, http: undefined as never, now: () => NOW, log: SILENT }
    const pages = source.fetch(
      { series: { provider: 'synthetic', schema: 'ohlcv', symbol: 'A', interval: '1h' }, range: day },
      context,
    )
    const iterator = pages[Symbol.asyncIterator]()
    const { value } = (await iterator.next()) as { value: Page }
    expect(value.proven).toEqual({ startMs: day.startMs, endMs: utc('2024-01-01T10:00:00Z') })
    expect(value.columns.timestamp.length).toBe(10)
    await expect(iterator.next()).rejects.toThrow('provider/unavailable')
  })

  test('sends trades in nanoseconds, ascending, the same whatever the range', async () => {
    const range = { startMs: day.startMs, endMs: day.startMs + 13 * 3_600_000 + 123 }
    const { pages } = await fetchAll({}, { schema: 'trades' }, range)
    const times = pages.flatMap((page) => [...(page.columns.timestamp as BigInt64Array)])
    expect(times.length).toBeGreaterThan(5000)
    expect(times.every((t, i) => i === 0 || t > times[i - 1]!)).toBe(true)
    expect(times.at(-1)! < BigInt(range.endMs) * 1_000_000n).toBe(true)
    const part = { startMs: day.startMs + 3_600_123, endMs: day.startMs + 7_200_456 }
    const some = await fetchAll({}, { schema: 'trades' }, part)
    const [low, high] = [BigInt(part.startMs) * 1_000_000n, BigInt(part.endMs) * 1_000_000n]
    expect(some.opens).toEqual(times.filter((t) => t >= low && t < high))
  })

  test('stops when aborted, with the reason of the signal', async () => {
    const reason = new Error('enough')
    await expect(fetchAll({}, { interval: '1m' }, day, NOW, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('refuses wrong options and other schemas by name', async () => {
    expect(() => synthetic({ sed: 1 } as never)).toThrow(/config\/option.*"sed".*seed/)
    expect(() => synthetic({ seed: 1.5 })).toThrow(/seed/)
    expect(() => synthetic({ volatility: 0 })).toThrow(/volatility/)
    expect(() => synthetic({ startPrice: Number.NaN })).toThrow(/startPrice/)
    expect(() => synthetic({ holes: [{ start: '2024-01-02', end: '2024-01-01' }] })).toThrow(/config\/range/)
    await expect(fetchAll({}, { schema: 'funding' }, day)).rejects.toMatchObject({ code: 'provider/unsupported' })
  })

  test('a year of minutes ends where the year after begins', async () => {
    const { column } = await fetchAll({}, { interval: '1m' }, { startMs: utc('2023-12-31'), endMs: utc('2024-01-01') })
    const next = await fetchAll({}, { interval: '1m' }, day)
    expect(next.column('open')[0]).toBe(column('close').at(-1))
    expect(nextOpen('1m', utc('2023-12-31T23:59:00Z'))).toBe(day.startMs)
  })
})
