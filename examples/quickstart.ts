/**
 * The quickstart: bars of one coin, from disk if they are there, else from the exchange.
 * Runs unchanged on Node, Deno and Bun.
 */
import { columnsOf, coverageOf, createDataClient, formatTable } from 'marketlake'
import { binance } from 'marketlake/providers'

const client = createDataClient({ providers: [binance()] })
const query = { symbol: 'BTCUSDT', interval: '1h', start: '2024-01-01', end: '2024-01-08' } as const

const bars = await client.get(query)
console.log(formatTable(bars, { limit: 6 }))

const { missing, source, version } = coverageOf(bars)
console.log(`${bars.numRows} bars of ${source}, version ${version}, ${missing.length} ranges missing`)

const { close } = columnsOf(bars)
console.log(`mean close ${(close.reduce((sum, price) => sum + price, 0) / close.length).toFixed(2)}`)

// The second time no request is made: the store proves that it holds the range.
console.log(`again: version ${coverageOf(await client.get(query)).version}`)
await client.close()
