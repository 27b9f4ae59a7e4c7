/**
 * Which days a rule names: the texts of `on`, read once into functions of the year.
 * @module
 */
import { MOVABLE, nthWeekday } from './almanac.ts'
import { type EpochDay, dayOf, isMonthDay, parseIsoDay, weekdayOf, yearOf } from './day.ts'
import { parseDates, weekdayNumber } from './parse.ts'
import { refuse } from './refuse.ts'

/** Days that depend on other holidays and so are found last. */
export type Derived = 'between-holidays' | 'bridge'

/** Days named by one text. */
export interface Named {
  /** All dates of a year, or what kind of derived day it is. */
  readonly dates: ((year: number) => readonly EpochDay[]) | Derived
  /** Does it name dates one by one? Such rules win over rules by pattern. */
  readonly exact: boolean
}

/** Dates by name, from the table's own `tables`. */
export type DateTables = ReadonlyMap<string, readonly EpochDay[]>

const OFFSET = '([+-]\\d{1,3})?'
const pattern = (body: string): RegExp => new RegExp(`^${body}${OFFSET}$`)
const FIXED = pattern('(\\d{1,2})-(\\d{1,2})')
const NTH = pattern('(\\d{1,2})-([A-Za-z]+)#(-?[1-5])')
const NEAR = pattern('([A-Za-z]+)(<=|>=|<|>)(\\d{1,2})-(\\d{1,2})')
const MOVABLE_DAY = pattern('([a-z][a-z-]*[a-z])')
const TABLE = pattern('@([A-Za-z][\\w.-]*?)')

type Reader = (text: string, field: string, tables: DateTables) => Named | null

const always = (dates: (year: number) => readonly EpochDay[]): Named => ({ dates, exact: false })

const fixed: Reader = (text, field) => {
  const match = FIXED.exec(text)
  if (match === null) return null
  const [month, day, add] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  if (!isMonthDay(month, day)) return refuse(field, text, 'is no day of any year')
  const leapOnly = month === 2 && day === 29
  return always((year) =>
    leapOnly && dayOf(year, 3, 1) - dayOf(year, 2, 28) === 1 ? [] : [dayOf(year, month, day) + add],
  )
}

const nth: Reader = (text, field) => {
  const match = NTH.exec(text)
  if (match === null) return null
  const [month, weekday, n] = [Number(match[1]), weekdayNumber(match[2] as string), Number(match[3])]
  const add = Number(match[4] ?? 0)
  if (weekday < 0 || month < 1 || month > 12) return refuse(field, text, 'names no month or weekday: use "11-Thu#4"')
  return always((year) => {
    const day = nthWeekday(year, month, weekday, n)
    return day === null ? [] : [day + add]
  })
}

const near: Reader = (text, field) => {
  const match = NEAR.exec(text)
  if (match === null) return null
  const [weekday, sign] = [weekdayNumber(match[1] as string), match[2] as string]
  const [month, date, add] = [Number(match[3]), Number(match[4]), Number(match[5] ?? 0)]
  if (weekday < 0 || !isMonthDay(month, date)) return refuse(field, text, 'names no weekday or day: use "Mon<=5-24"')
  const later = sign.startsWith('>')
  const strict = sign.length === 1 ? 1 : 0
  return always((year) => {
    const edge = dayOf(year, month, date) + (later ? strict : -strict)
    const away = later ? (weekday - weekdayOf(edge) + 7) % 7 : -((weekdayOf(edge) - weekday + 7) % 7)
    return [edge + away + add]
  })
}

const movable: Reader = (text) => {
  const match = MOVABLE_DAY.exec(text)
  const find = match === null || !Object.hasOwn(MOVABLE, match[1] as string) ? undefined : MOVABLE[match[1] as string]
  if (find === undefined) return null
  const add = Number(match?.[2] ?? 0)
  return always((year) => [find(year) + add])
}

const fromTable: Reader = (text, field, tables) => {
  if (!text.startsWith('@')) return null
  const whole = tables.get(text.slice(1))
  const match = whole === undefined ? TABLE.exec(text) : null
  const days = whole ?? tables.get(match?.[1] ?? '')
  if (days === undefined) {
    const known = [...tables.keys()].map((name) => `@${name}`).join(', ')
    return refuse(field, text, `names no table: add it to tables (there ${known === '' ? 'are none' : `are ${known}`})`)
  }
  return always(byYear(days.map((day) => day + Number(match?.[2] ?? 0))))
}

const dated: Reader = (text, field) => {
  if (parseIsoDay(text.split('..')[0] as string) === null) return null
  return { dates: byYear(parseDates(text, field)), exact: true }
}

const everyWeekday: Reader = (text) => {
  const weekday = weekdayNumber(text)
  if (weekday < 0) return null
  return always((year) => {
    const days: EpochDay[] = []
    const end = dayOf(year + 1, 1, 1)
    const first = dayOf(year, 1, 1)
    for (let day = first + ((weekday - weekdayOf(first) + 7) % 7); day < end; day += 7) days.push(day)
    return days
  })
}

const derived: Reader = (text) =>
  text === 'between-holidays' || text === 'bridge' ? { dates: text, exact: false } : null

const READERS: readonly Reader[] = [fixed, nth, near, fromTable, dated, everyWeekday, derived, movable]

/** Reads one text of `on`. */
export function parseOn(value: unknown, field: string, tables: DateTables): Named {
  if (typeof value === 'string') {
    const text = value.trim()
    for (const read of READERS) {
      const named = read(text, field, tables)
      if (named !== null) return named
    }
  }
  const help = `"12-25", "11-Thu#4", "5-Mon#-1", "Mon<=5-24", "easter-2", "orthodox+1", "@table", "2001-09-11" or "Wed"`
  return refuse(field, value, `names no day: use ${help} (also ${Object.keys(MOVABLE).slice(2).join(', ')})`)
}

function byYear(days: readonly EpochDay[]): (year: number) => readonly EpochDay[] {
  const years = new Map<number, EpochDay[]>()
  for (const day of days) {
    const year = yearOf(day)
    const known = years.get(year)
    if (known === undefined) years.set(year, [day])
    else known.push(day)
  }
  return (year) => years.get(year) ?? []
}
