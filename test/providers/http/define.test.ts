import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { ProviderCapabilities } from '../../../src/contract/provider.ts'
import {
  type HttpProviderOptions,
  type HttpProviderSpec,
  barPage,
  defineHttpProvider,
} from '../../../src/providers/index.ts'
import { type Answer, HTTP, ask, at, engineOver, pagesThrough, range, rowsOf } from '../asking.ts'

const CAPABILITIES: ProviderCapabilities = {
  schemas: ['ohlcv'],
  assetClasses: ['equity'],
  intervals: { '1m': '1min' },
  rowsPerRequest: 100,
  rateLimits: [],
  keys: [['VENDOR_KEY', 'VENDOR_API_KEY'], ['VENDOR_SECRET']],
  metered: false,
  finalityLagMs: 0,
  barsWithoutTrades: 'omitted',
  basis: { intraday: 'raw', daily: 'raw' },
  anchor: 'clock',
  dayBoundary: 'utc',
  columns: [],
}
interface Body {
  readonly bars: { t: number; c: number }[]
  readonly next?: string | null
}
const SPEC: HttpProviderSpec<string, HttpProviderOptions> = {
  name: 'vendor',
  capabilities: CAPABILITIES,
  baseUrl: 'https://api.vendor.test/',
  vendorSymbol: (symbol) => symbol.toLowerCase(),
  toRequest: ({ baseUrl, symbol, vendorInterval, cursor, keys }) => ({
    url: `${baseUrl}/bars/${symbol}/${vendorInterval}?apikey=${keys['apiKey']}${cursor === undefined ? '' : `&page=${cursor}`}`,
    headers: { 'x-secret': keys['secretKey'] as string },
    as: 'json',
  }),
  toPage(body, context) {
    const { bars, next } = body as Body
    return {
      columns: barPage(bars.map(({ t, c }) => ({ time: t, open: c, high: c, low: c, close: c }))),
      proven: context.range,
      next: next ?? undefined,
    }
  },
}
const vendor = defineHttpProvider(SPEC)
const keyed = vendor({ apiKey: 'SENTINEL-1', secretKey: 'SENTINEL-2' })
const series = { schema: 'ohlcv', symbol: 'ABC', interval: '1m' } as const
const asked = range('2024-01-01', '2024-01-01T01:00Z')
const page = (minute: number, next?: string | null): Body => ({
  bars: [{ t: at('2024-01-01') + minute * 60_000, c: minute }],
  ...(next === undefined ? {} : { next }),
})

describe('pages', () => {
  it('follow the cursor until there is none, with the vendor names of symbol and interval', async () => {
    const answers = [page(0, 'b'), { bars: [], next: 'c' }, page(2, null)]
    let i = 0
    const { pages, urls, headers } = await ask(keyed, series, asked, () => Response.json(answers[i++]))
    expect(pages.map((one) => rowsOf(one).length)).toEqual([1, 0, 1])
    expect(urls.map(({ pathname, search }) => pathname + search)).toEqual([
      '/bars/abc/1min?apikey=SENTINEL-1',
      '/bars/abc/1min?apikey=SENTINEL-1&page=b',
      '/bars/abc/1min?apikey=SENTINEL-1&page=c',
    ])
    expect(headers[0]!.get('x-secret')).toBe('SENTINEL-2')
  })

  it.each([
    ['the same cursor again', (n: number) => page(n, 'same')],
    ['a new cursor with the same rows', (n: number) => page(0, `c${n}`)],
    ['new cursors without rows', (n: number) => ({ bars: [], next: `c${n}` })],
    [
      'new cursors and new rows without end',
      (n: number) => ({
        bars: Array.from({ length: 1000 }, (_, i) => ({ t: at('2024-01-01') + ((n * 1000 + i) % 3_599_000), c: n })),
        next: `c${n}`,
      }),
    ],
  ])('%s is a loop', async (_, body) => {
    let n = 0
    await expect(ask(keyed, series, asked, () => Response.json(body(n++)))).rejects.toMatchObject({
      code: 'provider/pagination-loop',
      provider: 'vendor',
      symbol: 'ABC',
    })
    expect(n).toBeLessThan(150)
  })

  it('stop asking when the reader stops', async () => {
    let n = 0
    const engine = engineOver(() => Response.json(page(n++, `c${n}`)))
    const context = {
      signal: new AbortController().signal,
      http: engine.httpFor(keyed),
      now: () => at('2025-01-01'),
      log: { debug() {}, info() {}, warn() {}, error() {} },
    }
    for await (const _ of keyed.fetch({ series: { provider: 'vendor', ...series }, range: asked }, context)) break
    expect(n).toBe(1)
  })
})

describe('what toPage returns is no page: a typed error names the source and the field', () => {
  it.each<[what: string, page: unknown, field: string]>([
    ['nothing', undefined, 'page'],
    ['a list', [], 'page'],
    ['an empty object', {}, 'columns'],
    ['rows for columns', { columns: [{ time: 1 }], proven: asked }, 'columns'],
    ['no timestamp', { columns: { close: Float64Array.of(1) }, proven: asked }, 'columns.timestamp'],
    ['nothing proven', { columns: barPage([]) }, 'proven'],
  ])('%s', async (_what, answer, field) => {
    const odd = defineHttpProvider({ ...SPEC, toPage: () => answer as never })
    const asking = ask(odd({ apiKey: 'SENTINEL-1', secretKey: 'SENTINEL-2' }), series, asked, () => Response.json({}))
    await expect(asking).rejects.toMatchObject({
      code: 'provider/response',
      provider: 'vendor',
      symbol: 'ABC',
      field,
      message: expect.stringContaining(`vendor: toPage returned a page whose ${field} is `) as unknown,
    })
  })
})

describe('keys', () => {
  it('come from options or from the first variable that is set', () => {
    expect(vendor().ready).toBe(false)
    expect(vendor({ apiKey: 'abcd' }).ready).toBe(false)
    expect(vendor().withEnv?.({ VENDOR_API_KEY: 'abcd', VENDOR_SECRET: 'efgh' }).ready).toBe(true)
    expect(vendor().withEnv?.({ VENDOR_KEY: '', VENDOR_SECRET: 'efgh' }).ready).toBe(false)
    expect(defineHttpProvider({ ...SPEC, keysOptional: true })().ready).toBe(true)
    expect(defineHttpProvider({ ...SPEC, capabilities: { ...CAPABILITIES, keys: [] } })().ready).toBe(true)
  })

  it('that are missing are said before any request, with their variables', async () => {
    const asking = ask(vendor(), series, asked, () => {
      throw new Error('asked')
    })
    await expect(asking).rejects.toMatchObject({ code: 'provider/unauthorized' })
    await expect(asking).rejects.toThrow('VENDOR_KEY or VENDOR_API_KEY and VENDOR_SECRET')
  })

  it('that are empty and options that are unknown are refused', () => {
    expect(() => vendor({ apiKey: '  ' })).toThrow(expect.objectContaining({ code: 'config/option', field: 'apiKey' }))
    expect(() => vendor({ apikey: 'x' } as never)).toThrow(
      expect.objectContaining({ code: 'config/option', field: 'apikey' }),
    )
  })

  const echo = 'We have detected your API key as SENTINEL-1 and SENTINEL-2'
  const failures: readonly (readonly [string, Answer])[] = [
    ...[400, 401, 402, 403, 404, 409, 418, 422, 429, 451, 500, 503].map(
      (status) => [`status ${status}`, () => Response.json({ message: echo }, { status })] as const,
    ),
    ['a web page', () => new Response(`<html>${echo}</html>`)],
    ['no JSON', () => new Response(echo)],
    ['cut JSON', () => new Response(`{"a":"${echo}`)],
    ['another shape', () => Response.json({ note: echo })],
    [
      'a failing fetch',
      (url) => {
        throw Object.assign(new TypeError(`fetch failed: ${String(url)}`), {
          input: String(url),
          cause: new Error(`ECONNREFUSED ${encodeURIComponent(String(url))}`),
        })
      },
    ],
    [
      'a redirect',
      (url) => new Response('', { status: 302, headers: { location: `https://evil.test/${url.search}` } }),
    ],
    [
      'a body that breaks off',
      (url) => new Response(new ReadableStream({ start: (c) => c.error(new Error(`cut ${String(url)}`)) })),
    ],
    ['a hanging answer', () => new Promise<Response>(() => {})],
    ['wrong units', () => Response.json({ bars: [{ t: 1, c: 1 }] })],
    ['a loop', () => Response.json({ bars: [], next: 'SENTINEL-1' })],
  ]
  it.each(failures)('reach nothing when %s is answered', async (_, answer) => {
    const told: unknown[] = []
    const note = (...facts: unknown[]): void => void told.push(facts)
    const engine = engineOver(answer, {
      http: { ...HTTP, timeoutMs: 20, breaker: { ...HTTP.breaker, failures: 1 } },
      log: { debug: note, info: note, warn: note, error: note },
      emit: note as never,
    })
    const error = await pagesThrough(keyed, series, asked, engine.httpFor(keyed), at('2025-01-01')).catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ name: 'ProviderError', provider: 'vendor' })
    const { stack } = error as Error
    const everything = [
      inspect(error, { depth: 10, showHidden: true }),
      JSON.stringify(error),
      stack,
      inspect(told, { depth: 10 }),
      JSON.stringify(told),
      inspect(engine.health(), { depth: 10 }),
      inspect(keyed, { depth: 10, showHidden: true }),
    ].join('\n')
    expect(everything).not.toMatch(/SENTINEL/)
    expect(everything).not.toContain(btoa('SENTINEL-1'))
  })
})

describe('the plan of an account', () => {
  it('replaces limits and reach', () => {
    const paid = vendor({ rateLimits: [{ weight: 75, perMs: 60_000 }], plan: { historyMs: { '1m': 1 } } })
    expect(paid.capabilities).toMatchObject({
      rateLimits: [{ weight: 75, perMs: 60_000 }],
      historyMs: { '1m': 1 },
      rowsPerRequest: 100,
    })
  })

  it('may move to another address', async () => {
    const { urls } = await ask(
      vendor({ apiKey: 'abcd', secretKey: 'efgh', baseUrl: 'http://localhost:1/x/' }),
      series,
      asked,
      () => Response.json(page(0)),
    )
    expect(urls[0]!.href).toMatch(/^http:\/\/localhost:1\/x\/bars\/abc/)
  })
})
