/**
 * A table as text for terminals and as HTML for notebooks.
 * @module
 */
import { type Column, isDictionary, rowCount, valueAt, valuesOf } from '../contract/columns.ts'
import { msOf } from '../contract/ticks.ts'
import { isLabelled } from '../contract/interval.ts'
import type { CoverageReport } from '../contract/query.ts'
import { formatRange } from '../contract/range.ts'
import { formatTime } from '../contract/time.ts'
import { checkLimit, isoTime, timeDigits } from './rows-of.ts'
import type { TableSource } from './table-source.ts'

/** How much of a table is shown. */
export interface FormatOptions {
  /** Most rows shown, half from the beginning and half from the end. @default 10 */
  readonly limit?: number
}

const DEFAULT_LIMIT = 10

/** Digits up to which numbers of one column are written with equally many. */
const MOST_DECIMALS = 10

interface Cells {
  readonly names: readonly string[]
  /** By column, one a shown row. */
  readonly columns: readonly (readonly string[])[]
  /** Text stands left, numbers right. */
  readonly isText: readonly boolean[]
  /** Shown rows before the gap; equals all shown rows where there is none. */
  readonly head: number
}

/** Aligned text: header, first and last rows, and where they come from. */
export function formatColumns(source: TableSource, options: FormatOptions): string {
  const cells = cellsOf(source, checkLimit(options.limit) ?? DEFAULT_LIMIT)
  const widths = cells.names.map((name, c) =>
    Math.max(name.length, ...(cells.columns[c] as readonly string[]).map((cell) => cell.length)),
  )
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, c) => (cells.isText[c] ? text.padEnd(widths[c] as number) : text.padStart(widths[c] as number)))
      .join('  ')
      .trimEnd()
  const shown = cells.columns[0]?.length ?? 0
  const lines = [line(cells.names)]
  for (let row = 0; row < shown; row++) {
    if (row === cells.head) lines.push('…')
    lines.push(line(cells.columns.map((column) => column[row] as string)))
  }
  if (cells.head === shown && shown < rowCount(source.columns)) lines.push('…')
  return [...lines, footer(source)].join('\n')
}

/** The same as an HTML table; every text is escaped. */
export function htmlOf(source: TableSource): string {
  const cells = cellsOf(source, DEFAULT_LIMIT)
  const align = (c: number): string => (cells.isText[c] ? 'left' : 'right')
  const heads = cells.names.map((name, c) => `<th style="text-align:${align(c)}">${escapeHtml(name)}</th>`).join('')
  const shown = cells.columns[0]?.length ?? 0
  const rows: string[] = []
  for (let row = 0; row < shown; row++) {
    if (row === cells.head) rows.push(`<tr><td colspan="${cells.names.length}">…</td></tr>`)
    const data = cells.columns.map(
      (column, c) => `<td style="text-align:${align(c)}">${escapeHtml(column[row] as string)}</td>`,
    )
    rows.push(`<tr>${data.join('')}</tr>`)
  }
  return (
    `<table><thead><tr>${heads}</tr></thead><tbody>${rows.join('')}</tbody></table>` +
    `<p><small>${escapeHtml(footer(source))}</small></p>`
  )
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function cellsOf(source: TableSource, limit: number): Cells {
  const rows = rowCount(source.columns)
  const whole = rows <= limit
  const head = whole ? rows : Math.ceil(limit / 2)
  const tail = whole ? 0 : Math.floor(limit / 2)
  const shown = [
    ...Array.from({ length: head }, (_, i) => i),
    ...Array.from({ length: tail }, (_, i) => rows - tail + i),
  ]
  const names = Object.keys(source.columns)
  const writeTime = timeWriter(source, shown)
  return {
    names,
    head,
    isText: names.map((name) => source.times.has(name) || isDictionary(valuesOf(source.columns[name] as Column))),
    columns: names.map((name) =>
      cellsOfColumn(source.columns[name] as Column, shown, source.times.has(name) ? writeTime : undefined),
    ),
  }
}

function timeWriter(source: TableSource, shown: readonly number[]): (ticks: bigint) => string {
  const interval = source.report?.series.interval
  if (interval !== undefined && isLabelled(interval)) return (ticks) => formatTime(msOf(ticks, source.timeUnit))
  const digits = timeDigits(source, shown)
  return (ticks) => isoTime(ticks, source.timeUnit, digits)
}

function cellsOfColumn(column: Column, rows: readonly number[], writeTime?: (ticks: bigint) => string): string[] {
  const values = rows.map((row) => valueAt(column, row))
  const decimals = Math.max(0, ...values.map((value) => (typeof value === 'number' ? decimalsOf(value) : 0)))
  return values.map((value) => {
    if (value === null) return 'null'
    if (typeof value === 'bigint') return writeTime === undefined ? String(value) : writeTime(value)
    if (typeof value === 'string') return printable(value)
    return decimals <= MOST_DECIMALS && Number.isFinite(value) && Math.abs(value) < 1e21
      ? value.toFixed(decimals)
      : String(value)
  })
}

/** Digits after the point of the shortest text that is this number. */
function decimalsOf(value: number): number {
  const [mantissa, exponent] = String(value).split('e')
  const digits = (mantissa as string).split('.')[1]?.length ?? 0
  return Math.max(0, digits - Number(exponent ?? 0))
}

/** Text of a source on one line: control characters would move the cursor of a terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\u{FFFD}')
}

function footer(source: TableSource): string {
  const rows = `${rowCount(source.columns).toLocaleString('en-US')} ${rowCount(source.columns) === 1 ? 'row' : 'rows'}`
  if (source.report === undefined) return `${rows} · derived table, coverage not known`
  const { report } = source
  const { symbol, interval, schema } = report.series
  const what = [report.source, symbol, interval ?? schema].join(' ')
  return [rows, what, formatRange(report.requested), `version ${report.version}`, missingText(report)].join(' · ')
}

function missingText(report: CoverageReport): string {
  const kinds = new Map<string, number>()
  for (const { kind } of report.missing) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const missing =
    kinds.size === 0 ? 'nothing missing' : `missing: ${[...kinds].map(([kind, n]) => `${n} ${kind}`).join(', ')}`
  const provisional = report.provisional.length === 0 ? [] : [`${report.provisional.length} provisional`]
  const rejected = report.rejected === 0 ? [] : [`${report.rejected} rejected`]
  return [missing, ...provisional, ...rejected].join(', ')
}
