/**
 * Checks the rooms that a caller brings: calendars, providers, a gap detector.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import type { GapDetector } from '../contract/gap-detector.ts'
import { checkOptions } from '../contract/options.ts'
import type { Provider } from '../contract/provider.ts'
import type { GapDetectorOptions } from '../gaps/index.ts'
import { numberIn, refuse } from '../contract/option-values.ts'

/**
 * A detector of the caller's own, or options of the built-in one.
 * @throws {ConfigError} `config/option`
 */
export function checkGapDetector(given: GapDetector | GapDetectorOptions): GapDetector | GapDetectorOptions {
  if (typeof given === 'object' && given !== null && 'detect' in given) return given
  checkOptions(given, ['tolerance', 'minGapSlots'], 'gapDetector')
  const { tolerance, minGapSlots } = given
  if (tolerance !== undefined) numberIn('gapDetector.tolerance', tolerance, { low: 0, high: 0.5 })
  if (minGapSlots !== undefined)
    numberIn('gapDetector.minGapSlots', minGapSlots, { low: 1, high: 1_000_000, whole: true })
  return given
}

/**
 * Calendars by name.
 * @throws {ConfigError} `config/option`
 */
export function checkCalendars(calendars: Readonly<Record<string, Calendar>>): Readonly<Record<string, Calendar>> {
  if (Array.isArray(calendars))
    refuse(
      'calendars',
      calendars.map((one) => one?.name),
      'use an object, such as { XASX: sydney }',
    )
  for (const [name, given] of Object.entries(calendars)) {
    if (typeof given?.sessions !== 'function')
      refuse(`calendars.${name}`, given, 'use what defineCalendar or calendar returns')
  }
  return calendars
}

/**
 * Providers, each described and named once.
 * @throws {ConfigError} `config/option`
 */
export function checkProviders(providers: readonly Provider[] | undefined): readonly Provider[] | undefined {
  if (providers === undefined) return undefined
  if (!Array.isArray(providers)) refuse('providers', providers, 'use a list, such as [binance(), yahoo()]')
  const names = new Set<string>()
  for (const provider of providers) {
    if (typeof provider === 'function') refuse('providers', provider, 'call the factory: binance() instead of binance')
    const isProvider =
      typeof provider === 'object' &&
      provider !== null &&
      typeof provider.fetch === 'function' &&
      typeof provider.name === 'string'
    const isDescribed =
      isProvider && Array.isArray(provider.capabilities?.schemas) && Array.isArray(provider.capabilities.assetClasses)
    // Not what is in it: a key may stand there.
    if (!isDescribed) refuse('providers', namesIn(provider), 'each entry needs name, capabilities and fetch')
    if (!/^[a-z0-9-]{1,32}$/.test(provider.name))
      refuse('providers', provider.name, 'a name is 1 to 32 of a-z, 0-9 and -')
    if (names.has(provider.name))
      refuse('providers', provider.name, 'two providers have this name: give one of them another')
    names.add(provider.name)
  }
  return providers
}

function namesIn(given: unknown): unknown {
  return typeof given === 'object' && given !== null ? Object.keys(given) : `a ${typeof given}`
}
