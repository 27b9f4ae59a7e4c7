/** Loaded by `node --import` before a snippet: the mocked wire, the marks between blocks, and SQL. */
import { DuckDBInstance } from '@duckdb/node-api'
import { install } from './wire.ts'

/** What generated programs may call. */
export interface SnippetRuntime {
  /** Marks the start of a block in the output. */
  begin(block: number): void
  /** Runs a query in DuckDB with the folder of the snippet as working directory, and prints the rows. */
  sql(query: string): Promise<void>
}

const runtime: SnippetRuntime = {
  begin: (block) => void process.stdout.write(`\u0001${block}\n`),
  async sql(query) {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    await connection.run("set timezone = 'UTC'")
    const result = await connection.runAndReadAll(query)
    const rows = [result.columnNames(), ...result.getRows().map((row) => row.map(String))]
    const widths = result.columnNames().map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
    for (const row of rows)
      console.log(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
    connection.closeSync()
  },
}

Object.assign(globalThis, { __snippet: runtime })
install(process.env.SNIPPET_NETWORK === 'none' ? 'none' : 'mocked')
