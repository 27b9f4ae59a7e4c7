/**
 * A batch for cron: bring many series current, go on when one fails, and end with an exit code that says so.
 */
import { createDataClient, isDataClientError } from 'marketlake'
import { binance, yahoo } from 'marketlake/providers'

const client = createDataClient({ providers: [binance(), yahoo()] })
client.on('retry', ({ provider, attempt, code, delayMs }) =>
  console.error(`${provider}: attempt ${attempt} after ${code}, in ${delayMs} ms`),
)

const queries = [
  { symbol: 'BTCUSDT', interval: '1h', provider: 'binance', start: '2024-06-01' },
  { symbol: 'ETHUSDT', interval: '1h', provider: 'binance', start: '2024-06-01' },
  { symbol: 'AAPL', interval: '1d', provider: 'yahoo', start: '2024-01-02' },
  { symbol: 'NOSUCH', interval: '1d', provider: 'yahoo', start: '2024-01-02' },
] as const

let failed = 0
for await (const result of client.batch(queries, { operation: 'update', concurrency: 2 })) {
  const name = `${result.query.symbol} ${result.query.interval ?? ''}`
  if (result.ok) console.log(`${name}: +${result.report?.added ?? 0} bars in ${result.report?.requests ?? 0} requests`)
  else {
    failed++
    console.log(
      `${name}: ${isDataClientError(result.error) ? `${result.error.code}. ${result.error.hint}` : String(result.error)}`,
    )
  }
}
await client.close()
console.log(`${queries.length - failed} current, ${failed} failed`)
