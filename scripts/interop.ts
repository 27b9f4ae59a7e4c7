/**
 * Other tools read a store that marketlake wrote: Polars and pyarrow, in a Python environment of their own (`.venv`).
 * Values must agree to the bit, after a re-load, a revision and a second series. Needs `python3` with venv, and PyPI once.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { columnsOf, createDataClient } from 'marketlake'
import { synthetic } from 'marketlake/providers'

const ROOT = join(import.meta.dirname, '..')
const PACKAGES: readonly string[] = ['polars==2.1.0', 'pyarrow==26.0.1', 'numpy==2.4.6']
const python = join(ROOT, '.venv/bin/python')

interface Seen {
  readonly tool: string
  readonly rows: number
  readonly types: Readonly<Record<string, string>>
  /** Bytes of each column, little endian, as hex of their SHA-256. */
  readonly digests: Readonly<Record<string, string>>
}

function prepare(): void {
  if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', join(ROOT, '.venv')], { stdio: 'inherit' })
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
    stdio: 'inherit',
  })
}

async function digest(values: Float64Array | BigInt64Array): Promise<string> {
  const bytes = new Uint8Array(
    values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength) as ArrayBuffer,
  )
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

prepare()
const root = mkdtempSync(join(tmpdir(), 'marketlake-interop-'))
try {
  const query = { symbol: 'BTCUSDT', interval: '1m', start: '2024-01-01', end: '2024-03-01' } as const
  for (const seed of [1, 2]) {
    // The second load finds other values for the same bars: every one of them is a revision.
    const client = createDataClient({ root, providers: [synthetic({ seed })] })
    await client.load(query)
    await client.load(query)
    await client.load({ ...query, symbol: 'ETHUSDT' })
    await client.close()
  }
  const client = createDataClient({ root, providers: [synthetic({ seed: 2 })] })
  const expected = columnsOf(await client.read(query))
  const files = await client.files(query)
  await client.close()

  const output = execFileSync(python, [join(import.meta.dirname, 'interop.py'), root, JSON.stringify(files)], {
    encoding: 'utf8',
  })
  let failed = 0
  for (const seen of JSON.parse(output) as Seen[]) {
    const faults: string[] = []
    if (seen.rows !== expected.timestamp.length)
      faults.push(`${seen.rows} rows instead of ${expected.timestamp.length}`)
    for (const [name, sum] of Object.entries(seen.digests)) {
      const values = expected[name]
      if (!(values instanceof Float64Array || values instanceof BigInt64Array))
        faults.push(`${name} is no plain column here`)
      else if ((await digest(values)) !== sum) faults.push(`${name} differs`)
    }
    failed += faults.length
    const types = Object.entries(seen.types)
      .map(([name, type]) => `${name} ${type}`)
      .join(', ')
    console.log(
      `${faults.length === 0 ? 'ok    ' : 'FAILED'} ${seen.tool}: ${seen.rows} rows; ${types}${faults.map((fault) => `; ${fault}`).join('')}`,
    )
  }
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(root, { recursive: true, force: true })
}
