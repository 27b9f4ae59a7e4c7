/**
 * DuckDB by its Node API: rows into typed arrays by the fastest way it has, vectors of 2,048 rows copied one by one.
 * @module
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { COLUMNS } from '../data.ts'

/** An open database. */
export interface Duck {
  readonly connection: DuckDBConnection
  run(sql: string): Promise<void>
  /** Rows of a query whose first columns are those of bars, as typed arrays of just that length. */
  bars(sql: string, rows: number): Promise<Record<string, BigInt64Array | Float64Array>>
  /** First value of the first row. */
  value(sql: string): Promise<number>
  close(): void
}

/** Columns of bars for a `SELECT`, in order. */
export const SELECTED: string = COLUMNS.map((name) => `"${name}"`).join(', ')

/** A path inside SQL. */
export const quoted = (path: string): string => `'${path.replaceAll("'", "''")}'`

/** Opens a database, in memory if no path is given. */
export async function openDuck(path = ':memory:'): Promise<Duck> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  return {
    connection,
    async run(sql) {
      await connection.run(sql)
    },
    bars: (sql, rows) => readBars(connection, sql, rows),
    async value(sql) {
      const reader = await connection.runAndReadAll(sql)
      return Number(reader.getRows()[0]?.[0])
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

async function readBars(
  connection: DuckDBConnection,
  sql: string,
  rows: number,
): Promise<Record<string, BigInt64Array | Float64Array>> {
  const result = await connection.stream(sql)
  const out = Object.fromEntries(
    COLUMNS.map((name, i) => [name, i === 0 ? new BigInt64Array(rows) : new Float64Array(rows)]),
  )
  let at = 0
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const [i, name] of COLUMNS.entries()) {
      const { items } = chunk.getColumnVector(i) as unknown as { readonly items: Float64Array }
      ;(out[name] as Float64Array).set(items.subarray(0, chunk.rowCount), at)
    }
    at += chunk.rowCount
  }
  if (at !== rows) throw new Error(`DuckDB gave ${at} rows, not ${rows}`)
  return out
}
