import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests that ask real vendors run only when `LIVE=1` says so. */
const live = process.env.LIVE === '1' ? [] : ['test/live/**']

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...live, 'test/runtimes/**'],
    // The default leaves a core idle, which on two cores is half of them.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

export default config
