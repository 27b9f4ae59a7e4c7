import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { lz4Raw, snappyRaw } from './raw-blocks.ts'
import { describe, expect, it } from 'vitest'
import { crc32 as platformCrc32 } from 'node:zlib'
import { crc32 } from '../../../src/codecs/parquet/crc32.ts'
import { decodeDelta } from '../../../src/codecs/parquet/decode-delta.ts'
import {
  createScratch,
  decodeDictionaryDoubles,
  decodeHybrid,
  decodeLevels,
} from '../../../src/codecs/parquet/decode-dictionary.ts'
import { decompressLz4 } from '../../../src/codecs/parquet/decompress-lz4.ts'
import { decompressSnappy } from '../../../src/codecs/parquet/decompress-snappy.ts'
import { encodeDelta } from '../../../src/codecs/parquet/encode-delta.ts'
import {
  createWorkshop,
  encodeDictionary,
  packIndices,
  widthOf,
} from '../../../src/codecs/parquet/encode-dictionary.ts'
import { encodeLevels } from '../../../src/codecs/parquet/encode-levels.ts'
import { boundsOfBigs, boundsOfDoubles, boundsOfTexts } from '../../../src/codecs/parquet/statistics.ts'
import { checkThrift } from '../../../src/codecs/parquet/thrift-guard.ts'

const CORRUPT = expect.objectContaining({ code: 'storage/corrupt' })

function deltaThrough(values: BigInt64Array): BigInt64Array {
  const bytes = encodeDelta(values, 9 * values.length + 2000) as Uint8Array
  const out = new BigInt64Array(values.length + 2).fill(7n)
  expect(decodeDelta(bytes, values.length, out, 1)).toBe(bytes.length)
  expect([out[0], out[values.length + 1]]).toEqual([7n, 7n])
  return out.slice(1, values.length + 1)
}

describe('delta encoding', () => {
  const steps: fc.Arbitrary<bigint> = fc.oneof(
    fc.constant(60_000_000n),
    fc.bigInt({ min: 0n, max: 1000n }),
    fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
    ...[31n, 32n, 33n, 51n, 52n, 53n, 54n, 62n, 63n].map((bit) =>
      fc.bigInt({ min: 2n ** bit - 2n, max: 2n ** bit + 2n }),
    ),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  )

  it('counts on across the bounds within which doubles of the same bits count as integers do', () => {
    for (const start of [-100n, 0n, 2n ** 52n - 100n, 2n ** 53n - 100n, 2n ** 63n - 100n, -(2n ** 63n)]) {
      for (const step of [1n, 3n, -1n, 2n ** 32n, 2n ** 53n]) {
        const values = BigInt64Array.from({ length: 300 }, (_, i) => BigInt.asIntN(64, start + BigInt(i) * step))
        expect(deltaThrough(values)).toEqual(values)
      }
    }
  })

  it('is the identity for every distance, wrap-around included', () => {
    const series = fc.tuple(steps, fc.array(fc.tuple(steps, fc.nat(200)), { maxLength: 6 }))
    fc.assert(
      fc.property(series, ([start, runs]) => {
        const values = [start]
        for (const [step, count] of runs)
          for (let i = 0; i < count; i++) values.push((values.at(-1) as bigint) + step * BigInt((i % 3) + 1))
        const column = BigInt64Array.from(values)
        expect(deltaThrough(column)).toEqual(column)
      }),
      { numRuns: 300 },
    )
  })

  it('is the identity for distances at random', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 400, size: 'max' }), (values) => {
        const column = BigInt64Array.from(values, (value) => BigInt.asIntN(64, value))
        expect(deltaThrough(column)).toEqual(column)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps distances at and beyond 2^52 exact, where plain numbers would round', () => {
    const far = Array.from({ length: 300 }, (_, i) => BigInt(i % 2) * (2n ** 53n + BigInt(i)) + BigInt(i))
    expect(deltaThrough(BigInt64Array.from(far))).toEqual(BigInt64Array.from(far))
  })

  it('takes 0.1 bytes a row on a clock', () => {
    const clock = BigInt64Array.from({ length: 43_200 }, (_, i) => 1_700_000_000_000_000n + BigInt(i) * 60_000_000n)
    expect((encodeDelta(clock, 1e6) as Uint8Array).length / 43_200).toBeLessThan(0.1)
  })

  it('is given up where it would be longer than allowed', () => {
    const noise = BigInt64Array.from({ length: 5000 }, (_, i) =>
      BigInt.asIntN(64, BigInt(i * i) * 0x9e37_79b9_7f4a_7c15n),
    )
    expect(encodeDelta(noise, 20_000)).toBeUndefined()
  })

  it('refuses pages that contradict themselves', () => {
    const good = encodeDelta(
      BigInt64Array.from({ length: 200 }, (_, i) => BigInt(i * i)),
      9999,
    ) as Uint8Array
    const out = new BigInt64Array(200)
    expect(() => decodeDelta(good.subarray(0, good.length - 40), 200, out, 0)).toThrow(CORRUPT)
    expect(() => decodeDelta(good, 199, out, 0)).toThrow(CORRUPT)
    expect(() => decodeDelta(Uint8Array.of(0, 0, 0, 0), 1, out, 0)).toThrow(CORRUPT)
    expect(() => decodeDelta(Uint8Array.of(128, 1, 0, 200, 1), 200, out, 0)).toThrow(CORRUPT)
    expect(() => decodeDelta(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 1, out, 0)).toThrow(CORRUPT)
    const wide = good.slice()
    // Block size, miniblocks, count, first value and least distance take 2, 1, 2, 1 and 1 bytes; then come the widths.
    wide[7] = 65
    expect(() => decodeDelta(wide, 200, out, 0)).toThrow(CORRUPT)
  })
})

describe('dictionary pages', () => {
  it('give back the same bits at every width', () => {
    for (let width = 1; width <= 16; width++) {
      for (const rows of [1, 8, 31, 32, 33, 100, 2 ** 16 + 7]) {
        const entries = Math.min(2 ** width, 2 ** (width - 1) + 1)
        const dictionary = Float64Array.from({ length: entries }, (_, i) => i / 3)
        const indices = Uint16Array.from({ length: rows + 32 }, (_, i) => (Math.imul(i, 40_503) >>> 0) % entries)
        const expected = Float64Array.from(indices.subarray(0, rows), (index) => dictionary[index] as number)
        const { bytes: page } = packIndices(indices, rows, width)
        const out = new Float64Array(rows + 2)
        decodeDictionaryDoubles(page, rows, dictionary, out, 1, createScratch())
        expect(out.slice(1, rows + 1)).toEqual(expected)
        expect([out[0], out[rows + 1]]).toEqual([0, 0])
        const codes = new Int32Array(rows)
        decodeHybrid(page.subarray(1), width, rows, entries, codes, 0, createScratch())
        expect(Float64Array.from(codes, (code) => dictionary[code] as number)).toEqual(expected)
      }
    }
  })

  it('refuse an index beyond the dictionary at every width and place', () => {
    for (let width = 1; width <= 16; width++) {
      const entries = 2 ** width - 1
      const dictionary = new Float64Array(entries)
      for (const bad of [0, 5, 31, 32, 63, 64, 69]) {
        const indices = new Uint16Array(70 + 32)
        indices[bad] = entries
        const { bytes: page } = packIndices(indices, 70, width)
        expect(() => decodeDictionaryDoubles(page, 70, dictionary, new Float64Array(70), 0, createScratch())).toThrow(
          CORRUPT,
        )
        expect(() =>
          decodeHybrid(page.subarray(1), width, 70, entries, new Int32Array(70), 0, createScratch()),
        ).toThrow(CORRUPT)
      }
    }
    const repeated = Uint8Array.of(3, 8, 7)
    expect(() =>
      decodeDictionaryDoubles(repeated, 4, new Float64Array(7), new Float64Array(4), 0, createScratch()),
    ).toThrow(CORRUPT)
  })

  it('refuse runs that are cut short, and widths beyond 32', () => {
    const { bytes: page } = packIndices(new Uint16Array(96), 64, 5)
    const decode = (bytes: Uint8Array): void => {
      decodeDictionaryDoubles(bytes, 64, new Float64Array(32), new Float64Array(64), 0, createScratch())
    }
    for (let length = 0; length < page.length; length++) expect(() => decode(page.subarray(0, length))).toThrow(CORRUPT)
    expect(() => decode(Uint8Array.of(33, 129, 1))).toThrow(CORRUPT)
    expect(() => decode(Uint8Array.of(5, 0, 0, 0, 0))).toThrow(CORRUPT)
  })

  it('are made only where they pay', () => {
    const workshop = createWorkshop(43_200)
    const of = (distinct: number): Float64Array =>
      Float64Array.from({ length: 43_200 }, (_, i) => (i * (i % 3)) % distinct)
    for (const distinct of [1, 1000, 20_000]) {
      const column = of(distinct)
      expect(encodeDictionary(column, workshop)?.entries.length).toBe(new Set(column).size)
    }
    expect(
      encodeDictionary(
        Float64Array.from({ length: 43_200 }, (_, i) => (i % 5 === 0 ? 0 : i)),
        workshop,
      ),
    ).toBeUndefined()
  })

  it('tell apart what only its bits tell apart', () => {
    const bits = BigUint64Array.of(
      0n,
      1n << 63n,
      0x7ff8_0000_0000_0000n,
      0x7ff8_0000_0000_0001n,
      0xfff8_0000_0000_0000n,
    )
    const column = new Float64Array(BigUint64Array.from({ length: 5000 }, (_, i) => bits[i % 5] as bigint).buffer)
    const { entries, page } = encodeDictionary(column, createWorkshop(5000)) as NonNullable<
      ReturnType<typeof encodeDictionary>
    >
    expect(new BigUint64Array(entries.slice().buffer)).toEqual(bits)
    const out = new Float64Array(5000)
    decodeDictionaryDoubles(page.bytes, 5000, entries.slice(), out, 0, createScratch())
    expect(new BigInt64Array(out.buffer)).toEqual(new BigInt64Array(column.buffer))
  })

  it('hold up to 65,536 entries', () => {
    const column = Float64Array.from({ length: 200_000 }, (_, i) => (i % 20 === 0 ? 0 : i % 65_536))
    column.set(
      Float64Array.from({ length: 65_536 }, (_, i) => i),
      100_000,
    )
    const found = encodeDictionary(column, createWorkshop(200_000))
    expect(found?.entries.length).toBe(65_536)
    expect(widthOf(65_536)).toBe(16)
    const out = new Float64Array(200_000)
    decodeDictionaryDoubles(
      found?.page.bytes as Uint8Array,
      200_000,
      found?.entries.slice() as Float64Array,
      out,
      0,
      createScratch(),
    )
    expect(out).toEqual(column)
    column[199_999] = -1
    expect(encodeDictionary(column, createWorkshop(200_000))).toBeUndefined()
  })
})

describe('levels', () => {
  it('are the identity for every bitmap', () => {
    const runs = fc.array(fc.tuple(fc.boolean(), fc.nat(300)), { maxLength: 12 })
    fc.assert(
      fc.property(
        fc.oneof(
          runs,
          runs.map((list) => list.map(([bit]): [boolean, number] => [bit, 1])),
        ),
        (list) => {
          const flat = list.flatMap(([bit, count]) => Array.from({ length: count }, () => bit))
          const valid = new Uint8Array((flat.length + 7) >> 3).fill(0)
          for (const [row, bit] of flat.entries()) if (bit) valid[row >> 3]! |= 1 << (row & 7)
          const bits = new Uint8Array(valid.length)
          const encoded = encodeLevels(valid, flat.length)
          expect(new DataView(encoded.buffer).getUint32(0, true)).toBe(encoded.length - 4)
          expect(decodeLevels(encoded.subarray(4), flat.length, bits)).toBe(flat.filter(Boolean).length)
          expect(bits).toEqual(valid)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('of runs that end inside a byte are put together', () => {
    const bits = new Uint8Array(3)
    expect(decodeLevels(Uint8Array.of(3 << 1, 1, 2 << 1, 0, (1 << 1) | 1, 0b1010_0101, 20 << 1, 1), 20, bits)).toBe(
      3 + 4 + 7,
    )
    expect(Array.from(bits, (byte) => byte.toString(2).padStart(8, '0'))).toEqual(['10100111', '11110100', '00001111'])
  })

  it('above 1 are refused', () => {
    expect(() => decodeLevels(Uint8Array.of(8, 2), 4, new Uint8Array(1))).toThrow(CORRUPT)
  })
})

describe('bounds', () => {
  it('cover both zeros and never name NaN', () => {
    expect(boundsOfDoubles(Float64Array.of(0, 1))).toEqual({ min_value: -0, max_value: 1 })
    expect(Object.is(boundsOfDoubles(Float64Array.of(-0, -1)).max_value, 0)).toBe(true)
    expect(boundsOfDoubles(Float64Array.of(1, Number.NaN))).toEqual({})
    expect(boundsOfDoubles(new Float64Array(0))).toEqual({})
  })

  it('of 64-bit integers see their order', () => {
    const big = 2n ** 62n
    expect(boundsOfBigs(BigInt64Array.of(-big, -1n, 0n, 1n, 2n ** 32n, big))).toEqual({
      bounds: { min_value: -big, max_value: big },
      ascending: true,
    })
    expect(boundsOfBigs(BigInt64Array.of(5n, 5n))).toMatchObject({ ascending: true })
    for (const pair of [
      [2n ** 32n, 1n],
      [-1n, -2n],
      [0n, -1n],
      [2n ** 31n, 2n ** 31n - 1n],
    ]) {
      const [most, least] = pair as [bigint, bigint]
      expect(boundsOfBigs(BigInt64Array.of(most, least))).toEqual({
        bounds: { min_value: least, max_value: most },
        ascending: false,
      })
    }
  })

  it('of texts follow their bytes, not UTF-16', () => {
    const [astral, last] = ['\u{1F600}', '\uFFFD'].map((text) => new TextEncoder().encode(text)) as [
      Uint8Array,
      Uint8Array,
    ]
    expect(boundsOfTexts([astral, last])).toEqual({ min_value: last, max_value: astral })
  })
})

describe('crc32', () => {
  it('equals that of zlib, seeded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 70 }), (a, b) => {
        expect(crc32(a)).toBe(platformCrc32(a))
        expect(crc32(b, crc32(a))).toBe(platformCrc32(b, platformCrc32(a)))
      }),
    )
  })
})

describe('decompression', () => {
  it('undoes snappy and lz4, copies that overlap themselves included', () => {
    const piece = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 90 }),
      fc.nat(1e6),
      fc.integer({ min: 4, max: 400 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 20 }), (pieces) => {
        const snappy = snappyRaw(pieces)
        expect(decompressSnappy(snappy.bytes, snappy.plain.length)).toEqual(snappy.plain)
        const lz4 = lz4Raw(pieces)
        expect(decompressLz4(lz4.bytes, lz4.plain.length)).toEqual(lz4.plain)
      }),
    )
  })

  it('ends with a typed error whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), (bytes, size) => {
        for (const undo of [decompressSnappy, decompressLz4]) {
          try {
            expect(undo(bytes, size).length).toBe(size)
          } catch (error) {
            expect(error).toEqual(CORRUPT)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the guard before thrift', () => {
  it('refuses lists longer than their bytes, numbers without end and deep nesting', () => {
    const list = Uint8Array.of(0x19, 0xfc, 0xff, 0xff, 0xff, 0x07, 0)
    const deep = new Uint8Array(100).fill(0x1c)
    const endless = new Uint8Array(100).fill(0xff)
    endless[0] = 0x16
    const text = Uint8Array.of(0x18, 0x7f, 1, 2, 0)
    for (const bytes of [list, deep, endless, text, new Uint8Array(0), Uint8Array.of(0x1b)]) {
      expect(() => checkThrift(bytes, 0)).toThrow(CORRUPT)
    }
    expect(checkThrift(Uint8Array.of(9, 0x15, 2, 0, 9), 1)).toBe(4)
  })
})

describe('generated kernels', () => {
  it('are what their generator writes', () => {
    const script = new URL('../../../scripts/generate-unpackers.ts', import.meta.url).pathname
    expect(execFileSync(process.execPath, [script, '--check']).toString()).toBe('')
  })
})
