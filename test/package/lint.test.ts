import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** One planted file each: where it lies, what it says, and the rule that must refuse it (null = must pass). */
const PLANTED: readonly [path: string, source: string, rule: string | null][] = [
  ['src/contract/up.ts', "export { x } from '../storage/x.ts'", 'no-restricted-imports'],
  ['src/contract/package.ts', "export { EventEmitter } from 'eventemitter3'", 'no-restricted-imports'],
  ['src/contract/fine.ts', "export { ok } from './ok.ts'", null],
  ['src/codecs/csv/room.ts', "export { x } from '../../storage/x.ts'", 'no-restricted-imports'],
  ['src/query/room.ts', "export { x } from '../storage/x.ts'", 'no-restricted-imports'],
  ['src/query/lazy.ts', "export const x = (): Promise<unknown> => import('../storage/x.ts')", 'no-restricted-imports'],
  ['src/query/client.ts', "export { x } from '../client.ts'", 'no-restricted-imports'],
  ['src/query/fine.ts', "export { ok } from '../contract/ok.ts'", null],
  ['src/query/own.ts', "export { ok } from './storage.ts'", null],
  ['src/storage/local/room.ts', "export { x } from '../../providers/x.ts'", 'no-restricted-imports'],
  ['src/ingest/plan.ts', "export { x } from '../storage/x.ts'", 'no-restricted-imports'],
  ['src/ingest/run.ts', "export { x } from '../storage/x.ts'", null],
  ['src/client/wire.ts', "export { x } from '../storage/x.ts'", null],
  ['src/client.ts', "export { x } from './testkit/x.ts'", 'no-restricted-imports'],
  ['src/query/arrow.ts', "export { Table } from 'apache-arrow'", 'no-restricted-imports'],
  [
    'src/query/arrow-lazy.ts',
    "export const arrow = (): Promise<unknown> => import('apache-arrow')",
    'no-restricted-imports',
  ],
  ['src/query/arrow-type.ts', "import type { Table } from 'apache-arrow'\nexport type { Table }", null],
  ['src/codecs/arrow/door.ts', "export { Table } from 'apache-arrow'", null],
  ['src/codecs/arrow/other.ts', "export { parquetRead } from 'hyparquet'", 'no-restricted-imports'],
  ['src/codecs/parquet/door.ts', "export { parquetRead } from 'hyparquet'", null],
  ['src/providers/ky.ts', "import ky from 'ky'\nexport const x: unknown = ky", 'no-restricted-imports'],
  ['src/providers/http/door.ts', "import ky from 'ky'\nexport const x: unknown = ky", null],
  ['src/query/node.ts', "export { readFile } from 'node:fs/promises'", 'no-restricted-imports'],
  ['src/storage/local/node.ts', "export { readFile } from 'node:fs/promises'", null],
  ['src/query/self.ts', "export { x } from 'marketlake'", 'no-restricted-imports'],
  ['src/query/cycle-a.ts', "import { b } from './cycle-b.ts'\nexport const a = (): number => b()", 'no-cycle'],
  ['src/query/cycle-b.ts', "import { a } from './cycle-a.ts'\nexport const b = (): number => a()", 'no-cycle'],
  [
    'src/query/floating.ts',
    'const work = async (): Promise<void> => {}\nexport const x = (): void => {\n  work()\n}',
    'no-floating-promises',
  ],
  ['src/query/any.ts', 'export const x = (value: any): unknown => value', 'no-explicit-any'],
  ['src/query/default.ts', 'export default 1', 'no-default-export'],
  ['src/query/environment.ts', 'export const x: unknown = process.env', 'no-restricted-globals'],
  ['src/query/long.ts', `export const x = 1\n${'\n'.repeat(500)}`, 'max-lines'],
  ['test/query/focused.test.ts', "import { test } from 'vitest'\ntest.only('x', () => {})", 'no-focused-tests'],
]

/** What the planted files import, so that imports resolve. */
const GROUND: Readonly<Record<string, string>> = {
  'src/contract/ok.ts': 'export const ok = 1',
  'src/query/storage.ts': 'export const ok = 1',
  'src/storage/x.ts': 'export const x = 1',
  'src/providers/x.ts': 'export const x = 1',
  'src/testkit/x.ts': 'export const x = 1',
}

interface Diagnostic {
  readonly code: string
  readonly filename: string
}

let folder = ''
let found: readonly Diagnostic[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marketlake-lint-'))
  for (const name of ['oxlint.config.ts', 'tsconfig.json', 'package.json'])
    await cp(join(ROOT, name), join(folder, name))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const planted = PLANTED.map(([path, source]) => [path, source] as const)
  for (const [path, source] of [...Object.entries(GROUND), ...planted]) {
    await mkdir(join(folder, dirname(path)), { recursive: true })
    await writeFile(join(folder, path), `${source}\n`)
  }
  const output = await new Promise<string>((resolve) => {
    const args = [join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format=json']
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 }, (_error, stdout) => resolve(stdout))
  })
  found = (JSON.parse(output) as { diagnostics: Diagnostic[] }).diagnostics
}, 60_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('lint', () => {
  test.each(PLANTED)('%s is judged', (path, _source, rule) => {
    const codes = found.filter(({ filename }) => filename === path).map(({ code }) => code.replace(/^.*\(|\)$/g, ''))
    if (rule === null) expect(codes).toEqual([])
    else expect(codes).toContain(rule)
  })
})
