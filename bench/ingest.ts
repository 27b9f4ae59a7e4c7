/**
 * Answers of vendors made into checked columns, over `JSON.parse` of the same text alone: Binance, Polygon and Yahoo,
 * interleaved, medians. `node bench/ingest.ts [--quick] [--json FILE]`
 * @module
 */
import { calendar } from '../src/calendars/index.ts'
import type { Http } from '../src/contract/http.ts'
import type { Interval } from '../src/contract/interval.ts'
import type { Provider } from '../src/contract/provider.ts'
import type { Range } from '../src/contract/range.ts'
import { SILENT } from '../src/contract/runtime.ts'
import { rowCount } from '../src/contract/columns.ts'
import type { AssetClass } from '../src/contract/series.ts'
import type { IngestJob, IngestRooms, RunCounts } from '../src/ingest/job.ts'
import { readPage } from '../src/ingest/page.ts'
import { readAs } from '../src/providers/http/body.ts'
import { binance, polygon, yahoo } from '../src/providers/index.ts'
import { median } from './harness.ts'
import { atMost, finish, scriptOptions } from './script.ts'

const MINUTE = 60_000
const DAY = 1440 * MINUTE
const START = Date.UTC(2024, 0, 8)
const options = scriptOptions()
const REPEATS = options.isQuick ? 15 : 31
/** Milliseconds of one timing, so that the clock's own steps do not count. */
const TIMING_MS = 15
const GOAL = 1.5

/** Prices as an exchange has them, a tenth of a cent apart. */
const priceAt = (row: number): number => 180 + ((row * 7919) % 4001) / 1000

/** Minutes of the sessions of New York in January. */
function sessionMinutes(days: number): number[] {
  const opens = Array.from({ length: days }, (_, day) => START + Math.floor(day / 5) * 7 * DAY + (day % 5) * DAY + 870 * MINUTE)
  return opens.flatMap((open) => Array.from({ length: 390 }, (_, i) => open + i * MINUTE))
}

function klines(): string {
  const rows = Array.from({ length: 1000 }, (_, i) => {
    const [openMs, price] = [START + i * MINUTE, (priceAt(i) * 230).toFixed(8)]
    const volume = (12 + (i % 97) / 8).toFixed(8)
    return [openMs, price, price, price, price, volume, openMs + MINUTE - 1, `${500_000 + i * 977}.12345000`, 1000 + i, volume, '250001.12345000', '0']
  })
  return JSON.stringify(rows)
}

function aggregates(): string {
  const results = sessionMinutes(12).map((t, i) => {
    const price = priceAt(i)
    return { v: 1000 + ((i * 31) % 90_000), vw: Number((price + 0.0123).toFixed(4)), o: price, c: price, h: price, l: price, t, n: 50 + (i % 700) }
  })
  const about = { ticker: 'AAPL', queryCount: results.length, resultsCount: results.length, adjusted: true }
  return JSON.stringify({ ...about, results, status: 'OK', request_id: 'bench', count: results.length })
}

function chart(): string {
  const minutes = sessionMinutes(5)
  // The vendor sends single precision as double.
  const list = minutes.map((_, i) => Math.fround(priceAt(i)))
  const quote = { open: list, high: list, low: list, close: list, volume: minutes.map((_, i) => 1000 + ((i * 31) % 90_000)) }
  const opens = minutes.filter((_, i) => i % 390 === 0).map((ms) => ms / 1000)
  const tradingPeriods = opens.map((start) => [{ timezone: 'EST', start, end: start + 23_400, gmtoffset: -18_000 }])
  const zone = { exchangeTimezoneName: 'America/New_York', tradingPeriods }
  const meta = { currency: 'USD', symbol: 'AAPL', instrumentType: 'EQUITY', dataGranularity: '1m', ...zone }
  return JSON.stringify({ chart: { result: [{ meta, timestamp: minutes.map((ms) => ms / 1000), indicators: { quote: [quote] } }], error: null } })
}

interface Shape {
  readonly name: string
  readonly text: string
  readonly provider: Provider
  readonly symbol: string
  readonly assetClass: AssetClass
  readonly calendar: string
  readonly rows: number
  readonly range: Range
}

const SHAPES: readonly Shape[] = [
  { name: 'Binance', text: klines(), provider: binance(), symbol: 'BTCUSDT', assetClass: 'crypto', calendar: '24/7', rows: 1000, range: { startMs: START, endMs: START + 1000 * MINUTE } },
  { name: 'Polygon', text: aggregates(), provider: polygon({ apiKey: 'key' }), symbol: 'AAPL', assetClass: 'equity', calendar: 'XNYS', rows: 12 * 390, range: { startMs: START, endMs: START + 18 * DAY } },
  { name: 'Yahoo', text: chart(), provider: yahoo(), symbol: 'AAPL', assetClass: 'equity', calendar: 'XNYS', rows: 5 * 390, range: { startMs: START, endMs: START + 5 * DAY } },
]

const interval: Interval = '1m'
const NOW_MS = START + 40 * DAY

/** Reads an answer as a run does, from the bytes on the wire to checked rows. */
function reader({ text, provider, symbol, assetClass, calendar: market, range, rows }: Shape): () => Promise<void> {
  const raw = { status: 200, headers: {}, body: new TextEncoder().encode(text) }
  const http: Http = {
    request: (request, { classify }) => {
      const { response, fault } = readAs(request, raw)
      const failure = classify?.(response) ?? fault
      return failure === null ? Promise.resolve(response) : Promise.reject(failure)
    },
  }
  const { signal } = new AbortController()
  const series = { provider: provider.name, schema: 'ohlcv', symbol, interval } as const
  const context = { signal, http, now: () => NOW_MS, log: SILENT }
  const rooms = {
    runtime: { now: () => NOW_MS },
    quality: { onInvalid: 'quarantine', maxInvalidShare: 0.01 },
    emit: () => {},
  } as unknown as IngestRooms
  const job: IngestJob = { series, provider, calendar: calendar(market), assetClass, operation: 'get', range, fillGaps: true, signal }
  return async () => {
    const counts = { rows: 0, nullRows: 0, warnings: {} } as unknown as RunCounts
    let read = 0
    for await (const page of provider.fetch({ series, range }, context)) {
      const { page: ready, refusal } = readPage(rooms, job, page, range, 'bench', counts)
      if (refusal !== null || ready.rejects !== null) throw new Error(`${symbol}: rows were rejected`)
      read += rowCount(ready.rows)
    }
    if (read !== rows) throw new Error(`${symbol}: ${read} rows were read instead of ${rows}`)
  }
}

/** Microseconds of one call, over as many as fill a timing. */
async function timed(work: () => unknown, calls: number): Promise<number> {
  const began = performance.now()
  for (let i = 0; i < calls; i++) await work()
  return ((performance.now() - began) * 1000) / calls
}

const figures: Record<string, number> = {}
const goals = []
for (const shape of SHAPES) {
  const read = reader(shape)
  let sink: unknown
  const parse = (): void => {
    sink = JSON.parse(shape.text)
  }
  for (let i = 0; i < 30; i++) {
    await read()
    parse()
  }
  const calls = Math.max(1, Math.ceil((TIMING_MS * 1000) / (await timed(parse, 20))))
  const [reads, parses]: [number[], number[]] = [[], []]
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    parses.push(await timed(parse, calls))
    reads.push(await timed(read, calls))
  }
  if (sink === undefined) throw new Error('nothing was parsed')
  figures[`${shape.name}: kB of JSON`] = shape.text.length / 1000
  figures[`${shape.name}: µs of JSON.parse alone`] = median(parses)
  figures[`${shape.name}: µs to checked columns`] = median(reads)
  goals.push(atMost(`${shape.name}: times JSON.parse alone`, median(reads.map((us, i) => us / (parses[i] as number))), GOAL))
}
finish({ name: 'ingest', about: `answers of vendors to checked columns over JSON.parse alone, medians of ${REPEATS}`, figures, goals }, options)
