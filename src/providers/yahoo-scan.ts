/**
 * Reads a Yahoo chart whose long lists hold nothing but numbers and nulls: the lists straight from the bytes, the rest
 * by `JSON.parse`. Anything unusual is left to the ordinary way.
 * @module
 */
import { type Column, columnLength, isNullable } from '../contract/columns.ts'
import { type Cut, cutOf, parseAround } from './json-cuts.ts'
import { scanNumbers } from './number-scan.ts'

const [QUOTE, COLON, LIST] = [34, 58, 91] as const
const QUOTED = ['open', 'high', 'low', 'close', 'volume'] as const
/** Texts before a list that may be read, as bytes. */
const KEYS: readonly Uint8Array[] = ['timestamp', ...QUOTED, 'adjclose'].map((name) =>
  Uint8Array.from(`"${name}":`, (letter) => letter.charCodeAt(0)),
)

/** Does the name of a list end here? */
function endsKey(bytes: Uint8Array, end: number): boolean {
  if (bytes[end - 1] !== COLON || bytes[end - 2] !== QUOTE) return false
  return KEYS.some((key) => {
    let at = key.length
    while (at > 0 && bytes[end - key.length + at - 1] === key[at - 1]) at--
    return at === 0
  })
}

interface List extends Cut {
  readonly column: Column
}

/** Lists of numbers under the names that are known, in the order of the answer. */
function listsOf(bytes: Uint8Array): readonly List[] {
  const lists: List[] = []
  let capacity = 0
  for (let at = bytes.indexOf(LIST); at >= 0; at = bytes.indexOf(LIST, at)) {
    const start = at++
    const list = endsKey(bytes, start) ? scanNumbers(bytes, at, capacity) : undefined
    if (list === undefined) continue
    lists.push({ start, ...list })
    capacity = columnLength(list.column)
    at = list.end
  }
  return lists
}

type Holder = Record<string, unknown>

const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null
const inside = (value: unknown, name: string | number): unknown => (isHolder(value) ? value[name] : undefined)

/** Puts lists into their places in a chart; false where one stood anywhere else, or twice. */
function putBack(answer: unknown, lists: readonly List[]): boolean {
  const result = inside(inside(inside(answer, 'chart'), 'result'), 0)
  const indicators = inside(result, 'indicators')
  const places = [
    [result, 'timestamp'] as const,
    ...QUOTED.map((name) => [inside(inside(indicators, 'quote'), 0), name] as const),
    [inside(inside(indicators, 'adjclose'), 0), 'adjclose'] as const,
  ]
  let count = 0
  for (const [holder, name] of places) {
    const list = lists[cutOf(inside(holder, name))]
    if (list === undefined) continue
    // A row without a time is a fault that the ordinary way knows to name.
    if (name === 'timestamp' && isNullable(list.column)) return false
    ;(holder as Holder)[name] = list.column
    count++
  }
  return count === lists.length
}

/**
 * Reads an answer; undefined leaves it to `JSON.parse`. Times, prices and volumes of what is returned are columns where
 * they were lists of numbers, which no JSON can hold.
 */
export function scanChart(bytes: Uint8Array): unknown {
  const lists = listsOf(bytes)
  const answer = lists.length === 0 ? undefined : parseAround(bytes, lists)
  return putBack(answer, lists) ? answer : undefined
}

/** Was this list read from bytes already? */
export function isScanned(value: unknown): value is Column {
  return value instanceof Float64Array || (isHolder(value) && value['values'] instanceof Float64Array)
}
