/**
 * Reads a Yahoo chart whose long lists hold nothing but numbers and nulls: the lists straight from the bytes, the rest
 * by `JSON.parse`. Anything unusual is left to the ordinary way.
 * @module
 */
import { type Column, columnLength, isNullable } from '../contract/columns.ts'
import { type ScannedList, scanNumbers } from './number-scan.ts'

const [QUOTE, COLON, LIST] = [34, 58, 91] as const
const QUOTED = ['open', 'high', 'low', 'close', 'volume'] as const
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
/** Texts before a list that may be read, as bytes. */
const KEYS: readonly Uint8Array[] = ['timestamp', ...QUOTED, 'adjclose'].map((name) => bytesOf(`"${name}":`))
/** Holds the place of a list in the rest, with its number behind: letters alone, so that escapes of it are known. */
const MARK = 'scannedlist'
const ESCAPED_LETTER = /\\u00[67]/i

/** Does the name of a list end here? */
function endsKey(bytes: Uint8Array, end: number): boolean {
  if (bytes[end - 1] !== COLON || bytes[end - 2] !== QUOTE) return false
  return KEYS.some((key) => {
    let at = key.length
    while (at > 0 && bytes[end - key.length + at - 1] === key[at - 1]) at--
    return at === 0
  })
}

interface Cut {
  /** Lists in the order of the answer. */
  readonly lists: readonly Column[]
  /** The text around them, with marks in their places. */
  readonly rest: string
}

function cutLists(bytes: Uint8Array): Cut {
  const lists: Column[] = []
  const rest: Uint8Array[] = []
  let done = 0
  let capacity = 0
  for (let at = bytes.indexOf(LIST); at >= 0; at = bytes.indexOf(LIST, at)) {
    const list: ScannedList | undefined = endsKey(bytes, at++) ? scanNumbers(bytes, at, capacity) : undefined
    if (list === undefined) continue
    rest.push(bytes.subarray(done, at - 1), bytesOf(`"${MARK}${lists.length}"`))
    lists.push(list.column)
    capacity = columnLength(list.column)
    done = at = list.end
  }
  rest.push(bytes.subarray(done))
  return { lists, rest: new TextDecoder().decode(joined(rest)) }
}

/** In one piece, because a decoder drops a mark of byte order in front of each. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

type Holder = Record<string, unknown>

const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null
const inside = (value: unknown, name: string | number): unknown => (isHolder(value) ? value[name] : undefined)

/** Puts lists back in the places of a chart; false where one stood anywhere else, or twice. */
function putBack(answer: unknown, lists: readonly Column[]): boolean {
  const result = inside(inside(inside(answer, 'chart'), 'result'), 0)
  const indicators = inside(result, 'indicators')
  const places = [
    [result, 'timestamp'] as const,
    ...QUOTED.map((name) => [inside(inside(indicators, 'quote'), 0), name] as const),
    [inside(inside(indicators, 'adjclose'), 0), 'adjclose'] as const,
  ]
  let count = 0
  for (const [holder, name] of places) {
    const value = inside(holder, name)
    if (typeof value !== 'string' || !value.startsWith(MARK)) continue
    const list = lists[Number(value.slice(MARK.length))] as Column
    // A row without a time is a fault that the ordinary way knows to name.
    if (name === 'timestamp' && isNullable(list)) return false
    ;(holder as Holder)[name] = list
    count++
  }
  return count === lists.length
}

/**
 * Reads an answer; undefined leaves it to `JSON.parse`. Times, prices and volumes of what is returned are columns where
 * they were lists of numbers, which no JSON can hold.
 */
export function scanChart(bytes: Uint8Array): unknown {
  const { lists, rest } = cutLists(bytes)
  // Nobody else may have written a mark, plainly or in escapes.
  const marks = rest.split(MARK).length - 1
  if (lists.length === 0 || marks !== lists.length || ESCAPED_LETTER.test(rest)) return undefined
  try {
    const answer: unknown = JSON.parse(rest)
    return putBack(answer, lists) ? answer : undefined
  } catch {
    return undefined
  }
}

/** Was this list read from bytes already? */
export function isScanned(value: unknown): value is Column {
  return value instanceof Float64Array || (isHolder(value) && value['values'] instanceof Float64Array)
}
