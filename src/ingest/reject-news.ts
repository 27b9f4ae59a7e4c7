/**
 * Which rejected rows are news: the same bad row of a re-fetch is none.
 * @module
 */
import { type Columns, isValid, rowCount, sameValue, takeColumns, valueAt } from '../contract/columns.ts'
import { concatColumns } from '../contract/join-columns.ts'
import { timestampsMs } from '../contract/ticks.ts'
import type { Snapshot, Storage } from '../contract/storage.ts'
import type { BufferedPage } from './buffer.ts'

/** Rejected rows that are not in the table yet: the same bad row of a re-fetch is no news. */
export async function freshRejects(
  storage: Storage,
  head: Snapshot | null,
  pages: readonly BufferedPage[],
  unit: 'us' | 'ns',
): Promise<Columns | null> {
  const parts = pages.flatMap((page) => (page.rejects === null ? [] : [page.rejects]))
  if (parts.length === 0) return null
  const all = concatColumns(parts)
  if (head === null || head.rejects === 0) return all
  const times = timestampsMs(all.timestamp, unit).toSorted()
  const range = { startMs: Math.floor(times[0] as number), endMs: Math.ceil(times.at(-1) as number) + 1 }
  const known = await storage.read(head, { table: 'rejects', range })
  const keep = Array.from({ length: rowCount(all) }, (_, row) => row).filter((row) => !isKnownReject(all, row, known))
  return keep.length === 0 ? null : takeColumns(all, Int32Array.from(keep))
}

function isKnownReject(rejects: Columns, row: number, known: Columns): boolean {
  const names = Object.keys(rejects).filter((name) => name !== 'seen_at' && name !== 'request')
  for (let k = 0; k < rowCount(known); k++) {
    if (known.timestamp[k] !== rejects.timestamp[row]) continue
    const isSame = names.every((name) => {
      const old = known[name]
      const now = rejects[name] as NonNullable<typeof old>
      return old === undefined ? !isValid(now, row) : sameValue(now, row, old, k)
    })
    if (isSame) return true
  }
  return false
}

export function countRules(rejects: Columns | null): Record<string, number> {
  const rules: Record<string, number> = {}
  const column = rejects?.['rule']
  if (rejects === null || column === undefined) return rules
  for (let row = 0; row < rowCount(rejects); row++) {
    const rule = String(valueAt(column, row))
    rules[rule] = (rules[rule] ?? 0) + 1
  }
  return rules
}
