import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { LAZY, loadedBy } from '../../scripts/import-cost.ts'

const ROOT = join(import.meta.dirname, '../..')
const DIST = join(ROOT, 'dist')

interface Manifest {
  readonly version: string
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> }
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
const entries = Object.keys(manifest.exports).filter((path) => path !== './package.json')

beforeAll(() => {
  if (!existsSync(join(DIST, 'index.js'))) throw new Error('these tests look at the build: npm run build')
})

describe('the manifest', () => {
  test('every version is exact', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
    }
  })

  test('nothing runs at the user who installs it', () => {
    for (const hook of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(manifest.scripts).not.toHaveProperty(hook)
  })

  test('every entry point exists, its types first, for old compilers too', () => {
    for (const path of entries) {
      const entry = manifest.exports[path]
      if (typeof entry !== 'object') throw new Error(`${path} has no types`)
      expect(Object.keys(entry)).toEqual(['types', 'default'])
      for (const file of Object.values(entry)) expect(existsSync(join(ROOT, file)), file).toBe(true)
      if (path !== '.') expect(manifest.typesVersions['*'][path.slice(2)]).toEqual([entry.types])
    }
  })

  test('the changelog has a heading for this version', () => {
    if (!existsSync(join(ROOT, 'CHANGELOG.md'))) return
    expect(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')).toContain(`## ${manifest.version}`)
  })
})

describe('the build', () => {
  test('importing marketlake loads no heavy dependency', () => {
    const { packages } = loadedBy('index')
    expect(packages.filter((name) => LAZY.includes(name))).toEqual([])
  })

  test.each(entries)('%s can be required from CommonJS', (path) => {
    const name = path === '.' ? 'marketlake' : `marketlake/${path.slice(2)}`
    const code = `console.log(Object.keys(require(${JSON.stringify(name)})).length)`
    const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--eval', code], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(Number(stdout)).toBeGreaterThan(0)
  })

  test('published types are readable by TypeScript 5.0 and free of any', () => {
    for (const name of readdirSync(DIST).filter((file) => file.endsWith('.d.ts'))) {
      const text = readFileSync(join(DIST, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      expect(text.match(/\b(?:Float64|BigInt64|Int32|Uint8)Array</g), name).toBeNull()
      expect(text.match(/[:<,|&] ?any\b/g), name).toBeNull()
    }
  })

  test('modules of the platform keep their node: prefix', () => {
    for (const name of readdirSync(DIST).filter((file) => file.endsWith('.js'))) {
      const text = readFileSync(join(DIST, name), 'utf8')
      expect(
        text.match(/(?:from|import\() ?['"](?:fs|path|os|crypto|stream|util|events|zlib|url)(?:\/[\w/]+)?['"]/g),
        name,
      ).toBeNull()
    }
  })

  test('the tarball holds the build and the papers, nothing else', { timeout: 60_000 }, () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=silent'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    const [packed] = JSON.parse(output) as { files: { path: string }[] }[]
    const paths = (packed?.files ?? []).map(({ path }) => path)
    expect(paths).toContain('dist/index.js')
    expect(
      paths.filter(
        (path) => !/^(dist\/[\w.-]+\.(js|js\.map|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/[\w./-]+\.(md|svg))$/.test(path),
      ),
    ).toEqual([])
  })
})
