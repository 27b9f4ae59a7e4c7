import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workshop } from '../docs/snippets.ts'

const ROOT = join(import.meta.dirname, '../..')
const PRELOAD = pathToFileURL(join(ROOT, 'test/docs/preload.ts')).href
const folders: string[] = []

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly folder: string
}

async function run(example: string, network: 'mocked' | 'none'): Promise<Ran> {
  const folder = await workshop()
  folders.push(folder)
  await copyFile(join(ROOT, 'examples', example), join(folder, example))
  const env = { ...process.env, MARKETLAKE_ROOT: join(folder, 'market-data'), SNIPPET_NETWORK: network, NO_COLOR: '1' }
  return await new Promise((resolve) => {
    const args = ['--no-warnings', '--import', PRELOAD, example]
    execFile(
      process.execPath,
      args,
      { cwd: folder, env, timeout: 90_000, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, stdout, stderr, folder })
      },
    )
  })
}

beforeAll(() => {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('examples run against the build: npm run build')
})
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

/** What each example must print. */
const EXPECTED: Readonly<Record<string, readonly RegExp[]>> = {
  'quickstart.ts': [
    /^168 bars of binance, version 1, 0 ranges missing$/m,
    /^mean close \d+\.\d\d$/m,
    /^again: version 1$/m,
  ],
  'batch.ts': [
    /^BTCUSDT 1h: \+\d+ bars in \d+ requests$/m,
    /^AAPL 1d: \+\d+ bars/m,
    /^NOSUCH 1d: provider\/not-found\./m,
    /^3 current, 1 failed$/m,
  ],
  'backtest-scan.ts': [/^525600 bars, \d+ trades, equity \d+\.\d{4}$/m],
  'bring-your-own-provider.ts': [/2024-01-31/],
  'deno.ts': [/2024-01-01/],
}

describe('examples', { timeout: 120_000 }, () => {
  test('every example is run here', () => {
    const files = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.ts'))
    expect(files.sort()).toEqual([...Object.keys(EXPECTED), 'main.ts'].sort())
  })

  test.each(Object.entries(EXPECTED))('%s', async (example, expected) => {
    const { code, stdout, stderr } = await run(example, 'mocked')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const pattern of expected) expect(stdout).toMatch(pattern)
  })

  test.each(['mocked', 'none'] as const)('main.ts with network: %s', async (network) => {
    const { code, stdout, stderr, folder } = await run('main.ts', network)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const source = network === 'mocked' ? 'binance' : 'synthetic'
    expect(stdout.split('\n')[0]).toBe(
      network === 'mocked' ? 'Network: yes. Source: Binance.' : 'Network: none. Source: synthetic(), invented bars.',
    )
    expect(stdout).toContain(`coverage of ${source}, version`)
    expect(stdout).toMatch(/^ {2}missing {6}nothing$/m)
    expect(stdout).toMatch(/[▁▂▃▄▅▆▇█]{40,}/)
    expect(stdout).toMatch(/read it all +\d+\.\d ms/)
    expect(await readdir(join(folder, 'market-data/ohlcv'))).toEqual([`provider=${source}`])
  })

  test('the notebook has cells, and none with an output', () => {
    const { cells } = JSON.parse(readFileSync(join(ROOT, 'examples/quickstart.ipynb'), 'utf8')) as {
      cells: { cell_type: string; outputs?: unknown[] }[]
    }
    expect(cells.filter(({ cell_type }) => cell_type === 'code').length).toBeGreaterThan(3)
    expect(cells.flatMap(({ outputs }) => outputs ?? [])).toEqual([])
  })
})
