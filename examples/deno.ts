/**
 * On Deno: `deno run --allow-read --allow-write --allow-net --allow-env examples/deno.ts`. Nothing here is Deno's own but the reading of the folder.
 */
import { createDataClient, formatTable } from 'marketlake'
import { synthetic } from 'marketlake/providers'

const root = './market-data'
const client = createDataClient({ root, providers: [synthetic({ seed: 1 })] })
const bars = await client.get({ symbol: 'BTCUSDT', interval: '1h', start: '2024-01-01', end: '2024-02-01' })
console.log(formatTable(bars, { limit: 4 }))
await client.close()

const runtime = globalThis as unknown as { Deno?: { readDir(path: string): AsyncIterable<{ name: string }> } }
if (runtime.Deno !== undefined) for await (const { name } of runtime.Deno.readDir(root)) console.log(`${root}/${name}`)
