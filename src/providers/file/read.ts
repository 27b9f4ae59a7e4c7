/**
 * A file of any of the three formats as columns by the file's own names.
 * @module
 */
import { type ColumnKind, type TimeColumn, readCsv } from '../../codecs/csv/index.ts'
import { readTimes } from '../../codecs/csv/times.ts'
import type { Compressors } from '../../codecs/parquet/index.ts'
import { type Column, isNullable, isValid, valuesOf } from '../../contract/columns.ts'
import { DataError, ProviderError, isDataClientError } from '../../contract/errors.ts'
import { DAY_MS } from '../../contract/time.ts'
import { zoneClock } from '../zone.ts'
import { type OpenedFile, type PlatformOpen, openFile } from './open.ts'
import { type ColumnMapping, type Recognised, recognise } from './recognise.ts'

/** Formats that are read. */
export type FileFormat = 'csv' | 'parquet' | 'arrow'

/** A file as far as it is needed: what its columns are, and their values. */
export interface FileTable {
  readonly rows: number
  readonly fields: Recognised
  /** Columns by the file's names, those of times excepted. */
  readonly columns: Readonly<Record<string, Column>>
  readonly times: TimeColumn
}

/** What is read. */
export interface FileSource {
  readonly open: PlatformOpen
  /** Compressions of the platform, asked for when a Parquet file is read. */
  readonly compressors: () => Promise<Compressors>
  readonly path: string
  /** Said beside a file that is not there: how its name was made. */
  readonly naming?: string
  /** @default told by its first bytes */
  readonly format: FileFormat | undefined
  readonly mapping: ColumnMapping
  readonly signal: AbortSignal
}

/**
 * Reads a file whole.
 * @throws {ProviderError} `provider/not-found`, `provider/forbidden`, `provider/unavailable` naming the path
 * @throws {DataError} `data/invalid`, `data/schema-mismatch` saying where and what
 */
export async function readFile(source: FileSource): Promise<FileTable> {
  const file = await openFile(source.open, source.path, source.signal, source.naming)
  try {
    const format = source.format ?? formatOf(await file.head(8))
    return await READERS[format](file, source)
  } finally {
    await file.close()
  }
}

const READERS: Readonly<Record<FileFormat, (file: OpenedFile, source: FileSource) => Promise<FileTable>>> = {
  csv: readCsvFile,
  parquet: readParquetFile,
  arrow: readArrowFile,
}

/** Parquet and Arrow files begin with a word of their own, an Arrow stream with a length of -1; all else is text. */
function formatOf(head: Uint8Array): FileFormat {
  const text = String.fromCharCode(...head)
  if (text.startsWith('PAR1')) return 'parquet'
  return text.startsWith('ARROW1') || text.startsWith('\u00FF\u00FF\u00FF\u00FF') ? 'arrow' : 'csv'
}

async function readCsvFile(file: OpenedFile, source: FileSource): Promise<FileTable> {
  let fields: Recognised | undefined
  const kinds = (names: readonly string[], hasHeader: boolean): ColumnKind[] => {
    const known = recognise(names, hasHeader, source.mapping, source.path)
    fields = known
    return names.map((name) => kindOf(known, name))
  }
  const table = await readCsv(file.pieces(), { name: source.path, kinds })
  fields ??= recognise(table.names, table.hasHeader, source.mapping, source.path)
  const times = fields.time === undefined ? table.times[fields.timestamp] : undefined
  return {
    rows: table.rows,
    fields,
    columns: table.columns,
    times: times ?? timesOf(table.columns, fields, source.path),
  }
}

function kindOf(fields: Recognised, name: string): ColumnKind {
  if (name === fields.symbol) return 'text'
  if (name === fields.timestamp || name === fields.time) return fields.time === undefined ? 'time' : 'text'
  return Object.values(fields).includes(name) ? 'number' : 'skip'
}

async function readArrowFile(file: OpenedFile, source: FileSource): Promise<FileTable> {
  const { columnsFromArrow } = await import('../../codecs/arrow/index.ts')
  const bytes = await file.all()
  const table = await named(source.path, async () => columnsFromArrow(bytes, { skip: true }))
  return nativeTable(table.rows, table.columns, table.times, source)
}

async function readParquetFile(file: OpenedFile, source: FileSource): Promise<FileTable> {
  const { bytesSource, readForeign } = await import('../../codecs/parquet/index.ts')
  const { signal, path } = source
  const bytes = bytesSource(await file.all())
  const compressors = await source.compressors()
  const table = await named(path, () => readForeign(bytes, { signal, compressors }))
  const times = Object.entries(table.timeUnits).map(([name, unit]) => {
    return [name, { unit, zone: table.adjustedToUtc[name] === false ? null : 'UTC' }] as const
  })
  return nativeTable(table.rows, table.columns, Object.fromEntries(times), source)
}

/** Says which file it is that a codec refuses. */
async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!isDataClientError(cause)) throw cause
    throw new DataError('data/invalid', `${path}: ${cause.message}`, { path, cause })
  }
}

interface NativeTime {
  readonly unit: keyof typeof MS_PER_TICK
  readonly zone: string | null
}

const MS_PER_TICK = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6, day: DAY_MS } as const

function nativeTable(
  rows: number,
  columns: Readonly<Record<string, Column>>,
  times: Readonly<Record<string, NativeTime>>,
  source: FileSource,
): FileTable {
  const fields = recognise(Object.keys(columns), true, source.mapping, source.path)
  const native = fields.time === undefined ? times[fields.timestamp] : undefined
  const column = columns[fields.timestamp] as Column
  return {
    rows,
    fields,
    columns,
    times: native === undefined ? timesOf(columns, fields, source.path) : nativeTimes(column, native),
  }
}

function nativeTimes(column: Column, { unit, zone }: NativeTime): TimeColumn {
  const values = valuesOf(column) as BigInt64Array | Int32Array
  const wallMs = new Float64Array(values.length)
  const offsetMs = new Float64Array(values.length).fill(zone === null ? Number.NaN : 0)
  const perMs = MS_PER_TICK[unit]
  for (let row = 0; row < values.length; row++) {
    const ticks = Number(values[row])
    wallMs[row] = isValid(column, row)
      ? perMs < 1
        ? Math.round(ticks * perMs * 1000) / 1000
        : ticks * perMs
      : Number.NaN
  }
  if (zone !== null && !/^(?:UTC|GMT|Z|Etc\/UTC|[+-]00:?00)$/i.test(zone)) shiftToZone(wallMs, offsetMs, zone)
  return { wallMs, offsetMs, isDates: unit === 'day' }
}

/** Times that the file ties to a zone are shown on its clock, as their dates are meant there. */
function shiftToZone(wallMs: Float64Array, offsetMs: Float64Array, zone: string): void {
  const offsets = zoneClock(zone).offsetsMs(wallMs.map((ms) => (Number.isNaN(ms) ? 0 : ms)))
  for (let row = 0; row < wallMs.length; row++) {
    offsetMs[row] = offsets[row] as number
    wallMs[row] = (wallMs[row] as number) + (offsets[row] as number)
  }
}

/** Times in columns that do not say so: text, or epoch numbers; also a date and a time of day in two columns. */
function timesOf(columns: Readonly<Record<string, Column>>, fields: Recognised, path: string): TimeColumn {
  const names = fields.time === undefined ? [fields.timestamp] : [fields.timestamp, fields.time]
  const parts = names.map((name) => {
    const column = columns[name]
    if (column !== undefined) return column
    throw new ProviderError('provider/response', `${path}: columns ${names.join(' and ')} cannot be read as one time`, {
      path,
    })
  })
  return readTimes(parts, `${path}, column ${names.join(' and ')}`)
}

/** A column as doubles; other numbers are converted, text is refused. */
export function numbersOf(column: Column, name: string, path: string): Column {
  const values = valuesOf(column)
  if (values instanceof Float64Array) return column
  if ('indices' in values) {
    throw new ProviderError('provider/response', `${path}: column ${name} holds text where numbers are expected`, {
      path,
      field: name,
    })
  }
  const numbers = Float64Array.from(values as Int32Array, Number)
  return isNullable(column) ? { values: numbers, valid: column.valid } : numbers
}
