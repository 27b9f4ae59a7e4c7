import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesSource, readColumns, readFooter } from '../../../src/codecs/parquet/index.ts'
import { sliceColumns, type Columns } from '../../../src/contract/columns.ts'
import { concatColumns } from '../../../src/contract/join-columns.ts'
import { anyColumns, BARS, bars, COMPRESSORS, contents, encode, fileLike, readAll } from './support.ts'

/** Row counts around the bounds of bytes, words, delta blocks and the smallest dictionary. */
const rowCounts: fc.Arbitrary<number> = fc.oneof(
  fc.nat(40),
  fc.constantFrom(0, 1, 31, 32, 33, 127, 128, 129, 130, 4095, 4096, 4097, 4225),
)

describe('writing columns and reading them back', () => {
  it('is the identity for every double, int64, null, text and row count', async () => {
    const settings = fc.record({
      compression: fc.constantFrom<'none' | 'zstd'>('none', 'zstd'),
      rowGroupRows: fc.constantFrom(7, 64, 4096, 43_200),
      inMemory: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(anyColumns(rowCounts, true), settings, async ({ columns, shape }, { inMemory, ...options }) => {
        if (options.rowGroupRows === 7 && columns.timestamp.length > 200) return
        const bytes = encode(columns, { ...shape, ...options })
        const source = inMemory ? bytesSource(bytes) : fileLike(bytes)
        const footer = readFooter(source)
        expect(footer.own).toBe(true)
        expect(footer.sorted).toBe(true)
        expect(footer.columns).toEqual(shape.columns)
        expect(contents(await readAll(source, shape))).toEqual(contents(columns))
      }),
      { numRuns: 120 },
    )
  })

  it('is the identity for rows in any order where that is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(anyColumns(fc.nat(200), false), async ({ columns, shape }) => {
        const source = bytesSource(encode(columns, { ...shape, sorted: false }))
        expect(readFooter(source).sorted).toBe(columns.timestamp.length === 0)
        expect(contents(await readAll(source, shape))).toEqual(contents(columns))
      }),
      { numRuns: 40 },
    )
  })

  it('gives every window of rows, over row groups and files', async () => {
    const window = fc.tuple(fc.nat(1000), fc.nat(1000))
    await fc.assert(
      fc.asyncProperty(
        anyColumns(fc.nat(300), true),
        window,
        window,
        fc.boolean(),
        async ({ columns, shape }, a, b, inMemory) => {
          const bytes = encode(columns, { ...shape, rowGroupRows: 40 })
          const source = inMemory ? bytesSource(bytes) : fileLike(bytes)
          const footer = readFooter(source)
          const parts = [a, b].map((pair) => {
            const [startRow = 0, endRow = 0] = pair.map((row) => row % (footer.rows + 1)).sort((x, y) => x - y)
            return { source, footer, startRow, endRow }
          })
          const expected = concatColumns(parts.map(({ startRow, endRow }) => sliceColumns(columns, startRow, endRow)))
          const got = await readColumns(parts, { ...shape, compressors: COMPRESSORS })
          expect(contents(got)).toEqual(contents(expected))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('keeps prices of two decimals below 11.5 bytes a row', () => {
    const rows = 43_200
    expect(encode(bars(rows), BARS).length / rows).toBeLessThan(11.5)
  })

  it('reads a large file in pieces, without blocking reads', async () => {
    const columns = bars(200_000)
    const noisy: Columns = { ...columns, volume: Float64Array.from({ length: 200_000 }, (_, i) => Math.sin(i) * 1e-7) }
    const source = fileLike(encode(noisy, { ...BARS, metadata: { padding: 'x'.repeat(5_000_000) } }))
    const blocking: number[] = []
    const counted = {
      ...source,
      readSync: (target: Uint8Array, position: number): void => {
        blocking.push(target.length)
        source.readSync(target, position)
      },
    }
    const footer = readFooter(counted)
    const before = blocking.length
    const got = await readColumns([{ source: counted, footer, startRow: 0, endRow: footer.rows }], BARS)
    expect(blocking.length).toBe(before)
    expect(contents(got)).toEqual(contents(noisy))
  })
})
