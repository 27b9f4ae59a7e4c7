/**
 * How a holiday moves when it falls on certain weekdays.
 * @module
 */
import { type EpochDay, WEEKDAYS, weekdayOf } from './day.ts'
import { refuse } from './refuse.ts'
import type { Weekday } from './spec.ts'

/** Days to add by weekday, Sunday first; null = not held. */
type Moves = readonly (number | null)[]

/** A move to a session, which only the finished list of sessions can tell. */
export interface ToSession {
  /** -1 back, 1 on. */
  readonly step: -1 | 1
  /** Does the day itself count? */
  readonly inclusive: boolean
}

/** What an observance does. */
export interface Move {
  /** The day as observed, or null where it is not held. */
  readonly shift: (day: EpochDay) => EpochDay | null
  readonly toSession: ToSession | null
}

const NAMED: Readonly<Record<string, Moves>> = {
  none: [0, 0, 0, 0, 0, 0, 0],
  'nearest-weekday': [1, 0, 0, 0, 0, 0, -1],
  'sunday-to-monday': [1, 0, 0, 0, 0, 0, 0],
  'saturday-to-monday': [0, 0, 0, 0, 0, 0, 2],
  'saturday-to-friday': [0, 0, 0, 0, 0, 0, -1],
  'sunday-to-tuesday': [2, 0, 0, 0, 0, 0, 0],
  'sunday-to-wednesday': [3, 0, 0, 0, 0, 0, 0],
  'weekend-to-monday': [1, 0, 0, 0, 0, 0, 2],
  'weekend-to-friday': [-2, 0, 0, 0, 0, 0, -1],
  'weekend-to-tuesday': [2, 1, 0, 0, 0, 0, 2],
  'next-monday': [1, 0, 6, 5, 4, 3, 2],
  'nearest-monday': [1, 0, -1, -2, -3, 3, 2],
  'previous-weekday': [-2, -3, -1, -1, -1, -1, -1],
  'next-weekday': [1, 1, 1, 1, 1, 3, 2],
}

const TO_SESSION: Readonly<Record<string, ToSession>> = {
  'previous-session': { step: -1, inclusive: false },
  'next-session': { step: 1, inclusive: false },
  'this-or-previous-session': { step: -1, inclusive: true },
  'this-or-next-session': { step: 1, inclusive: true },
}

/** Reads an observance: a name, or a table of days to add by weekday. */
export function parseObserve(value: unknown, field: string): Move {
  if (typeof value === 'string') {
    const name = value.trim().replaceAll('_', '-').toLowerCase()
    if (Object.hasOwn(TO_SESSION, name)) return { shift: (day) => day, toSession: TO_SESSION[name] as ToSession }
    if (Object.hasOwn(NAMED, name)) return moving(NAMED[name] as Moves)
    return refuse(
      field,
      value,
      `is no observance: use ${[...Object.keys(NAMED), ...Object.keys(TO_SESSION)].join(', ')}, or { Sat: -1, Sun: 1 }`,
    )
  }
  if (typeof value !== 'object' || value === null)
    return refuse(field, value, 'is no observance: use a name or { Sat: -1, Sun: 1 }')
  const moves: (number | null)[] = [0, 0, 0, 0, 0, 0, 0]
  for (const [name, days] of Object.entries(value)) {
    const weekday = WEEKDAYS.indexOf(name as Weekday)
    if (weekday < 0) return refuse(`${field}.${name}`, days, `is for no weekday: use ${WEEKDAYS.join(' ')}`)
    if (days !== null && !(Number.isInteger(days) && Math.abs(days) <= 31)) {
      return refuse(`${field}.${name}`, days, 'is no number of days: use -31 to 31, or null for "not held"')
    }
    moves[weekday] = days
  }
  return moving(moves)
}

function moving(moves: Moves): Move {
  return {
    shift: (day) => {
      const add = moves[weekdayOf(day)]
      return add === null || add === undefined ? null : day + add
    },
    toSession: null,
  }
}
