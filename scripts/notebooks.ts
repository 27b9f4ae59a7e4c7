/**
 * Executes examples/quickstart.ipynb without a browser, under Deno's kernel and under tslab, and fails when a cell does.
 * Needs Debian's nbconvert: apt-get install --no-install-recommends jupyter-nbconvert jupyter-client jupyter-core python3-ipykernel
 * Deno and tslab come from test/runtimes.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const RUNTIMES = join(ROOT, 'test/runtimes')
const bin = join(RUNTIMES, 'node_modules/.bin')

interface Cell {
  readonly outputs?: readonly {
    readonly output_type: string
    readonly text?: string | readonly string[]
    readonly data?: object
  }[]
}

if (spawnSync('jupyter', ['nbconvert', '--version']).status !== 0) {
  console.error(
    'nbconvert is missing: apt-get install --no-install-recommends jupyter-nbconvert jupyter-client jupyter-core python3-ipykernel',
  )
  process.exit(1)
}
if (!existsSync(join(bin, 'tslab')))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: RUNTIMES, stdio: 'inherit' })

const folder = mkdtempSync(join(tmpdir(), 'marketlake-notebooks-'))
try {
  // A folder as a user has it: the package and its dependencies in node_modules, the notebook beside it.
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "dependencies": { "marketlake": "*" } }\n')
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  symlinkSync(ROOT, join(folder, 'node_modules/marketlake'))

  const kernels: Readonly<Record<string, readonly string[]>> = {
    deno: [join(bin, 'deno'), 'jupyter', '--kernel', '--conn', '{connection_file}'],
    tslab: [
      process.execPath,
      join(RUNTIMES, 'node_modules/tslab/bin/tslab'),
      'kernel',
      '--config-path={connection_file}',
    ],
  }
  for (const [name, argv] of Object.entries(kernels)) {
    const spec = join(folder, 'jupyter/kernels', name)
    mkdirSync(spec, { recursive: true })
    writeFileSync(join(spec, 'kernel.json'), JSON.stringify({ argv, display_name: name, language: 'typescript' }))
  }

  let failed = 0
  const source = JSON.parse(readFileSync(join(ROOT, 'examples/quickstart.ipynb'), 'utf8')) as {
    metadata: Record<string, unknown>
  }
  for (const name of Object.keys(kernels)) {
    const notebook = {
      ...source,
      metadata: { ...source.metadata, kernelspec: { name, display_name: name, language: 'typescript' } },
    }
    writeFileSync(join(folder, `${name}.ipynb`), JSON.stringify(notebook))
    const began = performance.now()
    const args = ['nbconvert', '--to', 'notebook', '--execute', `${name}.ipynb`, '--output', `${name}.out.ipynb`]
    const env = {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
      JUPYTER_PATH: join(folder, 'jupyter'),
      MARKETLAKE_ROOT: join(folder, `store-${name}`),
      DENO_NO_UPDATE_CHECK: '1',
    }
    const { status, stderr } = spawnSync('jupyter', args, { cwd: folder, env, encoding: 'utf8', timeout: 180_000 })
    const ms = Math.round(performance.now() - began)
    if (status !== 0) {
      failed++
      console.log(`FAILED ${name}, ${ms} ms\n${stderr}`)
      continue
    }
    const { cells } = JSON.parse(readFileSync(join(folder, `${name}.out.ipynb`), 'utf8')) as { cells: Cell[] }
    const outputs = cells.flatMap((cell) => cell.outputs ?? [])
    console.log(`ok     ${name}: ${cells.length} cells, ${outputs.length} outputs, ${ms} ms`)
    for (const { text, data } of outputs)
      console.log([text ?? Object.keys(data ?? {})].flat().join('').replace(/^/gm, '       ').trimEnd())
  }
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
