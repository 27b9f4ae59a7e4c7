/**
 * Values out of JSON that must have a shape. What does not fit throws a `TypeError` that names it.
 * @module
 */

/** An object as JSON has it. */
export type Json = Readonly<Record<string, unknown>>

/** Is this an object, and no array? */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Fails unless the value fits. */
export const need = (fits: boolean, what: string): void => {
  if (!fits) throw new TypeError(what)
}

/** The value, which must be text. */
export function text(value: unknown, what: string): string {
  need(typeof value === 'string', what)
  return value as string
}

/** The value, which must be a whole number that a double holds exactly. */
export function whole(value: unknown, what: string): number {
  need(Number.isSafeInteger(value), what)
  return value as number
}

/** The value, which must be an array. */
export function list(value: unknown, what: string): readonly unknown[] {
  need(Array.isArray(value), what)
  return value as unknown[]
}
