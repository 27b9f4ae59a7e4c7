/**
 * Trades as Alpaca writes them, cut at the border of pages where no trade is lost.
 * @module
 */
import type { PageColumns } from '../contract/provider.ts'
import type { EpochMs } from '../contract/time.ts'
import { type Row, malformed } from './answer.ts'
import { floatColumn, integerColumn, textColumn } from './columns.ts'

/** Nanoseconds of `2018-06-04T19:18:17.439212345Z`. */
function nanosOf(text: unknown, path: string): bigint {
  const match = typeof text === 'string' ? /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(text) : null
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}Z`)
  if (match === null || Number.isNaN(ms)) throw malformed(path, text, 'a time')
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

const SIDES: ReadonlyMap<unknown, string> = new Map([
  ['B', 'buy'],
  ['S', 'sell'],
])

/** Columns of trades of a share or a coin. @throws {ProviderError} `provider/response` */
export function tradeColumns(rows: readonly Row[]): PageColumns {
  return {
    timestamp: BigInt64Array.from(rows, (row, i) => nanosOf(row['t'], `[${i}].t`)),
    price: floatColumn(rows.length, (i) => rows[i]?.['p']),
    size: floatColumn(rows.length, (i) => rows[i]?.['s']),
    trade_id: integerColumn(rows.length, (i) => rows[i]?.['i']),
    condition: textColumn(rows.length, (i) => {
      const codes = rows[i]?.['c']
      return Array.isArray(codes) ? codes.join(',') : null
    }),
    // Only trades of coins say who took.
    ...(rows.some((row) => SIDES.has(row['tks']))
      ? { side: textColumn(rows.length, (i) => SIDES.get(rows[i]?.['tks'])) }
      : {}),
  }
}

/** Part of a page that is whole, and what the next one starts from. Its last millisecond may go on. */
export function tradesUntilBorder(
  rows: readonly Row[],
  startMs: EpochMs,
): { whole: readonly Row[]; held: readonly Row[]; reachedMs: EpochMs } {
  const times = rows.map((row, i) => Number(nanosOf(row['t'], `[${i}].t`) / 1_000_000n))
  const reachedMs = times.at(-1) ?? startMs
  const isWhole = (_: Row, i: number): boolean => (times[i] as number) < reachedMs
  return { whole: rows.filter(isWhole), held: rows.filter((row, i) => !isWhole(row, i)), reachedMs }
}
