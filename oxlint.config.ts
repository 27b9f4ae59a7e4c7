import { defineConfig } from 'oxlint'

/** Folders under src/ that hold one concept each. A room sees contract/, codecs/ and itself. */
const ROOMS: readonly string[] = [
  'providers',
  'select',
  'ingest',
  'storage',
  'query',
  'calendars',
  'gaps',
  'health',
  'testkit',
  'client',
]

/** Rooms that one folder may see beyond contract/, codecs/ and itself. */
const ALSO_SEES: Readonly<Record<string, readonly string[]>> = {}

/** Heavy dependencies, the one folder each that may import them, and the paths that may name their types. */
const DOORS: readonly { readonly packages: string; readonly door: string; readonly types?: readonly string[] }[] = [
  { packages: '^(hyparquet|hyparquet-writer)(/|$)', door: 'src/codecs/parquet/' },
  {
    packages: '^apache-arrow(/|$)',
    door: 'src/codecs/arrow/',
    types: ['src/', 'src/query/', 'src/client.ts', 'src/client/'],
  },
  { packages: '^(ky|p-retry)(/|$)', door: 'src/providers/http/' },
]

/** Where the platform's own modules may be imported; everywhere else the code runs on any runtime. */
const PLATFORM_DOORS: readonly string[] = ['src/storage/local/', 'src/providers/file.ts', 'src/testkit/']

interface Ban {
  regex: string
  message: string
  allowTypeImports?: boolean
}

/** What files below `path` may not import. */
function bansOf(path: string, rooms: readonly string[]): Ban[] {
  const doors = DOORS.filter(({ door }) => door !== path).map(({ packages, door, types }) => ({
    regex: packages,
    message: `Only ${door} imports this dependency.`,
    allowTypeImports: types?.includes(path) ?? false,
  }))
  const platform = PLATFORM_DOORS.includes(path)
    ? []
    : [{ regex: '^node:', message: `Only ${PLATFORM_DOORS.join(', ')} import modules of the platform.` }]
  const layers = rooms.map((room) => ({
    regex: `^${path === 'src/client.ts' ? '\\.' : '\\.\\.(/\\.\\.)*'}/${room}(/|\\.ts$)`,
    message: 'A room imports contract/, codecs/ and its own files.',
  }))
  const packages =
    path === 'src/contract/' ? [{ regex: '^[^.]', message: 'contract/ imports nothing but contract/.' }] : []
  const self = [{ regex: '^marketlake(/|$)', message: 'src/ imports its own files by relative path.' }]
  return [...doors, ...platform, ...layers, ...packages, ...self]
}

function files(path: string): string {
  return path.endsWith('/') ? `${path}**/*.ts` : path
}

function override(path: string, rooms: readonly string[]) {
  return {
    files: [files(path)],
    rules: { 'no-restricted-imports': ['error', { patterns: bansOf(path, rooms) }] as never },
  }
}

function othersThan(room: string): string[] {
  return ROOMS.filter((other) => other !== room && !(ALSO_SEES[room] ?? []).includes(other))
}

/** Later entries win: first the rooms, then the doors inside them, then the few files that see several rooms. */
const LAYERS = [
  override('src/', []),
  override('src/contract/', [...ROOMS, 'codecs']),
  override('src/codecs/', ROOMS),
  override('src/codecs/parquet/', ROOMS),
  override('src/codecs/arrow/', ROOMS),
  ...ROOMS.filter((room) => room !== 'client').map((room) => override(`src/${room}/`, othersThan(room))),
  override('src/providers/http/', othersThan('providers')),
  override('src/providers/file.ts', othersThan('providers')),
  override('src/storage/local/', othersThan('storage')),
  override('src/ingest/run.ts', ['client', 'testkit']),
  override('src/client.ts', ['testkit']),
  override('src/client/', ['testkit']),
]

export default defineConfig({
  plugins: ['typescript', 'import', 'oxc', 'unicorn', 'promise'],
  categories: { correctness: 'error' },
  ignorePatterns: ['test/runtimes/consumer', 'dist', 'coverage', 'market-data', '**/node_modules'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-self-import': 'error',
    'import/no-mutable-exports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    // Aborting rethrows `signal.reason`, which may be anything.
    'typescript/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
    'typescript/switch-exhaustiveness-check': 'error',
    // `typeof import()` names what is loaded lazily.
    'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    'typescript/no-non-null-assertion': 'off',
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-var': 'error',
    'prefer-const': 'error',
    'typescript/no-misused-spread': 'off',
    'typescript/no-base-to-string': 'off',
    'typescript/unbound-method': 'off',
    'typescript/restrict-template-expressions': 'off',
    'typescript/no-meaningless-void-operator': 'off',
  },
  overrides: [
    {
      files: ['src/**/*.ts'],
      rules: {
        'import/no-default-export': 'error',
        'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: false }],
        'no-console': 'error',
        'no-restricted-globals': [
          'error',
          { name: 'process', message: 'The environment is read in client.ts only, through Runtime.' },
          { name: 'Buffer', message: 'Use Uint8Array: the core runs on any runtime.' },
        ],
        'typescript/explicit-module-boundary-types': 'error',
      },
    },
    {
      files: ['src/storage/local/**/*.ts', 'src/client/**/*.ts', 'src/client.ts', 'src/testkit/**/*.ts'],
      rules: { 'no-restricted-globals': 'off' },
    },
    {
      files: ['test/**/*.ts', 'src/testkit/**/*.ts'],
      plugins: ['vitest'],
      rules: {
        'vitest/no-focused-tests': 'error',
        // Tables of cases name their steps freely, and await what only yields.
        'unicorn/no-thenable': 'off',
        'unicorn/no-unnecessary-await': 'off',
        'typescript/await-thenable': 'off',
        'vitest/warn-todo': 'off',
        // Table-driven tests and shared suites trip over these.
        'vitest/expect-expect': 'off',
        'vitest/no-conditional-expect': 'off',
        'vitest/no-conditional-tests': 'off',
        'vitest/no-standalone-expect': 'off',
        'vitest/require-to-throw-message': 'off',
        'vitest/valid-expect': 'off',
        'vitest/valid-title': 'off',
        'vitest/valid-describe-callback': 'off',
      },
    },
    ...LAYERS,
  ],
})
