import { type CoverageRecord, recordCoverage } from '../../src/contract/coverage.ts'

/** Writes several records, in order. */
export function recordAll(list: readonly CoverageRecord[], records: readonly CoverageRecord[]): CoverageRecord[] {
  return records.reduce<CoverageRecord[]>(recordCoverage, [...list])
}
