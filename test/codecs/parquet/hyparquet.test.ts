import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { ByteWriter, parquetWriteBuffer } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { describe, expect, it } from 'vitest'
import { bytesSource, readForeign } from '../../../src/codecs/parquet/index.ts'
import { bars, BARS, COMPRESSORS, encode, rowsOf } from './support.ts'

describe('a file of hyparquet-writer', () => {
  const count = 3000
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
  const price = Float64Array.from(each((i) => Math.round(1000 * Math.sin(i)) / 100))
  const time = BigInt64Array.from(each((i) => BigInt(i) * 60_000_000n))
  const side = each((i) => (i % 5 === 0 ? null : ['buy', 'sell'][i % 2]))
  const compressors = { GZIP: gzipSync, BROTLI: brotliCompressSync, ZSTD: zstdCompressSync } as const

  for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD'] as const) {
    for (const encoding of [undefined, 'PLAIN', 'BYTE_STREAM_SPLIT', 'RLE_DICTIONARY'] as const) {
      it(`is read value for value (${codec}, ${encoding ?? 'its choice'})`, async () => {
        const one = encoding === undefined ? {} : { encoding }
        const bytes = parquetWriteBuffer({
          codec,
          compressors,
          rowGroupSize: 1000,
          pageSize: 4096,
          columnData: [
            { name: 'time', data: time, type: 'INT64', encoding: 'DELTA_BINARY_PACKED' },
            { name: 'price', data: price, type: 'DOUBLE', ...one },
            { name: 'side', data: side, type: 'STRING' },
          ],
        })
        const got = await readForeign(bytesSource(new Uint8Array(bytes)), { compressors: COMPRESSORS })
        expect(got.columns['time']).toEqual(time)
        // Its dictionary knows one zero only.
        const plain = (row: string): string => (row === `number ${-(2n ** 63n)}` ? 'number 0' : row)
        expect(rowsOf(got.columns['price'] as never).map(plain)).toEqual(rowsOf(price).map(plain))
        expect(rowsOf(got.columns['side'] as never)).toEqual(
          side.map((text) => (text === null ? 'null' : `string ${text}`)),
        )
      })
    }
  }
})

describe('hyparquet', () => {
  it('reads a file of ours', async () => {
    const columns = bars(5000)
    const bytes = encode(columns, BARS)
    const rows = await parquetReadObjects({ file: bytes.slice().buffer as ArrayBuffer })
    expect(rows.length).toBe(5000)
    expect(Float64Array.from(rows, ({ close }) => close)).toEqual(columns['close'])
    expect(rows[4999]?.['timestamp']).toEqual(new Date(Number((columns.timestamp[4999] as bigint) / 1000n)))
  })
})

/** Parts of hyparquet and hyparquet-writer that are not documented: a change there must be seen here first. */
describe('what the codec uses beyond documented functions', () => {
  it('writes page headers that it reads again, checksum included', () => {
    const writer = new ByteWriter(64)
    const header = {
      type: 'DATA_PAGE',
      uncompressed_page_size: 80,
      compressed_page_size: 70,
      crc: -5,
      data_page_header: {
        num_values: 10,
        encoding: 'DELTA_BINARY_PACKED',
        definition_level_encoding: 'RLE',
        repetition_level_encoding: 'RLE',
      },
    } as const
    writePageHeader(writer, header)
    const bytes = writer.getBytes()
    const reader = { view: new DataView(bytes.buffer, 0, bytes.length), offset: 0 }
    expect(parquetHeader(reader)).toMatchObject(header)
    expect(reader.offset).toBe(bytes.length)
  })

  it('writes dictionary page headers that it reads again', () => {
    const writer = new ByteWriter(64)
    const header = {
      type: 'DICTIONARY_PAGE',
      uncompressed_page_size: 80,
      compressed_page_size: 80,
      dictionary_page_header: { num_values: 10, encoding: 'PLAIN' },
    } as const
    writePageHeader(writer, header)
    const bytes = writer.getBytes()
    expect(parquetHeader({ view: new DataView(bytes.buffer, 0, bytes.length), offset: 0 })).toMatchObject(header)
  })

  it('writes metadata with sorting columns and raw statistics', () => {
    const writer = new ByteWriter()
    const statistics = { min_value: -0, max_value: 2.5, null_count: 0n }
    writeMetadata(writer, {
      version: 2,
      created_by: 'canary',
      num_rows: 3n,
      metadata_length: 0,
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'x', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      ],
      row_groups: [
        {
          num_rows: 3n,
          total_byte_size: 24n,
          sorting_columns: [{ column_idx: 0, descending: false, nulls_first: false }],
          columns: [
            {
              file_offset: 4n,
              meta_data: {
                type: 'DOUBLE',
                encodings: ['PLAIN'],
                path_in_schema: ['x'],
                codec: 'UNCOMPRESSED',
                num_values: 3n,
                total_uncompressed_size: 24n,
                total_compressed_size: 24n,
                data_page_offset: 4n,
                statistics,
              },
            },
          ],
        },
      ],
    })
    writer.appendUint32(0x31524150)
    const metadata = parquetMetadata(writer.getBytes())
    expect(metadata.row_groups[0]?.sorting_columns).toEqual([{ column_idx: 0, descending: false, nulls_first: false }])
    expect(metadata.row_groups[0]?.columns[0]?.meta_data?.statistics).toMatchObject(statistics)
    expect(Object.is(metadata.row_groups[0]?.columns[0]?.meta_data?.statistics?.min_value, -0)).toBe(true)
    expect(metadata.metadata_length).toBe(writer.getBytes().length - 8)
  })
})
