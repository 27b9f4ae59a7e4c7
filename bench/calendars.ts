/**
 * Measures calendars: thirty years of sessions warm, from a fresh table, and against asking `Intl` for every instant.
 *
 * `node bench/calendars.ts [--json FILE]`
 * @module
 */
import { writeFileSync } from 'node:fs'
import { argv, stdout } from 'node:process'
import { calendar, defineCalendar } from '../src/calendars/index.ts'
import type { Sessions } from '../src/contract/calendar.ts'
import { type Suite, type SuiteResult, formatSuite, runSuite } from './harness.ts'

const YEARS = { start: '1995-01-01', end: '2025-01-01' } as const
const SESSIONS = 7552

const check = (sessions: Sessions): void => {
  const [first, last] = [sessions.open[0], sessions.close[sessions.n - 1]]
  if (sessions.n !== SESSIONS) throw new Error(`${sessions.n} sessions`)
  if (first !== Date.UTC(1995, 0, 3, 14, 30) || last !== Date.UTC(2024, 11, 31, 21)) throw new Error('wrong times')
}

/** Offsets by formatting every opening and close, as programs without a table of transitions do. */
function offsetsByFormat(sessions: Sessions): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', timeZoneName: 'longOffset' })
  let length = 0
  for (let i = 0; i < sessions.n; i++)
    length += format.format(sessions.open[i]).length + format.format(sessions.close[i]).length
  return length
}

/** Thirty years of sessions in New York. */
export function calendarSuite(): Suite {
  const xnys = calendar('XNYS')
  const all = xnys.sessions(YEARS)
  return {
    name: 'calendars',
    about: `${all.n} sessions of XNYS, 1995 to 2024`,
    limit: 'Intl format per instant',
    repeats: 15,
    cases: [
      { name: 'sessions, warm', run: () => xnys.sessions(YEARS), check },
      { name: 'sessions, new calendar', run: () => defineCalendar(xnys.spec).sessions(YEARS), check },
      { name: 'minutes expected, warm', run: () => xnys.expectedBars(YEARS, '1m'), note: '2.9 M slots' },
      { name: 'Intl format per instant', run: () => offsetsByFormat(all), most: 5 },
    ],
  }
}

/** Goals in milliseconds. */
export function calendarGoals(result: SuiteResult): string[] {
  return [
    ['sessions, warm', 10],
    ['sessions, new calendar', 10],
  ].map(([name, most]) => {
    const found = result.cases.find((one) => one.name === name)?.medianMs ?? NaN
    return `  ${found <= Number(most) ? 'meets ' : 'MISSES'} ${name}: ${found.toFixed(2)} ms (wanted ≤ ${most} ms)`
  })
}

if (import.meta.main) {
  const result = await runSuite(calendarSuite())
  stdout.write(`${[formatSuite(result), ...calendarGoals(result)].join('\n')}\n`)
  const file = argv.indexOf('--json')
  if (file > 0) writeFileSync(argv[file + 1] as string, JSON.stringify(result, null, 2))
}
