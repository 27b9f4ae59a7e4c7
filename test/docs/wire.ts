/**
 * A stand-in for the network, loaded before a snippet or an example: Binance klines and Yahoo charts that are the same on
 * every run, and nothing else. The clock starts at {@link NOW}, so that what a snippet prints does not depend on the day.
 */

/** Where the clock stands when a program starts: a Wednesday at noon, UTC. */
export const NOW: number = Date.UTC(2024, 6, 3, 12)

const MINUTE = 60_000
const DAY = 1440 * MINUTE

/** Interval as Binance spells it -> milliseconds. */
const BINANCE: Readonly<Record<string, number>> = {
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': 60 * MINUTE,
  '2h': 120 * MINUTE,
  '4h': 240 * MINUTE,
  '6h': 360 * MINUTE,
  '8h': 480 * MINUTE,
  '12h': 720 * MINUTE,
  '1d': DAY,
}

/** Interval as Yahoo spells it -> milliseconds. */
const YAHOO: Readonly<Record<string, number>> = {
  '1m': MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '60m': 60 * MINUTE,
  '1h': 60 * MINUTE,
  '1d': DAY,
}

interface Bar {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

function level(symbol: string, ms: number): number {
  let seed = 7
  for (const letter of symbol) seed = (seed * 31 + letter.charCodeAt(0)) % 9973
  const days = ms / DAY
  return (
    (50 + (seed % 400)) *
    (1 + 0.2 * Math.sin(days / 40 + seed) + 0.03 * Math.sin(days * 7.3) + 0.002 * Math.sin(days * 997))
  )
}

function cents(value: number): number {
  return Math.round(value * 100) / 100
}

/** One bar of one symbol; depends on nothing but its arguments. */
function bar(symbol: string, openMs: number, stepMs: number): Bar {
  const [open, close] = [cents(level(symbol, openMs)), cents(level(symbol, openMs + stepMs))]
  const spread = Math.abs(Math.sin(openMs / 7e6)) * 0.004 * open
  const volume = 1 + Math.round(1000 * Math.abs(Math.sin(openMs / 3e6))) / 8
  return {
    open,
    high: cents(Math.max(open, close) + spread),
    low: cents(Math.min(open, close) - spread),
    close,
    volume,
  }
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
}

/** Both bounds are inclusive, and speak of the open. */
function klines(query: URLSearchParams): Response {
  const symbol = query.get('symbol') ?? ''
  const step = BINANCE[query.get('interval') ?? '']
  if (step === undefined) return json({ code: -1120, msg: 'Invalid interval.' }, 400)
  if (!/^[A-Z0-9]+(USDT|USDC|BTC|EUR)$/.test(symbol)) return json({ code: -1121, msg: 'Invalid symbol.' }, 400)
  const limit = Number(query.get('limit') ?? 500)
  const last = Math.min(Number(query.get('endTime') ?? Date.now()), Date.now())
  const rows: unknown[] = []
  for (
    let open = Math.ceil(Number(query.get('startTime')) / step) * step;
    open <= last && rows.length < limit;
    open += step
  ) {
    const { open: first, high, low, close, volume } = bar(symbol, open, step)
    const quote = String(cents(volume * close))
    rows.push([
      open,
      `${first}`,
      `${high}`,
      `${low}`,
      `${close}`,
      `${volume}`,
      open + step - 1,
      quote,
      42,
      `${volume / 2}`,
      '0',
      '0',
    ])
  }
  return json(rows)
}

/** New York's offset from UTC at a day's opening, for the years the snippets ask for. */
function newYorkOffsetMs(ms: number): number {
  const text = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', timeZoneName: 'longOffset' }).format(ms)
  return text.includes('GMT-04') ? -4 * 60 * MINUTE : -5 * 60 * MINUTE
}

/** Openings in `[start, end)`: every slot of a coin, weekday sessions from 09:30 to 16:00 New York of the rest. */
function openings(symbol: string, step: number, start: number, end: number): number[] {
  const out: number[] = []
  if (symbol.endsWith('-USD')) {
    for (let open = Math.ceil(start / step) * step; open < end; open += step) out.push(open)
    return out
  }
  for (let day = Math.floor(start / DAY) * DAY; day < end; day += DAY) {
    if (new Date(day).getUTCDay() % 6 === 0) continue
    const bell = day + 570 * MINUTE - newYorkOffsetMs(day + DAY / 2)
    for (let open = bell; open < bell + 390 * MINUTE; open += step) if (open >= start && open < end) out.push(open)
  }
  return out
}

function chart(symbol: string, query: URLSearchParams): Response {
  const step = YAHOO[query.get('interval') ?? '']
  if (step === undefined)
    return json({ chart: { result: null, error: { code: 'Bad Request', description: 'interval' } } }, 400)
  if (symbol.startsWith('NOSUCH')) {
    const error = { code: 'Not Found', description: 'No data found, symbol may be delisted' }
    return json({ chart: { result: null, error } }, 404)
  }
  const end = Math.min(Number(query.get('period2')) * 1000, Date.now())
  const coin = symbol.endsWith('-USD')
  const stamps = openings(symbol, step, Number(query.get('period1')) * 1000, end)
  const bars = stamps.map((open) => bar(symbol, open, step))
  const quote = {
    open: bars.map(({ open }) => open),
    high: bars.map(({ high }) => high),
    low: bars.map(({ low }) => low),
    close: bars.map(({ close }) => close),
    volume: bars.map(({ volume }) => Math.round(volume * 8)),
  }
  const meta = {
    currency: 'USD',
    symbol,
    exchangeName: coin ? 'CCC' : 'NMS',
    instrumentType: coin ? 'CRYPTOCURRENCY' : 'EQUITY',
    firstTradeDate: 345_479_400,
    regularMarketTime: Math.floor(Date.now() / 1000),
    gmtoffset: coin ? 0 : -14_400,
    timezone: coin ? 'UTC' : 'EDT',
    exchangeTimezoneName: coin ? 'UTC' : 'America/New_York',
    dataGranularity: query.get('interval'),
    range: '',
  }
  const adjclose = step === DAY ? { adjclose: [{ adjclose: quote.close }] } : {}
  const rows =
    stamps.length === 0
      ? { indicators: { quote: [{}] } }
      : { timestamp: stamps.map((ms) => ms / 1000), indicators: { quote: [quote], ...adjclose } }
  return json({ chart: { result: [{ meta, ...rows }], error: null } })
}

/** Answers a request as the vendor would, or refuses as a machine without a network does. */
export function answer(address: string): Response {
  const { hostname, pathname, searchParams } = new URL(address)
  if (/(^|\.)binance\.(com|vision)$/.test(hostname) && pathname === '/api/v3/klines') return klines(searchParams)
  if (/(^|\.)binance\.(com|vision)$/.test(hostname) && pathname === '/api/v3/ping') return json({})
  const symbol = /^\/v8\/finance\/chart\/(.+)$/.exec(pathname)?.[1]
  if (hostname.endsWith('.yahoo.com') && symbol !== undefined) return chart(decodeURIComponent(symbol), searchParams)
  throw new TypeError('fetch failed', { cause: new Error(`no recording of ${hostname}${pathname}`) })
}

/** Puts the stand-ins in place of the platform's `fetch` and clock. */
export function install(network: 'mocked' | 'none'): void {
  const offset = NOW - Date.now()
  const realNow = Date.now.bind(Date)
  Date.now = () => realNow() + offset
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, self) =>
      Reflect.construct(
        target,
        args.length === 0 ? [Date.now()] : args,
        self === globalThis.Date ? target : self,
      ) as object,
  })
  globalThis.fetch = (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    if (network === 'none') return Promise.reject(new TypeError('fetch failed', { cause: new Error('no network') }))
    return new Promise((resolve) => resolve(answer(input instanceof Request ? input.url : String(input))))
  }
}
