/**
 * A year of daily updates against a vendor that loses sessions, splits, pays dividends, revises, withdraws, fails and
 * clips its history. On every day the store is compared with a model that knows nothing of the code.
 */
import { describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import { yahoo } from '../../src/providers/index.ts'
import { columnsOf, coverageOf, rowsOf } from '../../src/query/table.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { HAVE_RECORDINGS, jsonOf, recording } from '../msw/recordings.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

interface Session {
  readonly label: number
  readonly stamp: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** What happens, by index of the session. */
const SPLITS = new Map([
  [80, 4],
  [190, 2],
])
const DIVIDENDS = new Map([
  [20, 0.4],
  [50, 0.41],
  [75, 0.42],
  [110, 0.1],
  [140, 0.11],
  [170, 0.12],
  [200, 0.06],
  [230, 0.07],
])
const NULLS = [30, 100, 150]
const NULL_DAYS = 3
const REVISED = { session: 60, onDay: 64, factor: 1.1 }
const WITHDRAWN = { session: 120, onDay: 123 }
const OUTAGE = [160, 161]
const CLIP = { onDay: 210, sessions: 120 }
const FIRST_DAY = 10

function recordedSessions(): Session[] {
  const body = jsonOf(recording('yahoo/chart_AAPL_1d_2025_2026.json')) as {
    chart: { result: { timestamp: number[]; indicators: { quote: Record<string, number[]>[] } }[] }
  }
  const [result] = body.chart.result
  const quote = result?.indicators.quote[0] as Record<string, number[]>
  return (result?.timestamp ?? []).slice(0, 250).map((seconds, i) => ({
    label: Math.floor((seconds * 1000) / DAY) * DAY,
    stamp: seconds,
    // As traded: eight old shares for one of the end, so that the splits have something to do.
    open: (quote['open']?.[i] as number) * 8,
    high: (quote['high']?.[i] as number) * 8,
    low: (quote['low']?.[i] as number) * 8,
    close: (quote['close']?.[i] as number) * 8,
    volume: (quote['volume']?.[i] as number) / 8,
  }))
}

/** New shares for one old share between two days. */
const splitFactor = (session: number, day: number): number =>
  [...SPLITS].reduce((product, [at, ratio]) => (at > session && at <= day ? product * ratio : product), 1)

/** Share of the price that is left by the dividends between two days. */
function dividendFactor(sessions: readonly Session[], session: number, day: number): number {
  return [...DIVIDENDS].reduce((product, [at, amount]) => {
    if (at <= session || at > day) return product
    return product * (1 - amount / (sessions[at - 1] as Session).close)
  }, 1)
}

type Bar = readonly [open: number, high: number, low: number, close: number, volume: number, adjusted: number]

/** A session as the vendor shows it on a day, in the basis of that day. */
function shown(sessions: readonly Session[], session: number, day: number, revisedKnown: boolean): Bar {
  const { open, high, low, close, volume } = sessions[session] as Session
  const split = splitFactor(session, day)
  const revised = session === REVISED.session && revisedKnown ? REVISED.factor : 1
  const adjusted = (close / split) * dividendFactor(sessions, session, day)
  return [open / split, high / split, low / split, close / split, volume * split * revised, adjusted]
}

const isNull = (session: number, day: number): boolean => NULLS.some((at) => at === session && day < at + NULL_DAYS)
const isServed = (session: number, day: number): boolean =>
  session <= day &&
  !(session === WITHDRAWN.session && day >= WITHDRAWN.onDay) &&
  !(day >= CLIP.onDay && session < day - CLIP.sessions)

interface Vendor {
  day: number
  requests: number
  failures: number
  readonly fetch: typeof globalThis.fetch
}

function vendorOf(sessions: readonly Session[]): Vendor {
  const vendor: Vendor = {
    day: FIRST_DAY,
    requests: 0,
    failures: 0,
    fetch: (input) => {
      const url = new URL(input instanceof Request ? input.url : String(input))
      if (OUTAGE.includes(vendor.day)) {
        vendor.failures++
        return Promise.resolve(new Response('down', { status: 500 }))
      }
      vendor.requests++
      const [start, end] = ['period1', 'period2'].map((name) => Number(url.searchParams.get(name))) as [number, number]
      return Promise.resolve(Response.json(chart(sessions, vendor.day, start, end)))
    },
  }
  return vendor
}

function chart(sessions: readonly Session[], day: number, start: number, end: number): unknown {
  const rows = sessions
    .map((session, i) => ({ session, i }))
    .filter(({ session, i }) => isServed(i, day) && session.stamp >= start && session.stamp < end)
  const bars = rows.map(({ i }) => (isNull(i, day) ? null : shown(sessions, i, day, day >= REVISED.onDay)))
  const column = (at: number): (number | null)[] => bars.map((bar) => bar?.[at as 0] ?? null)
  const events = (list: ReadonlyMap<number, number>, write: (value: number, at: number) => object): object =>
    Object.fromEntries(
      [...list]
        .filter(
          ([at]) => at <= day && (sessions[at] as Session).stamp >= start && (sessions[at] as Session).stamp < end,
        )
        .map(([at, value]) => {
          const date = (sessions[at] as Session).stamp
          return [String(date), { date, ...write(value, at) }]
        }),
    )
  return {
    chart: {
      error: null,
      result: [
        {
          meta: {
            symbol: 'TEST',
            exchangeTimezoneName: 'America/New_York',
            gmtoffset: -18_000,
            regularMarketTime: 0,
            dataGranularity: '1d',
            instrumentType: 'EQUITY',
          },
          timestamp: rows.map(({ session }) => session.stamp),
          events: {
            // The vendor restates dividends for later splits.
            dividends: events(DIVIDENDS, (amount, at) => ({ amount: amount / splitFactor(at, day) })),
            splits: events(SPLITS, (ratio) => ({ numerator: ratio, denominator: 1, splitRatio: `${ratio}:1` })),
          },
          indicators: {
            quote: [{ open: column(0), high: column(1), low: column(2), close: column(3), volume: column(4) }],
            adjclose: [{ adjclose: column(5) }],
          },
        },
      ],
    },
  }
}

function expectBars(actual: Map<number, readonly number[]>, expected: Map<number, Bar>, where: string): void {
  expect([...actual.keys()], where).toEqual([...expected.keys()])
  for (const [label, bar] of expected) {
    const row = actual.get(label) as readonly number[]
    for (const [i, value] of bar.entries()) {
      // What the source no longer serves is multiplied, which rounds once a step; all else is what was sent.
      expect(
        Math.abs((row[i] as number) / value - 1),
        `${where} ${new Date(label).toISOString()} column ${i}: ${row[i]} is not ${value}`,
      ).toBeLessThan(1e-9)
    }
  }
}

async function storedBars(client: DataClient): Promise<Map<number, readonly number[]>> {
  const columns = columnsOf(await client.read({ symbol: 'TEST', interval: '1d' })) as unknown as Record<
    string,
    Float64Array
  >
  const names = ['open', 'high', 'low', 'close', 'volume', 'adj_close']
  return new Map(
    [...(columns['timestampMs'] as Float64Array)].map((label, row) => [
      label,
      names.map((name) => columns[name]?.[row] as number),
    ]),
  )
}

describe.skipIf(!HAVE_RECORDINGS)('a recorded year, replayed', () => {
  test('invents, loses and hides no bar on any day', async () => {
    const sessions = recordedSessions()
    const vendor = vendorOf(sessions)
    const clock = { nowMs: 0 }
    const make = (): DataClient =>
      createDataClient({
        storage: createMemoryStorage(),
        providers: [yahoo()],
        http: { cache: 'none', breaker: { recoveryMs: 1000 } },
        runtime: { now: () => clock.nowMs, fetch: vendor.fetch, sleep: () => Promise.resolve(), random: () => 0.5 },
      })
    const client = make()
    const query = { symbol: 'TEST', interval: '1d', provider: 'yahoo', assetClass: 'equity' } as const
    const at = (day: number): number => (sessions[day] as Session).label + 22 * HOUR
    clock.nowMs = at(FIRST_DAY)
    await client.get({ ...query, start: new Date((sessions[0] as Session).label) })
    const seen = new Set<number>()
    let knownDay = FIRST_DAY
    let rebasings = 0
    for (let day = FIRST_DAY; day < sessions.length; day++) {
      vendor.day = day
      clock.nowMs = at(day)
      if (OUTAGE.includes(day))
        await expect(client.update(query)).rejects.toMatchObject({ code: 'provider/unavailable' })
      else {
        if (day > FIRST_DAY) await client.update(query)
        knownDay = day
        for (let i = 0; i <= day; i++) if (isServed(i, day) && !isNull(i, day)) seen.add(i)
        if (SPLITS.has(day) || DIVIDENDS.has(day)) rebasings++
      }
      const expected = new Map(
        [...seen]
          .toSorted((a, b) => a - b)
          .map((i) => [(sessions[i] as Session).label, shown(sessions, i, knownDay, knownDay >= REVISED.onDay)]),
      )
      expectBars(await storedBars(client), expected, `day ${day}`)
      const missing = coverageOf(
        await client.read({ ...query, end: new Date((sessions[knownDay] as Session).label + DAY) }),
      ).missing
      const unseen = Array.from({ length: knownDay + 1 }, (_, i) => i).filter((i) => !seen.has(i))
      expect(
        missing.map((one) => one.startMs),
        `missing on day ${day}`,
      ).toEqual(unseen.map((i) => (sessions[i] as Session).label))
    }

    const revisions = rowsOf(await client.revisions(query))
    const kinds = (kind: string): Record<string, unknown>[] => revisions.filter((row) => row['kind'] === kind)
    expect(kinds('withdrawn')).toHaveLength(1)
    expect(kinds('revised').filter((row) => row['column'] === 'volume')).toHaveLength(1)
    const actions = rowsOf(await client.read({ symbol: 'TEST', schema: 'actions', provider: 'yahoo' }))
    const active = actions.filter((row) => row['superseded'] === null)
    expect(active.filter((row) => row['kind'] === 'split')).toHaveLength(2)
    expect(active.filter((row) => row['kind'] === 'dividend')).toHaveLength(8)

    const needed = sessions.length - FIRST_DAY - OUTAGE.length + rebasings
    // One request a session, and one for each new basis: none is asked in vain.
    expect(vendor.requests).toBe(needed)

    const cold = make()
    await cold.get({ ...query, start: new Date((sessions[0] as Session).label) })
    const [warm, fresh] = [await storedBars(client), await storedBars(cold)]
    for (const [label, bar] of fresh) expect(warm.get(label), new Date(label).toISOString()).toEqual(bar)
    const served = sessions.filter((_, i) => isServed(i, sessions.length - 1)).length
    expect([fresh.size, warm.size]).toEqual([served, sessions.length])
  })
})
