/**
 * `update()` that brings one new bar to a year of minutes, over a source that answers from memory: milliseconds, bytes
 * written, and the ratio to a full `load`. `node bench/one-bar-update.ts [--quick] [--json FILE]`
 * @module
 */
import { createLocalStorage } from '../src/index.ts'
import { MINUTE_MS, inventBars, openMs, sliceBars } from './data.ts'
import { countingFs } from './counting-fs.ts'
import { median, quantile } from './harness.ts'
import { atLeast, atMost, finish, scriptOptions } from './script.ts'
import { benchClient, createFeed, temporaryFolder } from './store.ts'

const PAGE_ROWS = 1_000
const options = scriptOptions()
const updates = options.isQuick ? 50 : 300
const lengths = options.isQuick ? [52_560] : [52_560, 525_600]

interface Found {
  readonly loadMs: number
  readonly medianMs: number
  readonly p10Ms: number
  readonly p90Ms: number
  /** Processor time of all threads, mean. */
  readonly cpuMs: number
  readonly firstMs: number
  readonly bytes: number
}

async function measure(storedRows: number): Promise<Found> {
  const bars = inventBars({ rows: storedRows + updates + 1, stepMs: MINUTE_MS, prices: 'tick' })
  const root = temporaryFolder('update')
  const { fs, written } = countingFs()
  const feed = createFeed({ rowsPerRequest: PAGE_ROWS })
  feed.bars.set('BTCUSDT', sliceBars(bars, 0, storedRows))
  const clock = { nowMs: openMs(bars, storedRows) }
  const storage = createLocalStorage({ root, fs, now: () => clock.nowMs })
  const client = benchClient(root, feed, clock, { storage })
  const query = { symbol: 'BTCUSDT', interval: '1m' } as const
  const started = performance.now()
  await client.load({ ...query, start: openMs(bars, 0) })
  const loadMs = performance.now() - started
  const cpu = process.cpuUsage()
  const durations: number[] = []
  const bytes: number[] = []
  for (let i = 1; i <= updates; i++) {
    feed.bars.set('BTCUSDT', sliceBars(bars, 0, storedRows + i))
    clock.nowMs += MINUTE_MS
    const before = written.bytes
    const began = performance.now()
    const report = await client.update(query)
    durations.push(performance.now() - began)
    bytes.push(written.bytes - before)
    if (report.added !== 1) throw new Error(`update ${i}: ${report.added} bars were added`)
  }
  const { user, system } = process.cpuUsage(cpu)
  await client.close()
  return {
    loadMs,
    medianMs: median(durations),
    p10Ms: quantile(durations, 0.1),
    p90Ms: quantile(durations, 0.9),
    cpuMs: (user + system) / 1000 / updates,
    firstMs: durations[0] as number,
    bytes: median(bytes),
  }
}

const found: Found[] = []
for (const rows of lengths) found.push(await measure(rows))
const long = found.at(-1) as Found
const short = found[0] as Found
finish(
  {
    name: 'one-bar-update',
    about: `one new bar by update(), series of ${lengths.join(' and ')} minutes, ${updates} times`,
    figures: Object.fromEntries(
      found.flatMap((one, i) => [
        [`${lengths[i]} rows: median ms`, one.medianMs],
        [`${lengths[i]} rows: 10th percentile ms`, one.p10Ms],
        [`${lengths[i]} rows: 90th percentile ms`, one.p90Ms],
        [`${lengths[i]} rows: processor ms`, one.cpuMs],
        [`${lengths[i]} rows: first ms`, one.firstMs],
        [`${lengths[i]} rows: bytes written, median`, one.bytes],
        [`${lengths[i]} rows: full load ms`, one.loadMs],
      ]),
    ),
    goals: [
      atMost('median milliseconds', long.medianMs, 9.99),
      atLeast('full load over one-bar update', long.loadMs / long.medianMs, 100),
      ...(found.length > 1
        ? [
            atMost('long series to short, processor milliseconds', long.cpuMs / short.cpuMs, 1.2),
            atMost('long series to short, 10th percentile', long.p10Ms / short.p10Ms, 1.2),
            atMost('long series to short, bytes', long.bytes / short.bytes, 1.2),
          ]
        : []),
    ],
  },
  options,
)
