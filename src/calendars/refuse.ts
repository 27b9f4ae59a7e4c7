/**
 * The one error that a wrong calendar table gets.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'

/** Throws `config/option` naming the place in the table, the value and the remedy. */
export function refuse(field: string, value: unknown, why: string): never {
  const shown = shownAs(value)
  throw new ConfigError('config/option', `${field}: ${shown} ${why}`, { field, value })
}

/** A value as text, whatever it is. */
function shownAs(value: unknown): string {
  try {
    return JSON.stringify(value) ?? (value === undefined ? 'undefined' : `a value of type ${typeof value}`)
  } catch {
    return typeof value === 'bigint' ? String(value) : `a value of type ${typeof value}`
  }
}

/** What people write for a member of a table, and what it is called here. */
const CALLED: Readonly<Record<string, string>> = {
  tz: 'zone',
  timezone: 'zone',
  timeZone: 'zone',
  id: 'name',
  mic: 'name',
  weekmask: 'week',
  weekdays: 'week',
  adhoc: 'closures',
  closed: 'closures',
  holiday: 'holidays',
  rules: 'holidays',
  earlyCloses: 'specialCloses',
  early: 'specialCloses',
  lateOpens: 'specialOpens',
  late: 'specialOpens',
  breaks: 'specialBreaks',
  special: 'sessions',
  extra: 'sessions',
  from: 'first',
  start: 'first',
  to: 'last',
  until: 'last',
  end: 'last',
  obs: 'observe',
  observance: 'observe',
  dow: 'days',
  brk: 'break',
  lunch: 'break',
  date: 'on',
  spec: 'on',
  year: 'years',
  validity: 'valid',
}

/** Refuses members that a table does not have, with the name that was probably meant. */
export function checkMembers(field: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(field, value, `is no table: use { ${known.slice(0, 3).join(', ')}, … }`)
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const called = CALLED[key] ?? known.find((name) => name.toLowerCase() === key.toLowerCase())
    const remedy =
      called !== undefined && known.includes(called) ? `write "${called}"` : `known are ${known.join(', ')}`
    refuse(`${field}.${key}`, (value as Record<string, unknown>)[key], `is not known here: ${remedy}`)
  }
}
