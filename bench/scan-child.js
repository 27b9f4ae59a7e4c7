/**
 * Scans everything that a store holds, and prints rows, a sum, seconds and the most memory that the process ever held.
 * Plain JavaScript on the built package: what it takes to run TypeScript would count as memory.
 * @module
 */
import { columnsOf, createDataClient } from '../dist/index.js'

const client = createDataClient({ root: process.argv[2] })
const startMb = process.resourceUsage().maxRSS / 1024
const started = performance.now()
let [rows, sum, batches, mostRows] = [0, 0, 0, 0]
for await (const table of client.scan({ provider: 'bench', symbol: 'BTCUSDT', interval: '1m' })) {
  const { close } = columnsOf(table)
  for (let i = 0; i < close.length; i++) sum += close[i]
  rows += table.numRows
  mostRows = Math.max(mostRows, table.numRows)
  batches++
}
const seconds = (performance.now() - started) / 1000
const peakMb = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ rows, sum, batches, mostRows, seconds, peakMb, startMb }))
