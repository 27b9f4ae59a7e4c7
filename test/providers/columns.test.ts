import { describe, expect, it } from 'vitest'
import { barPage } from '../../src/providers/bar-page.ts'
import { floatColumn, integerColumn, numberOf, textColumn } from '../../src/providers/columns.ts'
import { zoneClock } from '../../src/providers/zone.ts'
import { at, listOf } from './asking.ts'

describe('numberOf', () => {
  it.each([
    [1, 1],
    [0, 0],
    ['0', 0],
    ['1.5', 1.5],
    ['1.12117471e+08', 112117471],
    ['1e400', Infinity],
    [null, null],
    [undefined, null],
    ['', null],
    [' ', null],
    ['None', null],
    ['-', null],
    ['N/D', null],
    [true, null],
    [{}, null],
  ])('%j is %s', (value, number) => expect(numberOf(value)).toBe(number))
})

describe('columns', () => {
  it('have a bitmap only where something is null', () => {
    expect(floatColumn(2, (row) => row)).toEqual(new Float64Array([0, 1]))
    expect(listOf(floatColumn(3, (row) => (row === 1 ? null : row)))).toEqual([0, null, 2])
    expect(listOf(textColumn(3, (row) => ['a', undefined, 'a'][row]))).toEqual(['a', null, 'a'])
  })

  it('keep whole numbers beyond 2^53 as text and refuse fractions', () => {
    expect(integerColumn(1, () => '9007199254740993')).toEqual(new BigInt64Array([9_007_199_254_740_993n]))
    expect(() => integerColumn(1, () => 1.5)).toThrow(expect.objectContaining({ code: 'provider/response' }))
  })
})

describe('barPage', () => {
  it('takes times as numbers, dates and texts, and missing values as null, never 0', () => {
    const ms = at('2024-01-01')
    const page = barPage([
      { time: ms, open: 1, high: '2', low: null, close: undefined as never },
      { timestamp: new Date(ms + 1), volume: 0 },
      { time: '2024-01-02' },
      { time: '2024-01-02T00:00:00+02:00', vwap: 3 },
    ])
    expect(listOf(page.timestamp)).toEqual([ms, ms + 1, at('2024-01-02'), at('2024-01-01T22:00Z')])
    expect(listOf(page['open'])).toEqual([1, null, null, null])
    expect(listOf(page['high'])).toEqual([2, null, null, null])
    expect(listOf(page['close'])).toEqual([null, null, null, null])
    expect(listOf(page['volume'])).toEqual([null, 0, null, null])
    expect(listOf(page['vwap'])).toEqual([null, null, null, 3])
  })

  it.each([
    {},
    { time: 'soon' },
    { time: '2024-01-01T00:00:00' },
    { time: Number.NaN },
    { time: new Date(Number.NaN) },
  ])('refuses a row without a certain time: %j', (row) => {
    expect(() => barPage([row])).toThrow(expect.objectContaining({ code: 'provider/response' }))
  })

  it('is not fooled by a row that carries a prototype', () => {
    const row = JSON.parse('{"time":1704067200000,"__proto__":{"close":5}}') as Record<string, unknown>
    const page = barPage([row])
    expect(listOf(page['close'])).toEqual([null])
    expect(({} as { close?: unknown }).close).toBeUndefined()
  })
})

describe('a zone clock', () => {
  const newYork = zoneClock('America/New_York')

  it('knows both sides of a change', () => {
    expect(newYork.offsetMs(at('2024-01-02T14:30Z'))).toBe(-5 * 3_600_000)
    expect(newYork.offsetMs(at('2024-07-02T14:30Z'))).toBe(-4 * 3_600_000)
    expect(newYork.utcMs(at('2024-01-02T09:30Z'))).toBe(at('2024-01-02T14:30Z'))
    expect(newYork.utcMs(at('2024-07-02T09:30Z'))).toBe(at('2024-07-02T13:30Z'))
  })

  it('takes the earlier of two equal hours and the instant after a skipped one', () => {
    expect(newYork.utcMs(at('2024-11-03T01:30Z'))).toBe(at('2024-11-03T05:30Z'))
    expect(newYork.utcMs(at('2024-03-10T02:30Z'))).toBe(at('2024-03-10T07:30Z'))
  })

  it('gives the same for many instants as for each', () => {
    const times = Float64Array.from({ length: 800 }, (_, i) => at('2022-12-25T14:30Z') + i * 86_400_000)
    expect(newYork.offsetsMs(times)).toEqual(times.map((ms) => newYork.offsetMs(ms)))
    const casablanca = zoneClock('Africa/Casablanca')
    expect(casablanca.offsetsMs(times)).toEqual(times.map((ms) => casablanca.offsetMs(ms)))
  })

  it('gives the same for instants in any order, and in a zone that changed its clock twice in three weeks', () => {
    const times = Float64Array.from({ length: 800 }, (_, i) => at('2025-03-04T05:00Z') - i * 86_400_000)
    expect(newYork.offsetsMs(times)).toEqual(times.map((ms) => newYork.offsetMs(ms)))
    const cairo = zoneClock('Africa/Cairo')
    const autumn = Float64Array.from({ length: 40 }, (_, i) => at('2010-09-08T22:30Z') + i * 86_400_000)
    expect(cairo.offsetsMs(autumn)).toEqual(autumn.map((ms) => cairo.offsetMs(ms)))
  })

  it('refuses a zone that does not exist', () => {
    expect(() => zoneClock('Mars/Base')).toThrow(expect.objectContaining({ code: 'provider/response' }))
  })
})
