/**
 * What a task of maintenance did, as it is written down.
 * @module
 */

/** A report in the making. */
export interface Report {
  readonly dryRun: boolean
  readonly actions: string[]
  filesWritten: number
  filesRemoved: number
  bytesWritten: number
  bytesRemoved: number
  version: number | null
}

/** A report without actions. */
export function startReport(dryRun: boolean): Report {
  return { dryRun, actions: [], filesWritten: 0, filesRemoved: 0, bytesWritten: 0, bytesRemoved: 0, version: null }
}

/** Notes files that went, or would go. */
export function noteRemoved(report: Report, files: number, bytes: number): void {
  report.filesRemoved += files
  report.bytesRemoved += bytes
}

/** Notes a file that was written, or would be. */
export function noteWritten(report: Report, bytes: number): void {
  report.filesWritten += 1
  report.bytesWritten += bytes
}

/** `1 file`, `2 files`. */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
