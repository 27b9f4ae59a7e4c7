/**
 * `npm start`: loads bars, brings them current, reads them back, and shows what was made. With a network the source is
 * Binance; without one it is `synthetic()`, and the first line says so.
 */
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { columnsOf, coverageOf, createDataClient, formatTable } from 'marketlake'
import { binance, synthetic } from 'marketlake/providers'

const MINUTE = 60_000
const DAY = 1440 * MINUTE
const root = process.env.MARKETLAKE_ROOT ?? './market-data'

/** Milliseconds of each step, by name. */
const steps: [name: string, ms: number][] = []

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const result = await work()
  steps.push([name, performance.now() - began])
  return result
}

async function hasNetwork(): Promise<boolean> {
  const ping = fetch('https://data-api.binance.vision/api/v3/ping', { signal: AbortSignal.timeout(3000) })
  return await ping.then(
    (response) => response.ok,
    () => false,
  )
}

/** Prices as eight heights. */
function sparkline(values: Float64Array, width: number): string {
  const [low, high] = values.reduce(
    ([min, max], value) => [Math.min(min, value), Math.max(max, value)],
    [Infinity, -Infinity],
  )
  const bucket = Math.max(1, Math.ceil(values.length / width))
  let line = ''
  for (let at = bucket - 1; at < values.length; at += bucket) {
    line += '▁▂▃▄▅▆▇█'[Math.min(7, Math.floor(((values[at] ?? low) - low) / ((high - low || 1) / 8)))] ?? ''
  }
  return line
}

async function printFolder(folder: string): Promise<void> {
  for (const entry of (await readdir(folder, { recursive: true, withFileTypes: true })).filter((found) =>
    found.isFile(),
  )) {
    const path = join(entry.parentPath, entry.name)
    console.log(`  ${relative(folder, path)}  ${((await stat(path)).size / 1024).toFixed(1)} KiB`)
  }
}

const online = await timed('network?', hasNetwork)
const provider = online ? 'binance' : 'synthetic'
console.log(online ? 'Network: yes. Source: Binance.' : 'Network: none. Source: synthetic(), invented bars.')

const client = createDataClient({ root, providers: [online ? binance() : synthetic({ seed: 1 })] })
const midnight = Math.floor(Date.now() / DAY) * DAY
const series = { symbol: 'BTCUSDT', interval: '1m', provider } as const

await timed('load a week', () => client.load({ ...series, start: midnight - 8 * DAY, end: midnight - DAY }))
const report = await timed('update to now', () => client.update(series))
console.log(
  `\nupdate: ${report.requests} requests, +${report.added} bars, version ${report.versionBefore ?? 'none'} -> ${report.version ?? 'none'}`,
)

const bars = await timed('read it all', () => client.read(series))
console.log(`\n${formatTable(bars, { limit: 8 })}`)
console.log(`\n${sparkline(columnsOf(bars).close, 72)}`)

const { covered, missing, provisional, source, version } = coverageOf(bars)
const span = ({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): string =>
  `[${new Date(startMs).toISOString()}, ${new Date(endMs).toISOString()})`
console.log(`\ncoverage of ${source}, version ${version}`)
console.log(`  covered      ${covered.map(span).join(' ') || 'nothing'}`)
console.log(`  provisional  ${provisional.map(span).join(' ') || 'nothing'}`)
console.log(`  missing      ${missing.map((gap) => `${span(gap)} ${gap.kind}`).join(' ') || 'nothing'}`)
await client.close()

console.log(`\nfolder ${root}`)
await printFolder(join(root, 'ohlcv', `provider=${provider}`))
console.log('\nsteps')
for (const [name, ms] of steps) console.log(`  ${name.padEnd(14)} ${ms.toFixed(1).padStart(8)} ms`)
