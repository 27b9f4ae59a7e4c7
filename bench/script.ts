/**
 * What the scripts beside the suites share: options, figures with goals, and the way they report.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { formatGoal } from './format.ts'
import type { GoalResult } from './harness.ts'

/** What a script found. */
export interface Report {
  readonly name: string
  readonly about: string
  readonly figures: Readonly<Record<string, number | readonly number[]>>
  readonly goals: readonly GoalResult[]
}

/** Options of a script. */
export interface ScriptOptions {
  /** A tenth of the work. */
  readonly isQuick: boolean
  readonly json: string | undefined
}

/** Reads `--quick` and `--json FILE`. */
export function scriptOptions(): ScriptOptions {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
    strict: false,
  })
  return { isQuick: values['quick'] === true, json: typeof values['json'] === 'string' ? values['json'] : undefined }
}

/** A goal that a figure must not exceed. */
export function atMost(name: string, value: number, most: number): GoalResult {
  return { name, value, wanted: `≤ ${most}`, met: value <= most }
}

/** A goal that a figure must reach. */
export function atLeast(name: string, value: number, least: number): GoalResult {
  return { name, value, wanted: `≥ ${least}`, met: value >= least }
}

const shown = (value: number): number => (Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4)))

/** Prints a report, and writes it where `--json` says. */
export function finish(report: Report, { json }: ScriptOptions): void {
  console.log(`\n${report.name}: ${report.about}`)
  for (const [name, value] of Object.entries(report.figures)) {
    console.log(`  ${name}: ${typeof value === 'number' ? shown(value) : value.map(shown).join(' ')}`)
  }
  for (const goal of report.goals) console.log(formatGoal(goal))
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
}
