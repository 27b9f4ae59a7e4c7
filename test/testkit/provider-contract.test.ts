import { describe, expect, it } from 'vitest'
import {
  type HttpProviderOptions,
  type HttpProviderSpec,
  barPage,
  defineHttpProvider,
} from '../../src/providers/index.ts'
import { type VendorModel, providerContract } from '../../src/testkit/index.ts'
import { ProviderError } from '../../src/contract/errors.ts'
import type { Page } from '../../src/contract/provider.ts'
import { range } from '../providers/asking.ts'

interface Row {
  readonly t: number
  readonly o: number | null
  readonly h: number | null
  readonly l: number | null
  readonly c: number | null
  readonly v: number | null
}
type Spec = HttpProviderSpec<number, HttpProviderOptions>

const LIMIT = 50
const SPEC: Spec = {
  name: 'vendor',
  capabilities: {
    schemas: ['ohlcv'],
    assetClasses: ['crypto'],
    intervals: { '1m': '1m' },
    rowsPerRequest: LIMIT,
    rateLimits: [],
    keys: [],
    metered: false,
    finalityLagMs: 0,
    barsWithoutTrades: 'omitted',
    basis: { intraday: 'raw', daily: 'raw' },
    anchor: 'clock',
    dayBoundary: 'utc',
    columns: [],
  },
  baseUrl: 'https://vendor.test',
  toRequest: ({ baseUrl, range: { startMs, endMs }, cursor }) => ({
    url: `${baseUrl}/bars?start=${cursor ?? startMs}&end=${endMs}`,
    as: 'json',
  }),
  toPage(body, { range: asked, cursor }) {
    if (!Array.isArray((body as { rows?: unknown } | null)?.rows))
      throw new ProviderError('provider/response', 'no rows')
    const { rows } = body as { rows: Row[] }
    const startMs = cursor ?? asked.startMs
    const next = rows.length < LIMIT ? undefined : (rows.at(-1) as Row).t + 60_000
    const columns = barPage(
      rows.map(({ t, o, h, l, c, v }) => ({ time: t, open: o, high: h, low: l, close: c, volume: v })),
    )
    return {
      columns,
      proven: { startMs, endMs: next ?? asked.endMs },
      next: next !== undefined && next < asked.endMs ? next : undefined,
    }
  },
}

const modelOf = (spec: Spec): VendorModel => ({
  provider: defineHttpProvider(spec)(),
  symbol: 'X',
  interval: '1m',
  range: range('2024-01-01T00:00Z', '2024-01-01T00:30Z'),
  read: ({ searchParams }) => ({
    startMs: Number(searchParams.get('start')),
    endMs: Number(searchParams.get('end')),
    limit: LIMIT,
  }),
  write: (bars) => ({
    body: { rows: bars.map(({ timeMs: t, open: o, high: h, low: l, close: c, volume: v }) => ({ t, o, h, l, c, v })) },
  }),
  failures: { 'not-found': { body: { error: 'unknown' } } },
  sendsNulls: true,
})

/** Names of the cases that fail for a provider. */
async function failing(spec: Spec): Promise<string[]> {
  const failed: string[] = []
  const cases: { name: string; body: () => Promise<void> }[] = []
  providerContract(() => modelOf(spec), { test: (name, body) => void cases.push({ name, body }) })
  for (const { name, body } of cases) await body().catch(() => failed.push(name))
  return failed
}

const GOOD: Spec = {
  ...SPEC,
  classify: ({ body, status }) =>
    (body as { error?: string } | null)?.error === 'unknown'
      ? new ProviderError('provider/not-found', 'unknown')
      : status >= 400
        ? new ProviderError(status === 500 ? 'provider/unavailable' : 'provider/unauthorized', 'refused')
        : null,
}
const changed = (
  change: (page: Page & { next?: number | undefined }, rows: Row[], context: Parameters<Spec['toPage']>[1]) => object,
): Spec => ({
  ...GOOD,
  toPage: async (body, context, response) => {
    const page = await SPEC.toPage(body, context, response)
    return { ...page, ...change(page, (body as { rows: Row[] }).rows, context) }
  },
})

describe('the provider contract', () => {
  it('finds nothing wrong with a provider that does everything right', async () => {
    expect(await failing(GOOD)).toEqual([])
  })

  it.each<[string, Spec, RegExp]>([
    [
      'leaves the first bar out',
      {
        ...GOOD,
        toRequest: ({ baseUrl, range: { startMs, endMs }, cursor }) => ({
          url: `${baseUrl}/?start=${(cursor ?? startMs) + 1}&end=${endMs}`,
          as: 'json',
        }),
      },
      /bars of the range bit for bit/,
    ],
    [
      'leaves the last bar out',
      {
        ...GOOD,
        toRequest: ({ baseUrl, range: { startMs, endMs }, cursor }) => ({
          url: `${baseUrl}/?start=${cursor ?? startMs}&end=${endMs - 60_000}`,
          as: 'json',
        }),
      },
      /bars of the range bit for bit/,
    ],
    [
      'rounds prices',
      changed((_, rows) => ({
        columns: barPage(rows.map(({ t, c }) => ({ time: t, open: c, high: c, low: c, close: c }))),
      })),
      /bit for bit/,
    ],
    [
      'proves what the limit cut',
      changed((_, __, { range: asked }) => ({ proven: asked, next: undefined })),
      /several pages exactly once/,
    ],
    [
      'proves all while more pages follow',
      changed((_, __, { range: asked }) => ({ proven: asked })),
      /only what came when a later page fails/,
    ],
    [
      'turns null into 0',
      changed((_, rows) => ({
        columns: barPage(
          rows.map(({ t, o, h, l, c, v }) => ({
            time: t,
            open: o ?? 0,
            high: h ?? 0,
            low: l ?? 0,
            close: c ?? 0,
            volume: v ?? 0,
          })),
        ),
      })),
      /missing prices null/,
    ],
    [
      'takes anything as an empty answer',
      {
        ...GOOD,
        toPage: (body, context, response) => {
          try {
            return SPEC.toPage(body, context, response)
          } catch {
            return { columns: barPage([]), proven: context.range }
          }
        },
      },
      /another shape/,
    ],
    ['takes an error under 200 as another failure', { ...GOOD, classify: () => null }, /not-found/],
    [
      'stamps bars by their close',
      changed((_, rows) => ({
        columns: barPage(
          rows.map(({ t, o, h, l, c, v }) => ({ time: t + 60_000, open: o, high: h, low: l, close: c, volume: v })),
        ),
      })),
      /bit for bit/,
    ],
    [
      'proves nothing',
      changed((_, __, { range: asked }) => ({ proven: { startMs: asked.startMs, endMs: asked.startMs } })),
      /proves exactly the range/,
    ],
    [
      'knows an interval that does not exist',
      { ...GOOD, capabilities: { ...GOOD.capabilities, intervals: { '1m': '1m', '1M': '1M' } as never } },
      /known words/,
    ],
    ['loses symbols on the way back', { ...GOOD, vendorSymbol: (symbol) => symbol.toLowerCase() }, /spells symbols/],
  ])('notices a provider that %s', async (_, spec, expected) => {
    expect(await failing(spec)).toContainEqual(expect.stringMatching(expected))
  })
})
