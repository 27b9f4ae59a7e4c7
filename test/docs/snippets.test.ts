import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksOf, programOf, RUNNABLE, runProgram, workshop, type Block } from './snippets.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Blocks that cannot run here: file -> first line of the block -> why, and what runs it instead. */
const NOT_RUN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': { 'import polars as pl': 'needs a Python package; `npm run interop` runs it' },
}

const FILES = [
  ...(existsSync(join(ROOT, 'README.md')) ? ['README.md'] : []),
  ...(existsSync(join(ROOT, 'docs')) ? readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }) : [])
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .sort(),
]

function runnable(file: string): Block[] {
  const listed = NOT_RUN[file] ?? {}
  return blocksOf(readFileSync(join(ROOT, file), 'utf8')).filter(
    (block) => RUNNABLE.has(block.language) && !Object.hasOwn(listed, block.text.split('\n')[0] ?? ''),
  )
}

const folders: string[] = []

async function run(blocks: readonly Block[]): ReturnType<typeof runProgram> {
  const folder = await workshop()
  folders.push(folder)
  return await runProgram(folder, programOf(blocks))
}

beforeAll(() => {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('snippets run against the build: npm run build')
})
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

describe('the runner of snippets', () => {
  test('blocks share names, may declare them again, and their outputs are told apart', async () => {
    const markdown = [
      '```ts',
      'const a = 1',
      'console.log(a)',
      '```',
      '',
      '```text',
      '1',
      '```',
      'words',
      '```ts',
      'const a = 2',
      'const b = a + 1',
      '```',
      '```ts',
      'console.log(b)',
      '```',
      '```text',
      '3',
      '```',
    ].join('\n')
    const blocks = blocksOf(markdown)
    expect(blocks.map(({ output }) => output)).toEqual(['1', null, '3'])
    const result = await run(blocks)
    expect(result.stderr).toBe('')
    expect(result.outputs).toEqual(['1', '', '3'])
  })

  test('a text block after words is no output', () => {
    expect(blocksOf('```ts\n1\n```\nwords\n```text\n1\n```').map(({ output }) => output)).toEqual([null, null])
  })

  test('a block that throws ends the program', async () => {
    const result = await run(
      blocksOf("```ts\nconsole.log(1)\n```\n```ts\nthrow new Error('no')\n```\n```ts\nconsole.log(2)\n```"),
    )
    expect(result.code).not.toBe(0)
    expect(result.outputs).toEqual(['1', ''])
  })

  test('SQL runs in DuckDB, from SQL blocks and from Python ones', async () => {
    const result = await run(
      blocksOf('```sql\nselect 41 + 1 as answer\n```\n```python\nduckdb.sql("select 7 as x, true as yes")\n```'),
    )
    expect(result.stderr).toBe('')
    expect(result.outputs).toEqual(['answer\n42', 'x  yes\n7  true'])
  })

  test('there is no network but the mocked one', async () => {
    const ask = (url: string): string => `await fetch('${url}').then((r) => r.json(), (e) => e.message)`
    const lines = [
      ask('https://example.com/'),
      ask('https://data-api.binance.vision/api/v3/klines?symbol=BTCUSDT&interval=1d&startTime=0&limit=2'),
    ]
    const result = await run(
      blocksOf(`\`\`\`ts\n${lines.map((line) => `console.log(JSON.stringify(${line}))`).join('\n')}\n\`\`\``),
    )
    const [refused, rows] = (result.outputs[0] ?? '').split('\n')
    expect(refused).toBe('"fetch failed"')
    expect((JSON.parse(rows ?? '') as unknown[]).length).toBe(2)
  })
})

describe.skipIf(FILES.length === 0)('the documentation', () => {
  test.each(FILES)('%s: every snippet runs and prints what is shown', { timeout: 120_000 }, async (file) => {
    for (const block of blocksOf(readFileSync(join(ROOT, file), 'utf8'))) {
      if (RUNNABLE.has(block.language))
        expect(block.info, `${file}:${block.line}: list it in NOT_RUN with a reason`).not.toContain('no-run')
    }
    const blocks = runnable(file)
    if (blocks.length === 0) return
    const result = await run(blocks)
    const reached = blocks[result.outputs.length - 1]
    expect(result.code, `${file}:${reached?.line ?? 1}\n${result.stderr}`).toBe(0)
    for (const [index, block] of blocks.entries()) {
      if (block.output !== null) expect(result.outputs[index], `${file}:${block.line}`).toBe(block.output)
    }
  })

  test('every snippet compiles against the published types', { timeout: 120_000 }, async () => {
    const folder = await workshop()
    folders.push(folder)
    for (const [index, file] of FILES.entries()) {
      const blocks = runnable(file)
      if (blocks.length > 0) await writeFile(join(folder, `${index}-${file.replace(/\W/g, '-')}.ts`), programOf(blocks))
    }
    await writeFile(
      join(folder, 'snippet.d.ts'),
      'declare const __snippet: { begin(block: number): void; sql(query: string): Promise<void> }\n',
    )
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      moduleDetection: 'force',
      types: ['node'],
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const output = await new Promise<string>((resolve) => {
      const args = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false']
      execFile(process.execPath, args, { cwd: folder }, (_error, stdout) => resolve(stdout))
    })
    expect(output).toBe('')
  })
})

describe('NOT_RUN', () => {
  test('names blocks that exist', () => {
    for (const [file, blocks] of Object.entries(NOT_RUN)) {
      const first = blocksOf(readFileSync(join(ROOT, file), 'utf8')).map(({ text }) => text.split('\n')[0])
      for (const line of Object.keys(blocks)) expect(first).toContain(line)
    }
  })
})
