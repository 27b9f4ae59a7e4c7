import { describe, expect, test } from 'vitest'
import { columnsOf, coverageOf } from '../../src/query/table.ts'
import { fakeSource, minuteBars, testClient } from './support.ts'

const START = Date.UTC(2024, 0, 1)
const KEY = { symbol: 'BTCUSDT', interval: '1m' } as const

describe('scan', () => {
  test('gives the rows of read in batches, each with the proof of its own stretch', async () => {
    const bars = minuteBars(START, 3000).filter(([ms]) => ms !== START + 1500 * 60_000)
    const { client } = testClient({ providers: [fakeSource(bars).provider] })
    const whole = await client.get({ ...KEY, start: new Date(START), end: new Date(START + 3000 * 60_000) })
    const batches = await client.scan({ ...KEY, batchRows: 700 }).collect()
    expect(batches.map((batch) => batch.numRows)).toEqual([700, 700, 700, 700, 199])
    expect(batches.flatMap((batch) => [...(columnsOf(batch).close as Float64Array)])).toEqual([
      ...(columnsOf(whole).close as Float64Array),
    ])
    const proofs = batches.map((batch) => coverageOf(batch))
    expect(proofs[0]?.requested.startMs).toBe(START)
    expect(proofs.at(-1)?.requested.endMs).toBe(START + 3000 * 60_000)
    expect(proofs.slice(1).map((proof) => proof.requested.startMs)).toEqual(
      proofs.slice(0, -1).map((proof) => proof.requested.endMs),
    )
    expect(proofs.flatMap((proof) => proof.missing)).toEqual([
      { startMs: START + 1500 * 60_000, endMs: START + 1501 * 60_000, kind: 'provider-missing' },
    ])
  })

  test('can be abandoned and started again', async () => {
    const { client } = testClient({ providers: [fakeSource(minuteBars(START, 3000)).provider] })
    await client.get({ ...KEY, start: new Date(START), end: new Date(START + 3000 * 60_000) })
    const scan = client.scan({ ...KEY, batchRows: 100 })
    for await (const batch of scan) {
      expect(batch.numRows).toBe(100)
      break
    }
    expect((await scan.collect()).reduce((sum, batch) => sum + batch.numRows, 0)).toBe(3000)
  })
})
