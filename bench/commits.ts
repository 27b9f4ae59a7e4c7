/**
 * Ten thousand commits of one bar to one long series: milliseconds a commit and bytes kept must stay flat, and what old
 * versions keep must stay within its cap. `node bench/commits.ts [--quick] [--json FILE]`
 * @module
 */
import { createLocalStorage } from '../src/index.ts'
import { MINUTE_MS, inventBars, openMs, sliceBars } from './data.ts'
import { median, quantile } from './harness.ts'
import { atMost, finish, scriptOptions } from './script.ts'
import { countingFs } from './counting-fs.ts'
import { bytesBelow, temporaryFolder } from './store.ts'

const SERIES = { provider: 'bench', schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' } as const
/** What old versions may keep: the larger of this and a fifth of the live bytes. */
const HISTORY_BYTES = 2 ** 20

const options = scriptOptions()
const storedRows = options.isQuick ? 52_560 : 525_600
/** Whole thousands: a small file takes in up to 1,024 rows before the next is begun, so a commit's bytes rise and fall. */
const step = 1_000
const commits = options.isQuick ? 2 * step : 10 * step

const bars = inventBars({ rows: storedRows + commits, stepMs: MINUTE_MS, prices: 'tick' })
const root = temporaryFolder('commits')
const { fs, written } = countingFs()
let nowMs = openMs(bars, storedRows)
const storage = createLocalStorage({ root, fs, now: () => nowMs })
const coverage = (): { startMs: number; endMs: number; state: 'data'; requestId: string; asOfMs: number }[] => [
  { startMs: openMs(bars, 0), endMs: nowMs, state: 'data', requestId: 'bench', asOfMs: nowMs },
]
let head = await storage.commit(SERIES, null, {
  opId: 'fill',
  upsert: sliceBars(bars, 0, storedRows),
  coverage: coverage(),
  rowsPerYear: 525_600,
})
const liveBefore = head.sizeBytes

/** Of a busy machine the fastest tenth tells more than the median, and processor time more than either. */
const fastest: number[] = []
const cpus: number[] = []
const medians: number[] = []
const slowest: number[] = []
const kept: number[] = []
const beyondLive: number[] = []
const bytesWritten: number[] = []
for (let done = 0; done < commits; done += step) {
  const durations: number[] = []
  const before = written.bytes
  const cpu = process.cpuUsage()
  for (let i = done; i < done + step; i++) {
    nowMs += MINUTE_MS
    const started = performance.now()
    head = await storage.commit(SERIES, head, {
      opId: `bar-${i}`,
      upsert: sliceBars(bars, storedRows + i, storedRows + i + 1),
      coverage: coverage(),
    })
    durations.push(performance.now() - started)
  }
  const { user, system } = process.cpuUsage(cpu)
  cpus.push((user + system) / 1000 / step)
  fastest.push(quantile(durations, 0.1))
  medians.push(median(durations))
  slowest.push(Math.max(...durations))
  bytesWritten.push((written.bytes - before) / step)
  kept.push(bytesBelow(root))
  beyondLive.push(bytesBelow(root) - head.sizeBytes)
  console.log(
    `${String(done + step).padStart(6)} commits: median ${medians.at(-1)?.toFixed(2)} ms, tenth ${fastest.at(-1)?.toFixed(2)} ms, processor ${cpus.at(-1)?.toFixed(2)} ms, slowest ${slowest.at(-1)?.toFixed(1)} ms, ` +
      `${Math.round((bytesWritten.at(-1) as number) / 1000)} kB written each, ${Math.round((kept.at(-1) as number) / 1000)} kB kept, ` +
      `of which not live ${Math.round((beyondLive.at(-1) as number) / 1000)} kB`,
  )
}
const read = await storage.read(head, { columns: ['close'] })
const last = read['close'] as Float64Array
if (last.length !== storedRows + commits || last.at(-1) !== bars.close.at(-1))
  throw new Error('the rows are not those committed')

const half = medians.length / 2
finish(
  {
    name: 'commits',
    about: `${commits} commits of one bar each to a series of ${storedRows} minutes, one simulated minute apart`,
    figures: {
      'milliseconds a commit, median of each thousand': medians,
      'fastest tenth below, of each thousand': fastest,
      'processor milliseconds a commit, of each thousand': cpus,
      'slowest commit of each thousand': slowest,
      'bytes written a commit, each thousand': bytesWritten,
      'bytes kept after each thousand': kept,
      'of which not live': beyondLive,
      'live bytes before and after': [liveBefore, head.sizeBytes],
    },
    goals: [
      atMost(
        'later half to earlier half, processor milliseconds',
        median(cpus.slice(half)) / median(cpus.slice(0, half)),
        1.2,
      ),
      atMost(
        'later half to earlier half, fastest tenth',
        median(fastest.slice(half)) / median(fastest.slice(0, half)),
        1.2,
      ),
      atMost(
        'later half to earlier half, bytes written',
        median(bytesWritten.slice(half)) / median(bytesWritten.slice(0, half)),
        1.2,
      ),
      atMost(
        'most kept beside live, to the cap',
        Math.max(...beyondLive) / Math.max(HISTORY_BYTES, 0.2 * head.sizeBytes),
        1,
      ),
    ],
  },
  options,
)
await storage.close()
