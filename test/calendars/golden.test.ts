import { describe, expect, it } from 'vitest'
import { chingMing } from '../../src/calendars/almanac.ts'
import { isoOf } from '../../src/calendars/day.ts'
import { LUNAR_FESTIVALS, calendar } from '../../src/calendars/index.ts'
import { FIXTURES, differences, readAnswers, readJson } from './answers.ts'

const NONE = { missing: [], extra: [], different: [] }

describe.skipIf(FIXTURES === undefined)('answers of another calendar project', () => {
  it.each([
    ['xnys.csv', 'XNYS', 8324],
    ['xnys.csv', 'XNAS', 8324],
    ['xtks.csv', 'XTKS', 6613],
    ['cmes.csv', 'CMES', 9682],
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

  it('opens and closes stock index futures on each known day', () => {
    const { status } = readJson<{ status: { equities: Record<string, string> } }>(
      'derived/cme_globex_equities_to_2015.json',
    )
    const market = calendar('GLOBEX_EQ')
    const wrong = Object.entries(status.equities).filter(([day, expected]) => {
      const found = market.sessions({ start: day, end: new Date(Date.parse(day) + 86_400_000) })
      if (found.n === 0) return expected !== 'closed'
      const close = new Intl.DateTimeFormat('en-GB', { timeZone: market.zone, hour: '2-digit', minute: '2-digit' })
        .format(found.close[0])
        .replace(':', '')
      return close !== (expected === 'open' ? '1600' : expected)
    })
    expect(wrong).toEqual([])
    expect(Object.keys(status.equities)).toHaveLength(197)
  })

  it('keeps Ching Ming and the lunar festivals as the almanac of Hong Kong', () => {
    const almanac = readJson<Record<string, string[]>>('derived/hk_lunisolar_1990_2049.json')
    expect(almanac['qingming']?.map((day) => isoOf(chingMing(Number(day.slice(0, 4)))))).toEqual(almanac['qingming'])
    for (const [name, dates] of Object.entries(LUNAR_FESTIVALS))
      expect(dates).toEqual(almanac[name.replaceAll('-', '_')])
  })
})
