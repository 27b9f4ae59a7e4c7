import { describe, expect, test } from 'vitest'
import { coverageOf } from '../../src/query/table.ts'
import { fakeSource, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const QUERY = { symbol: 'BTCUSDT', interval: '1m', start: START, end: START + 60_000 } as const
const one = Float64Array.of(1)
const proven = { startMs: START, endMs: START + 60_000 }
const columns = { timestamp: Float64Array.of(START), open: one, high: one, low: one, close: one, volume: one }

/** A source whose `fetch` returns what a source without types may return. */
function sourceOf(fetch: () => unknown): ReturnType<typeof testClient>['client'] {
  const { provider } = fakeSource([], { probe: { symbol: 'BTCUSDT', interval: '1m' } as never })
  return testClient({ providers: [{ ...provider, name: 'mine', fetch: fetch as never }] }).client
}

const yields = (page: unknown) => () =>
  (async function* () {
    await Promise.resolve()
    yield page
  })()

describe('what a source of the caller yields is no page: a typed error names the source and the field', () => {
  test.each<[what: string, page: unknown, field: string, says: string]>([
    ['nothing', undefined, 'page', 'undefined'],
    ['null', null, 'page', 'null'],
    ['a list of rows', [{ timestamp: START, close: 1 }], 'page', 'a list of 1'],
    ['an empty object', {}, 'columns', 'undefined'],
    ['columns that are a list', { columns: [one], proven }, 'columns', 'a list of 1'],
    ['no timestamp', { columns: { close: one }, proven }, 'columns.timestamp', 'undefined'],
    ['timestamps in a list', { columns: { ...columns, timestamp: [START] }, proven }, 'columns.timestamp', 'a list'],
    ['prices in a list', { columns: { ...columns, close: [1] }, proven }, 'columns.close', 'a list of 1'],
    [
      'no column where there is a name',
      { columns: { ...columns, close: undefined }, proven },
      'columns.close',
      'undef',
    ],
    ['prices in 32 bits', { columns: { ...columns, close: new Float32Array(1) }, proven }, 'columns.close', 'Float32'],
    [
      'a bitmap that is too short',
      { columns: { ...columns, close: { values: one, valid: new Uint8Array(0) } }, proven },
      'columns.close.valid',
      'a Uint8Array with a bit for each of 1 rows',
    ],
    [
      'a bitmap of a list',
      { columns: { ...columns, close: { values: [1], valid: new Uint8Array(1) } }, proven },
      'columns.close.values',
      'a list of 1',
    ],
    ['nothing proven', { columns }, 'proven', 'undefined'],
    ['a proven range of texts', { columns, proven: { startMs: '2024', endMs: '2025' } }, 'proven', 'milliseconds'],
    ['actions that are none', { columns, proven, actions: [] }, 'actions', 'a list of 0'],
    ['a condition that is none', { columns, proven, condition: 5 }, 'condition', 'a number'],
    ['a history that never begins', { columns, proven, historyStartMs: Infinity }, 'historyStartMs', 'Infinity'],
    ['a history that is none', { columns, proven, historyStartMs: '2020' }, 'historyStartMs', 'a string'],
  ])('%s', async (_what, page, field, says) => {
    const client = sourceOf(yields(page))
    const error: unknown = await client.get(QUERY).catch((failed: unknown) => failed)
    expect(error).toMatchObject({ code: 'provider/response', provider: 'mine', symbol: 'BTCUSDT', field })
    expect((error as Error).message).toContain(`mine: fetch yielded a page whose ${field} is `)
    expect((error as Error).message).toContain(says)
    expect(await client.list()).toEqual([])
  })

  test.each<[what: string, page: unknown, field: string]>([
    ['a price is missing', { columns: { timestamp: columns.timestamp, close: one }, proven }, 'open'],
    ['a column is longer than the others', { columns: { ...columns, close: new Float64Array(2) }, proven }, 'close'],
    ['a column has another type', { columns: { ...columns, close: new Int32Array(1) }, proven }, 'close'],
  ])('%s: data/schema-mismatch', async (_what, page, field) => {
    await expect(sourceOf(yields(page)).get(QUERY)).rejects.toMatchObject({
      code: 'data/schema-mismatch',
      provider: 'mine',
      field,
    })
  })

  test.each<[what: string, returned: unknown, says: string]>([
    ['nothing', undefined, 'undefined'],
    ['a promise of pages', Promise.resolve([{ columns, proven }]), 'a Promise'],
    ['a list of pages', [{ columns, proven }], 'a list of 1'],
  ])('fetch returns %s', async (_what, returned, says) => {
    const error: unknown = await sourceOf(() => returned)
      .get(QUERY)
      .catch((failed: unknown) => failed)
    expect(error).toMatchObject({ code: 'provider/response', provider: 'mine', field: 'fetch' })
    expect((error as Error).message).toContain(
      `fetch returned ${says}, not an async iterable of pages: write async *fetch`,
    )
  })

  test('pages before the broken one are kept, and the rest is missing as failed', async () => {
    const half = { startMs: START, endMs: START + 60_000 }
    const client = sourceOf(async function* () {
      await Promise.resolve()
      yield { columns, proven: half }
      yield undefined
    })
    const table = await client.get({ ...QUERY, end: START + 120_000, onError: 'stored' })
    expect(table.numRows).toBe(1)
    expect(coverageOf(table).missing).toEqual([{ startMs: START + 60_000, endMs: START + 120_000, kind: 'failed' }])
  })

  test('a probe tells it too', async () => {
    const probed = await sourceOf(yields({})).probe('mine')
    expect(probed).toMatchObject({ ok: false, rows: 0, code: 'provider/response' })
  })

  test('what comes is told of without its contents, which may be long or secret', async () => {
    const error: unknown = await sourceOf(yields({ columns: { timestamp: 'apikey=4711' }, proven }))
      .get(QUERY)
      .catch((failed: unknown) => failed)
    expect(JSON.stringify(error) + (error as Error).message).not.toContain('4711')
  })
})
