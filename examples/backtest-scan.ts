/**
 * A backtest over a year of minutes in bounded memory: `scan` hands out batches, the next one is read when it is asked for.
 * Two moving averages; long while the fast one is above the slow one; every trade costs its fee.
 */
import { columnsOf, createDataClient } from 'marketlake'
import { synthetic } from 'marketlake/providers'

const FAST = 240
const SLOW = 1440
const FEE = 0.0005

const client = createDataClient({ providers: [synthetic({ seed: 7 })] })
const query = {
  symbol: 'BTCUSDT',
  interval: '1m',
  provider: 'synthetic',
  start: '2023-01-01',
  end: '2024-01-01',
} as const
await client.get({ ...query, complete: true })

const window = new Float64Array(SLOW)
let [bars, fast, slow, isLong, trades, equity, previous] = [0, 0, 0, false, 0, 1, Number.NaN]
for await (const batch of client.scan(query)) {
  for (const price of columnsOf(batch).close) {
    if (isLong) equity *= price / previous
    fast += price - (bars >= FAST ? (window[(bars - FAST) % SLOW] ?? 0) : 0)
    slow += price - (bars >= SLOW ? (window[bars % SLOW] ?? 0) : 0)
    window[bars % SLOW] = price
    previous = price
    bars++
    const wantsLong = bars >= SLOW && fast / FAST > slow / SLOW
    if (wantsLong !== isLong) {
      isLong = wantsLong
      equity *= 1 - FEE
      trades++
    }
  }
}
await client.close()
console.log(`${bars} bars, ${trades} trades, equity ${equity.toFixed(4)}`)
