/**
 * Scans twenty million rows in a process of its own and prints the most memory that it ever held.
 * Needs the built package: `npm run build && node bench/scan-memory.ts [--quick] [--json FILE]`
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Snapshot, createLocalStorage } from '../src/index.ts'
import { MINUTE_MS, inventBars, openMs } from './data.ts'
import { atMost, finish, scriptOptions } from './script.ts'
import { temporaryFolder } from './store.ts'

const MOST_MB = 200
const YEAR_ROWS = 525_600
const SERIES = { provider: 'bench', schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' } as const

interface Scanned {
  readonly rows: number
  readonly sum: number
  readonly batches: number
  readonly mostRows: number
  readonly seconds: number
  readonly peakMb: number
  readonly startMb: number
}

const options = scriptOptions()
const years = options.isQuick ? 4 : 39
if (!existsSync(join(import.meta.dirname, '../dist/index.js')))
  throw new Error('there is no dist/: run npm run build first')
const root = temporaryFolder('scan')
let head: Snapshot | null = null
let nowMs = Date.UTC(1985, 0, 1)
const storage = createLocalStorage({ root, now: () => nowMs })
let sum = 0
for (let year = 0; year < years; year++) {
  const startMs = nowMs
  const bars = inventBars({ rows: YEAR_ROWS, stepMs: MINUTE_MS, prices: 'tick', seed: year + 1, startMs })
  for (const price of bars.close) sum += price
  nowMs = openMs(bars, -1) + MINUTE_MS
  const coverage = [
    { startMs: Date.UTC(1985, 0, 1), endMs: nowMs, state: 'data' as const, requestId: 'bench', asOfMs: nowMs },
  ]
  head = await storage.commit(SERIES, head, { opId: `year-${year}`, upsert: bars, coverage, rowsPerYear: YEAR_ROWS })
}
await storage.close()

const child = join(import.meta.dirname, 'scan-child.js')
const found = JSON.parse(execFileSync(process.execPath, [child, root], { encoding: 'utf8' })) as Scanned
if (found.rows !== years * YEAR_ROWS || found.sum !== sum)
  throw new Error(`${found.rows} rows with a sum of ${found.sum}, not ${sum}`)
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
