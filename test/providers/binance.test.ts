import { describe, expect, it } from 'vitest'
import type { Interval } from '../../src/contract/interval.ts'
import { binance } from '../../src/providers/index.ts'
import { HAVE_RECORDINGS, jsonOf, recording, recordings, responseOf } from '../msw/recordings.ts'
import { type Answer, ask, at, listOf, range, rowsOf } from './asking.ts'

interface Expected {
  readonly interval: Interval
  readonly asked: readonly [string, string]
  readonly rows?: number
  readonly first?: string
  readonly last?: string
  /** End of what the first page proves, where it is not the end of what was asked. */
  readonly provenUntil?: string
  readonly code?: string
}

const RECORDED: Readonly<Record<string, Expected>> = {
  klines_BTCUSDT_1d_2019: {
    interval: '1d',
    asked: ['2019-01-01', '2020-01-01'],
    rows: 365,
    first: '2019-01-01T00:00:00.000Z',
    last: '2019-12-31T00:00:00.000Z',
  },
  klines_BTCUSDT_1h_page1_1000: {
    interval: '1h',
    asked: ['2020-04-30T21:00Z', '2020-07-01T04:00Z'],
    rows: 1000,
    first: '2020-04-30T21:00:00.000Z',
    last: '2020-06-11T12:00:00.000Z',
    provenUntil: '2020-06-11T13:00Z',
  },
  klines_BTCUSDT_1h_page2_468: {
    interval: '1h',
    asked: ['2020-06-11T13:00Z', '2020-07-01T04:00Z'],
    rows: 468,
    first: '2020-06-11T13:00:00.000Z',
    last: '2020-07-01T03:00:00.000Z',
  },
  klines_BTCUSDT_1m_60: {
    interval: '1m',
    asked: ['2020-05-06T04:41:28Z', '2020-05-06T05:41:28Z'],
    rows: 60,
    first: '2020-05-06T04:42:00.000Z',
    last: '2020-05-06T05:41:00.000Z',
  },
  klines_BTCUSDT_1m_single: {
    interval: '1m',
    asked: ['2020-05-05T00:00Z', '2020-05-05T00:01Z'],
    rows: 1,
    first: '2020-05-05T00:00:00.000Z',
    last: '2020-05-05T00:00:00.000Z',
  },
  klines_BTCUSDT_5m_24: {
    interval: '5m',
    asked: ['2020-04-15T21:50Z', '2020-04-15T23:50Z'],
    rows: 24,
    first: '2020-04-15T21:50:00.000Z',
    last: '2020-04-15T23:45:00.000Z',
  },
  klines_BTCUSDT_nautilus: {
    interval: '1m',
    asked: ['2021-10-22T23:03Z', '2021-10-22T23:13Z'],
    rows: 10,
    first: '2021-10-22T23:03:00.000Z',
    last: '2021-10-22T23:12:00.000Z',
  },
  klines_future_window_empty: { interval: '1d', asked: ['2016-01-01', '2016-02-01'], rows: 0 },
  'error_-1121_invalid_symbol': { interval: '1m', asked: ['2020-01-01', '2020-01-02'], code: 'provider/not-found' },
  'error_429_-1003': { interval: '1m', asked: ['2020-01-01', '2020-01-02'], code: 'provider/rate-limited' },
}

const empty = (): Response => Response.json([])

describe.skipIf(!HAVE_RECORDINGS)('recorded klines', () => {
  it('are all in the table', () => {
    const files = recordings(({ provider, file }) => provider === 'binance-spot' && /klines|error/.test(file)).map(
      ({ file }) => file,
    )
    expect(files.toSorted()).toEqual(
      Object.keys(RECORDED)
        .map((name) => `binance-spot/${name}.json`)
        .toSorted(),
    )
  })

  it.each(Object.entries(RECORDED))('%s', async (name, expected) => {
    const entry = recording(`binance-spot/${name}.json`)
    const wanted = range(...expected.asked)
    let answered = 0
    const answer: Answer = () => (answered++ === 0 || expected.code !== undefined ? responseOf(entry) : empty())
    const asking = ask(binance(), { schema: 'ohlcv', symbol: 'BTCUSDT', interval: expected.interval }, wanted, answer)
    if (expected.code !== undefined)
      return void (await expect(asking).rejects.toMatchObject({ code: expected.code, provider: 'binance' }))
    const { pages } = await asking
    const rows = rowsOf(pages[0]!)
    expect(rows.length).toBe(expected.rows)
    expect(rows[0]?.['time']).toBe(expected.first)
    expect(rows.at(-1)?.['time']).toBe(expected.last)
    expect(pages[0]!.proven).toEqual({
      ...wanted,
      endMs: expected.provenUntil === undefined ? wanted.endMs : at(expected.provenUntil),
    })
    expect(pages.at(-1)!.proven.endMs).toBe(wanted.endMs)
  })

  it('keep every number to the bit', async () => {
    const entry = recording('binance-spot/klines_BTCUSDT_1d_2019.json')
    const { pages } = await ask(
      binance(),
      { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1d' },
      range('2019-01-01', '2020-01-01'),
      () => responseOf(entry),
    )
    const body = jsonOf(entry) as (string | number)[][]
    const columns = [
      ['open', 1],
      ['high', 2],
      ['low', 3],
      ['close', 4],
      ['volume', 5],
      ['quote_volume', 7],
      ['trade_count', 8],
      ['taker_buy_volume', 9],
    ] as const
    for (const [name, index] of columns)
      expect(listOf(pages[0]!.columns[name])).toEqual(body.map((row) => Number(row[index])))
  })

  it('give trades with their side, and hold back the last instant of a full page', async () => {
    const entry = recording('binance-spot/aggTrades_1000.json')
    const body = jsonOf(entry) as { a: number; T: number; m: boolean }[]
    const lastMs = body.at(-1)!.T
    const wanted = { startMs: body[0]!.T, endMs: lastMs + 60_000 }
    const { pages, urls } = await ask(binance(), { schema: 'trades', symbol: 'BTCUSDT' }, wanted, (url) =>
      url.searchParams.has('fromId') ? empty() : responseOf(entry),
    )
    const held = body.filter(({ T }) => T === lastMs).length
    expect(pages[0]!.columns.timestamp.length).toBe(1000 - held)
    expect(pages[0]!.proven).toEqual({ startMs: wanted.startMs, endMs: lastMs })
    expect(listOf(pages[0]!.columns['side']).slice(0, 20)).toEqual(
      body.slice(0, 20).map(({ m }) => (m ? 'sell' : 'buy')),
    )
    expect(listOf(pages[0]!.columns['trade_id'])[0]).toBe(BigInt(body[0]!.a))
    expect(urls[1]!.searchParams.get('fromId')).toBe(String(body.find(({ T }) => T === lastMs)!.a))
    expect(pages[1]!.proven).toEqual({ startMs: lastMs, endMs: wanted.endMs })
  })
})

/** An exchange without outages since 2017-08-17 that answers as the real one: inclusive ends, a limit, prices as text. */
function exchange(
  stepMs: number,
  {
    listedMs = at('2017-08-17T04:00Z'),
    most = 1000,
    open = (ms: number): number => Math.ceil(ms / stepMs) * stepMs,
  } = {},
): Answer {
  return (url) => {
    const query = url.searchParams
    const [startMs, endMs] = [Number(query.get('startTime')), Number(query.get('endTime'))]
    const limit = Math.min(Number(query.get('limit') ?? 500), most)
    const rows: unknown[] = []
    for (let ms = open(Math.max(startMs, listedMs)); ms <= endMs && rows.length < limit; ms += stepMs) {
      rows.push([ms, '1.5', '2', '1', '1.25', '10', ms + stepMs - 1, '12.5', 7, '5', '6.25', '0'])
    }
    return Response.json(rows)
  }
}

describe('pages', () => {
  const minutes = (asked: readonly [string, string], answer: Answer) =>
    ask(binance(), { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' }, range(...asked), answer)

  it('cover a range exactly once, whatever the vendor takes as the row limit', async () => {
    for (const most of [1000, 500]) {
      const { pages } = await minutes(['2024-01-01', '2024-01-02T12:00Z'], exchange(60_000, { most }))
      expect(pages.flatMap((page) => rowsOf(page)).length).toBe(36 * 60)
      expect(pages.map(({ proven }) => proven.startMs).slice(1)).toEqual(
        pages.map(({ proven }) => proven.endMs).slice(0, -1),
      )
      expect([pages[0]!.proven.startMs, pages.at(-1)!.proven.endMs]).toEqual([
        at('2024-01-01'),
        at('2024-01-02T12:00Z'),
      ])
    }
  })

  it('end with a full page that reaches the end, without another request', async () => {
    const { pages, urls } = await minutes(['2024-01-01T00:00Z', '2024-01-01T16:40Z'], exchange(60_000))
    expect([pages.length, urls.length]).toEqual([1, 1])
    expect(Object.fromEntries(urls[0]!.searchParams)).toEqual({
      symbol: 'BTCUSDT',
      interval: '1m',
      startTime: String(at('2024-01-01')),
      endTime: String(at('2024-01-01T16:40Z') - 1),
      limit: '1000',
    })
  })

  it('prove a range before the listing empty', async () => {
    const { pages } = await minutes(['2017-08-16', '2017-08-16T10:00Z'], exchange(60_000))
    expect(pages).toMatchObject([
      { proven: range('2017-08-16', '2017-08-16T10:00Z'), columns: { timestamp: new Float64Array(0) } },
    ])
  })

  it('prove nothing that lies ahead of now', async () => {
    const nowMs = at('2024-01-01T00:30:30Z')
    const { pages } = await ask(
      binance(),
      { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' },
      range('2024-01-01', '2024-01-01T01:00Z'),
      exchange(60_000),
      nowMs,
    )
    expect(pages[0]!.proven).toEqual({ startMs: at('2024-01-01'), endMs: nowMs })
  })

  it('ask for a month as 1M and go on at the first of the next', async () => {
    const { urls } = await ask(
      binance(),
      { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1mo' },
      range('2024-01-01', '2024-04-01'),
      empty,
    )
    expect(urls[0]!.searchParams.get('interval')).toBe('1M')
  })

  it('go on from an opening off the grid without leaving a slot out', async () => {
    // After the outage of February 2018 hourly bars opened at 28 minutes and 15 seconds.
    const rows = Array.from({ length: 1000 }, (_, i) => [
      at('2018-02-09T03:28:15Z') + i * 3_600_000,
      '1',
      '1',
      '1',
      '1',
      '1',
      0,
      '1',
      1,
      '1',
      '1',
      '0',
    ])
    const { pages } = await ask(
      binance(),
      { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1h' },
      range('2018-02-09T03:00Z', '2018-04-01'),
      (url) => (Number(url.searchParams.get('startTime')) === at('2018-02-09T03:00Z') ? Response.json(rows) : empty()),
    )
    expect(pages[0]!.proven.endMs).toBe(
      Math.ceil((at('2018-02-09T03:28:15Z') + 999 * 3_600_000) / 3_600_000) * 3_600_000,
    )
  })
})

describe('answers that are refused', () => {
  const asked: readonly [string, string] = ['2020-06-01', '2020-06-01T10:00Z']
  const failing = (answer: Answer) =>
    ask(binance(), { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' }, range(...asked), answer)
  const row = (ms: unknown): unknown[] => [ms, '1', '1', '1', '1', '1', 0, '1', 1, '1', '1', '0']

  it.each([
    ['seconds', [row(at('2020-06-01') / 1000)], 'provider/units'],
    ['microseconds', [row(at('2020-06-01') * 1000)], 'provider/units'],
    ['the latest bars instead of those asked for', [row(at('2025-12-31'))], 'provider/units'],
    ['an object', { klines: [] }, 'provider/response'],
    ['rows that are no lists', [{ t: 1 }], 'provider/response'],
    ['a row without a time', [row(null)], 'provider/response'],
    ['an overflow as a time', [row('1e400')], 'provider/response'],
  ])('%s', async (_, body, code) => {
    await expect(failing(() => Response.json(body))).rejects.toMatchObject({ code })
  })

  it('takes a neighbouring row alone as no proof', async () => {
    const { pages } = await failing(() => Response.json([row(at('2020-05-31T23:59Z'))]))
    expect(pages[0]!.proven).toEqual({ startMs: at('2020-06-01'), endMs: at('2020-06-01') })
  })

  it('an exchange that repeats its first page for ever', async () => {
    const page = Array.from({ length: 1000 }, (_, i) => row(at('2020-06-01') + i * 60_000))
    const asking = ask(
      binance(),
      { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' },
      range('2020-06-01', '2020-06-03'),
      () => Response.json(page),
    )
    await expect(asking).rejects.toMatchObject({ code: 'provider/pagination-loop', symbol: 'BTCUSDT' })
  })

  it.each([
    [400, { code: -1121, msg: 'Invalid symbol.' }, 'provider/not-found'],
    [400, { code: -1100, msg: 'Illegal characters found in parameter.' }, 'provider/not-found'],
    [400, { code: -1120, msg: 'Invalid interval.' }, 'provider/unsupported'],
    [418, { code: -1003, msg: 'Way too much request weight used; IP banned until 1.' }, 'provider/rate-limited'],
    [451, { code: 0, msg: 'Service unavailable from a restricted location' }, 'provider/forbidden'],
    [403, '<html>WAF</html>', 'provider/forbidden'],
    [503, '', 'provider/unavailable'],
    [200, { code: -1121, msg: 'Invalid symbol.' }, 'provider/not-found'],
  ])('status %i %j', async (status, body, code) => {
    await expect(
      failing(() => (typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }))),
    ).rejects.toMatchObject({ code })
  })

  it('an interval that it does not have, before any request', async () => {
    const asking = ask(binance(), { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '5s' }, range(...asked), () => {
      throw new Error('asked')
    })
    await expect(asking).rejects.toMatchObject({ code: 'provider/unsupported', field: 'interval', value: '5s' })
  })
})
