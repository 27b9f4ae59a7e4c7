/**
 * Polars, parquet-wasm, hyparquet and Arrow IPC, each by the fastest way into Arrow or typed arrays that it has.
 * @module
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import {
  type Table,
  Field,
  Float64,
  RecordBatch,
  Schema,
  Struct,
  Table as ArrowTable,
  TimestampMicrosecond,
  makeData,
  tableFromIPC,
  tableToIPC,
} from 'apache-arrow'
import { type ParquetParsers, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { parquetWriteFile } from 'hyparquet-writer'
import polars from 'nodejs-polars'
import { readParquet as readByWasm } from 'parquet-wasm/node'
import { type Bars, COLUMNS } from '../data.ts'

/** Bars as the bytes of an Arrow IPC file. */
export function ipcBytes(bars: Bars): Uint8Array {
  const fields = COLUMNS.map(
    (name, i) => new Field(name, i === 0 ? new TimestampMicrosecond('UTC') : new Float64(), false),
  )
  const rows = bars.timestamp.length
  const children = fields.map(({ name, type }) =>
    makeData({ type: type as Float64, length: rows, nullCount: 0, data: bars[name] as Float64Array }),
  )
  const schema = new Schema(fields)
  const batch = new RecordBatch(schema, makeData({ type: new Struct(fields), length: rows, nullCount: 0, children }))
  return tableToIPC(new ArrowTable(schema, batch), 'file')
}

/** An Arrow IPC file as a table. */
export function readIpc(path: string): Table {
  return tableFromIPC(readFileSync(path))
}

/** Writes bars by Polars, from memory that is its own already. */
export function polarsWriter(ipc: Uint8Array): (path: string, compression: 'zstd' | 'uncompressed') => void {
  const frame = polars.readIPC(Buffer.from(ipc.buffer, ipc.byteOffset, ipc.length))
  return (path, compression) => frame.writeParquet(path, { compression })
}

/** A Parquet file by Polars as an Arrow table; `slice` = rows `[offset, offset + length)`. */
export function readByPolars(path: string, slice?: { offset: number; length: number }): Table {
  const frame =
    slice === undefined
      ? polars.readParquet(path)
      : polars.scanParquet(path).slice(slice.offset, slice.length).collectSync()
  return tableFromIPC(frame.writeIPC({ compression: 'uncompressed' }))
}

/** A Parquet file by Polars with rows put behind, written whole. */
export function rewriteByPolars(path: string, added: Uint8Array, target: string): void {
  polars
    .readParquet(path)
    .vstack(polars.readIPC(Buffer.from(added.buffer, added.byteOffset, added.length)))
    .writeParquet(target, { compression: 'zstd' })
}

/** A Parquet file by parquet-wasm as an Arrow table. */
export function readByParquetWasm(path: string, slice?: { offset: number; limit: number }): Table {
  return tableFromIPC(readByWasm(readFileSync(path), slice).intoIPCStream())
}

const same = <T>(value: T): T => value
/** Without these, hyparquet makes a `Date` of every timestamp and cuts the microseconds off. */
const PARSERS = {
  timestampFromMilliseconds: same,
  timestampFromMicroseconds: same,
  timestampFromNanoseconds: same,
} as unknown as ParquetParsers

/** Rows `[start, end)` of a Parquet file by hyparquet, collected by its way of least overhead, in chunks. */
export async function readByHyparquet(
  path: string,
  rows: number,
  start = 0,
): Promise<Record<string, BigInt64Array | Float64Array>> {
  const out = Object.fromEntries(
    COLUMNS.map((name, i) => [name, i === 0 ? new BigInt64Array(rows) : new Float64Array(rows)]),
  )
  const handle = openSync(path, 'r')
  try {
    const byteLength = fstatSync(handle).size
    const file = {
      byteLength,
      slice(from: number, end: number = byteLength): ArrayBuffer {
        const bytes = new Uint8Array(end - from)
        readSync(handle, bytes, 0, bytes.length, from)
        return bytes.buffer
      },
    }
    const metadata = await parquetMetadataAsync(file, { parsers: PARSERS })
    for (const element of metadata.schema) {
      delete element.logical_type
      delete element.converted_type
    }
    await parquetRead({
      file,
      metadata,
      columns: [...COLUMNS],
      parsers: PARSERS,
      ...(start === 0 ? {} : { rowStart: start, rowEnd: start + rows }),
      onChunk({ columnName, columnData, rowStart }) {
        const target = out[columnName] as Float64Array
        const at = rowStart - start
        // A chunk may begin before the rows wanted and end after them.
        const skip = Math.max(0, -at)
        const data = columnData as unknown as Float64Array
        const wanted = skip === 0 && at + data.length <= rows ? data : data.slice(skip, rows - at)
        target.set(wanted, at + skip)
      },
    })
    return out
  } finally {
    closeSync(handle)
  }
}

/** Writes bars by hyparquet-writer with its defaults. */
export function writeByHyparquet(path: string, bars: Bars): void {
  parquetWriteFile({
    filename: path,
    columnData: COLUMNS.map((name, i) => ({
      name,
      data: bars[name] as never,
      type: i === 0 ? 'INT64' : 'DOUBLE',
      nullable: false,
    })),
  })
}
