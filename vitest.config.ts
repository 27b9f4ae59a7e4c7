import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/live/**', 'test/runtimes/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

export default config
