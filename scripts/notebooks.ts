/**
 * Executes examples/quickstart.ipynb without a browser, under Deno's kernel and under tslab, and fails when a cell does.
 * Needs Debian's nbconvert: apt-get install --no-install-recommends jupyter-nbconvert jupyter-client jupyter-core python3-ipykernel
 * Deno and tslab come from test/runtimes.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installPacked, installRuntimes, ROOT, runtime } from '../test/runtimes/install.ts'

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
await installRuntimes()
const folder = await installPacked()
try {
  const kernels: Readonly<Record<string, readonly string[]>> = {
    deno: [runtime('.bin/deno'), 'jupyter', '--kernel', '--conn', '{connection_file}'],
    tslab: [process.execPath, runtime('tslab/bin/tslab'), 'kernel', '--config-path={connection_file}'],
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
      PATH: `${runtime('.bin')}${delimiter}${process.env.PATH ?? ''}`,
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
