/** Reads files of sessions and compares them with a calendar. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Calendar } from '../../src/contract/calendar.ts'

export const FIXTURES: string | undefined = process.env['MARKETLAKE_FIXTURES']

/** One line of an answer: label, open, close, break start, break end; ISO text, empty = none. */
export type Answer = readonly [string, string, string, string, string]

export function readAnswers(file: string): Answer[] {
  const text = readFileSync(join(FIXTURES as string, 'calendars', file), 'utf8').trim()
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.split(',') as unknown as Answer)
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(join(FIXTURES as string, 'calendars', file), 'utf8')) as T
}

const iso = (ms: number): string => (Number.isNaN(ms) ? '' : new Date(ms).toISOString().replace('.000', ''))

/** Lines of the calendar over the span of an answer. */
export function linesOf(calendar: Calendar, start: string, end: string): Answer[] {
  const s = calendar.sessions({ start, end })
  return Array.from({ length: s.n }, (_, i) => [
    iso(s.session[i] as number),
    iso(s.open[i] as number),
    iso(s.close[i] as number),
    iso(s.breakStart[i] as number),
    iso(s.breakEnd[i] as number),
  ])
}

/** What differs between an answer and a calendar. */
export function differences(
  calendar: Calendar,
  answers: readonly Answer[],
): { missing: string[]; extra: string[]; different: string[] } {
  const last = new Date(Date.parse((answers.at(-1) as Answer)[0]) + 86_400_000)
  const lines = linesOf(calendar, (answers[0] as Answer)[0], last.toISOString())
  const ours = new Map(lines.map((line) => [line[0], line.join(',')]))
  const theirs = new Map(answers.map((line) => [line[0], line.join(',')]))
  return {
    missing: [...theirs.keys()].filter((day) => !ours.has(day)),
    extra: [...ours.keys()].filter((day) => !theirs.has(day)),
    different: [...ours].filter(([day, line]) => theirs.has(day) && theirs.get(day) !== line).map(([, line]) => line),
  }
}
