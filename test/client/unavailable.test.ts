/** Ranges that a source refuses for good, or does not reach back to. */
import { describe, expect, test } from 'vitest'
import { ProviderError } from '../../src/contract/errors.ts'
import { coverageOf } from '../../src/query/table.ts'
import { type FakeSource, fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const DAY = 86_400_000
const at = (minutes: number): number => START + minutes * MINUTE
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const
const range = (from: number, to: number): { start: Date; end: Date } => ({
  start: new Date(at(from)),
  end: new Date(at(to)),
})

/** A source that refuses everything before an instant. */
function guarded(
  servedFromMs: number,
  code: 'provider/forbidden' | 'provider/unsupported' = 'provider/forbidden',
  more: Parameters<typeof fakeSource>[1] = {},
): FakeSource & { servedFromMs: number } {
  const source = Object.assign(fakeSource(minuteBars(START, 10_000), { rowsPerRequest: 100, ...more }), {
    servedFromMs,
  })
  source.before = ({ range: asked }) => {
    if (asked.startMs < source.servedFromMs) throw new ProviderError(code, 'your plan has no data that old')
  }
  return source
}

describe('a refused range', () => {
  test('of a series that has newer bars is unavailable, with its reason, and found in few requests', async () => {
    const source = guarded(at(4_000))
    const { client } = testClient({ providers: [source.provider] })
    const warnings: string[] = []
    client.on('warning', ({ code }) => warnings.push(code))
    const proof = coverageOf(await client.get({ ...KEY, ...range(0, 5_000) }))
    expect(proof.missing).toEqual([{ startMs: START, endMs: at(4_000), kind: 'unavailable' }])
    expect(proof.records[0]).toMatchObject({ state: 'unavailable', reason: 'not-entitled' })
    expect(proof.covered).toEqual([{ startMs: at(4_000), endMs: at(5_000) }])
    // Ten that are served, and seven to find them among fifty.
    expect(source.requests.length).toBeLessThanOrEqual(17)
    expect(warnings).toEqual(['unavailable'])
    await expect(client.get({ ...KEY, ...range(0, 5_000), complete: true })).rejects.toMatchObject({
      code: 'storage/incomplete',
    })
  })

  test('is asked again like a hole, and served when the source has changed its mind', async () => {
    const source = guarded(at(4_000), 'provider/unsupported')
    const clock = { nowMs: at(5_000) }
    const { client } = testClient({ clock, providers: [source.provider] })
    await client.get({ ...KEY, ...range(0, 5_000) })
    source.requests.length = 0
    await client.get({ ...KEY, ...range(0, 5_000) })
    await client.update({ ...KEY, lookbackDays: 0 })
    expect(source.requests).toHaveLength(0)
    const days: number[] = []
    for (let day = 1; day <= 120; day++) {
      clock.nowMs = at(5_000) + day * DAY
      source.requests.length = 0
      await client.get({ ...KEY, ...range(0, 5_000) })
      if (source.requests.length > 0) days.push(day)
      expect(source.requests.length).toBeLessThanOrEqual(7)
    }
    expect(days).toEqual([1, 2, 3, 4, 6, 10, 18, 34, 64])
    expect((await client.read({ ...KEY, ...range(0, 5_000) })).numRows).toBe(1_000)
    source.servedFromMs = -Infinity
    expect((await client.load({ ...KEY, ...range(0, 5_000) })).numRows).toBe(5_000)
    expect(coverageOf(await client.read({ ...KEY, ...range(0, 5_000) })).missing).toEqual([])
    expect((await client.status(KEY)).asks).toEqual([])
  })

  test('is a failure where nothing newer is served: the tail, or all of it', async () => {
    const source = guarded(at(0))
    const clock = { nowMs: at(1_000) }
    const { client } = testClient({ clock, providers: [source.provider] })
    source.servedFromMs = Infinity
    await expect(client.get({ ...KEY, ...range(0, 1_000) })).rejects.toMatchObject({ code: 'provider/forbidden' })
    expect(await client.list()).toEqual([])
    source.servedFromMs = at(0)
    await client.get({ ...KEY, ...range(0, 1_000) })
    source.servedFromMs = Infinity
    clock.nowMs = at(2_000)
    await expect(client.update(KEY)).rejects.toMatchObject({ code: 'provider/forbidden' })
    expect(coverageOf(await client.read(KEY)).records.every((record) => record.state === 'data')).toBe(true)
  })

  test('never takes proof away: what was stored and cannot be fetched again is a failure', async () => {
    const source = guarded(-Infinity)
    const { client } = testClient({ providers: [source.provider] })
    await client.get({ ...KEY, ...range(0, 1_000) })
    source.servedFromMs = at(500)
    await expect(client.load({ ...KEY, ...range(0, 1_000) })).rejects.toMatchObject({ code: 'provider/forbidden' })
    const proof = coverageOf(await client.read({ ...KEY, ...range(0, 1_000) }))
    expect(proof.missing).toEqual([])
  })

  test('makes the next source be asked first, where there is one', async () => {
    const first = guarded(at(4_000))
    const second = fakeSource(minuteBars(START, 10_000))
    const { client } = testClient({ providers: [first.provider, { ...second.provider, name: 'other' }] })
    const proof = coverageOf(await client.get({ ...KEY, ...range(0, 5_000) }))
    expect(proof.source).toBe('other')
    expect(proof.missing).toEqual([])
    expect(first.requests).toHaveLength(1)
  })
})

describe('an old hole that cannot be asked', () => {
  test.each(['provider/forbidden', 'provider/response'] as const)(
    'by %s keeps no newer bar away, and moves on in its schedule',
    async (code) => {
      const clock = { nowMs: at(1_000) }
      const source = fakeSource(
        minuteBars(START, 20_000).filter((_, i) => i !== 50),
        { rowsPerRequest: 500 },
      )
      const { client } = testClient({ clock, providers: [source.provider] })
      await client.get({ ...KEY, ...range(0, 1_000) })
      source.before = ({ range: asked }) => {
        if (asked.startMs < at(100)) throw new ProviderError(code, 'not that one')
      }
      clock.nowMs += DAY
      const update = client.update({ ...KEY, lookbackDays: 0 })
      await (code === 'provider/forbidden'
        ? expect(update).resolves.toMatchObject({ added: 1_440 })
        : expect(update).rejects.toMatchObject({ code }))
      expect((await client.read(KEY)).numRows).toBe(999 + 1_440)
      expect((await client.status(KEY)).asks).toMatchObject([{ startMs: at(50), count: 2 }])
      source.requests.length = 0
      await client.update({ ...KEY, lookbackDays: 0 })
      expect(source.requests).toEqual([])
    },
  )
})

describe('the reach of a source', () => {
  test('is recorded, so that what lies before it is unavailable and warned of once', async () => {
    const clock = { nowMs: START + 10 * DAY }
    const source = fakeSource(minuteBars(START, 20 * 1440), { historyMs: { '1m': 7 * DAY }, rowsPerRequest: 20_000 })
    const { client } = testClient({ clock, providers: [source.provider] })
    const warnings: string[] = []
    client.on('warning', ({ code }) => warnings.push(code))
    const query = { ...KEY, start: new Date(START), end: new Date(START + 10 * DAY) }
    const proof = coverageOf(await client.get(query))
    expect(proof.missing).toEqual([{ startMs: START, endMs: START + 3 * DAY, kind: 'unavailable' }])
    expect(proof.records[0]).toMatchObject({ state: 'unavailable', reason: 'outside-history' })
    expect(warnings).toEqual(['history-limited'])
    await client.get(query)
    expect(warnings).toHaveLength(1)
    expect((await client.status(KEY)).asks).toEqual([])
    // Nobody called for nine days: two of them are out of reach for good.
    clock.nowMs = START + 19 * DAY
    const report = await client.update(KEY)
    expect(report.missing.filter((missing) => missing.kind === 'unavailable')).toEqual([
      { startMs: START, endMs: START + 3 * DAY, kind: 'unavailable' },
      { startMs: START + 10 * DAY, endMs: START + 12 * DAY, kind: 'unavailable' },
    ])
    expect((await client.get({ ...KEY })).numRows).toBe(14 * 1440)
  })

  test('of a range that lies beyond it whole is recorded without a request', async () => {
    const clock = { nowMs: START + 10 * DAY }
    const source = fakeSource(minuteBars(START, 20 * 1440), { historyMs: { '1m': 7 * DAY }, rowsPerRequest: 20_000 })
    const { client } = testClient({ clock, providers: [source.provider] })
    await client.get({ ...KEY, start: new Date(START + 8 * DAY) })
    source.requests.length = 0
    const proof = coverageOf(await client.get({ ...KEY, start: new Date(START), end: new Date(START + DAY) }))
    expect(source.requests).toHaveLength(0)
    expect(proof.missing).toEqual([{ startMs: START, endMs: START + DAY, kind: 'unavailable' }])
    expect(proof.version).toBe(2)
  })
})
