/** What a store holds, what was done to it, and the same methods bound to one series. */
import { describe, expect, test } from 'vitest'
import { rowsOf } from '../../src/query/table.ts'
import { fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const

describe('the catalogue', () => {
  test('lists what a filter matches, with first and last row', async () => {
    const source = fakeSource(minuteBars(START, 60))
    const { client } = testClient({ providers: [source.provider], clock: { nowMs: START + 60 * MINUTE } })
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) await client.get({ ...KEY, symbol, start: new Date(START) })
    await client.get({ symbol: 'BTCUSDT', interval: '1h', start: new Date(START) })
    expect((await client.list()).map(({ series }) => [series.symbol, series.interval])).toHaveLength(3)
    const [entry, ...others] = await client.list({ symbol: 'BTCUSDT', interval: '1m' })
    expect(others).toEqual([])
    expect(entry).toMatchObject({ rows: 60, firstMs: START, lastMs: START + 59 * MINUTE, version: 1 })
    expect(await client.list({ provider: 'nobody' })).toEqual([])
    await expect(client.list({ ticker: 'X' } as never)).rejects.toMatchObject({
      code: 'config/option',
      field: 'ticker',
    })
  })

  test('says what was written when and why, and how the runs went', async () => {
    const clock = { nowMs: START + 60 * MINUTE }
    const source = fakeSource(minuteBars(START, 120))
    const { client } = testClient({ providers: [source.provider], clock })
    await client.get({ ...KEY, start: new Date(START) })
    clock.nowMs += 10 * MINUTE
    await client.update(KEY)
    await client.update(KEY)
    const history = await client.history(KEY)
    expect(history.map(({ version, rows, cause }) => [version, rows, cause.operation, cause.added])).toEqual([
      [2, 70, 'update', 10],
      [1, 60, 'get', 60],
    ])
    const { updates, lastOkMs } = await client.status(KEY)
    expect(updates.map(({ operation, outcome, requests, version }) => [operation, outcome, requests, version])).toEqual(
      [
        ['update', 'ok', 0, 2],
        ['update', 'ok', 1, 2],
        ['get', 'ok', 1, 1],
      ],
    )
    expect(lastOkMs).toBe(clock.nowMs)
    await expect(client.status({ ...KEY, symbol: 'NOBODY' })).rejects.toMatchObject({ code: 'config/not-loaded' })
  })
})

describe('a bound client', () => {
  test('has the methods of the whole one, for its series', async () => {
    const clock = { nowMs: START + 60 * MINUTE }
    const source = fakeSource(minuteBars(START, 120))
    const { client } = testClient({ providers: [source.provider], clock })
    const btc = client.of(KEY)
    expect((await btc.get({ start: new Date(START) })).numRows).toBe(60)
    clock.nowMs += MINUTE
    expect((await btc.plan({}, 'update')).requests).toHaveLength(1)
    expect(await btc.update()).toMatchObject({ added: 1 })
    expect((await btc.read({ columns: ['close'] })).schema.fields.map(({ name }) => name)).toEqual([
      'timestamp',
      'close',
    ])
    expect((await btc.scan({ batchRows: 50 }).collect()).map((table) => table.numRows)).toEqual([50, 11])
    expect((await btc.coverage()).missing).toEqual([])
    expect((await btc.gaps()).gaps).toEqual([])
    expect(await btc.pin('mine')).toMatchObject({ version: 2 })
    expect((await btc.history())[0]?.pins).toEqual(['mine'])
    await btc.unpin('mine')
    expect(rowsOf(await btc.revisions())).toEqual([])
    expect(await btc.files()).toEqual([])
    await expect(btc.get({ begin: 1 } as never)).rejects.toMatchObject({
      code: 'config/option',
      field: 'begin',
    })
    await expect(btc.get({ symbol: 'ETHUSDT' } as never)).rejects.toMatchObject({ code: 'config/option' })
  })
})

describe('an empty answer of a series that is not stored', () => {
  test('has the columns that were asked for', async () => {
    const { client } = testClient({ providers: [fakeSource([]).provider], clock: { nowMs: START } })
    const query = { ...KEY, start: new Date(START), end: new Date(START + 60 * MINUTE) }
    const table = await client.get({ ...query, columns: ['close', 'adj_close'] })
    expect([table.numRows, table.schema.fields.map(({ name }) => name)]).toEqual([
      0,
      ['timestamp', 'close', 'adj_close'],
    ])
    await expect(client.get({ ...query, columns: ['clsoe'] })).rejects.toMatchObject({
      code: 'config/option',
      field: 'columns',
    })
  })
})
