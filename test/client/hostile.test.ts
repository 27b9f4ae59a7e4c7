/** Answers that are meant to harm: each ends in a typed error, in bounded memory, and leaves nothing in the store. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import type { DataClient } from '../../src/client/data-client.ts'
import { isDataClientError } from '../../src/contract/errors.ts'
import type { Interval } from '../../src/contract/interval.ts'
import type { Provider } from '../../src/contract/provider.ts'
import { binance, binanceArchive, coingecko, cryptocompare, polygon, tiingo, yahoo } from '../../src/providers/index.ts'
import { columnsOf, coverageOf, rowsOf } from '../../src/query/table.ts'
import { type FaultyAnswer, type FaultyScript, type FaultyServer, faultyServer } from '../../src/testkit/index.ts'
import { zipOf } from '../providers/zip-file.ts'

const START = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const DAY = 1440 * MINUTE
const MEGABYTE = 2 ** 20
const NOW_MS = Date.UTC(2024, 5, 15)

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

interface Stage {
  readonly client: DataClient
  readonly server: FaultyServer
  /** Files and folders of series in the store. */
  kept(): Promise<string[]>
}

async function stageOf(provider: (baseUrl: string) => Provider, script: FaultyScript): Promise<Stage> {
  const root = await mkdtemp(join(tmpdir(), 'hostile-'))
  undo.push(() => rm(root, { recursive: true, force: true }))
  const server = await faultyServer(script)
  undo.push(() => server.close())
  const client = createDataClient({
    root,
    providers: [provider(server.url)],
    http: { retry: { attempts: 2 } },
    runtime: {
      now: () => NOW_MS,
      random: () => 0,
      sleep: () => Promise.resolve(),
      fetch: (input, init) => fetch(input, init),
    },
  })
  undo.push(() => client.close())
  return {
    client,
    server,
    kept: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile() || entry.name.startsWith('symbol=')).map(({ name }) => name)
    },
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const failure: unknown = await work.then(
    () => 'no error',
    (error: unknown) => error,
  )
  return isDataClientError(failure) ? failure.code : String(failure)
}

async function expectNothing({ client, kept }: Stage): Promise<void> {
  expect(await client.list()).toEqual([])
  expect(await kept()).toEqual([])
}

const query = (minutes = 60, symbol = 'BTCUSDT', interval: Interval = '1m') =>
  ({ symbol, interval, start: new Date(START), end: new Date(START + minutes * MINUTE) }) as const

const onBinance = (baseUrl: string): Provider => binance({ baseUrl })

function kline(openMs: number, close: unknown = '100'): unknown[] {
  return [openMs, '100', '101', '99', close, '5', openMs + MINUTE - 1, '500', 3, '2', '200', '0']
}

const klines = (startMs: number, count: number): unknown[] =>
  Array.from({ length: count }, (_, i) => kline(startMs + i * MINUTE))

/** Most bytes that the process grew by while `work` ran. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return Math.max(most, process.memoryUsage.rss()) - before
}

describe('a redirect', () => {
  test.each([
    ['to another host', 'http://169.254.169.254/latest/meta-data'],
    ['to another host over https', 'https://evil.example/klines'],
    ['to another port of this host', 'http://127.0.0.1:9/klines'],
    ['to a file', 'file:///etc/passwd'],
    ['to a data URL', 'data:application/json,[]'],
    ['to nowhere', 'http://['],
  ])('%s is not followed', async (_, redirect) => {
    const stage = await stageOf(onBinance, [{ redirect }])
    expect(await codeOf(stage.client.get(query()))).toBe('provider/redirect')
    expect(stage.server.requests).toHaveLength(1)
    await expectNothing(stage)
  })

  test('to itself for ever ends', async () => {
    const stage = await stageOf(onBinance, [{ redirect: '/again' }])
    expect(await codeOf(stage.client.get(query()))).toBe('provider/redirect')
    expect(stage.server.requests.length).toBeLessThan(6)
    await expectNothing(stage)
  })
})

describe('a body that grows', () => {
  test('from 200 kB of gzip to 200 MB is cut at the limit', async () => {
    const body = gzipSync(new Uint8Array(200 * MEGABYTE).fill(0x20))
    expect(body.byteLength).toBeLessThan(220_000)
    const stage = await stageOf(onBinance, [{ headers: { 'content-encoding': 'gzip' }, body }])
    const grown = await growth(async () => {
      expect(await codeOf(stage.client.get(query()))).toBe('provider/body-too-large')
    })
    expect(grown).toBeLessThan(100 * MEGABYTE)
    expect(stage.server.requests).toHaveLength(1)
    await expectNothing(stage)
  })

  test('twice, gzip in gzip, is cut at the limit', async () => {
    const body = gzipSync(gzipSync(new Uint8Array(100 * MEGABYTE)))
    const stage = await stageOf(onBinance, [{ headers: { 'content-encoding': 'gzip, gzip' }, body }])
    expect(await codeOf(stage.client.get(query()))).toMatch(/^provider\//)
    await expectNothing(stage)
  })

  test('and says beforehand that it is too large is not read', async () => {
    const stage = await stageOf(onBinance, [{ body: '[', declaredBytes: 2 ** 40, cutAfterBytes: 1 }])
    expect(await codeOf(stage.client.get(query()))).toBe('provider/body-too-large')
    await expectNothing(stage)
  })
})

describe('pages without end', () => {
  const DAYS = 30

  test('that repeat are refused, and nothing of them is kept', async () => {
    const bars = Array.from({ length: 500 }, (_, i) => ({
      t: START + i * MINUTE,
      o: 1,
      h: 1,
      l: 1,
      c: 1,
      v: 1,
      n: 1,
      vw: 1,
    }))
    const stage = await stageOf(
      (baseUrl) => polygon({ baseUrl, apiKey: 'key', rateLimits: [] }),
      (_, index): FaultyAnswer => ({
        body: {
          status: 'OK',
          ticker: 'X:BTCUSD',
          resultsCount: 500,
          results: bars,
          next_url: `${stage.server.url}/v2/aggs/next?cursor=${index}`,
        },
      }),
    )
    expect(await codeOf(stage.client.get(query(1440, 'BTC-USD')))).toBe('provider/pagination-loop')
    expect(stage.server.requests.length).toBeLessThan(5)
    await expectNothing(stage)
  })

  test('that are one page for whatever is asked leave what the first of them proved', async () => {
    const stage = await stageOf(onBinance, [{ body: klines(START, 1000) }])
    expect(await codeOf(stage.client.get(query(DAYS * 1440)))).toBe('provider/pagination-loop')
    expect(stage.server.requests.length).toBeLessThan(5)
    expect((await stage.client.list()).map(({ rows }) => rows)).toEqual([1000])
  })

  test('that name a next page for ever are refused', async () => {
    const stage = await stageOf(
      (baseUrl) => polygon({ baseUrl, apiKey: 'key', rateLimits: [] }),
      (_, index): FaultyAnswer => ({
        body: {
          status: 'OK',
          ticker: 'AAPL',
          resultsCount: 0,
          results: [],
          next_url: `${stage.server.url}/v2/aggs/next?cursor=${index}`,
        },
      }),
    )
    expect(await codeOf(stage.client.get(query(DAYS * 1440, 'AAPL', '5m')))).toMatch(/^provider\//)
    expect(stage.server.requests.length).toBeLessThan(300)
    await expectNothing(stage)
  })

  test('whose rows lie decades away are refused', async () => {
    const stage = await stageOf(onBinance, (_, index) => ({
      body: klines(Date.UTC(1970, 0, 1) + index * 1000 * MINUTE, 1000),
    }))
    expect(await codeOf(stage.client.get(query(DAYS * 1440)))).toBe('provider/units')
    await expectNothing(stage)
  })
})

describe('numbers that are none', () => {
  const rowsWith = (value: string): string =>
    `[${klines(START, 60)
      .map((row, i) => (i === 30 ? JSON.stringify(row).replace(/"100"(?=,"5")/, value) : JSON.stringify(row)))
      .join(',')}]`

  const SICK_MS = START + 30 * MINUTE

  test.each<[string, string, number | null]>([
    ['1e400', 'not-finite', Number.POSITIVE_INFINITY],
    ['-1e400', 'not-finite', Number.NEGATIVE_INFINITY],
    ['"1e400"', 'not-finite', Number.POSITIVE_INFINITY],
    ['"Infinity"', 'not-finite', Number.POSITIVE_INFINITY],
    ['"NaN"', 'missing-price', null],
    ['""', 'missing-price', null],
    ['"0x10"', 'missing-price', null],
    ['{}', 'missing-price', null],
    ['[]', 'missing-price', null],
    ['true', 'missing-price', null],
  ])('a close of %s is set aside, and the 59 bars beside it are kept', async (value, rule, close) => {
    const stage = await stageOf(onBinance, [{ body: rowsWith(value) }])
    const table = await stage.client.get(query())
    expect(coverageOf(table)).toMatchObject({
      rejected: 1,
      missing: [{ startMs: SICK_MS, endMs: SICK_MS + MINUTE, kind: 'rejected' }],
    })
    const kept = columnsOf(await stage.client.read(query()))
    const others = Array.from({ length: 60 }, (_, i) => START + i * MINUTE).filter((ms) => ms !== SICK_MS)
    expect([...kept.timestampMs]).toEqual(others)
    expect([...(kept.close as Float64Array)]).toEqual(others.map(() => 100))
    expect(rowsOf(await stage.client.rejects(query()))).toMatchObject([
      { timestamp: '2024-01-01T00:30:00.000Z', rule, open: 100, high: 101, low: 99, close, volume: 5 },
    ])
  })

  test.each([
    ['1e400', 'provider/response'],
    ['-1e400', 'provider/response'],
    ['1e300', 'provider/units'],
    ['null', 'provider/response'],
    ['{}', 'provider/response'],
    ['"now"', 'provider/response'],
    ['9007199254740993', 'provider/units'],
  ])('a time of %s is %s', async (value, code) => {
    const stage = await stageOf(onBinance, [{ body: `[[${value},"1","1","1","1","1",1,"1",1,"1","1","0"]]` }])
    expect(await codeOf(stage.client.get(query()))).toBe(code)
    expect(stage.server.requests).toHaveLength(1)
    await expectNothing(stage)
  })
})

describe('JSON that is built to harm', () => {
  const DEEP = 100_000
  const SOURCES: readonly (readonly [string, (baseUrl: string) => Provider, string, Interval])[] = [
    ['binance', onBinance, 'BTCUSDT', '1m'],
    ['yahoo', (baseUrl) => yahoo({ baseUrl }), 'AAPL', '1d'],
    ['cryptocompare', (baseUrl) => cryptocompare({ baseUrl, apiKey: 'key' }), 'BTC-USD', '1d'],
    ['coingecko', (baseUrl) => coingecko({ baseUrl, apiKey: 'key' }), 'BTC-USD', '4h'],
    ['tiingo', (baseUrl) => tiingo({ baseUrl, apiKey: 'key' }), 'AAPL', '1d'],
    ['polygon', (baseUrl) => polygon({ baseUrl, apiKey: 'key' }), 'AAPL', '1d'],
  ]
  const BODIES: readonly (readonly [string, string])[] = [
    ['lists in lists', '['.repeat(DEEP) + ']'.repeat(DEEP)],
    ['objects in objects', '{"chart":'.repeat(DEEP) + '1' + '}'.repeat(DEEP)],
    [
      '__proto__ as a key',
      '{"__proto__":{"polluted":true,"status":"OK"},"constructor":{"prototype":{"polluted":true}}}',
    ],
    [
      '__proto__ inside of the answer',
      '{"chart":{"error":null,"result":[{"__proto__":{"polluted":true},"meta":{"__proto__":{"polluted":true}},"timestamp":[1],"indicators":{"quote":[{"__proto__":{"open":[1]}}]}}]}}',
    ],
    ['a list that says that it is long', '{"length":4294967295,"0":[1,2,3]}'],
    [
      'a key that is a method',
      '{"results":{"map":1,"length":3},"Data":{"Data":{"filter":1}},"chart":{"result":{"0":1}}}',
    ],
  ]

  describe.each(SOURCES)('%s', (_, make, symbol, interval) => {
    test.each(BODIES)('%s', async (_name, body) => {
      const stage = await stageOf(make, [{ body }])
      const recent = { symbol, interval, start: new Date(NOW_MS - 10 * DAY), end: new Date(NOW_MS - DAY) }
      const code = await codeOf(stage.client.get(recent))
      expect(code).toMatch(/^(provider|data)\//)
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      await expectNothing(stage)
    })
  })

  test('rows of __proto__ keys pollute nothing', async () => {
    const body = `[${klines(START, 60)
      .map((row) => JSON.stringify(row))
      .join(',')},{"__proto__":{"polluted":1}}]`
    const stage = await stageOf(onBinance, [{ body }])
    expect(await codeOf(stage.client.get(query()))).toBe('provider/response')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    await expectNothing(stage)
  })
})

describe('an archive', () => {
  const LINE = `${START},1,1,1,1,1,${START + MINUTE - 1},1,1,1,1,0\n`
  const HUGE = 200 * MEGABYTE
  const ARCHIVES: readonly (readonly [string, () => Promise<Uint8Array>, string])[] = [
    ...['../../etc/passwd', '/etc/passwd', 'C:\\x.csv', '..', 'a/b.csv', 'a\0.csv', ''].map(
      (name) =>
        [
          `with a file called ${JSON.stringify(name)}`,
          (): Promise<Uint8Array> => zipOf(LINE, { name }),
          'provider/response',
        ] as const,
    ),
    ['of a huge ratio', () => zipOf(new Uint8Array(20 * MEGABYTE)), 'provider/body-too-large'],
    ['that holds more than may be read', () => zipOf(LINE, { declaredBytes: 2 ** 31 }), 'provider/body-too-large'],
    [
      'that is longer than it says',
      () => zipOf(new Uint8Array(20 * MEGABYTE), { declaredBytes: 1000 }),
      'provider/response',
    ],
    ['that is shorter than it says', () => zipOf(LINE, { declaredBytes: 100 }), 'provider/truncated'],
    ['of two files', () => zipOf(LINE, { files: 2 }), 'provider/response'],
    ['packed in an unknown way', () => zipOf(LINE, { method: 99 }), 'provider/response'],
    ['with a wrong checksum', () => zipOf(LINE, { crc: 1 }), 'provider/truncated'],
    ['cut short', async () => (await zipOf(LINE.repeat(1000))).slice(0, 200), 'provider/truncated'],
    ['that is none', () => Promise.resolve(new Uint8Array(1000)), 'provider/truncated'],
  ] satisfies readonly (readonly [string, () => Promise<Uint8Array> | Promise<Uint8Array<ArrayBuffer>>, string])[]

  test.each(ARCHIVES)('%s is refused', async (_, make, code) => {
    const body = await make()
    const stage = await stageOf(
      (baseUrl) => binanceArchive({ baseUrl, restUrl: baseUrl }),
      [{ headers: { 'content-type': 'application/zip' }, body }],
    )
    const grown = await growth(async () => {
      expect(await codeOf(stage.client.get(query(31 * 1440)))).toBe(code)
    })
    expect(grown).toBeLessThan(HUGE / 2)
    expect(stage.server.requests.every(({ url }) => url.endsWith('.zip'))).toBe(true)
    await expectNothing(stage)
  })
})
