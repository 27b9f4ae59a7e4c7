/** An empty folder with the packed package installed, as a user has it; and the runtimes to try it on. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The repository. */
export const ROOT: string = join(import.meta.dirname, '../..')

/** How a command ended, and what it printed. */
export interface Outcome {
  readonly ok: boolean
  readonly output: string
}

/** Path of a program or package that is installed beside this file. */
export function runtime(path: string): string {
  return join(import.meta.dirname, 'node_modules', path)
}

/** Runs a command to its end; never rejects. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, timeout: 180_000, maxBuffer: 1 << 26 }
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: error === null ? stdout : `${stdout}${stderr}${error.message}` })
    })
  })
}

async function must(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { ok, output } = await run(command, args, cwd)
  if (!ok) throw new Error(output)
  return output
}

/** Installs the runtimes and old compilers, once. */
export async function installRuntimes(): Promise<void> {
  if (existsSync(runtime('.bin/deno')) && existsSync(runtime('.bin/tslab'))) return
  await must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], import.meta.dirname)
}

/** Packs the package and installs it in an empty folder; the caller removes it. */
export async function installPacked(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'marketlake-consumer-'))
  const packed = await must(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--loglevel=silent', '--pack-destination', folder],
    ROOT,
  )
  const [tarball] = JSON.parse(packed) as { filename: string }[]
  await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await must('npm', ['install', ...flags, `./${tarball?.filename ?? ''}`], folder)
  return folder
}
