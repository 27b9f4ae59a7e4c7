/**
 * What travels with a table: the proof of its coverage, and its ways out of Arrow.
 * @module
 */
import type { Table } from 'apache-arrow'
import { columnsFromTable } from '../codecs/arrow/read.ts'
import type { Columns } from '../contract/columns.ts'
import { ConfigError } from '../contract/errors.ts'
import type { CoverageReport, TableView } from '../contract/query.ts'
import type { Range } from '../contract/range.ts'
import { type SchemaName, SCHEMAS } from '../contract/schema.ts'
import type { Series } from '../contract/series.ts'
import { type BarColumns, plainColumns } from './columns-of.ts'
import { type FormatOptions, formatColumns, htmlOf } from './format-table.ts'
import { type Row, type RowsOptions, plainRows } from './rows-of.ts'
import type { TableSource } from './table-source.ts'

export type { BarColumns, PlainColumns, PlainValues } from './columns-of.ts'
export type { FormatOptions } from './format-table.ts'
export type { Row, RowsOptions } from './rows-of.ts'

interface Attached {
  readonly report: CoverageReport
  readonly columns: Columns
}

/** Reports by table: the only state of this module. Weak, so that a table and its report go together. */
const ATTACHED = new WeakMap<object, Attached>()

/** Deno's kernel and other JavaScript kernels ask an object for this to show it. */
const JUPYTER_DISPLAY: unique symbol = Symbol.for('Jupyter.display') as never
/** `console.log` of Node, Deno and Bun, and with it tslab, asks an object for this. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/**
 * Ties a table to its proof, and teaches it to show itself in notebooks and on the console.
 * The table stays the same object and is returned.
 * @param columns what the table was made of; values are shared, not copied
 */
export function attachCoverage(table: Table, report: CoverageReport, columns: Columns): Table {
  ATTACHED.set(table, { report: Object.freeze(report), columns })
  Object.defineProperties(table, SHOWS_ITSELF)
  return table
}

/** Made once: a table of a small series is made in microseconds. */
const SHOWS_ITSELF: PropertyDescriptorMap = {
  [JUPYTER_DISPLAY]: {
    value(this: Table) {
      return { 'text/plain': formatTable(this), 'text/html': htmlOf(sourceOf(this)) }
    },
    configurable: true,
  },
  [INSPECT]: {
    value(this: Table) {
      return formatTable(this)
    },
    configurable: true,
  },
}

/**
 * Proof of what a table holds: what was asked, what is known, what is missing and why.
 * @throws {ConfigError} `config/option` for any table but one that marketlake returned: a slice, a filter or a copy
 *   holds other rows than the report speaks of
 */
export function coverageOf(table: Table): CoverageReport {
  const attached = ATTACHED.get(table)
  if (attached !== undefined) return attached.report
  const message =
    'table: this is no table that marketlake returned. A derived table (slice, select, filter, concat, IPC) holds ' +
    'other rows than any report speaks of: call coverageOf on the table you derived it from'
  throw new ConfigError('config/option', message, { field: 'table' })
}

/** What names a table for good, rows and view, to be stored beside a result that was computed from it. */
export interface SnapshotReference extends TableView {
  readonly series: Series
  readonly version: number
  readonly hash: string
  /** Version of the actions that an adjusted view used; null without. */
  readonly actions: number | null
  readonly requested: Range
}

/**
 * What to store beside a backtest result, so that the same table can be read again: plain JSON.
 * @example
 * ```ts
 * const { series, hash, requested, adjust, fill, columns } = snapshotOf(bars)
 * const { startMs: start, endMs: end } = requested
 * const again = await client.read({ ...series, start, end, version: hash, adjust, fill, columns })
 * ```
 * @throws {ConfigError} `config/option` for a derived table, as {@link coverageOf}
 */
export function snapshotOf(table: Table): SnapshotReference {
  const { series, version, hash, actions, requested, adjust, fill, columns } = coverageOf(table)
  return {
    series,
    version,
    hash,
    actions,
    requested,
    ...(adjust === undefined ? {} : { adjust }),
    ...(fill === undefined ? {} : { fill }),
    ...(columns === undefined ? {} : { columns }),
  }
}

/**
 * The columns of a table as plain arrays.
 *
 * Numbers are the table's own memory where no row is null; where one is, a copy with `NaN` there, never 0.
 * 64-bit integers are `BigInt64Array`s, text is an array of `string | null`; 64-bit integers and times with nulls are
 * arrays of `bigint | null`. `timestampMs` is computed at its first use. Writing to an array changes the table.
 * @param table of marketlake, or derived from one, or any Arrow table with a `timestamp`
 * @throws {DataError} `data/schema-mismatch` for nested columns
 */
export function columnsOf(table: Table): BarColumns {
  return plainColumns(sourceOf(table))
}

/**
 * The first rows of a table as plain objects.
 *
 * Times are ISO text in UTC (`2024-01-31T09:30:00.000Z`; six or nine digits where the table needs them), null is null,
 * 64-bit integers are bigint.
 * @param table of marketlake, or derived from one, or any Arrow table with a `timestamp`
 * @throws {DataError} `data/schema-mismatch` for nested columns
 */
export function rowsOf(table: Table, options: RowsOptions = {}): Row[] {
  return plainRows(sourceOf(table), options)
}

/**
 * A table as aligned text for terminals: its first and last rows, and a line that says where they come from and what
 * is missing. A derived table has no such line, for nothing is known of its coverage.
 * @throws {DataError} `data/schema-mismatch` for nested columns
 */
export function formatTable(table: Table, options: FormatOptions = {}): string {
  return formatColumns(sourceOf(table), options)
}

function sourceOf(table: Table): TableSource {
  const attached = ATTACHED.get(table)
  if (attached === undefined) return foreignSource(table)
  const { report, columns } = attached
  return { columns, timeUnit: SCHEMAS[report.series.schema].timeUnit, times: timesOf(report.series.schema), report }
}

function timesOf(schema: SchemaName): ReadonlySet<string> {
  return new Set(SCHEMAS[schema].columns.filter((column) => column.type === 'timestamp').map((column) => column.name))
}

function foreignSource(table: Table): TableSource {
  const { columns, times } = columnsFromTable(table)
  const unit = times['timestamp']?.unit
  if (!(columns['timestamp'] instanceof BigInt64Array) || (unit !== 'us' && unit !== 'ns')) {
    const message =
      'table: has no column "timestamp" of type Timestamp in microseconds or nanoseconds without nulls; it has ' +
      Object.keys(columns).join(' ')
    throw new ConfigError('config/option', message, { field: 'table' })
  }
  const sameUnit = Object.keys(times).filter((name) => times[name]?.unit === unit)
  return { columns: columns as unknown as Columns, timeUnit: unit, times: new Set(sameUnit) }
}
