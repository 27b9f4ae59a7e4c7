/**
 * Is what a provider yields a page? Providers are written by others, and not all of them with types.
 * @module
 */
import { isDictionary, isNullable } from './columns.ts'
import { ProviderError } from './errors.ts'
import type { Page } from './provider.ts'
import type { Series } from './series.ts'

type Refuse = (field: string, value: unknown, wanted: string) => never

/**
 * Checks the shape of a page, not its values.
 * @param told where it came from, as the message says it
 * @throws {ProviderError} `provider/response` naming the provider and the field
 */
export function requirePage(given: unknown, series: Series, told = 'fetch yielded'): Page {
  const refuse: Refuse = (field, value, wanted) => {
    const message = `${series.provider}: ${told} a page whose ${field} is ${described(value)}, not ${wanted}`
    throw new ProviderError('provider/response', message, {
      field,
      provider: series.provider,
      symbol: series.symbol,
    })
  }
  if (!isRecord(given)) return refuse('page', given, 'an object { columns, proven }; barPage() makes one of rows')
  const { columns, proven, actions, condition, historyStartMs } = given
  requireColumns('columns', columns, refuse)
  if (actions !== undefined) requireColumns('actions', actions, refuse)
  if (!isRecord(proven) || !isNumber(proven['startMs']) || !isNumber(proven['endMs']))
    refuse('proven', proven, 'a range { startMs, endMs } in epoch milliseconds')
  if (condition !== undefined && typeof condition !== 'string') refuse('condition', condition, 'text')
  // Whatever is asked for before it would count as proven empty.
  if (historyStartMs !== undefined && !Number.isFinite(historyStartMs))
    refuse('historyStartMs', historyStartMs, 'a finite number of epoch milliseconds')
  return given as unknown as Page
}

/**
 * Checks that pages can be asked of what `fetch` returned.
 * @throws {ProviderError} `provider/response` naming the provider
 */
export function requirePages(given: unknown, series: Series): AsyncIterable<unknown> {
  const isIterable =
    typeof given === 'object' && given !== null && typeof (given as never)[Symbol.asyncIterator] === 'function'
  if (isIterable) return given as AsyncIterable<unknown>
  const message = `${series.provider}: fetch returned ${described(given)}, not an async iterable of pages: write async *fetch(…) and yield them`
  throw new ProviderError('provider/response', message, {
    field: 'fetch',
    provider: series.provider,
    symbol: series.symbol,
  })
}

function requireColumns(field: string, columns: unknown, refuse: Refuse): void {
  if (!isRecord(columns)) return refuse(field, columns, 'an object of columns by name')
  const { timestamp } = columns
  if (!(timestamp instanceof BigInt64Array || timestamp instanceof Float64Array)) {
    const wanted = 'a Float64Array of epoch milliseconds, or a BigInt64Array of micro- or nanoseconds'
    return refuse(`${field}.timestamp`, timestamp, wanted)
  }
  for (const [name, column] of Object.entries(columns)) requireColumn(`${field}.${name}`, column, refuse)
}

function requireColumn(field: string, column: unknown, refuse: Refuse): void {
  if (isValues(column)) return
  const wanted = 'a typed array, { values, valid } where values may be null, or { indices, dictionary } for text'
  if (!isRecord(column)) return refuse(field, column, wanted)
  if (isNullable(column as never)) {
    const { values, valid } = column
    if (!isValues(values)) refuse(`${field}.values`, values, 'a typed array, or { indices, dictionary }')
    const rows = lengthOf(values)
    if (!(valid instanceof Uint8Array) || valid.length < (rows + 7) >> 3)
      refuse(`${field}.valid`, valid, `a Uint8Array with a bit for each of ${rows} rows`)
    return
  }
  refuse(field, column, wanted)
}

type Values = Float64Array | BigInt64Array | Int32Array | Uint8Array | { readonly indices: Int32Array }

function isValues(value: unknown): value is Values {
  if (
    value instanceof Float64Array ||
    value instanceof BigInt64Array ||
    value instanceof Int32Array ||
    value instanceof Uint8Array
  )
    return true
  return (
    isRecord(value) &&
    isDictionary(value as never) &&
    value['indices'] instanceof Int32Array &&
    Array.isArray(value['dictionary'])
  )
}

function lengthOf(values: Values): number {
  return 'indices' in values ? values.indices.length : values.length
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value)
}

/** What a value is, without what is in it: a page may be long, and a key may stand in it. */
function described(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  if (Array.isArray(value)) return `a list of ${value.length}`
  const name = (Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)?.constructor?.name
  if (value instanceof Promise) return 'a Promise'
  if (name !== undefined && name !== 'Object') return `a ${name}`
  const keys = Object.keys(value)
  return keys.length === 0 ? 'an empty object' : `an object of ${keys.slice(0, 6).join(', ')}`
}
