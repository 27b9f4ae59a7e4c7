import { describe, expect, it } from 'vitest'
import { calendar } from '../../src/calendars/index.ts'
import { FIXTURES, differences, readAnswers, readJson } from './answers.ts'

const NONE = { missing: [], extra: [], different: [] }

describe.skipIf(FIXTURES === undefined)('answers of another calendar project', () => {
  it.each([
    ['xnys.csv', 'XNYS', 8324],
    ['xnys.csv', 'XNAS', 8324],
    ['24-5.csv', '24-5', 261],
    ['24-7.csv', '24-7', 366],
  ])('%s: %s has the same sessions, opens, closes and breaks', (file, name, rows) => {
    const answers = readAnswers(file)
    expect(answers).toHaveLength(rows)
    expect(differences(calendar(name), answers)).toEqual(NONE)
  })

  it('counts the sessions of New York in each year', () => {
    const perYear = readJson<Record<string, number>>('derived/xnys.sessions_per_year.json')
    const counted = Object.keys(perYear).map((year) => [
      year,
      calendar('XNYS').sessions({ start: `${year}-01-01`, end: `${Number(year) + 1}-01-01` }).n,
    ])
    expect(Object.fromEntries(counted)).toEqual(perYear)
  })
})
