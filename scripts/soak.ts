/**
 * An orchestrated soak: 1,000 scheduled updates of several series over a simulated week against a source that times out,
 * fails, limits, cuts answers short, answers nothing and sends null bars. At least 99 % must end without a person, the
 * others must say why, and the store must hold every bar that the source proved.
 *
 * `npm run soak [updates] [seed]`
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDataClient } from '../src/client.ts'
import { isDataClientError, isRetryable } from '../src/contract/errors.ts'
import { binance } from '../src/providers/index.ts'
import { columnsOf, coverageOf } from '../src/query/table.ts'

const updates = Number(process.argv[2] ?? 1000)
const seed = Number(process.argv[3] ?? 1)
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'ADAUSDT']
const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)

let state = seed >>> 0
function random(): number {
  state = (state + 0x6d2b_79f5) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

const clock = { nowMs: START + 3 * 3_600_000 }

function kline(symbol: string, openMs: number): unknown[] {
  const price = 100 + SYMBOLS.indexOf(symbol) * 10 + ((openMs / MINUTE) % 97) / 10
  const text = (value: number): string => value.toFixed(2)
  return [openMs, text(price), text(price + 1), text(price - 1), text(price), '5', openMs + MINUTE - 1, text(price * 5), 3, '2', text(price * 2), '0']
}

/** The answer of a healthy source. */
function answer(url: URL): Response {
  const [start, end] = [Number(url.searchParams.get('startTime')), Number(url.searchParams.get('endTime'))]
  const limit = Number(url.searchParams.get('limit') ?? 500)
  const rows: unknown[] = []
  for (let ms = Math.ceil(start / MINUTE) * MINUTE; ms <= end && ms <= clock.nowMs && rows.length < limit; ms += MINUTE) {
    rows.push(kline(url.searchParams.get('symbol') ?? '', ms))
  }
  return Response.json(rows)
}

/** Share of requests -> what goes wrong. */
const FAULTS: readonly (readonly [string, number, (url: URL) => Response | Promise<Response>])[] = [
  ['timeout', 0.03, () => Promise.reject(new DOMException('timed out', 'TimeoutError'))],
  ['network', 0.02, () => Promise.reject(new TypeError('fetch failed'))],
  ['500', 0.03, () => new Response('down', { status: 500 })],
  ['503', 0.02, () => new Response('down', { status: 503 })],
  ['429', 0.03, () => new Response('{"code":-1003,"msg":"Too much request weight used"}', { status: 429, headers: { 'retry-after': '2' } })],
  ['truncated', 0.02, async (url) => new Response((await answer(url).text()).slice(0, 200), { headers: { 'content-type': 'application/json' } })],
  ['empty', 0.02, () => Response.json([])],
  ['null bars', 0.02, async (url) => Response.json(((await answer(url).json()) as unknown[][]).map((row, i) => (i % 3 === 0 ? [row[0], null, null, null, null, null, ...row.slice(6)] : row)))],
]

const happened = new Map<string, number>()

function faulty(url: URL): Response | Promise<Response> {
  let dice = random()
  for (const [name, share, fail] of FAULTS) {
    dice -= share
    if (dice >= 0) continue
    happened.set(name, (happened.get(name) ?? 0) + 1)
    return fail(url)
  }
  return answer(url)
}

const root = await mkdtemp(join(tmpdir(), 'soak-'))
const client = createDataClient({
  root,
  providers: [binance()],
  http: { cache: 'none' },
  runtime: {
    now: () => clock.nowMs,
    random,
    sleep: (ms) => {
      clock.nowMs += ms
      return Promise.resolve()
    },
    fetch: async (input) => faulty(new URL(input instanceof Request ? input.url : String(input))),
  },
})

const reasons = new Map<string, number>()
let good = 0
let unexplained = 0
for (let i = 0; i < updates; i++) {
  clock.nowMs += 10 * MINUTE
  const symbol = SYMBOLS[i % SYMBOLS.length] as string
  try {
    await client.update({ symbol, interval: '1m', start: new Date(START) })
    good++
  } catch (error) {
    const isExplained = isDataClientError(error)
    const why = isExplained ? `${error.code}${isRetryable(error) ? ' (retryable)' : ''}` : String(error)
    reasons.set(why, (reasons.get(why) ?? 0) + 1)
    if (!isExplained) unexplained++
  }
}

// A last quiet day heals what the source now has.
for (let day = 0; day < 6; day++) {
  clock.nowMs += 86_400_000
  for (const symbol of SYMBOLS) await client.update({ symbol, interval: '1m' }).catch(() => {})
}

let wrong = 0
let holes = 0
for (const symbol of SYMBOLS) {
  const table = await client.read({ symbol, interval: '1m' })
  const { timestampMs, close } = columnsOf(table)
  for (const [row, ms] of timestampMs.entries()) if (close[row] !== Number(kline(symbol, ms)[4])) wrong++
  holes += coverageOf(table).missing.filter((one) => one.kind === 'provider-missing').length
}
await client.close()
await rm(root, { recursive: true, force: true })

const share = good / updates
console.log(`updates ${updates}, ended without a person ${good} (${(share * 100).toFixed(2)} %), seed ${seed}`)
console.log('faults', Object.fromEntries(happened))
console.log('failed with', Object.fromEntries(reasons))
console.log(`bars that differ from the source ${wrong}, holes after six more days ${holes}, failures that do not say why ${unexplained}`)
if (share < 0.99 || wrong > 0 || unexplained > 0) process.exitCode = 1
