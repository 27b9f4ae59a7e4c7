/**
 * How long each call holds the event loop at a stretch: live feeds and servers share the process.
 * `node bench/event-loop.ts [--quick] [--json FILE]`
 * @module
 */
import { join } from 'node:path'
import { type DataClient, createLocalStorage } from '../src/index.ts'
import { DAY_MS, MINUTE_MS, inventBars, openMs, sliceBars } from './data.ts'
import { atMost, finish, scriptOptions } from './script.ts'
import { type Clock, type Feed, benchClient, createFeed, loadBars, temporaryFolder } from './store.ts'

const MOST_MS = 50
const options = scriptOptions()
const repeats = options.isQuick ? 2 : 5
const years = options.isQuick ? 2 : 10

/** A machine that stalls an idle process for longer is too busy for wall time: the thread's own time is judged. */
const BUSY_MS = 5

/** The longest stretch between two turns of the event loop, milliseconds. */
interface Stretch {
  readonly wallMs: number
  /** Processor time of this thread alone: without what other processes took. */
  readonly cpuMs: number
}

/** Turns of the event loop, watched without a pause. */
interface Watch {
  /** The longest stretches since the last call. */
  take(): Stretch
  stop(): void
}

function cpuNow(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function watchLoop(): Watch {
  let longest = { wallMs: 0, cpuMs: 0 }
  let last = { wallMs: performance.now(), cpuMs: cpuNow() }
  let isOn = true
  const turn = (): void => {
    const now = { wallMs: performance.now(), cpuMs: cpuNow() }
    longest = {
      wallMs: Math.max(longest.wallMs, now.wallMs - last.wallMs),
      cpuMs: Math.max(longest.cpuMs, now.cpuMs - last.cpuMs),
    }
    last = now
    if (isOn) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    take() {
      const found = longest
      longest = { wallMs: 0, cpuMs: 0 }
      last = { wallMs: performance.now(), cpuMs: cpuNow() }
      return found
    },
    stop() {
      isOn = false
    },
  }
}

interface Call {
  readonly name: string
  readonly before?: () => void | Promise<void>
  readonly run: () => Promise<unknown>
}

/** Longest stretch of each repeat. The first repeat is kept: a first call compiles, and a user waits for it too. */
async function measure(calls: readonly Call[]): Promise<Map<string, Stretch[]>> {
  const watch = watchLoop()
  const pause = (): Promise<void> => new Promise((done) => setTimeout(done, 5))
  const found = new Map<string, Stretch[]>(calls.map(({ name }) => [name, []]))
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const { name, before, run } of calls) {
      await before?.()
      ;(globalThis as { gc?: () => void }).gc?.()
      await pause()
      watch.take()
      await run()
      await pause()
      found.get(name)?.push(watch.take())
    }
  }
  watch.stop()
  return found
}

const idle: Call = { name: 'nothing (the machine)', run: () => new Promise((done) => setTimeout(done, 500)) }
const bars = inventBars({ rows: years * 525_600 + 60 * 1440, stepMs: MINUTE_MS, prices: 'tick' })
const folder = temporaryFolder('loop')
const query = { symbol: 'BTCUSDT', interval: '1m' } as const

async function longSeries(root: string): Promise<{ client: DataClient; feed: Feed; clock: Clock; storedRows: number }> {
  const storedRows = years * 525_600
  const feed = createFeed()
  const clock = { nowMs: openMs(bars, storedRows) }
  const client = benchClient(root, feed, clock)
  await loadBars(client, feed, 'BTCUSDT', '1m', sliceBars(bars, 0, storedRows))
  feed.bars.set('BTCUSDT', bars)
  return { client, feed, clock, storedRows }
}

const long = await longSeries(join(folder, 'long'))
const year = sliceBars(bars, 0, 525_600)
let fresh = 0

const daily = createFeed()
const dailyBars = Array.from({ length: 100 }, (_, i) =>
  inventBars({ rows: 2500, stepMs: DAY_MS, prices: 'tick', seed: i + 1 }),
)
const dailyClient = benchClient(join(folder, 'daily'), daily, {
  nowMs: openMs(dailyBars[0] as typeof year, -1) + DAY_MS,
})
for (const [i, one] of dailyBars.entries()) await loadBars(dailyClient, daily, `S${i}`, '1d', one)

const calls: readonly Call[] = [
  idle,
  { name: `read of ${long.storedRows} rows, warm`, run: () => long.client.read(query) },
  {
    name: `read of ${long.storedRows} rows, cold client`,
    run: () => benchClient(join(folder, 'long'), long.feed, long.clock).read(query),
  },
  {
    name: 'read of one month',
    run: () => long.client.read({ ...query, start: openMs(bars, 0) + 31 * DAY_MS, end: openMs(bars, 0) + 61 * DAY_MS }),
  },
  { name: `scan of ${long.storedRows} rows`, run: () => long.client.scan(query).collect() },
  { name: `gaps of ${long.storedRows} rows`, run: () => long.client.gaps(query) },
  { name: `coverage of ${long.storedRows} rows`, run: () => long.client.coverage(query) },
  {
    name: 'update with one new day',
    before: () => void (long.clock.nowMs += DAY_MS),
    run: () => long.client.update(query),
  },
  {
    name: 'update with one new bar',
    before: () => void (long.clock.nowMs += MINUTE_MS),
    run: () => long.client.update(query),
  },
  {
    name: 'batch of 100 reads of daily series',
    run: () =>
      dailyClient
        .batch(
          dailyBars.map((_, i) => ({ symbol: `S${i}`, interval: '1d' }) as const),
          { operation: 'read' },
        )
        .collect(),
  },
  {
    name: 'load of a year of minutes, new series',
    async run() {
      const feed = createFeed()
      const client = benchClient(join(folder, `year-${fresh++}`), feed, { nowMs: openMs(year, -1) + MINUTE_MS })
      await loadBars(client, feed, 'BTCUSDT', '1m', year)
    },
  },
  {
    name: 'commit of a year of minutes at once, new series',
    run: () =>
      createLocalStorage({ root: join(folder, `commit-${fresh++}`) }).commit(
        { provider: 'bench', schema: 'ohlcv', symbol: 'BTCUSDT', interval: '1m' },
        null,
        {
          opId: 'year',
          upsert: year,
          coverage: [
            {
              startMs: openMs(year, 0),
              endMs: openMs(year, -1) + MINUTE_MS,
              state: 'data',
              requestId: 'bench',
              asOfMs: 0,
            },
          ],
          rowsPerYear: 525_600,
        },
      ),
  },
  { name: 'verify, deep', run: () => dailyClient.store.verify({ deep: true }) },
  {
    name: `compact of ${long.storedRows} rows, dry run`,
    run: () => long.client.store.compact(query, { dryRun: true }),
  },
]
const found = await measure(calls)
const longest = (name: string, by: keyof Stretch): number => Math.max(...(found.get(name) ?? []).map((one) => one[by]))
const isBusy = longest(idle.name, 'wallMs') > BUSY_MS
const judged = isBusy ? 'cpuMs' : 'wallMs'
finish(
  {
    name: 'event-loop',
    about:
      `longest stretch without a turn of the event loop, milliseconds, in ${repeats} calls of which the first counts; ` +
      `judged by ${isBusy ? 'the time of the thread, for the machine is busy' : 'wall time'}`,
    figures: Object.fromEntries(
      calls.map(({ name }) => [`${name}: wall, thread`, [longest(name, 'wallMs'), longest(name, 'cpuMs')]]),
    ),
    goals: calls.slice(1).map(({ name }) => atMost(name, longest(name, judged), MOST_MS)),
  },
  options,
)
