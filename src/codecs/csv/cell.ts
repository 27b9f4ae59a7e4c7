/**
 * The text of one cell as a number or a time. Strict: what is not wholly one is refused, never cut short.
 * @module
 */

/** What a cell holds that is neither value nor null. */
export const INVALID: unique symbol = Symbol('no value')

/** Words that stand for a missing value in files of common tools (pandas, R, Yahoo, spreadsheets). */
const NULL_WORDS: ReadonlySet<string> = new Set(['', 'null', 'nan', 'na', 'n/a', '#n/a', 'none', '-'])

const LONGEST_NULL_WORD = 4

/** Powers of ten that are exact doubles. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/** Digits that surely fit in a double without loss. */
const EXACT_DIGITS = 15

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,5})?$/

const ZERO = 48
const NINE = 57
const MINUS = 45
const SPACE = 32

/** Does the text stand for a missing value? */
export function isNullWord(text: string, start: number, end: number): boolean {
  if (end - start > LONGEST_NULL_WORD) return false
  return start === end || NULL_WORDS.has(text.slice(start, end).toLowerCase())
}

/**
 * Reads a decimal number; `point` is the character code of its decimal mark.
 * @returns the nearest double; null for an empty cell or a word such as `NaN`; {@link INVALID} for anything else,
 *   infinity included
 */
export function readNumber(text: string, start: number, end: number, point: number): number | null | typeof INVALID {
  while (start < end && text.charCodeAt(start) === SPACE) start++
  while (end > start && text.charCodeAt(end - 1) === SPACE) end--
  const isNegative = text.charCodeAt(start) === MINUS && end > start
  const first = isNegative ? start + 1 : start
  // Up to 15 digits make an exact integer, and dividing it by an exact power of ten rounds once, hence correctly
  // (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990).
  let value = 0
  let fraction = -1
  let at = first
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= ZERO && code <= NINE) value = value * 10 + (code - ZERO)
    else if (code === point && fraction < 0) fraction = at
    else break
  }
  const digits = at - first - (fraction < 0 ? 0 : 1)
  if (at === end && digits > 0 && digits <= EXACT_DIGITS) {
    const size = fraction < 0 ? value : value / (POWERS[end - 1 - fraction] as number)
    return isNegative ? -size : size
  }
  return readSlowly(text.slice(start, end), point)
}

function readSlowly(cell: string, point: number): number | null | typeof INVALID {
  if (isNullWord(cell, 0, cell.length)) return null
  const mark = String.fromCharCode(point)
  if (mark !== '.' && cell.includes('.')) return INVALID
  const usual = mark === '.' ? cell : cell.replace(mark, '.')
  if (!NUMBER.test(usual)) return INVALID
  const value = Number(usual)
  return Number.isFinite(value) ? value : INVALID
}

/** A point in time as a file writes it. */
export interface CellTime {
  /** Milliseconds after 1970-01-01T00:00 on the clock that wrote it. */
  wallMs: number
  /** Nanoseconds below that millisecond. */
  nanos: number
  /** Milliseconds by which that clock is ahead of UTC; `NaN` where the cell does not say. */
  offsetMs: number
  /** Is there no time of day? */
  isDate: boolean
}

// Year, month and day with -, / or . or nothing between; then hour, minute, second; then a zone.
const DATE = String.raw`(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})`
const CLOCK = String.raw`(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?`
const ZONE = String.raw`(Z|z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)`
const TIME = new RegExp(`^${DATE}(?:[T ]+${CLOCK}\\s*${ZONE}?)?$`)
const COMPACT = /^(\d{4})()(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/
const EPOCH = /^(\d{9,19})(?:\.(\d+))?$/

/** Units of epoch numbers by their magnitude: each covers the years 1973 to 2128 and overlaps with no other. */
const EPOCH_UNITS: readonly { readonly below: number; readonly perMs: number }[] = [
  { below: 5e9, perMs: 1e-3 },
  { below: 5e12, perMs: 1 },
  { below: 5e15, perMs: 1e3 },
  { below: 5e18, perMs: 1e6 },
]
/** Smallest epoch number of the unit that `below` ends: 1973 in seconds, milliseconds and so on. */
const SHARE_1973 = 0.02

const YEARS = { first: 1900, end: 2100 } as const

/**
 * Reads an ISO date or date-time, `yyyyMMdd HHmmss`, `yyyyMMddHHmmss`, or an epoch number in s, ms, µs or ns (told by
 * its magnitude).
 * Years outside 1900 to 2099 are invalid, epoch numbers before 1973-03-03 too: they could be of several units.
 * @returns the time; null for an empty cell or a word such as `null`
 */
export function readTime(text: string): CellTime | null | typeof INVALID {
  const cell = text.trim()
  if (isNullWord(cell, 0, cell.length)) return null
  const match = TIME.exec(cell) ?? COMPACT.exec(cell)
  if (match !== null) return fromParts(match)
  const epoch = EPOCH.exec(cell)
  return epoch === null ? INVALID : fromEpoch(epoch[1] as string, epoch[2] ?? '')
}

function fromParts(match: RegExpExecArray): CellTime | typeof INVALID {
  const [, year, separator, month, day, hour, minute, second, fraction, zone] = match
  const [y, mo, d] = [Number(year), Number(month), Number(day)]
  const [h, mi, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)]
  if (separator === '' && (month as string).length + (day as string).length !== 4) return INVALID
  const midnight = Date.UTC(y, mo - 1, d)
  const date = new Date(midnight)
  if (date.getUTCMonth() !== mo - 1 || date.getUTCDate() !== d) return INVALID
  if (y < YEARS.first || y >= YEARS.end || h > 23 || mi > 59 || s > 59) return INVALID
  const nanos = Number((fraction ?? '').padEnd(9, '0'))
  const wallMs = midnight + (h * 3600 + mi * 60 + s) * 1000 + Math.floor(nanos / 1e6)
  return { wallMs, nanos: nanos % 1e6, offsetMs: offsetOf(zone), isDate: hour === undefined }
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined) return Number.NaN
  if (!/^[+-]/.test(zone)) return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return (zone.startsWith('-') ? -1 : 1) * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000
}

function fromEpoch(digits: string, fraction: string): CellTime | typeof INVALID {
  const size = Number(digits)
  const unit = EPOCH_UNITS.find(({ below }) => size < below)
  if (unit === undefined || size < unit.below * SHARE_1973) return INVALID
  // Nanoseconds have more digits than a double holds.
  const ticks = BigInt(digits) * BigInt(1e6 / unit.perMs) + fractionNanos(fraction, 1e6 / unit.perMs)
  const wallMs = Number(ticks / 1_000_000n)
  if (wallMs >= Date.UTC(YEARS.end, 0)) return INVALID
  return { wallMs, nanos: Number(ticks % 1_000_000n), offsetMs: 0, isDate: false }
}

function fractionNanos(fraction: string, nanosPerUnit: number): bigint {
  return fraction === '' ? 0n : BigInt(Math.round(Number(`0.${fraction}`) * nanosPerUnit))
}
