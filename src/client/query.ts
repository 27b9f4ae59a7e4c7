/**
 * Reads a query as a caller wrote it: every key known, every value checked, times as ranges.
 * @module
 */
import { ConfigError } from '../contract/errors.ts'
import { type Interval, labelRange, parseInterval } from '../contract/interval.ts'
import { checkOptions } from '../contract/options.ts'
import type { Adjust, FillMethod, FillOptions, Query } from '../contract/query.ts'
import { type Range, rangeOf } from '../contract/range.ts'
import { SCHEMAS, type SchemaName, parseSchema } from '../contract/schema.ts'
import { ASSET_CLASSES, type AssetClass, parseProviderName, parseSymbol } from '../contract/series.ts'
import { type EpochMs, formatTime, parseTime } from '../contract/time.ts'
import { choice, refuse } from '../contract/option-values.ts'

/** A checked query. */
export interface ParsedQuery {
  readonly symbol: string
  readonly schema: SchemaName
  readonly interval: Interval | undefined
  readonly provider: string | undefined
  readonly assetClass: AssetClass | undefined
  readonly startMs: EpochMs | undefined
  readonly endMs: EpochMs | undefined
  readonly columns: readonly string[] | undefined
  readonly adjust: Adjust
  readonly fill: FillOptions | null
  readonly complete: boolean
  readonly final: boolean
  readonly version: number | string | undefined
  readonly onError: 'throw' | 'stored'
  readonly lookbackDays: number | undefined
  readonly fillGaps: boolean
  readonly signal: AbortSignal | undefined
  readonly onProgress: Query['onProgress']
}

const KEYS: readonly (keyof Query)[] = [
  'symbol',
  'interval',
  'schema',
  'provider',
  'assetClass',
  'start',
  'end',
  'columns',
  'adjust',
  'fill',
  'complete',
  'final',
  'version',
  'onError',
  'lookbackDays',
  'fillGaps',
  'signal',
  'onProgress',
]
const ADJUSTS: readonly Adjust[] = ['source', 'none', 'splits', 'all']
const FILLS: readonly FillMethod[] = ['forward', 'backward', 'interpolate', 'zero']

/**
 * Checks a query.
 * @throws {ConfigError} `config/*` naming the key, the value and the remedy
 */
export function parseQuery(query: Query, what: string): ParsedQuery {
  checkOptions(query, KEYS, what)
  const schema = parseSchema(query.schema)
  const startMs = query.start === undefined ? undefined : parseTime(query.start, 'start')
  const endMs = query.end === undefined ? undefined : parseTime(query.end, 'end')
  if (startMs !== undefined && endMs !== undefined) rangeOf(startMs, endMs)
  return {
    symbol: parseSymbol(query.symbol),
    schema,
    interval: readInterval(query, schema),
    provider: query.provider === undefined ? undefined : parseProviderName(query.provider),
    assetClass: query.assetClass === undefined ? undefined : choice('assetClass', query.assetClass, ASSET_CLASSES),
    startMs,
    endMs,
    columns: readColumnNames(query.columns),
    adjust: query.adjust === undefined ? 'source' : choice('adjust', query.adjust, ADJUSTS),
    fill: readFill(query.fill),
    complete: flag('complete', query.complete),
    final: flag('final', query.final),
    version: readVersion(query.version),
    onError: query.onError === undefined ? 'throw' : choice('onError', query.onError, ['throw', 'stored']),
    lookbackDays: query.lookbackDays === undefined ? undefined : atLeastZero('lookbackDays', query.lookbackDays),
    fillGaps: readFillGaps(query.fillGaps),
    signal: readSignal(query.signal),
    onProgress: readCallback(query.onProgress),
  }
}

function flag(field: string, value: unknown): boolean {
  if (value === undefined) return false
  return typeof value === 'boolean' ? value : refuse(field, value, 'use true or false')
}

function atLeastZero(field: string, value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : refuse(field, value, 'use a number that is 0 or more')
}

function readInterval(query: Query, schema: SchemaName): Interval | undefined {
  if (SCHEMAS[schema].interval === 'always') {
    if (query.interval !== undefined) return parseInterval(query.interval)
    throw new ConfigError('config/interval', `interval: ${schema} needs one, such as "1m" or "1d"`, {
      field: 'interval',
    })
  }
  if (query.interval === undefined) return undefined
  throw new ConfigError('config/interval', `interval: ${schema} has none: leave it out`, {
    field: 'interval',
    value: query.interval,
  })
}

function readColumnNames(value: Query['columns']): readonly string[] | undefined {
  if (value === undefined) return undefined
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string')
  return isList ? [...new Set(value)] : refuse('columns', value, 'use a list of column names')
}

function readFill(value: Query['fill']): FillOptions | null {
  if (value === undefined || value === false) return null
  if (typeof value === 'string') return { method: choice('fill', value, FILLS) }
  checkOptions(value, ['method', 'maxRun', 'zeroPrices'], 'fill')
  const maxRun = value.maxRun === undefined ? {} : { maxRun: atLeastZero('fill.maxRun', value.maxRun) }
  return {
    method: choice('fill.method', value.method, FILLS),
    ...maxRun,
    ...(value.zeroPrices === undefined ? {} : { zeroPrices: flag('fill.zeroPrices', value.zeroPrices) }),
  }
}

function readVersion(value: Query['version']): number | string | undefined {
  if (value === undefined) return undefined
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value > 0
  const isName = typeof value === 'string' && value.length > 0
  return isNumber || isName ? value : refuse('version', value, 'use a version number, a hash or the name of a pin')
}

function readFillGaps(value: Query['fillGaps']): boolean {
  if (value === undefined || value === 'refetch') return true
  return value === false ? false : refuse('fillGaps', value, "use 'refetch' or false")
}

function readSignal(value: unknown): AbortSignal | undefined {
  return value === undefined || value instanceof AbortSignal
    ? value
    : refuse('signal', value, 'use the signal of an AbortController')
}

function readCallback(value: unknown): Query['onProgress'] {
  if (value === undefined || typeof value === 'function') return value as Query['onProgress']
  return refuse('onProgress', value, 'use a function')
}

/**
 * The range of labels that a range of time means; of shorter bars the range itself.
 * @throws {ConfigError} `config/range` where no label lies in it
 */
export function labelled(interval: Interval | undefined, range: Range): Range {
  const labels = labelRange(interval, rangeOf(range.startMs, range.endMs))
  if (labels.startMs < labels.endMs) return labels
  const message =
    `start ${formatTime(range.startMs)} and end ${formatTime(range.endMs)} hold no label of ${interval}: bars of a day and longer ` +
    `carry the date that they begin with at 00:00 UTC, and the next is ${formatTime(labels.startMs)}: move one of them`
  throw new ConfigError('config/range', message, { field: 'start', value: range })
}
