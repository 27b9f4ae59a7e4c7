import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }))

/** How a warning is sent, up to its code. */
const SENT = /(?:emit\('warning',|\.warn\(|warnOnce\([^{})]*)\s*\{\s*code:\s*(['`])(.+?)\1/g
/** Calls that hand on what was sent elsewhere, and lines of the log alone. */
const HANDED_ON =
  /emit\('warning', warning\)|\.warn\(event\b|log\.warn\(\{ (?!code)|logger\.warn\(|function warnOnce\(/g
const CALL = /emit\('warning'|\.warn\(|\bwarnOnce\(/g

/** What stands in a code that is put together. */
const PARTS: Readonly<Record<string, () => readonly string[]>> = {
  what: () =>
    sources.flatMap(({ text }) =>
      [...text.matchAll(/afterwards\(\w+, \w+, '(\w+)'/g)].map(([, what]) => what as string),
    ),
  state: () => ['open', 'half-open', 'closed'],
}

function spelled(code: string): readonly string[] {
  const [part, name = ''] = /\$\{(\w+)\}/.exec(code) ?? []
  if (part === undefined) return [code]
  expect(PARTS, `${code} is put together of what this test does not know`).toHaveProperty(name)
  return (PARTS[name] as () => readonly string[])().map((value) => code.replace(part, value))
}

test('the docs describe every warning that is sent, and no other', () => {
  const sent = sources.flatMap(({ text }) => [...text.matchAll(SENT)].flatMap(([, , code]) => spelled(code as string)))
  const [, section = ''] = readFileSync(join(root, 'docs/concepts.md'), 'utf8').split('\n## Warnings\n')
  const described = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code]) => code as string)
  expect(described.toSorted()).toEqual([...new Set(sent)].toSorted())
})

test('no warning is sent in a way that the test above does not see', () => {
  for (const { path, text } of sources) {
    const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length
    expect(count(CALL), path).toBe(count(SENT) + count(HANDED_ON))
  }
})
