/**
 * The time zones of calendars.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import { type TimeZone, timeZoneOf } from '../contract/time-zone.ts'

/**
 * The zone of an IANA name.
 * @throws {ConfigError} `config/option` for a name that the platform does not know
 */
export function zoneOf(name: string, field = 'zone'): TimeZone {
  const zone = timeZoneOf(name)
  if (zone !== null) return zone
  const message = `${field}: ${JSON.stringify(name)} is no time zone here: use an IANA name such as America/New_York`
  throw new ConfigError('config/option', message, { field, value: name })
}
