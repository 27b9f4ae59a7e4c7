/**
 * What was measured, as text for people.
 * @module
 */
import type { GoalResult, SuiteResult } from './harness.ts'

const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0))

/** A suite as text for people. */
export function formatSuite(result: SuiteResult): string {
  const width = Math.max(...result.cases.map((one) => one.name.length))
  const head = `${'case'.padEnd(width)} ${['median', 'min', 'cpu', 'x limit', 'x min', 'x cpu'].map((name) => name.padStart(9)).join('')}`
  const lines = result.cases.map((one) => {
    const cells = [
      ms(one.medianMs),
      ms(one.minMs),
      ms(one.cpuMedianMs),
      one.ratioMedian.toFixed(2),
      one.ratioMin.toFixed(2),
      one.ratioCpu.toFixed(2),
    ]
    return `${one.name.padEnd(width)} ${cells.map((cell) => cell.padStart(9)).join('')}${one.note === undefined ? '' : `  ${one.note}`}`
  })
  const figures = Object.entries(result.figures).map(
    ([name, value]) => `  ${name}: ${value >= 1000 ? Math.round(value) : Number(value.toPrecision(4))}`,
  )
  const goals = result.goals.map(formatGoal)
  const title = `\n${result.name}: ${result.about}\nlimit: ${result.limit} · noise (middle half of it over its median): ${(100 * result.noise).toFixed(0)} %`
  return [title, head, ...lines, ...figures, ...goals].join('\n')
}

/** One goal as a line. */
export function formatGoal({ name, value, ofMinima, wanted, met }: GoalResult): string {
  const verdict = wanted === '' ? '      ' : met ? 'meets ' : 'MISSES'
  const fastest = ofMinima === undefined ? '' : `, of minima ${Number(ofMinima.toPrecision(3))}`
  return `  ${verdict} ${name}: ${Number(value.toPrecision(3))}${fastest}${wanted === '' ? '' : ` (wanted ${wanted})`}`
}
