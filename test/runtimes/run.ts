/**
 * Packs the package, installs it in an empty folder as a user would, and tries it there: the quickstart on every runtime,
 * `require()` of every entry point, and the published types under old and new compilers. Prints one line a check.
 */
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { installPacked, installRuntimes, ROOT, run, runtime, type Outcome } from './install.ts'

const HERE = import.meta.dirname

await installRuntimes()
const folder = await installPacked()
await copyFile(join(ROOT, 'examples/quickstart.ts'), join(folder, 'quickstart.ts'))
await copyFile(join(HERE, 'consumer/preload.ts'), join(folder, 'preload.ts'))
await copyFile(join(HERE, 'consumer/types.ts'), join(folder, 'types.ts'))
await copyFile(join(ROOT, 'test/docs/wire.ts'), join(folder, 'wire.ts'))

const NODE22 = runtime('node/bin/node')
const RUNTIMES: readonly (readonly [title: string, command: string, before: readonly string[]])[] = [
  ['Node 22.18', NODE22, ['--no-warnings', '--import', './preload.ts']],
  [`Node ${process.versions.node}`, process.execPath, ['--no-warnings', '--import', './preload.ts']],
  ['Deno', runtime('.bin/deno'), ['run', '--quiet', '-A', '--node-modules-dir=manual', '--preload', './preload.ts']],
  ['Bun', runtime('.bin/bun'), ['--preload', './preload.ts']],
]

const STRICT = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', 'types.ts']
const NEW = [...STRICT, '--module', 'nodenext', '--skipLibCheck', 'false', '--lib', 'es2024,esnext.disposable,dom']
const OLD = [...STRICT, '--skipLibCheck', 'true']
const COMPILERS: readonly (readonly [title: string, compiler: string, args: readonly string[]])[] = [
  ['TypeScript 6, libraries checked', join(ROOT, 'node_modules/typescript/bin/tsc'), NEW],
  ['TypeScript 7, libraries checked', runtime('typescript-7/bin/tsc'), NEW],
  [
    'TypeScript 5.0, node16',
    runtime('typescript-5/bin/tsc'),
    [...OLD, '--module', 'node16', '--moduleResolution', 'node16'],
  ],
  [
    'TypeScript 5.0, node10 as in tslab',
    runtime('typescript-5/bin/tsc'),
    [...OLD, '--module', 'commonjs', '--moduleResolution', 'node10'],
  ],
]

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
const names = Object.keys(manifest.exports).map((path) => `marketlake${path.slice(1)}`)
const REQUIRE = `for (const name of ${JSON.stringify(names)}) if (Object.keys(require(name)).length === 0) throw new Error(name)
if (typeof require('marketlake').createDataClient !== 'function') throw new Error('createDataClient')`

let [passed, failed] = [0, 0]
let expected: string | undefined

async function check(title: string, work: () => Promise<Outcome>): Promise<Outcome> {
  const began = performance.now()
  const outcome = await work()
  if (outcome.ok) passed++
  else failed++
  console.log(`${outcome.ok ? 'ok    ' : 'FAILED'} ${title}, ${Math.round(performance.now() - began)} ms`)
  if (!outcome.ok) console.log(outcome.output.replace(/^/gm, '       '))
  return outcome
}

for (const [index, [title, command, before]] of RUNTIMES.entries()) {
  const root = join(folder, `store-${index}`)
  await mkdir(root)
  await check(`quickstart on ${title}`, async () => {
    const { ok, output } = await run(command, [...before, 'quickstart.ts'], folder, { MARKETLAKE_ROOT: root })
    if (!ok) return { ok, output }
    expected ??= output
    return {
      ok: output === expected && output !== '',
      output: `printed\n${output}\nbut the first runtime printed\n${expected}`,
    }
  })
}
for (const [title, command] of RUNTIMES.slice(0, 2)) {
  await check(`require() on ${title}`, () =>
    run(command, ['--no-warnings', '--input-type=commonjs', '--eval', REQUIRE], folder),
  )
}
for (const [title, compiler, args] of COMPILERS) {
  await check(title, () => run(process.execPath, [compiler, ...args], folder))
}
await rm(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
