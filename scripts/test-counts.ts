/** Prints `N passed, N failed` from the JSON report of the test runner; a file that could not run counts as one failed test. */
import { readFileSync } from 'node:fs'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const path = process.argv[2]
if (path === undefined) throw new Error('usage: node scripts/test-counts.ts REPORT.json')
const report = JSON.parse(readFileSync(path, 'utf8')) as Report
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
).length
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + broken} failed`)
process.exitCode = report.numFailedTests + broken === 0 ? 0 : 1
