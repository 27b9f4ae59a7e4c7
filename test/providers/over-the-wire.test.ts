import { describe, expect, it } from 'vitest'
import { type Runtime, SILENT } from '../../src/contract/runtime.ts'
import { createHttpEngine } from '../../src/providers/http/engine.ts'
import { binance, yahoo } from '../../src/providers/index.ts'
import { HAVE_RECORDINGS, recording } from '../msw/recordings.ts'
import { mockWire } from '../msw/server.ts'
import { HTTP, pagesThrough, range, rowsOf } from './asking.ts'

const wire = mockWire()
const runtime: Runtime = {
  now: Date.now,
  sleep: async () => {},
  random: () => 0,
  fetch: (input, init) => fetch(input, init),
  env: {},
}
const engine = createHttpEngine({ runtime, http: HTTP, log: SILENT, emit: () => {} })

describe.skipIf(!HAVE_RECORDINGS)('providers over the fetch of the platform', () => {
  it('read a chart', async () => {
    const entry = recording('yahoo/chart_MSFT_1d_dividends_2021.json')
    wire.answer('https://query2.finance.yahoo.com/v8/finance/chart/MSFT', entry)
    const series = { schema: 'ohlcv', symbol: 'MSFT', interval: '1d' } as const
    const [page] = await pagesThrough(
      yahoo(),
      series,
      range('2021-02-01', '2022-01-31'),
      engine.httpFor(yahoo()),
      Date.now(),
    )
    expect(rowsOf(page!).length).toBe(252)
    expect(wire.requests.map(({ headers }) => headers.get('user-agent'))).toEqual([expect.stringMatching(/^Mozilla/)])
  })

  it('read klines', async () => {
    wire.answer('https://api.binance.com/api/v3/klines', recording('binance-spot/klines_BTCUSDT_1d_2019.json'))
    const series = { schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1d' } as const
    const [page] = await pagesThrough(
      binance(),
      series,
      range('2019-01-01', '2020-01-01'),
      engine.httpFor(binance()),
      Date.now(),
    )
    expect(rowsOf(page!).length).toBe(365)
    expect(wire.requests[0]!.headers.get('user-agent')).toBe('marketlake/test')
  })
})
