/**
 * A first codec through hyparquet alone; replaced by the kernels.
 * @module
 */
import { parquetRead, type ColumnData } from 'hyparquet'
import { readColumn } from 'hyparquet/src/column.js'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { parquetSchema } from 'hyparquet'
import { getTreePath } from 'hyparquet/src/schema.js'
import { parquetWriteBuffer } from 'hyparquet-writer'
import {
  bitmap, emptyLike, isDictionary, isValid, rowCount, setBit, sliceColumns, validityOf, valuesOf, withoutBitmap,
  type Column, type Columns, type PlainColumn,
} from '../../contract/columns.ts'
import { readMetadata } from './footer.ts'
import { RAW } from './format.ts'
import { elementOf } from './leaf.ts'
import type { ByteSource, Compressors, EncodeOptions, ForeignColumns, ParquetFooter, ReadOptions, ReadPart } from './types.ts'

export function encodeParquet(columns: Columns, options: EncodeOptions): readonly Uint8Array[] {
  const rows = rowCount(columns)
  const columnData = options.columns.map(({ name }) => {
    const column = columns[name] as Column
    const values = valuesOf(column)
    const data = Array.from({ length: rows }, (_, i) => {
      if (!isValid(column, i)) return null
      return isDictionary(values) ? values.dictionary[values.indices[i] as number] : values[i]
    })
    return { name, data }
  })
  const optional = (name: string): boolean => validityOf(withoutBitmap(columns[name] as Column)) !== undefined
  const fields = options.columns.map((stored) => elementOf(stored, optional(stored.name), options.timeUnit))
  const schema = [{ name: 'root', num_children: fields.length }, ...fields]
  const kvMetadata = Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value }))
  const bytes = parquetWriteBuffer({
    columnData: columnData as never, schema, kvMetadata, codec: 'UNCOMPRESSED', rowGroupSize: options.rowGroupRows ?? 43_200,
  })
  return [new Uint8Array(bytes)]
}

export function findRows(
  source: ByteSource, footer: ParquetFooter, startTicks: bigint, endTicksExclusive: bigint, _compressors?: Compressors,
): { startRow: number; endRow: number } {
  const metadata = readMetadata(source)
  const tree = parquetSchema({ schema: metadata.schema.map((e) => ({ ...e, logical_type: undefined, converted_type: undefined })) as never })
  const all: bigint[] = []
  for (const [g, group] of footer.groups.entries()) {
    const chunk = group.chunks[0]!
    const bytes = new Uint8Array(chunk.length)
    source.readSync(bytes, chunk.start)
    const meta = metadata.row_groups[g]!.columns[0]!.meta_data!
    const schemaPath = getTreePath(tree, meta.path_in_schema)
    const decoder = { pathInSchema: meta.path_in_schema, element: schemaPath.at(-1)!.element, schemaPath, ...meta, parsers: DEFAULT_PARSERS }
    const plan = { groupStart: 0, selectStart: 0, selectEnd: group.rows, groupRows: group.rows }
    for (const page of readColumn({ view: new DataView(bytes.buffer), offset: 0 }, plan, decoder as never).data) for (const x of page) all.push(x)
  }
  const at = (ticks: bigint): number => { const i = all.findIndex((x) => x >= ticks); return i < 0 ? all.length : i }
  const startRow = at(startTicks)
  return { startRow, endRow: Math.max(startRow, at(endTicksExclusive)) }
}

export async function readColumns(parts: readonly ReadPart[], options: ReadOptions): Promise<Columns> {
  options.signal?.throwIfAborted()
  const total = parts.reduce((sum, part) => sum + part.endRow - part.startRow, 0)
  const out: Record<string, Column> = {}
  for (const { name, type } of options.columns) {
    const fresh: PlainColumn = type === 'timestamp' || type === 'int64' ? new BigInt64Array(total)
      : type === 'float64' ? new Float64Array(total) : type === 'int32' ? new Int32Array(total)
      : type === 'uint8' ? new Uint8Array(total) : { indices: new Int32Array(total), dictionary: [] }
    const valid = bitmap(total, true)
    const codes = new Map<string, number>()
    const target = (options.into?.[name]?.subarray(0, total) ?? (isDictionary(fresh) ? fresh.indices : fresh)) as Float64Array
    let at = 0
    for (const part of parts) {
      const size = part.endRow - part.startRow
      const has = part.footer.columns.some((column) => column.name === name)
      if (!has) for (let i = 0; i < size; i++) setBit(valid, at + i, false)
      else if (size > 0) {
        const metadata = readMetadata(part.source)
        const schema = metadata.schema.map((e) => (e.type === 'BYTE_ARRAY' || e.type === undefined ? e : { ...e, logical_type: undefined, converted_type: undefined }))
        const file = { byteLength: part.source.size, slice: (s: number, e = part.source.size): ArrayBuffer => {
          const b = new Uint8Array(e - s); part.source.readSync(b, s); return b.buffer } }
        const onChunk = ({ columnData, rowStart }: ColumnData): void => {
          for (let i = 0; i < columnData.length; i++) {
            const row = rowStart + i - part.startRow
            if (row < 0 || row >= size) continue
            const value = columnData[i]
            if (value === null || value === undefined) setBit(valid, at + row, false)
            else if (type === 'string') {
              if (!codes.has(value)) codes.set(value, codes.size)
              target[at + row] = codes.get(value)!
            } else target[at + row] = value
          }
        }
        await parquetRead({ file, metadata: { ...metadata, schema } as never, columns: [name], rowStart: part.startRow, rowEnd: part.endRow, onChunk, parsers: { ...RAW, stringFromBytes: DEFAULT_PARSERS.stringFromBytes } })
      }
      at += size
    }
    const values: PlainColumn = isDictionary(fresh) ? { indices: fresh.indices, dictionary: [...codes.keys()] } : (target as Float64Array)
    out[name] = withoutBitmap({ values, valid })
  }
  return out as never
}

export async function readForeign(source: ByteSource): Promise<ForeignColumns> {
  throw new Error(`not yet ${source.size} ${String(sliceColumns)} ${String(emptyLike)}`)
}
