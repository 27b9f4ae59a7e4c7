/**
 * Runs the rules over rows: what is stored, what is kept aside, what is counted.
 * @module
 */
import {
  type Column,
  type Columns,
  bitmap,
  columnLength,
  isNullable,
  rowCount,
  takeColumns,
} from '../contract/columns.ts'
import { DataError } from '../contract/errors.ts'
import { type Series, seriesKey } from '../contract/series.ts'
import { RULES, type RuleContext } from './rules.ts'

/** What to do with rows that break a rule of severity `error`. */
export type OnInvalid = 'quarantine' | 'keep' | 'reject'

/** How strict the checks are. */
export interface Quality {
  /** `quarantine`: into rejects · `keep`: stored and counted · `reject`: the whole answer is refused. @default 'quarantine' */
  readonly onInvalid: OnInvalid
  /** Largest share of invalid rows in one answer of at least 100 rows. @default 0.01 */
  readonly maxInvalidShare: number
}

/** Rows sorted by verdict. */
export interface Checked {
  readonly rows: Columns
  /** Rejected rows with `rule`, `seen_at`, `request`; null without. */
  readonly rejects: Columns | null
  /** Rule id -> rows rejected. */
  readonly rejected: Readonly<Record<string, number>>
  /** Rule id -> rows stored and counted. */
  readonly warnings: Readonly<Record<string, number>>
  /** Why nothing of the answer may be stored but its rejects; null where all is well. */
  readonly refusal: DataError | null
}

/** Below this many rows a share says nothing: one bad row of ten is 10 %. */
const SMALLEST_SHARE_ROWS = 100

/** Checks rows. With `onInvalid: 'reject'`, or where the share of invalid rows is too large, the answer is refused whole. */
export function checkRows(
  rows: Columns,
  context: RuleContext & { readonly series: Series; readonly nowMs: number; readonly requestId: string },
  quality: Quality,
): Checked {
  const total = rowCount(rows)
  const verdict = new Map<number, string>()
  const warnings: Record<string, number> = {}
  for (const rule of RULES) {
    const breaks = rule.test(rows, context)
    if (breaks === null) continue
    const isError = rule.severity === 'error' && quality.onInvalid !== 'keep'
    for (let row = 0; row < total; row++) {
      if (!breaks(row) || verdict.has(row)) continue
      if (isError) verdict.set(row, rule.id)
      else warnings[rule.id] = (warnings[rule.id] ?? 0) + 1
    }
  }
  if (verdict.size === 0) return { rows, rejects: null, rejected: {}, warnings, refusal: null }
  const refusal = refuseIfTooMany(verdict, total, context.series, quality)
  const kept = Int32Array.from({ length: total }, (_, row) => row).filter((row) => !verdict.has(row))
  const bad = [...verdict.keys()].toSorted((a, b) => a - b)
  const rejected: Record<string, number> = {}
  for (const rule of verdict.values()) rejected[rule] = (rejected[rule] ?? 0) + 1
  const rejects = rejectRows(
    takeColumns(rows, Int32Array.from(bad)),
    bad.map((row) => verdict.get(row) as string),
    context,
  )
  return { rows: takeColumns(rows, kept), rejects, rejected, warnings, refusal }
}

function refuseIfTooMany(
  verdict: ReadonlyMap<number, string>,
  total: number,
  series: Series,
  quality: Quality,
): DataError | null {
  const isTooLarge = total >= SMALLEST_SHARE_ROWS && verdict.size / total > quality.maxInvalidShare
  if (quality.onInvalid !== 'reject' && !isTooLarge) return null
  const rules = [...new Set(verdict.values())].join(', ')
  const message =
    `${seriesKey(series)}: ${verdict.size} of ${total} rows broke the rules ${rules}; nothing of this answer was stored but its rejects. ` +
    (isTooLarge
      ? 'Raise quality.maxInvalidShare to store the rest'
      : 'Use quality.onInvalid "quarantine" to keep them aside')
  return new DataError('data/invalid', message, {
    provider: series.provider,
    symbol: series.symbol,
    issues: [...verdict].slice(0, 10).map(([row, rule]) => ({ path: `row ${row}`, message: rule })),
  })
}

/** Rows as the table of rejects holds them: every column of the schema may be null there. */
export function rejectRows(
  rows: Columns,
  rules: readonly string[],
  context: { readonly nowMs: number; readonly requestId: string },
): Columns {
  const total = rowCount(rows)
  const dictionary = [...new Set(rules)]
  const out: Record<string, Column> = {
    timestamp: rows.timestamp,
    rule: { indices: Int32Array.from(rules, (rule) => dictionary.indexOf(rule)), dictionary },
    seen_at: new BigInt64Array(total).fill(BigInt(context.nowMs) * 1000n),
    request: { indices: new Int32Array(total), dictionary: [context.requestId] },
  }
  for (const [name, column] of Object.entries(rows)) {
    if (name === 'timestamp') continue
    out[name] = isNullable(column) ? column : { values: column, valid: bitmap(columnLength(column), true) }
  }
  return out as unknown as Columns
}
