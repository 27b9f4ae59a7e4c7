import { createDataClient } from '../../src/client.ts'
import type { DataClientOptions } from '../../src/client/options.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import type { FetchRequest, Page, Provider, ProviderCapabilities } from '../../src/contract/provider.ts'
import type { Range } from '../../src/contract/range.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

/** A clock that the test moves. */
export interface TestClock {
  nowMs: number
}

/** A client on a memory store whose clock stands still until it is moved. */
export function testClient(options: DataClientOptions & { clock?: TestClock } = {}): {
  client: DataClient
  clock: TestClock
} {
  const { clock = { nowMs: Date.UTC(2024, 5, 15) }, ...rest } = options
  const client = createDataClient({
    storage: createMemoryStorage(),
    runtime: { now: () => clock.nowMs, fetch: () => Promise.reject(new Error('no network in tests')) },
    ...rest,
  })
  return { client, clock }
}

/** One bar of a fake source: `[openMs, close]`; `null` as close is a row without prices. */
export type FakeBar = readonly [openMs: number, close: number | null]

/** A source whose answers a test decides. */
export interface FakeSource {
  readonly provider: Provider
  readonly requests: Range[]
  bars: FakeBar[]
  /** Called before each answer; throw to fail. */
  before: (request: FetchRequest) => void | Promise<void>
}

/** Makes a source of minute bars that serves what `bars` holds. */
export function fakeSource(bars: FakeBar[], capabilities: Partial<ProviderCapabilities> = {}): FakeSource {
  const source: FakeSource = {
    requests: [],
    bars,
    before: () => {},
    provider: {
      name: 'fake',
      capabilities: {
        schemas: ['ohlcv'],
        assetClasses: ['crypto', 'equity', 'future', 'forex', 'index'],
        intervals: { '1m': '1m', '1h': '1h', '1d': '1d' },
        rowsPerRequest: 1000,
        rateLimits: [],
        keys: [],
        metered: false,
        finalityLagMs: 0,
        barsWithoutTrades: 'emitted',
        basis: { intraday: 'raw', daily: 'raw' },
        anchor: 'clock',
        dayBoundary: 'utc',
        calendar: '24/7',
        columns: [],
        ...capabilities,
      },
      async *fetch(request, { signal }): AsyncGenerator<Page> {
        signal.throwIfAborted()
        source.requests.push(request.range)
        await source.before(request)
        const inside = source.bars.filter(([ms]) => ms >= request.range.startMs && ms < request.range.endMs)
        yield { columns: barColumns(inside), proven: request.range }
      },
    },
  }
  return source
}

function barColumns(bars: readonly FakeBar[]): Page['columns'] {
  const valid = new Uint8Array((bars.length + 7) >> 3)
  bars.forEach(([, close], i) => {
    if (close !== null) valid[i >> 3]! |= 1 << (i & 7)
  })
  const price = (factor: number): { values: Float64Array; valid: Uint8Array } => ({
    values: Float64Array.from(bars, ([, close]) => (close ?? 0) * factor),
    valid,
  })
  return {
    timestamp: Float64Array.from(bars, ([ms]) => ms),
    open: price(1),
    high: price(1.5),
    low: price(0.5),
    close: price(1),
    volume: price(2),
  }
}

/** Minute bars from an instant on. */
export function minuteBars(startMs: number, count: number, first = 100): FakeBar[] {
  return Array.from({ length: count }, (_, i) => [startMs + i * 60_000, first + i] as const)
}
