import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesSource,
  encodeParquet,
  findRows,
  readColumns,
  readFooter,
  readForeign,
  type ByteSource,
  type ReadPart,
} from '../../../src/codecs/parquet/index.ts'
import { footerBytes, MAGIC, parseFooter, parsePageHeader } from '../../../src/codecs/parquet/format.ts'
import { lowerBound, type Columns } from '../../../src/contract/columns.ts'
import { BARS, bars, COMPRESSORS, contents, encode, fileLike, joined, readAll } from './support.ts'

function partOf(source: ByteSource): ReadPart {
  const footer = readFooter(source)
  return { source, footer, startRow: 0, endRow: footer.rows }
}

describe('reading', () => {
  it('takes one read of a small file once its footer is known', async () => {
    for (const rows of [100, 5000, 43_200]) {
      const source = fileLike(encode(bars(rows), BARS))
      const part = partOf(source)
      const before = source.reads()
      await readColumns([part], BARS)
      expect(source.reads() - before).toBe(1)
    }
  })

  it('reads only what the wanted columns need', async () => {
    const bytes = encode(bars(43_200), BARS)
    let read = 0
    const source = {
      ...fileLike(bytes),
      readSync: (target: Uint8Array, position: number): void => {
        read += target.length
        target.set(bytes.subarray(position, position + target.length))
      },
    }
    const part = partOf(source)
    read = 0
    const columns = [BARS.columns[0], BARS.columns[4]] as typeof BARS.columns
    const got = await readColumns([part], { ...BARS, columns })
    expect(Object.keys(got)).toEqual(['timestamp', 'close'])
    expect(got['close']).toEqual(bars(43_200)['close'])
    expect(read).toBeLessThan(bytes.length / 2)
  })

  it('hands out views of a small plain file, and never of memory that is used again', async () => {
    const bytes = encode(bars(2000), BARS)
    const inMemory = await readColumns([partOf(bytesSource(bytes))], BARS)
    expect((inMemory['close'] as Float64Array).buffer).toBe(bytes.buffer)
    const [first, second] = [await readAll(fileLike(bytes), BARS), await readAll(fileLike(bytes), BARS)]
    expect((first['close'] as Float64Array).buffer).not.toBe((second['close'] as Float64Array).buffer)
    const parts = [partOf(fileLike(bytes)), partOf(fileLike(encode(bars(2000, 2, 1_800_000_000_000_000n), BARS)))]
    const both = await readColumns(parts, BARS)
    expect(contents(both)['close']?.slice(0, 2000)).toEqual(contents(first)['close'])
  })

  it('fills the arrays of the caller and returns their front', async () => {
    const into = { timestamp: new BigInt64Array(6000), close: new Float64Array(6000).fill(-1) }
    const got = await readAll(fileLike(encode(bars(5000), BARS)), BARS, { into })
    expect((got['close'] as Float64Array).buffer).toBe(into.close.buffer)
    expect(got['close']).toEqual(bars(5000)['close'])
    expect(got['close']).toHaveLength(5000)
    expect(into.close[5000]).toBe(-1)
    expect(got['open']).toEqual(bars(5000)['open'])
  })

  it('refuses arrays of the caller that do not fit', async () => {
    const source = bytesSource(encode(bars(10), BARS))
    await expect(readAll(source, BARS, { into: { close: new Float64Array(9) } })).rejects.toMatchObject({
      code: 'data/schema-mismatch',
    })
    await expect(readAll(source, BARS, { into: { close: new Int32Array(10) } })).rejects.toMatchObject({
      code: 'data/schema-mismatch',
    })
  })

  it('makes a column null where a part lacks it', async () => {
    const { volume: _, ...narrow } = bars(20)
    const first = encode(narrow as Columns, { ...BARS, columns: BARS.columns.slice(0, 5) })
    const second = encode(bars(20, 3, 1_800_000_000_000_000n), BARS)
    const got = await readColumns([partOf(bytesSource(first)), partOf(bytesSource(second))], BARS)
    const volume = contents(got)['volume'] as string[]
    expect(volume.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'null'))
    expect(volume.slice(20)).toEqual(contents(bars(20, 3))['volume'])
  })

  it('gives the event loop a turn while it works', async () => {
    const source = fileLike(encode(bars(200_000), BARS))
    let turns = 0
    let running = true
    const count = (): void => {
      turns++
      if (running) setImmediate(count)
    }
    setImmediate(count)
    let clock = 0
    await readAll(source, BARS, { now: () => (clock += 5), verify: false })
    running = false
    expect(turns).toBeGreaterThan(10)
  })

  it('stops with the reason of the signal', async () => {
    const source = fileLike(encode(bars(200_000), BARS))
    const reason = new Error('enough')
    await expect(readAll(source, BARS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    let clock = 0
    const now = (): number => {
      if (clock === 100) controller.abort(reason)
      return (clock += 20)
    }
    await expect(readAll(source, BARS, { signal: controller.signal, now })).rejects.toBe(reason)
  })

  it('passes a failing disk on as it is, and waits for reads under way', async () => {
    const bytes = encode(bars(43_200 * 3), { ...BARS, metadata: { filler: 'x'.repeat(5_000_000) } })
    const source = fileLike(bytes)
    const part = partOf(source)
    const failure = Object.assign(new Error('EIO'), { code: 'EIO' })
    let underWay = 0
    let calls = 0
    const failing: ByteSource = {
      ...source,
      read: async (target, position) => {
        underWay++
        try {
          if (++calls === 1) return await source.read(target, position)
          await new Promise((resolve) => setTimeout(resolve, 10))
          throw failure
        } finally {
          underWay--
        }
      },
    }
    await expect(readColumns([{ ...part, source: failing }], BARS)).rejects.toBe(failure)
    expect(underWay).toBe(0)
  })

  it('refuses rows that are no range of the file, and columns of another type or unit', async () => {
    const source = bytesSource(encode(bars(10), BARS))
    const part = partOf(source)
    for (const [startRow, endRow] of [
      [-1, 2],
      [3, 2],
      [0, 11],
      [0.5, 2],
    ] as const) {
      await expect(readColumns([{ ...part, startRow, endRow }], BARS)).rejects.toMatchObject({ code: 'config/range' })
    }
    const columns = [BARS.columns[0], { name: 'open', type: 'int64' }] as typeof BARS.columns
    await expect(readColumns([part], { ...BARS, columns })).rejects.toMatchObject({ code: 'storage/corrupt' })
    await expect(readColumns([part], { ...BARS, timeUnit: 'ns' })).rejects.toMatchObject({ code: 'storage/corrupt' })
  })

  it('notices a changed bit when asked to verify', async () => {
    const bytes = encode(bars(5000), BARS)
    const footer = readFooter(bytesSource(bytes))
    for (const chunk of footer.groups[0]?.chunks ?? []) {
      const bad = bytes.slice()
      const at = chunk.start + chunk.length - 3
      bad[at] = (bad[at] as number) ^ 1
      for (const compressors of [COMPRESSORS, {}]) {
        await expect(readAll(bytesSource(bad), BARS, { compressors })).rejects.toMatchObject({
          code: 'storage/corrupt',
        })
        await expect(readAll(fileLike(bad), BARS, { compressors, into: bars(5000) as never })).rejects.toMatchObject({
          code: 'storage/corrupt',
        })
      }
    }
  })
})

describe('finding rows', () => {
  it('agrees with a search over all timestamps', async () => {
    const ticks = fc
      .array(fc.nat(60), { minLength: 1, maxLength: 80 })
      .map((list) => list.sort((a, b) => a - b).map(BigInt))
    await fc.assert(
      fc.asyncProperty(
        ticks,
        fc.integer({ min: -2, max: 63 }),
        fc.integer({ min: -2, max: 63 }),
        async (list, a, b) => {
          const timestamp = BigInt64Array.from(list)
          const source = fileLike(
            encode({ timestamp }, { timeUnit: 'us', columns: BARS.columns.slice(0, 1), rowGroupRows: 7 }),
          )
          const startRow = lowerBound(timestamp, BigInt(a))
          const endRow = Math.max(startRow, lowerBound(timestamp, BigInt(b)))
          expect(findRows(source, readFooter(source), BigInt(a), BigInt(b))).toEqual({ startRow, endRow })
        },
      ),
      { numRuns: 300 },
    )
  })

  it('reads nothing where row groups are wanted whole', () => {
    const columns = bars(100)
    const source = fileLike(encode(columns, { ...BARS, rowGroupRows: 50 }))
    const footer = readFooter(source)
    const before = source.reads()
    expect(findRows(source, footer, columns.timestamp[50] as bigint, columns.timestamp[99]! + 1n)).toEqual({
      startRow: 50,
      endRow: 100,
    })
    expect(source.reads()).toBe(before)
  })

  it('decodes delta timestamps in the row group of an end', () => {
    const columns = bars(90_000)
    const source = fileLike(encode(columns, BARS))
    const ticks = columns.timestamp[50_123] as bigint
    expect(findRows(source, readFooter(source), ticks, ticks + 60_000_001n)).toEqual({
      startRow: 50_123,
      endRow: 50_125,
    })
  })

  it('refuses a file that is not sorted', () => {
    const timestamp = BigInt64Array.of(2n, 1n)
    const source = bytesSource(
      encode({ timestamp }, { timeUnit: 'us', columns: BARS.columns.slice(0, 1), sorted: false }),
    )
    expect(() => findRows(source, readFooter(source), 0n, 5n)).toThrow(
      expect.objectContaining({ code: 'storage/unsupported-format' }),
    )
  })
})

describe('writing', () => {
  const shape = { timeUnit: 'us', columns: BARS.columns.slice(0, 2) } as const

  it('refuses rows that do not ascend, also across row groups', () => {
    const columns = { timestamp: BigInt64Array.of(1n, 2n, 1n), open: new Float64Array(3) }
    expect(() => encode(columns, shape)).toThrow(expect.objectContaining({ code: 'data/invalid' }))
    expect(() => encode(columns, { ...shape, rowGroupRows: 2 })).toThrow(
      expect.objectContaining({ code: 'data/invalid' }),
    )
    expect(encode(columns, { ...shape, sorted: false }).length).toBeGreaterThan(0)
  })

  it('refuses columns that are missing, short, of another type, named twice, or without a timestamp', () => {
    const timestamp = BigInt64Array.of(1n, 2n)
    const wrong: readonly [Record<string, unknown>, object][] = [
      [{ timestamp }, shape],
      [{ timestamp, open: new Float64Array(1) }, shape],
      [{ timestamp, open: new Int32Array(2) }, shape],
      [{ timestamp, open: { values: new Float64Array(2), valid: new Uint8Array(0) } }, shape],
      [
        { timestamp, open: new Float64Array(2) },
        { ...shape, columns: [...shape.columns, shape.columns[1]] },
      ],
      [
        { timestamp, open: new Float64Array(2) },
        { ...shape, columns: [shape.columns[1]] },
      ],
      [
        { timestamp, open: { indices: Int32Array.of(0, 1), dictionary: ['a'] } },
        { ...shape, columns: [shape.columns[0], { name: 'open', type: 'string' }] },
      ],
    ]
    for (const [columns, options] of wrong) {
      expect(() => encode(columns as never, options as never)).toThrow(
        expect.objectContaining({ code: 'data/schema-mismatch' }),
      )
    }
    const nulls = { timestamp: { values: timestamp, valid: Uint8Array.of(1) }, open: new Float64Array(2) }
    expect(() => encode({ ...nulls, timestamp: nulls.timestamp as never }, shape)).toThrow()
  })

  it('refuses half a surrogate pair instead of changing it', () => {
    const columns = { timestamp: BigInt64Array.of(1n), side: { indices: Int32Array.of(0), dictionary: ['\ud800'] } }
    const options = { timeUnit: 'us', columns: [BARS.columns[0]!, { name: 'side', type: 'string' }] } as const
    expect(() => encode(columns, options)).toThrow(expect.objectContaining({ code: 'data/invalid' }))
  })

  it('refuses options that cannot be', () => {
    const columns = { timestamp: BigInt64Array.of(1n), open: new Float64Array(1) }
    for (const rowGroupRows of [0, -1, 1.5, Number.NaN, 2 ** 21]) {
      expect(() => encode(columns, { ...shape, rowGroupRows })).toThrow(
        expect.objectContaining({ code: 'config/option' }),
      )
    }
    expect(() => encodeParquet(columns, { ...shape, compression: 'zstd' })).toThrow(
      expect.objectContaining({ code: 'config/option' }),
    )
  })

  it('aligns plain values to 8 bytes, and the packed words of indices to 4', () => {
    let packed = 0
    for (const rows of [5, 5000, 43_200]) {
      const repeated = { ...bars(rows), open: Float64Array.from({ length: rows }, (_, i) => i % 77) }
      const file = encode(repeated, { ...BARS, rowGroupRows: 20_000 })
      for (const { chunks, rows: groupRows } of readFooter(bytesSource(file)).groups) {
        for (const { start, length } of chunks) {
          let end = start
          while (end < start + length) {
            const { header, end: body } = parsePageHeader(file, end)
            end = body + header.compressed_page_size
            if (header.data_page_header?.encoding === 'PLAIN') expect(body % 8).toBe(0)
            if (header.data_page_header?.encoding !== 'RLE_DICTIONARY') continue
            expect((end - Math.ceil(groupRows / 8) * (file[body] as number)) % 4).toBe(0)
            packed++
          }
        }
      }
    }
    expect(packed).toBeGreaterThan(3)
  })
})

describe('a footer', () => {
  const CORRUPT = expect.objectContaining({ code: 'storage/corrupt' })
  const UNSUPPORTED = expect.objectContaining({ code: 'storage/unsupported-format' })
  const bytes = encode(bars(100), BARS)

  /** The file with its metadata changed. */
  function changed(change: (metadata: ReturnType<typeof parseFooter>) => void): Uint8Array {
    const metadata = parseFooter(bytes)
    change(metadata)
    const end = bytes.length - 8 - metadata.metadata_length
    return joined([bytes.subarray(0, end), footerBytes(metadata)])
  }

  it('gives rows, columns, unit, key-value pairs and an estimate of its memory', () => {
    const footer = readFooter(bytesSource(encode(bars(100), { ...BARS, metadata: { a: 'b', ['__proto__']: 'c' } })))
    expect(footer).toMatchObject({ rows: 100, timeUnit: 'us', columns: BARS.columns, own: true, sorted: true })
    expect(Object.entries(footer.metadata)).toEqual([
      ['a', 'b'],
      ['__proto__', 'c'],
    ])
    expect(footer.memoryBytes).toBeGreaterThan(500)
  })

  it('is found in files with a long one', () => {
    const source = fileLike(encode(bars(100), { ...BARS, metadata: { long: 'x'.repeat(100_000) } }))
    expect(readFooter(source).metadata['long']).toHaveLength(100_000)
    expect(source.reads()).toBe(2)
  })

  it('that is cut short or foreign is refused', () => {
    for (const length of [0, 4, 8, 11, 12, 50, bytes.length - 1]) {
      expect(() => readFooter(bytesSource(bytes.slice(0, length)))).toThrow(CORRUPT)
    }
    const encrypted = bytes.slice()
    encrypted[bytes.length - 1] = 0x45
    expect(() => readFooter(bytesSource(encrypted))).toThrow(UNSUPPORTED)
    expect(() => readFooter(bytesSource(Uint8Array.from([...MAGIC, 0xff, 0xff, 0xff, 0x7f, ...MAGIC])))).toThrow(
      CORRUPT,
    )
  })

  it('with counts and places beyond the file is refused before memory is asked for', () => {
    const cases: ((metadata: ReturnType<typeof parseFooter>) => void)[] = [
      (m) => {
        m.num_rows = 2n ** 60n
      },
      (m) => {
        m.num_rows = -1n
      },
      (m) => {
        m.num_rows = 99n
      },
      (m) => {
        m.row_groups[0]!.num_rows = 2n ** 40n
      },
      (m) => {
        m.row_groups[0]!.columns[1]!.meta_data!.num_values = 99n
      },
      (m) => {
        m.row_groups[0]!.columns[1]!.meta_data!.total_compressed_size = 1_000_000n
      },
      (m) => {
        m.row_groups[0]!.columns[1]!.meta_data!.data_page_offset = -4n
      },
      (m) => {
        m.row_groups[0]!.columns[1]!.meta_data!.data_page_offset = BigInt(bytes.length)
      },
      (m) => {
        m.row_groups[0]!.columns[1]!.meta_data!.type = 'INT64'
      },
      (m) => {
        m.row_groups[0]!.columns.pop()
      },
      (m) => {
        m.schema.push({ name: 'more', type: 'DOUBLE', repetition_type: 'REQUIRED' })
      },
    ]
    for (const change of cases) expect(() => readFooter(bytesSource(changed(change)))).toThrow(CORRUPT)
    const all = changed((m) => {
      m.num_rows = m.row_groups[0]!.num_rows = 10_000_000_000n
      for (const { meta_data } of m.row_groups[0]!.columns) meta_data!.num_values = 10_000_000_000n
    })
    expect(() => readFooter(bytesSource(all))).toThrow(CORRUPT)
  })

  it('of a consistent lie is found out by the pages', async () => {
    const more = changed((m) => {
      m.num_rows = m.row_groups[0]!.num_rows = 101n
      for (const { meta_data } of m.row_groups[0]!.columns) meta_data!.num_values = 101n
    })
    for (const source of [bytesSource(more), fileLike(more)])
      await expect(readAll(source, BARS)).rejects.toEqual(CORRUPT)
    const fewer = changed((m) => {
      m.num_rows = m.row_groups[0]!.num_rows = 99n
      for (const { meta_data } of m.row_groups[0]!.columns) meta_data!.num_values = 99n
    })
    for (const source of [bytesSource(fewer), fileLike(fewer)])
      await expect(readAll(source, BARS)).rejects.toEqual(CORRUPT)
  })

  it('whose bounds lie is found out by the timestamps', () => {
    const source = bytesSource(
      changed((m) => {
        m.row_groups[0]!.columns[0]!.meta_data!.statistics!.max_value = 2n ** 62n
      }),
    )
    expect(() => findRows(source, readFooter(source), 1_704_067_260_000_000n, 2n ** 61n)).toThrow(CORRUPT)
  })

  it('that claims an order its bounds contradict is not taken for sorted', () => {
    const source = bytesSource(
      changed((m) => {
        m.row_groups[0]!.sorting_columns = [{ column_idx: 0, descending: true, nulls_first: false }]
      }),
    )
    expect(readFooter(source).sorted).toBe(false)
  })

  it('with columns of other names and types is foreign, and says so', async () => {
    const bytes = changed((m) => {
      m.schema[1]!.logical_type = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' }
    })
    const source = bytesSource(bytes)
    expect(readFooter(source).own).toBe(false)
    await expect(readAll(source, BARS)).rejects.toEqual(UNSUPPORTED)
    expect((await readForeign(source)).timeUnits).toEqual({ timestamp: 'ms' })
  })
})
