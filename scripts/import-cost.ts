/**
 * Prints what a cold import of each entry point costs, in fresh processes, and which dependencies it loads.
 * Fails over the budget, and where `marketlake` itself loads a heavy dependency.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const BUDGET_MS = 100
const RUNS = 9

/** Dependencies that are loaded when they are first needed, never by the import of `marketlake`. */
export const LAZY: readonly string[] = ['apache-arrow', 'hyparquet', 'hyparquet-writer', 'ky', 'p-retry']

/** What one entry point loads and costs. */
export interface ImportCost {
  readonly entry: string
  /** Milliseconds, ascending. */
  readonly ms: readonly number[]
  /** Names of the packages loaded, and the platform's modules. */
  readonly packages: readonly string[]
  readonly files: number
}

const DIST = join(import.meta.dirname, '../dist')

function evaluate(code: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '--no-warnings', '--eval', code], { encoding: 'utf8' })
}

/** Everything that an import loads, in a process of its own. */
export function loadedBy(entry: string): Omit<ImportCost, 'ms'> {
  const url = JSON.stringify(pathToFileURL(join(DIST, `${entry}.js`)).href)
  const output = evaluate(`
    import { registerHooks } from 'node:module'
    const urls = new Set()
    registerHooks({ load(url, context, next) { urls.add(url); return next(url, context) } })
    await import(${url})
    console.log(JSON.stringify([...urls]))`)
  const urls = JSON.parse(output) as string[]
  const packages = urls.flatMap((loaded) => {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(loaded)?.[1]
    return name ?? (loaded.startsWith('node:') ? loaded : [])
  })
  return { entry, packages: [...new Set(packages)].sort(), files: urls.length }
}

/** The cost of an import in `runs` fresh processes. */
export function costOf(entry: string, runs: number): ImportCost {
  const url = JSON.stringify(pathToFileURL(join(DIST, `${entry}.js`)).href)
  const code = `const began = performance.now(); await import(${url}); console.log(performance.now() - began)`
  const ms = Array.from({ length: runs }, () => Number(evaluate(code))).sort((a, b) => a - b)
  return { ...loadedBy(entry), ms }
}

if (import.meta.main) {
  let over = 0
  console.log(`node ${process.versions.node}, ${RUNS} fresh processes each, budget ${BUDGET_MS} ms`)
  for (const entry of ['index', 'providers', 'calendars', 'testkit']) {
    const { ms, packages, files } = costOf(entry, RUNS)
    const median = ms[RUNS >> 1] ?? Infinity
    const heavy = packages.filter((name) => LAZY.includes(name))
    if (entry !== 'testkit' && median > BUDGET_MS) over++
    if (entry === 'index' && heavy.length > 0) over++
    const range = `median ${median.toFixed(1)} ms, min ${(ms[0] ?? 0).toFixed(1)}, max ${(ms.at(-1) ?? 0).toFixed(1)}`
    console.log(
      `${entry.padEnd(10)} ${range}; ${files} files; heavy: ${heavy.join(' ') || 'none'}; loads: ${packages.join(' ') || 'nothing else'}`,
    )
  }
  process.exitCode = over === 0 ? 0 : 1
}
