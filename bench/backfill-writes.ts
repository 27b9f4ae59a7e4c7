/**
 * Bytes that a long backfill writes, to the bytes that it keeps: pages of 1,000 rows into one series.
 * `node bench/backfill-writes.ts [--quick] [--json FILE]`
 * @module
 */
import { createLocalStorage } from '../src/index.ts'
import { MINUTE_MS, inventBars, openMs } from './data.ts'
import { countingFs } from './counting-fs.ts'
import { atMost, finish, scriptOptions } from './script.ts'
import { benchClient, bytesBelow, createFeed, temporaryFolder } from './store.ts'

const PAGE_ROWS = 1_000
const options = scriptOptions()
const pages = options.isQuick ? 526 : 5_256
const bars = inventBars({ rows: pages * PAGE_ROWS, stepMs: MINUTE_MS, prices: 'tick' })
const root = temporaryFolder('backfill')
const { fs, written } = countingFs()
const feed = createFeed({ rowsPerRequest: PAGE_ROWS })
feed.bars.set('BTCUSDT', bars)
const clock = { nowMs: openMs(bars, -1) + MINUTE_MS }
const storage = createLocalStorage({ root, fs, now: () => clock.nowMs })
const client = benchClient(root, feed, clock, { storage })
let commits = 0
client.on('commit', () => commits++)
const started = performance.now()
const table = await client.load({ symbol: 'BTCUSDT', interval: '1m', start: openMs(bars, 0), end: clock.nowMs })
const seconds = (performance.now() - started) / 1000
if (table.numRows !== bars.timestamp.length || feed.requests !== pages)
  throw new Error(`${table.numRows} rows by ${feed.requests} pages`)
const live = await client.list()
const kept = bytesBelow(root)
finish(
  {
    name: 'backfill-writes',
    about: `a backfill of ${pages} pages of ${PAGE_ROWS} rows`,
    figures: {
      seconds,
      commits,
      'bytes written': written.bytes,
      'files created': written.files,
      fsyncs: written.fsyncs,
      'bytes kept': kept,
      'of which live rows': live[0]?.sizeBytes ?? 0,
    },
    goals: [
      atMost('written to kept', written.bytes / kept, 1.5),
      atMost('written to live', written.bytes / (live[0]?.sizeBytes ?? 0), 1.5),
    ],
  },
  options,
)
await client.close()
