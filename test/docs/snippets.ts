/**
 * Turns the code blocks of a Markdown file into one program, and runs it.
 *
 * Blocks of a file run in order, in one process, in an empty folder, and see the names of the blocks before them; a block
 * that declares a name again hides the earlier one. A `text` block right after a code block must be what that one prints.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const ROOT = join(import.meta.dirname, '../..')

/** One fenced block of a Markdown file. */
export interface Block {
  /** `ts`, `sql`, `python`, `sh`, … */
  readonly language: string
  /** What follows the language on the fence. */
  readonly info: string
  readonly text: string
  /** Line of the fence, from 1. */
  readonly line: number
  /** What it must print, if the file says so. */
  readonly output: string | null
}

/** Languages that are run. */
export const RUNNABLE: ReadonlySet<string> = new Set(['ts', 'typescript', 'js', 'javascript', 'sql', 'python'])

/** All fenced blocks of a file; `text` blocks become the output of the runnable block right before them. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  let end = 0
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,}|~{3,})\s*([\w+-]*)\s*(.*)$/.exec(lines[at] ?? '')
    if (fence === null) continue
    const [, indent = '', mark = '', language = '', info = ''] = fence
    const close = lines.findIndex((line, i) => i > at && line.trim() === mark)
    if (close === -1) throw new Error(`line ${at + 1}: the block is never closed`)
    const text = lines
      .slice(at + 1, close)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n')
    const previous = blocks.at(-1)
    const follows =
      previous !== undefined &&
      RUNNABLE.has(previous.language) &&
      lines.slice(end + 1, at).every((line) => line.trim() === '')
    if (language === 'text' && follows) blocks[blocks.length - 1] = { ...previous, output: text }
    else blocks.push({ language, info: info.trim(), text, line: at + 1, output: null })
    end = close
    at = close
  }
  return blocks
}

/** Queries that a Python block hands to DuckDB. */
function queriesOf(python: string): string[] {
  return [
    ...python.matchAll(/duckdb\.(?:sql|query|execute)\(\s*[rf]?("""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')/g),
  ].map((match) => (match[1] ?? '').replace(/^("""|'''|"|')|("""|'''|"|')$/g, ''))
}

const IMPORT = /^import\s+(?:type\s+)?[^'"]*?from\s+['"][^'"]+['"];?[^\S\n]*$|^import\s+['"][^'"]+['"];?[^\S\n]*$/gm
const NAMED = /^import\s+(type\s+)?\{([^}]*)\}\s+from\s+['"]([^'"]+)['"]/
const DECLARATION =
  /^(?:export\s+)?(?:const|let|var|class|interface|type|enum|(?:async\s+)?function\*?)\s+(\{[^}]*\}|\[[^\]]*\]|[\w$]+)/gm

function declaredIn(code: string): string[] {
  return [...code.matchAll(DECLARATION)].flatMap((match) =>
    (match[1] ?? '')
      .replace(/[{}[\]]/g, '')
      .split(',')
      .map((part) => (part.split(':').at(-1) ?? '').replace(/=.*/, '').trim())
      .filter((name) => name !== ''),
  )
}

/** One program of all runnable blocks. */
export function programOf(blocks: readonly Block[]): string {
  const named = new Map<string, Set<string>>()
  const imports = new Set<string>()
  const seen = new Set<string>()
  const body: string[] = []
  let open = 0
  for (const [index, block] of blocks.entries()) {
    let code = block.text
    if (block.language === 'sql') code = `await __snippet.sql(${JSON.stringify(code)})`
    if (block.language === 'python')
      code = queriesOf(code)
        .map((query) => `await __snippet.sql(${JSON.stringify(query)})`)
        .join('\n')
    for (const [statement] of code.matchAll(IMPORT)) {
      const match = NAMED.exec(statement)
      if (match === null) imports.add(statement)
      else {
        const names = named.get(match[3] ?? '') ?? new Set<string>()
        for (const name of (match[2] ?? '').split(','))
          if (name.trim() !== '') names.add(`${match[1] ?? ''}${name.trim()}`)
        named.set(match[3] ?? '', names)
      }
    }
    code = code.replace(IMPORT, '').replace(/^export\s+(?=const|let|class|interface|type|function|async)/gm, '')
    const names = declaredIn(code)
    if (names.some((name) => seen.has(name))) {
      body.push('{')
      open++
    }
    for (const name of names) seen.add(name)
    body.push(`__snippet.begin(${index}) // line ${block.line}`, code)
  }
  for (const [path, names] of named) imports.add(`import { ${[...names].join(', ')} } from '${path}'`)
  return [...imports, ...body, '}'.repeat(open), 'export {}', ''].join('\n')
}

/** What one block printed, and whether the program got to its end. */
export interface Run {
  /** By index of the block; undefined where it was not reached. */
  readonly outputs: readonly (string | undefined)[]
  readonly code: number
  readonly stderr: string
  readonly folder: string
}

/** An empty folder in which programs find the built package and its dependencies by name. */
export async function workshop(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'marketlake-docs-'))
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  await symlink(ROOT, join(modules, 'marketlake'))
  return folder
}

/** Runs a program in a folder of {@link workshop}, with the mocked wire. */
export async function runProgram(folder: string, source: string, name = 'snippet.ts'): Promise<Run> {
  await writeFile(join(folder, name), source)
  const env = { ...process.env, MARKETLAKE_ROOT: join(folder, 'market-data'), NO_COLOR: '1', FORCE_COLOR: '0' }
  const args = ['--no-warnings', '--import', pathToFileURL(join(import.meta.dirname, 'preload.ts')).href, name]
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: folder, env, timeout: 60_000, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        const outputs: string[] = []
        for (const part of stdout.split('\u0001').slice(1)) {
          const cut = part.indexOf('\n')
          outputs[Number(part.slice(0, cut))] = part.slice(cut + 1).replace(/\n$/, '')
        }
        resolve({ outputs, code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stderr, folder })
      },
    )
  })
}
