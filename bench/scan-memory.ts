/**
 * Scans twenty million rows in a process of its own and prints the most memory that it ever held.
 * `node bench/scan-memory.ts [--quick] [--json FILE]`
 * @module
 */
import { execFileSync } from 'node:child_process'
import { columnsOf, createDataClient, createLocalStorage } from '../src/index.ts'
import { MINUTE_MS, inventBars, openMs } from './data.ts'
import { atMost, finish, scriptOptions } from './script.ts'
import { createFeed, temporaryFolder } from './store.ts'

const MOST_MB = 200
const YEAR_ROWS = 525_600
const options = scriptOptions()
const years = options.isQuick ? 4 : 39
const SERIES = { provider: 'bench', schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' } as const

/** Fills a store, in a process whose memory does not count. */
async function fill(root: string): Promise<void> {
  let startMs = Date.UTC(1985, 0, 1)
  const firstMs = startMs
  const storage = createLocalStorage({ root, now: () => startMs })
  let head = null
  for (let year = 0; year < years; year++) {
    const bars = inventBars({ rows: YEAR_ROWS, stepMs: MINUTE_MS, prices: 'tick', seed: year + 1, startMs })
    startMs = openMs(bars, -1) + MINUTE_MS
    const coverage = [{ startMs: firstMs, endMs: startMs, state: 'data' as const, requestId: 'bench', asOfMs: startMs }]
    head = await storage.commit(SERIES, head, { opId: `year-${year}`, upsert: bars, coverage, rowsPerYear: YEAR_ROWS })
  }
}

/** Scans everything and prints rows, a sum, seconds and the peak as JSON. */
async function scan(root: string): Promise<void> {
  const startRss = process.memoryUsage().rss
  const client = createDataClient({ root, providers: [createFeed().provider] })
  const started = performance.now()
  let [rows, sum, batches, mostRows] = [0, 0, 0, 0]
  for await (const table of client.scan({ symbol: 'BTCUSDT', interval: '1m' })) {
    const { close } = columnsOf(table)
    for (let i = 0; i < close.length; i++) sum += close[i] as number
    rows += table.numRows
    mostRows = Math.max(mostRows, table.numRows)
    batches++
  }
  const seconds = (performance.now() - started) / 1000
  const peakMb = process.resourceUsage().maxRSS / 1024
  console.log(JSON.stringify({ rows, sum, batches, mostRows, seconds, peakMb, startMb: startRss / 2 ** 20 }))
}

const [role, folder] = [process.env['BENCH_ROLE'], process.env['BENCH_ROOT']]
if (role === 'fill') await fill(folder as string)
else if (role === 'scan') await scan(folder as string)
else {
  const root = temporaryFolder('scan')
  const child = (as: string): string => {
    const env = { ...process.env, BENCH_ROLE: as, BENCH_ROOT: root }
    const args = [import.meta.filename, ...(options.isQuick ? ['--quick'] : [])]
    return execFileSync(process.execPath, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  }
  child('fill')
  const found = JSON.parse(child('scan')) as Record<'rows' | 'sum' | 'batches' | 'mostRows' | 'seconds' | 'peakMb' | 'startMb', number>
  if (found.rows !== years * YEAR_ROWS) throw new Error(`${found.rows} rows were scanned, not ${years * YEAR_ROWS}`)
  finish(
    {
      name: 'scan-memory',
      about: `scan of ${found.rows} rows by the client, in a process of its own`,
      figures: {
        seconds: found.seconds,
        'rows a second': found.rows / found.seconds,
        batches: found.batches,
        'rows of the largest batch': found.mostRows,
        'MB before the scan': found.startMb,
        'peak MB': found.peakMb,
      },
      goals: [atMost('peak MB of memory', found.peakMb, MOST_MB)],
    },
    options,
  )
}
