/**
 * Checks of single values: what is refused is named with its field, its value and the remedy.
 * @module
 */
import { ConfigError } from './errors.ts'

/**
 * Refuses a value.
 * @throws {ConfigError} `config/option` naming the field, the value and the remedy
 */
export function refuse(field: string, value: unknown, remedy: string): never {
  throw new ConfigError('config/option', `${field}: ${shown(value)} is not understood: ${remedy}`, { field, value })
}

/** A number as it is: JSON would call NaN and Infinity null. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return `a ${typeof value} that is no plain data`
  }
}

/**
 * One of a few words.
 * @throws {ConfigError} `config/option`
 */
export function choice<T extends string>(field: string, value: T, known: readonly T[]): T {
  return known.includes(value) ? value : refuse(field, value, `use ${known.join(', ')}`)
}

/** Which numbers an option takes; both ends belong to it. */
export interface Bounds {
  readonly low: number
  readonly high: number
  /** Without digits after the point. @default false */
  readonly whole?: boolean
}

/**
 * A number inside bounds.
 * @throws {ConfigError} `config/option` for another type, NaN, Infinity, and what lies outside
 */
export function numberIn(field: string, value: unknown, { low, high, whole = false }: Bounds): number {
  const isInside = typeof value === 'number' && value >= low && value <= high && (!whole || Number.isInteger(value))
  return isInside ? value : refuse(field, value, `use a ${whole ? 'whole ' : ''}number between ${low} and ${high}`)
}

/**
 * A number inside bounds, or what stands for none. `undefined` is none, never "off".
 * @throws {ConfigError} `config/option`
 */
export function numberOr(field: string, value: unknown, fallback: number, bounds: Bounds): number {
  return value === undefined ? fallback : numberIn(field, value, bounds)
}

/**
 * An object of the caller's own, by the methods that are called on it.
 * @throws {ConfigError} `config/option` where one is missing
 */
export function checkMethods<T>(
  field: string,
  given: T | undefined,
  methods: readonly (keyof T & string)[],
): T | undefined {
  if (given === undefined) return undefined
  const isWhole =
    typeof given === 'object' && given !== null && methods.every((name) => typeof given[name] === 'function')
  return isWhole ? given : refuse(field, given, `it needs the methods ${methods.join(', ')}`)
}
