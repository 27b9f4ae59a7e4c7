import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SnapshotContent, decodeSnapshot, encodeSnapshot } from '../../src/storage/local/snapshot-format.ts'
import type { DataFile } from '../../src/storage/local/layout.ts'
import { BARS, provenBars } from '../../src/testkit/storage-checks.ts'

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const name = fc.string({ unit: 'binary', maxLength: 20 })

const content: fc.Arbitrary<SnapshotContent> = fc.record({
  series: fc.constant(BARS),
  version: fc.integer({ min: 1, max: 2 ** 40 }),
  parent: fc.option(fc.constant('0123456789abcdef0123456789abcdef')),
  committedAtMs: fc.nat(),
  columns: fc.constant([
    { name: 'timestamp', type: 'timestamp' as const },
    { name: 'volume', type: 'float64' as const },
  ]),
  rejectColumns: fc.constant([]),
  coverage: fc
    .array(
      fc.record({
        length: fc.integer({ min: 1, max: 5 }),
        reason: fc.option(fc.constant('holiday' as const)),
        condition: fc.option(name),
      }),
    )
    .map((records) =>
      records.map(({ length, reason, condition }, i) => ({
        ...provenBars(10 * i, 10 * i + length)[0],
        state: reason === null ? ('data' as const) : ('empty' as const),
        ...(reason === null ? {} : { reason }),
        ...(condition === null ? {} : { condition }),
      })),
    ) as fc.Arbitrary<SnapshotContent['coverage']>,
  opIds: fc.array(name, { maxLength: 64 }),
  cause: fc.record({
    operation: name,
    requestIds: fc.array(name),
    added: fc.nat(),
    changed: fc.nat(),
    removed: fc.nat(),
  }),
  meta: fc.record({ assetClass: name, actionsVersion: fc.nat() }, { requiredKeys: [] }),
  partition: fc.constantFrom('all', 'month'),
  files: fc.uniqueArray(int64, { maxLength: 12 }).map((bounds) => {
    const sorted = bounds.toSorted((a, b) => (a < b ? -1 : 1))
    const rows = Array.from({ length: sorted.length >> 1 }, (_, i): DataFile => {
      const [first, last] = [sorted[2 * i] as bigint, sorted[2 * i + 1] as bigint]
      return {
        table: 'rows',
        part: '2024-01',
        id: `id-${i}`,
        sizeBytes: 10 * i,
        crc32: 2 ** 32 - 1 - i,
        rows: i + 1,
        first,
        last,
      }
    })
    return { rows, revisions: [], rejects: [] }
  }),
  repairs: fc.array(fc.nat()),
})

const decode = (bytes: Uint8Array, version: number) => decodeSnapshot(bytes, BARS, version, 'path')

describe('versions as text', () => {
  test('are read back as they were written, which is what the writer holds', () => {
    fc.assert(
      fc.property(content, (given) => {
        const { bytes, snapshot } = encodeSnapshot(given)
        expect(decode(bytes, given.version)).toEqual(snapshot)
        expect(snapshot).toMatchObject(given)
        expect(Object.isFrozen(snapshot)).toBe(true)
      }),
    )
  })

  test('with any byte changed, cut or added are refused with a typed error', () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, change) => {
        const { bytes } = encodeSnapshot(given)
        const flipped = bytes.slice()
        flipped[at % bytes.length] = (flipped[at % bytes.length] as number) ^ change
        for (const bad of [flipped, bytes.subarray(0, at % bytes.length), Uint8Array.of(...bytes, 10)]) {
          expect(() => decode(bad, given.version)).toThrow(
            expect.objectContaining({ code: 'storage/corrupt', path: 'path' }),
          )
        }
      }),
    )
  })

  test('of another number or series are refused', () => {
    const [given] = fc.sample(content, 1) as [SnapshotContent]
    const { bytes } = encodeSnapshot(given)
    const other = { ...BARS, symbol: 'btc-usd' }
    expect(() => decode(bytes, given.version + 1)).toThrow(expect.objectContaining({ code: 'storage/corrupt' }))
    expect(() => decodeSnapshot(bytes, other, given.version, 'path')).toThrow(
      expect.objectContaining({ code: 'storage/corrupt' }),
    )
  })

  test('take 20 kB for 120 files', () => {
    const [given] = fc.sample(content, 1) as [SnapshotContent]
    const rows = Array.from({ length: 120 }, (_, i): DataFile => {
      const first = 1_704_067_200_000_000n + BigInt(i) * 2_592_000_000_000n
      const last = first + 2_591_940_000_000n
      return {
        table: 'rows',
        part: '2024-01',
        id: 'mwosloox-3j51r6lzbszx1q7n',
        sizeBytes: 487_597,
        crc32: 4_230_358_249,
        rows: 43_200,
        first,
        last,
      }
    })
    const opIds = Array.from({ length: 64 }, () => 'update-0d8ffbcd-9b1d-4a1a-8f83-0f2b2f6f4b7e')
    const { bytes } = encodeSnapshot({
      ...given,
      files: { rows, revisions: [], rejects: [] },
      opIds,
      coverage: provenBars(0, 5),
    })
    expect(bytes.length).toBeLessThan(20_000)
  })
})
