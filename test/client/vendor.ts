import type { Page, Provider, ProviderCapabilities } from '../../src/contract/provider.ts'
import { fakeSource } from './support.ts'

/** A bar whose other prices follow from its close. */
export interface Bar {
  readonly ms: number
  readonly close: number
  readonly adjusted?: number
}

/** A source whose bars and events a test sets. */
export interface Vendor {
  bars: Bar[]
  splits: { ms: number; ratio: number }[]
  dividends: { ms: number; amount: number }[]
  /** Oldest instant still served. */
  fromMs: number
  before: (range: { startMs: number; endMs: number }) => void
  requests: number
  readonly provider: Provider
}

/** A source of bars with splits beside them, whose prices a test sets. */
export function vendorOf(bars: Bar[], capabilities: Partial<ProviderCapabilities> = {}): Vendor {
  const { provider } = fakeSource([], {
    basis: { intraday: 'splits', daily: 'splits' },
    intervals: { '1d': '1d', '1w': '1w', '1mo': '1M' },
    ...capabilities,
  })
  const vendor: Vendor = {
    bars,
    splits: [],
    dividends: [],
    fromMs: -Infinity,
    before: () => {},
    requests: 0,
    provider: {
      ...provider,
      async *fetch({ range }): AsyncGenerator<Page> {
        vendor.requests++
        vendor.before(range)
        const inside = <T extends { ms: number }>(list: T[]): T[] =>
          list.filter(({ ms }) => ms >= range.startMs && ms < range.endMs && ms >= vendor.fromMs)
        const rows = inside(vendor.bars)
        const events = [
          ...inside(vendor.splits).map(({ ms, ratio }) => ({ ms, kind: 0, value: ratio })),
          ...inside(vendor.dividends).map(({ ms, amount }) => ({ ms, kind: 1, value: amount })),
        ]
        const price = (factor: number): Float64Array => Float64Array.from(rows, (bar) => bar.close * factor)
        yield {
          columns: {
            timestamp: Float64Array.from(rows, (bar) => bar.ms),
            open: price(1),
            high: price(1.25),
            low: price(0.75),
            close: price(1),
            volume: price(8),
            ...(rows[0]?.adjusted === undefined
              ? {}
              : { adj_close: Float64Array.from(rows, (bar) => bar.adjusted as number) }),
          },
          proven: range,
          actions: {
            timestamp: Float64Array.from(events, ({ ms }) => ms),
            kind: { indices: Int32Array.from(events, ({ kind }) => kind), dictionary: ['split', 'dividend'] },
            value: Float64Array.from(events, ({ value }) => value),
          },
        }
      },
    },
  }
  return vendor
}
