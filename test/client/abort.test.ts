import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const QUERY = {
  symbol: 'BTCUSDT',
  interval: '1m',
  start: new Date(START),
  end: new Date(START + 5000 * 60_000),
} as const

describe('an abort', () => {
  test('rejects with the reason of the signal, within a page, and keeps what was proven', async () => {
    const source = fakeSource(minuteBars(START, 5000))
    const { client } = testClient({ providers: [source.provider] })
    const abort = new AbortController()
    const reason = new Error('enough')
    client.on('page', () => abort.abort(reason))
    await expect(client.get({ ...QUERY, signal: abort.signal })).rejects.toBe(reason)
    expect(source.requests).toHaveLength(1)
    expect((await client.read({ ...QUERY })).numRows).toBe(1000)
    expect((await client.status(QUERY)).updates[0]).toMatchObject({ outcome: 'aborted' })
  })

  test('before the start asks nothing', async () => {
    const source = fakeSource(minuteBars(START, 10))
    const { client } = testClient({ providers: [source.provider] })
    await expect(client.get({ ...QUERY, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    expect(source.requests).toHaveLength(0)
  })

  test('leaves no listener behind after 1,000 calls', async () => {
    const source = fakeSource(minuteBars(START, 10))
    const { client } = testClient({ providers: [source.provider] })
    const abort = new AbortController()
    const query = { ...QUERY, end: new Date(START + 10 * 60_000), signal: abort.signal }
    for (let i = 0; i < 500; i++) {
      await client.get(query)
      await client.load(query)
    }
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0)
  })
})
