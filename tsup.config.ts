import { defineConfig } from 'tsup'

/** ESM only: a CommonJS build breaks on its ESM-only dependencies, while `require()` of this one works. */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    providers: 'src/providers/index.ts',
    calendars: 'src/calendars/index.ts',
    testkit: 'src/testkit/index.ts',
  },
  format: ['esm'],
  target: 'node22',
  platform: 'node',
  splitting: true,
  treeshake: true,
  sourcemap: true,
  clean: true,
  dts: true,
  shims: false,
  removeNodeProtocol: false,
})
