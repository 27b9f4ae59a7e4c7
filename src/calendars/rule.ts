/**
 * Rules of a calendar table, read once, and the days that they give.
 * @module
 */
import { type EpochDay, weekdayOf, yearOf } from './day.ts'
import { type Move, parseObserve } from './observe.ts'
import { type DateTables, type Named, parseOn } from './on.ts'
import { type DayBounds, EVERY_DAY, type WeekdaySet, parseBounds, parseWeekdays } from './parse.ts'
import { checkMembers, refuse } from './refuse.ts'

/** A rule as it is evaluated. */
export interface CompiledRule {
  readonly named: Named
  readonly move: Move
  readonly add: number
  readonly avoid: 'holidays' | 'closed' | null
  /** Is the date itself, before it is moved, one that the rule takes? */
  readonly takes: (day: EpochDay) => boolean
  /** Is the observed date inside the bounds and on a chosen weekday? */
  readonly keeps: (day: EpochDay) => boolean
}

const MEMBERS = ['on', 'years', 'except', 'falling', 'observe', 'add', 'avoid', 'first', 'last', 'days'] as const

/** Reads rules; one per text of `on`. `hours` allows moves to sessions and forbids `avoid`. */
export function parseRules(
  value: unknown,
  field: string,
  tables: DateTables,
  kind: 'holidays' | 'hours',
): CompiledRule[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) return refuse(field, value, 'is no list of rules: use ["12-25", { on: "1-1", … }]')
  return value.flatMap((rule: unknown, i) => parseRule(rule, `${field}[${i}]`, tables, kind))
}

function parseRule(value: unknown, field: string, tables: DateTables, kind: 'holidays' | 'hours'): CompiledRule[] {
  const rule = (typeof value === 'string' ? { on: value } : value) as Record<(typeof MEMBERS)[number], unknown>
  checkMembers(field, rule, MEMBERS)
  const move = parseObserve(rule.observe ?? 'none', `${field}.observe`)
  if (kind === 'holidays' && move.toSession !== null) {
    return refuse(
      `${field}.observe`,
      rule.observe,
      'needs to know the sessions, which holidays decide: use avoid: "closed"',
    )
  }
  const avoid = rule.avoid ?? null
  if (avoid !== null && avoid !== 'holidays' && avoid !== 'closed') {
    return refuse(`${field}.avoid`, avoid, 'is not known: use "holidays" or "closed"')
  }
  if (avoid !== null && kind === 'hours') {
    return refuse(`${field}.avoid`, avoid, 'is for holidays only: use observe: "next-session"')
  }
  const add = rule.add ?? 0
  if (!Number.isInteger(add)) return refuse(`${field}.add`, add, 'is no whole number of days')
  const takes = nominalFilter(rule, field)
  const keeps = observedFilter(parseBounds(rule, field), weekdaySet(rule.days, `${field}.days`))
  const texts: readonly unknown[] = Array.isArray(rule.on) ? rule.on : [rule.on]
  if (texts.length === 0) return refuse(`${field}.on`, rule.on, 'names no day')
  return texts.map((text, i) => {
    const named = parseOn(text, Array.isArray(rule.on) ? `${field}.on[${i}]` : `${field}.on`, tables)
    if (kind === 'hours' && typeof named.dates === 'string') {
      return refuse(`${field}.on`, text, 'is for holidays only')
    }
    return { named, move, add: add as number, avoid, takes, keeps }
  })
}

function weekdaySet(value: unknown, field: string): WeekdaySet {
  return value === undefined ? EVERY_DAY : parseWeekdays(value, field)
}

function nominalFilter(
  rule: { years?: unknown; except?: unknown; falling?: unknown },
  field: string,
): (day: EpochDay) => boolean {
  const years = yearSet(rule.years, `${field}.years`)
  const except = yearSet(rule.except, `${field}.except`)
  const falling = weekdaySet(rule.falling, `${field}.falling`)
  if (years === null && except === null) return (day) => falling[weekdayOf(day)] === true
  return (day) => {
    const year = yearOf(day)
    return (years === null || years.has(year)) && !except?.has(year) && falling[weekdayOf(day)] === true
  }
}

function yearSet(value: unknown, field: string): Set<number> | null {
  if (value === undefined) return null
  const list: unknown[] = Array.isArray(value) ? value : [value]
  for (const year of list)
    if (!Number.isInteger(year)) refuse(field, year, 'is no year: use a list such as [2002, 2012]')
  return new Set(list as number[])
}

function observedFilter({ first, last }: DayBounds, days: WeekdaySet): (day: EpochDay) => boolean {
  return (day) => day >= first && day <= last && days[weekdayOf(day)] === true
}

/** Days of a rule whose own dates lie in `[firstYear, lastYear]`, moved but not yet tested by `keeps`. */
function movedDays(
  rule: CompiledRule,
  firstYear: number,
  lastYear: number,
): { readonly own: EpochDay; readonly day: EpochDay }[] {
  const { dates } = rule.named
  if (typeof dates === 'string') return []
  const out: { own: EpochDay; day: EpochDay }[] = []
  for (let year = firstYear; year <= lastYear; year++) {
    for (const own of dates(year)) {
      const moved = rule.takes(own) ? rule.move.shift(own) : null
      if (moved !== null) out.push({ own, day: moved + rule.add })
    }
  }
  return out
}

/** Days on which special hours hold, before moves to sessions. A year more on each side, since rules cross New Year. */
export function ruleDays(rule: CompiledRule, year: number): EpochDay[] {
  return movedDays(rule, year - 1, year + 1).map(({ day }) => day)
}

/** All holidays near a year: complete for that year, and enough of its neighbours for rules that cross New Year. */
export function holidaysAround(
  rules: readonly CompiledRule[],
  year: number,
  isWorkday: (day: EpochDay) => boolean,
): Set<EpochDay> {
  const held = new Set<EpochDay>()
  const [firstYear, lastYear] = [year - 1, year + 1]
  for (const rule of rules) {
    if (rule.avoid !== null) continue
    for (const { day } of movedDays(rule, firstYear, lastYear)) if (rule.keeps(day)) held.add(day)
  }
  placeAvoiding(rules, firstYear, lastYear, held, isWorkday)
  for (const day of derivedDays(rules, held, isWorkday)) held.add(day)
  return held
}

/** Substitute holidays: those that stay where they are take their place first, then the others move on, by date. */
function placeAvoiding(
  rules: readonly CompiledRule[],
  firstYear: number,
  lastYear: number,
  held: Set<EpochDay>,
  isWorkday: (day: EpochDay) => boolean,
): void {
  const waiting: { rule: CompiledRule; day: EpochDay }[] = []
  for (const rule of rules) {
    if (rule.avoid === null) continue
    for (const { own, day } of movedDays(rule, firstYear, lastYear)) {
      if (own !== day || held.has(day)) waiting.push({ rule, day })
      else if (rule.keeps(day)) held.add(day)
    }
  }
  for (const { rule, day } of waiting.toSorted((a, b) => a.day - b.day)) {
    let free = day
    while (held.has(free) || (rule.avoid === 'closed' && !isWorkday(free))) free++
    if (rule.keeps(free)) held.add(free)
  }
}

function derivedDays(
  rules: readonly CompiledRule[],
  held: ReadonlySet<EpochDay>,
  isWorkday: (day: EpochDay) => boolean,
): EpochDay[] {
  const out: EpochDay[] = []
  for (const rule of rules) {
    const kind = rule.named.dates
    if (typeof kind !== 'string') continue
    for (const holiday of held) {
      for (const day of kind === 'bridge' ? bridgesOf(holiday) : between(holiday, held)) {
        if (!held.has(day) && isWorkday(day) && rule.takes(day) && rule.keeps(day)) out.push(day)
      }
    }
  }
  return out
}

function between(holiday: EpochDay, held: ReadonlySet<EpochDay>): EpochDay[] {
  return held.has(holiday + 2) ? [holiday + 1] : []
}

function bridgesOf(holiday: EpochDay): EpochDay[] {
  const weekday = weekdayOf(holiday)
  if (weekday === 2) return [holiday - 1]
  return weekday === 4 ? [holiday + 1] : []
}
