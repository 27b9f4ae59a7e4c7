/**
 * What the ways out of a table need of it.
 * @module
 */
import type { Columns } from '../contract/columns.ts'
import type { CoverageReport } from '../contract/query.ts'

/** Columns of one table with the meaning of its times. */
export interface TableSource {
  readonly columns: Columns
  /** What the integers of its times count. */
  readonly timeUnit: 'us' | 'ns'
  /** Names of the columns that hold times, `timestamp` among them. */
  readonly times: ReadonlySet<string>
  /** Absent for a table whose coverage is not known. */
  readonly report?: CoverageReport
}
