import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCsv } from '../../src/codecs/csv/index.ts'
import { type Columns, bitmap, isValid, setBit, valuesOf } from '../../src/contract/columns.ts'
import { ticksFromMs } from '../../src/contract/ticks.ts'
import type { Interval } from '../../src/contract/interval.ts'
import type { Basis } from '../../src/contract/provider.ts'
import { type AdjustInput, adjustColumns } from '../../src/query/adjust.ts'

const DAY = 86_400_000
const utc = (text: string): number => Date.parse(text)

type Action = readonly [
  date: string | number,
  kind: string,
  value: number,
  currency?: string | undefined,
  superseded?: boolean,
]

const actionsOf = (actions: readonly Action[]): Columns => {
  const kinds = [...new Set(actions.map(([, kind]) => kind))]
  const currencies = [...new Set(actions.map(([, , , currency]) => currency ?? ''))]
  const [hasCurrency, isSuperseded] = [bitmap(actions.length, false), bitmap(actions.length, false)]
  for (const [row, [, , , currency, superseded]] of actions.entries()) {
    setBit(hasCurrency, row, currency !== undefined)
    setBit(isSuperseded, row, superseded === true)
  }
  return {
    timestamp: ticksFromMs(
      Float64Array.from(actions, ([date]) => (typeof date === 'string' ? utc(date) : date)),
      'us',
    ),
    kind: { indices: Int32Array.from(actions, ([, kind]) => kinds.indexOf(kind)), dictionary: kinds },
    value: Float64Array.from(actions, ([, , value]) => value),
    currency: {
      values: { indices: Int32Array.from(actions, ([, , , c]) => currencies.indexOf(c ?? '')), dictionary: currencies },
      valid: hasCurrency,
    },
    first_seen: new BigInt64Array(actions.length),
    superseded: { values: new BigInt64Array(actions.length), valid: isSuperseded },
  }
}

const barsOf = (
  days: readonly number[],
  close: readonly number[],
  volume: readonly number[] = close.map(() => 100),
): Columns => ({
  timestamp: ticksFromMs(Float64Array.from(days), 'us'),
  open: Float64Array.from(close, (c) => c * 0.99),
  high: Float64Array.from(close, (c) => c * 1.01),
  low: Float64Array.from(close, (c) => c * 0.98),
  close: Float64Array.from(close),
  volume: Float64Array.from(volume),
  trade_count: Float64Array.from(close, () => 7),
  adj_close: Float64Array.from(close, () => 1),
})

const week = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05'].map(utc)

const view = (columns: Columns, actions: readonly Action[], input: Partial<AdjustInput>): Columns =>
  adjustColumns(columns, {
    view: 'splits',
    basis: 'raw',
    basisAsOfMs: utc('2024-02-01'),
    actions: actionsOf(actions),
    interval: '1d',
    ...input,
  })

const list = (columns: Columns, name: string): number[] => [...(columns[name] as Float64Array)]

describe('splits', () => {
  const raw = barsOf(week, [400, 404, 102, 104, 105], [10, 10, 40, 40, 40])

  test('divide earlier prices and multiply earlier volumes; counts and the column of the source stay', () => {
    const out = view(raw, [['2024-01-03', 'split', 4]], {})
    expect(list(out, 'close')).toEqual([100, 101, 102, 104, 105])
    expect(list(out, 'volume')).toEqual([40, 40, 40, 40, 40])
    expect(list(out, 'open')[0]).toBe((400 * 0.99) / 4)
    expect(out['trade_count']).toBe(raw['trade_count'])
    expect(out['adj_close']).toBe(raw['adj_close'])
    expect(out.timestamp).toBe(raw.timestamp)
    expect(list(raw, 'close')[0]).toBe(400)
  })

  test('are undone to the unadjusted price', () => {
    const stored = barsOf(week, [100, 101, 102, 104, 105], [40, 40, 40, 40, 40])
    const out = view(stored, [['2024-01-03', 'split', 4]], { basis: 'splits', view: 'none' })
    expect(list(out, 'close')).toEqual([400, 404, 102, 104, 105])
    expect(list(out, 'volume')).toEqual([10, 10, 40, 40, 40])
  })

  test('that join shares multiply prices', () => {
    expect(list(view(raw, [['2024-01-02', 'split', 0.1]], {}), 'close')[0]).toBe(4000)
  })

  test('that are superseded, later than the basis, or before the first bar change nothing', () => {
    const close = (actions: readonly Action[], input: Partial<AdjustInput> = {}): number[] =>
      list(view(raw, actions, input), 'close')
    expect(close([['2024-01-03', 'split', 4, undefined, true]])).toEqual([400, 404, 102, 104, 105])
    expect(close([['2024-01-03', 'split', 4]], { basisAsOfMs: utc('2024-01-02T23:00:00Z') })).toEqual([
      400, 404, 102, 104, 105,
    ])
    expect(close([['2024-01-01', 'split', 4]])).toEqual([400, 404, 102, 104, 105])
    // After the last bar but not after the basis: all bars are before it.
    expect(close([['2024-01-20', 'split', 2]])).toEqual([200, 202, 51, 52, 52.5])
  })

  test('of one day and of several multiply', () => {
    expect(
      list(
        view(
          raw,
          [
            ['2024-01-04', 'split', 2],
            ['2024-01-02', 'split', 3],
            ['2024-01-04', 'split', 5],
          ],
          {},
        ),
        'close',
      ),
    ).toEqual([400 / 30, 40.4, 10.2, 104, 105])
  })
})

describe('dividends', () => {
  test('take their share of the close before from all earlier prices, not from volumes', () => {
    const raw = barsOf(week, [100, 50, 49, 48, 47])
    const out = view(raw, [['2024-01-03', 'dividend', 5]], { view: 'all' })
    expect(list(out, 'close')).toEqual([100 * 0.9, 50 * 0.9, 49, 48, 47])
    expect(list(out, 'volume')).toEqual([100, 100, 100, 100, 100])
  })

  test('on the day of a split are paid on the new shares', () => {
    const raw = barsOf(week, [400, 400, 99, 99, 99])
    const both: Action[] = [
      ['2024-01-03', 'split', 4],
      ['2024-01-03', 'dividend', 1],
    ]
    expect(list(view(raw, both, { view: 'all' }), 'close')[1]).toBeCloseTo(99, 12)
    // The same market as a source shows it that adjusts for splits.
    const adjusted = barsOf(week, [100, 100, 99, 99, 99])
    expect(list(view(adjusted, both, { view: 'all', basis: 'splits' }), 'close')[1]).toBeCloseTo(99, 12)
  })

  test('of one day add up', () => {
    const out = view(
      barsOf(week, [100, 100, 90, 90, 90]),
      [
        ['2024-01-03', 'dividend', 4],
        ['2024-01-03', 'dividend', 6],
      ],
      { view: 'all' },
    )
    expect(list(out, 'close')[1]).toBeCloseTo(90, 12)
  })

  test('need the close before them, of all closes up to the ex-date', () => {
    const bars = barsOf(week, [100, 100, 100, 100, 100])
    expect(() => view(bars, [['2024-01-20', 'dividend', 5]], { view: 'all' })).toThrow(
      /data\/basis-unavailable.*2024-01-20.*2024-01-06 only/,
    )
    const closes = {
      sessionDateMs: Float64Array.of(utc('2024-01-19')),
      close: Float64Array.of(50),
      range: { startMs: utc('2024-01-01'), endMs: utc('2024-02-01') },
    }
    expect(list(view(bars, [['2024-01-20', 'dividend', 5]], { view: 'all', closes }), 'close')).toEqual([
      90, 90, 90, 90, 90,
    ])
    expect(() => view(bars, [['2024-01-03', 'dividend', 5]], { view: 'all', closes })).toThrow(/2024-01-03.*not stored/)
  })

  test('skip a close that is null', () => {
    const valid = bitmap(5, true)
    setBit(valid, 1, false)
    const bars: Columns = {
      ...barsOf(week, [100, 1, 90, 90, 90]),
      close: { values: Float64Array.of(100, Number.NaN, 90, 90, 90), valid },
    }
    const out = view(bars, [['2024-01-03', 'dividend', 10]], { view: 'all' })
    expect((out['close'] as { values: Float64Array }).values[0]).toBe(90)
    expect((out['close'] as { valid: Uint8Array }).valid).toBe(valid)
  })

  test('are refused in another currency, as large as the price, negative, or beside a capital gain', () => {
    const bars = barsOf(week, [100, 100, 90, 90, 90])
    const refused =
      (...actions: Action[]): (() => unknown) =>
      () =>
        view(bars, actions, { view: 'all' })
    expect(refused(['2024-01-03', 'dividend', 1, 'USD'])).toThrow(/data\/basis-unavailable.*USD/)
    expect(refused(['2024-01-03', 'dividend', 100])).toThrow(/close before is 100/)
    expect(refused(['2024-01-03', 'dividend', -1])).toThrow(/-1/)
    expect(refused(['2024-01-03', 'split', 0])).toThrow(/ratio 0/)
    expect(refused(['2024-01-03', 'dividend', 1], ['2024-01-03', 'capital-gain', 1])).toThrow(
      /capital gain of 2024-01-03/,
    )
    expect(list(view(bars, [['2024-01-03', 'capital-gain', 10]], { view: 'all' }), 'close')[1]).toBeCloseTo(90, 12)
    // None of this matters to a view that takes no dividends.
    expect(list(view(bars, [['2024-01-03', 'dividend', 100]], { view: 'splits' }), 'close')).toEqual([
      100, 100, 90, 90, 90,
    ])
  })
})

describe('coverage', () => {
  const bars = barsOf(week, [1, 1, 1, 1, 1])
  const known = (...ranges: [string, string][]): Partial<AdjustInput> => ({
    actionsCovered: ranges.map(([start, end]) => ({ startMs: utc(start), endMs: utc(end) })),
  })

  test('a view whose actions are not known up to the basis is refused, naming the hole', () => {
    expect(() => view(bars, [], known(['2024-01-01', '2024-01-15']))).toThrow(
      /data\/basis-unavailable.*2024-01-15 \.\. 2024-02-01/,
    )
    expect(() => view(bars, [], known(['2024-01-02', '2024-03-01']))).toThrow(/2024-01-01 \.\. 2024-01-02/)
    expect(list(view(bars, [], known(['2023-01-01', '2024-01-15'], ['2024-01-15', '2024-02-01'])), 'close')).toEqual([
      1, 1, 1, 1, 1,
    ])
  })

  test('a view in the basis of the source needs none and returns the same columns', () => {
    expect(view(bars, [], { view: 'none', basis: 'raw', actionsCovered: [] })).toBe(bars)
    expect(view(bars, [], { view: 'splits', basis: 'splits', actionsCovered: [] })).toBe(bars)
  })
})

describe('other intervals', () => {
  test('minutes take the factor of their session, and the last minute is the close', () => {
    const minutes = ['2024-01-02T14:30', '2024-01-02T20:59', '2024-01-03T00:30', '2024-01-03T14:30'].map((text) =>
      utc(`${text}:00Z`),
    )
    const sessionDateMs = Float64Array.of(...['2024-01-02', '2024-01-02', '2024-01-02', '2024-01-03'].map(utc))
    const bars = barsOf(minutes, [90, 95, 100, 45])
    const actions: Action[] = [
      ['2024-01-03', 'split', 2],
      ['2024-01-03', 'dividend', 5],
    ]
    const out = view(bars, actions, { view: 'all', interval: '1m', sessionDateMs })
    expect(list(out, 'close')).toEqual([(90 * 0.9) / 2, (95 * 0.9) / 2, (100 * 0.9) / 2, 45])
    expect(() => view(bars, actions, { interval: '1m' })).toThrow(/session date/)
  })

  test('weeks and months need daily closes for dividends, and refuse a split inside a bar', () => {
    const weeks = barsOf(['2024-01-01', '2024-01-08', '2024-01-15'].map(utc), [100, 90, 90])
    const dividend: Action[] = [['2024-01-10', 'dividend', 10]]
    expect(() => view(weeks, dividend, { view: 'all', interval: '1w' })).toThrow(/1d/)
    const closes = {
      sessionDateMs: Float64Array.of(utc('2024-01-09')),
      close: Float64Array.of(100),
      range: { startMs: utc('2024-01-01'), endMs: utc('2024-02-01') },
    }
    // The week of the ex-date closes after it: only the week before changes.
    expect(list(view(weeks, dividend, { view: 'all', interval: '1w', closes }), 'close')).toEqual([90, 90, 90])
    expect(() => view(weeks, [['2024-01-10', 'split', 2]], { interval: '1w' })).toThrow(
      /split of 2024-01-10.*2024-01-08/,
    )
    expect(list(view(weeks, [['2024-01-08', 'split', 2]], { interval: '1w' }), 'close')).toEqual([50, 90, 90])
    expect(() =>
      view(barsOf([utc('2024-01-01')], [1]), [['2024-01-10', 'split', 2]], { interval: '1mo' as Interval }),
    ).toThrow(/split/)
  })
})

interface Market {
  readonly days: number[]
  readonly raw: number[]
  readonly splits: Map<number, number>
  readonly dividends: Map<number, number>
}

const anyMarket: fc.Arbitrary<Market> = fc
  .record({
    raw: fc.array(fc.double({ min: 10, max: 500, noNaN: true }), { minLength: 2, maxLength: 30 }),
    splits: fc.array(fc.tuple(fc.nat(29), fc.constantFrom(2, 3, 4, 0.1, 1.5)), { maxLength: 3 }),
    dividends: fc.array(fc.tuple(fc.nat(29), fc.double({ min: 0.01, max: 2, noNaN: true })), { maxLength: 4 }),
  })
  .map(({ raw, splits, dividends }) => {
    const days = raw.map((_, i) => utc('2024-01-01') + i * DAY)
    const onDays = (pairs: [number, number][]): Map<number, number> =>
      new Map(pairs.filter(([i]) => i > 0 && i < raw.length).map(([i, value]) => [days[i]!, value]))
    return { days, raw, splits: onDays(splits), dividends: onDays(dividends) }
  })

/** The same market in a basis, by definition: each price is changed by each later action. */
const inBasis = ({ days, raw, splits, dividends }: Market, basis: Basis): number[] =>
  raw.map((price, i) => {
    let value = price
    for (const [j, day] of days.entries()) {
      if (j <= i) continue
      const ratio = splits.get(day) ?? 1
      if (basis !== 'raw') value /= ratio
      if (basis === 'all' && dividends.has(day)) value *= 1 - (dividends.get(day)! * ratio) / raw[j - 1]!
    }
    return value
  })

describe('properties', () => {
  test('from any basis to any other gives the market in that basis', () => {
    fc.assert(
      fc.property(
        anyMarket,
        fc.constantFrom<Basis>('raw', 'splits', 'all'),
        fc.constantFrom('none' as const, 'splits' as const, 'all' as const),
        (market, basis, target) => {
          const later = (day: number): number =>
            [...market.splits].filter(([exMs]) => exMs > day).reduce((all, [, ratio]) => all * ratio, 1)
          const actions: Action[] = [
            ...[...market.splits].map(([day, ratio]): Action => [day, 'split', ratio]),
            // Sources that adjust prices adjust the cash per share for later splits as well.
            ...[...market.dividends].map(([day, cash]): Action => [
              day,
              'dividend',
              basis === 'raw' ? cash : cash / later(day),
            ]),
          ]
          const out = view(barsOf(market.days, inBasis(market, basis)), actions, { basis, view: target })
          const expected = inBasis(market, target === 'none' ? 'raw' : target)
          for (const [i, close] of list(out, 'close').entries())
            expect(Math.abs(close / expected[i]! - 1)).toBeLessThan(1e-9)
          const turnover = list(out, 'close').map((close, i) => close * list(out, 'volume')[i]!)
          if (basis !== 'all' && target !== 'all') {
            const before = inBasis(market, basis)
            for (const [i, value] of turnover.entries())
              expect(Math.abs(value / (before[i]! * 100) - 1)).toBeLessThan(1e-9)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

const FIXTURES = process.env['MARKETLAKE_FIXTURES']

/** Prices of Yahoo are rounded to 24 bits. */
const FLOAT32 = 2 ** -22

describe.skipIf(FIXTURES === undefined)('recorded series', () => {
  const path = (name: string): string => join(FIXTURES as string, 'providers', name)

  interface Chart {
    readonly timestamp: number[]
    readonly events?: {
      dividends?: Record<string, { amount: number; date: number }>
      splits?: Record<string, { numerator: number; denominator: number; date: number }>
    }
    readonly indicators: {
      quote: { close: number[]; open: number[]; high: number[]; low: number[]; volume: number[] }[]
      adjclose: { adjclose: number[] }[]
    }
  }

  const dateOf = (seconds: number): number => Math.floor(seconds / 86_400) * DAY

  const compare = (
    name: string,
    days: number[],
    close: number[],
    adjClose: number[],
    actions: readonly Action[],
    tolerance: number,
    basis: Basis = 'splits',
  ): void => {
    const closes = {
      sessionDateMs: Float64Array.from(days),
      close: Float64Array.from(close),
      range: { startMs: days[0]!, endMs: utc('2100-01-01') },
    }
    const out = list(
      view(barsOf(days, close), actions, { basis, view: 'all', basisAsOfMs: utc('2099-01-01'), closes }),
      'close',
    )
    // Dividends after the last row of the recording change all rows by the same factor.
    const rest = adjClose.at(-1)! / close.at(-1)!
    const worst = Math.max(...out.map((value, i) => Math.abs((value * rest) / adjClose[i]! - 1)))
    expect(worst, name).toBeLessThanOrEqual(tolerance)
  }

  test.each([
    // A recording that ends after its last dividend is compared as it is; others carry the rounding of a common factor.
    ['chart_AAPL_1d_2025_2026.json', 12, FLOAT32],
    ['chart_MSFT_1d_dividends_2021.json', 4, 2 * FLOAT32],
    ['chart_AAPL_1d_2020-08-31_2020-11-07.json', 1, 2 * FLOAT32],
    ['chart_GM_1d_2020_2021.json', 0, 0],
  ])('Yahoo %s: the view "all" is its adjclose', (name, dividends, tolerance) => {
    const chart = JSON.parse(readFileSync(path(`yahoo/${name}`), 'utf8')).chart.result[0] as Chart
    const cash = Object.values(chart.events?.dividends ?? {}).map(({ date, amount }): Action => [
      dateOf(date),
      'dividend',
      amount,
    ])
    const splits = Object.values(chart.events?.splits ?? {}).map(({ date, numerator, denominator }): Action => [
      dateOf(date),
      'split',
      numerator / denominator,
    ])
    expect(cash.length).toBe(dividends)
    const rows = chart.timestamp.map((_, i) => i).filter((i) => chart.indicators.quote[0]!.close[i] !== null)
    const pick = (values: number[]): number[] => rows.map((i) => values[i]!)
    compare(
      name,
      rows.map((i) => dateOf(chart.timestamp[i]!)),
      pick(chart.indicators.quote[0]!.close),
      pick(chart.indicators.adjclose[0]!.adjclose),
      [...cash, ...splits],
      tolerance,
    )
  })

  test.each([
    ['EWG-1d-no-bad-divs.csv', 5, FLOAT32],
    ['ABDP-L-1d-bad-div-fixed.csv', 5, FLOAT32],
    ['KEN-TA-1d-bad-div-fixed.csv', 4, FLOAT32],
    ['LSC-L-1d-bad-div-fixed.csv', 5, FLOAT32],
    ['REL-L-1d-bad-div-fixed.csv', 6, FLOAT32],
    ['8TRA-DE-1d-missing-div-adjust-fixed.csv', 1, FLOAT32],
    ['4063-T-1d-bad-stock-split-fixed.csv', 1, FLOAT32],
    ['DODFX-1d-cg-double-count-fixed.csv', 2, 1e-9],
  ])('Yahoo %s', (name, dividends, tolerance) => {
    const { rows, names, columns, times } = parseCsv(readFileSync(path(`yahoo-bad-data/${name}`)))
    const column = (wanted: string): number[] => [...(valuesOf(columns[wanted]!) as Float64Array)]
    const day = Array.from(times[names[0]!]!.wallMs, (ms) => Math.floor(ms / DAY) * DAY)
    const order = Array.from({ length: rows }, (_, i) => i)
      .filter((i) => isValid(columns['Close']!, i))
      .toSorted((a, b) => day[a]! - day[b]!)
    const sorted = (values: number[]): number[] => order.map((i) => values[i]!)
    const actions = column('Dividends').flatMap((cash, i): Action[] => (cash > 0 ? [[day[i]!, 'dividend', cash]] : []))
    expect(actions.length).toBe(dividends)
    compare(name, sorted(day), sorted(column('Close')), sorted(column('Adj Close')), actions, tolerance)
  })

  test('Yahoo EA-15m-no-bad-divs.csv: minutes by the session of New York', () => {
    const { columns, times } = parseCsv(readFileSync(path('yahoo-bad-data/EA-15m-no-bad-divs.csv')))
    const column = (wanted: string): Float64Array => columns[wanted] as Float64Array
    const { wallMs, offsetMs } = times['Datetime']!
    const sessionDateMs = wallMs.map((ms) => Math.floor(ms / DAY) * DAY)
    const actions = [...column('Dividends')].flatMap((cash, i): Action[] =>
      cash > 0 ? [[sessionDateMs[i]!, 'dividend', cash]] : [],
    )
    expect(actions.length).toBe(1)
    const bars = barsOf(
      Array.from(wallMs, (ms, i) => ms - offsetMs[i]!),
      Array.from(column('Close')),
    )
    const out = view(bars, actions, {
      basis: 'splits',
      view: 'all',
      interval: '15m',
      sessionDateMs,
      basisAsOfMs: utc('2099-01-01'),
    })
    const worst = Math.max(...list(out, 'close').map((value, i) => Math.abs(value / column('Adj Close')[i]! - 1)))
    expect(worst).toBeLessThan(FLOAT32)
  })

  test('Tiingo GOOGL: the view "all" of raw prices is its adjusted columns', () => {
    const rows = JSON.parse(readFileSync(path('tiingo/daily_GOOGL_2018.json'), 'utf8')) as (Record<string, number> & {
      readonly date: string
    })[]
    const days = rows.map((row) => utc(row.date))
    const actions = rows.flatMap((row, i): Action[] => [
      ...(row['divCash']! > 0 ? [[days[i]!, 'dividend', row['divCash']!] as const] : []),
      ...(row['splitFactor'] !== 1 ? [[days[i]!, 'split', row['splitFactor']!] as const] : []),
    ])
    compare(
      'GOOGL',
      days,
      rows.map((row) => row['close']!),
      rows.map((row) => row['adjClose']!),
      actions,
      1e-9,
      'raw',
    )
  })

  test('Yahoo AAPL around its split of 2020: the raw price before it was four times the stored one', () => {
    const chart = JSON.parse(readFileSync(path('yahoo/chart_AAPL_1mo_events.json'), 'utf8')).chart.result[0] as Chart
    const splits = Object.values(chart.events?.splits ?? {}).map(({ date, numerator, denominator }): Action => [
      dateOf(date),
      'split',
      numerator / denominator,
    ])
    // Friday before the split: 499.23 as traded; Yahoo shows 124.8075.
    const out = view(barsOf([utc('2020-08-28'), utc('2020-08-31')], [124.80750274658203, 129.0399932861328]), splits, {
      basis: 'splits',
      view: 'none',
      basisAsOfMs: utc('2021-01-01'),
    })
    expect(list(out, 'close').map((price) => Math.round(price * 100) / 100)).toEqual([499.23, 129.04])
  })
})
