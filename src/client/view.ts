/**
 * Views of rows: adjusted, filled, and the columns that were asked for. Nothing of a view is ever stored.
 * @module
 */
import type { Column, Columns } from '../contract/columns.ts'
import type { Snapshot } from '../contract/storage.ts'
import type { ProvenRows } from '../query/read.ts'
import type { ParsedQuery } from './query.ts'
import type { ClientRooms } from './rooms.ts'
import type { Route } from './route.ts'

/** Rows as the query wants to see them. */
export async function viewColumns(
  _rooms: ClientRooms,
  _route: Route,
  query: ParsedQuery,
  _snapshot: Snapshot,
  proven: ProvenRows,
): Promise<ProvenRows> {
  return { columns: pickColumns(proven.columns, query.columns), report: proven.report }
}

function pickColumns(columns: Columns, wanted: readonly string[] | undefined): Columns {
  if (wanted === undefined) return columns
  const names = ['timestamp', ...wanted.filter((name) => name !== 'timestamp'), ...('filled' in columns ? ['filled'] : [])]
  const out: Record<string, Column> = {}
  for (const name of names) if (Object.hasOwn(columns, name)) out[name] = columns[name] as Column
  return out as unknown as Columns
}
