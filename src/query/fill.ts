/**
 * Fills empty slots of bars as a view: every filled row is marked, real rows stay to the bit, nothing is stored.
 * @module
 */
import {
  type Column,
  type Columns,
  bitmap,
  columnLength,
  isDictionary,
  isNullable,
  isValid,
  rowCount,
  setBit,
  valueAt,
  valuesOf,
} from '../contract/columns.ts'
import { emptyLike } from '../contract/join-columns.ts'
import { ticksFromMs, timestampsMs } from '../contract/ticks.ts'
import { ConfigError } from '../contract/errors.ts'
import { INTERVALS, type Interval, isLabelled } from '../contract/interval.ts'
import type { FillMethod, FillOptions } from '../contract/query.ts'
import { DAY_MS } from '../contract/time.ts'
import { type FillPlan, planFill } from './fill-plan.ts'

/** Values of the column `filled`: 0 is a real row. */
export const FILLED: Readonly<Record<FillMethod, number>> = { forward: 1, backward: 2, interpolate: 3, zero: 4 }

/** What is filled, and where. */
export interface FillInput extends FillOptions {
  /** Openings that the calendar expects and that have closed, ascending; epoch milliseconds. */
  readonly slotsMs: Float64Array
  /** Session of each slot: equal numbers side by side are one. @default all slots are one, as around the clock */
  readonly sessionOf?: ArrayLike<number>
  readonly interval: Interval
  /**
   * May a bar be filled from another session?
   * @default for bars of a day and longer, and where `maxRun` is longer than any session
   */
  readonly acrossSessions?: boolean
  /** Share of the interval by which a row may lie beside its slot and still be in it. @default 0.1 */
  readonly tolerance?: number
}

const PRICES = ['open', 'high', 'low', 'close'] as const

/** What each method computes from; these columns must be there. */
const NEEDS: Readonly<Record<FillMethod, readonly string[]>> = {
  forward: ['close'],
  backward: ['open'],
  interpolate: ['close'],
  zero: [],
}

/** Columns that count something: nothing happened in an empty slot. */
const COUNTS: ReadonlySet<string> = new Set(['volume', 'trade_count', 'quote_volume', 'taker_buy_volume'])

/**
 * Adds a row for each empty slot that the method can fill, and the column `filled` (0 real, 1 forward, 2 backward,
 * 3 interpolated, 4 zero). Real rows are neither dropped, moved nor changed, also those beside every slot.
 *
 * `forward` puts the close before in open, high, low and close; `backward` the open after; `interpolate` the close
 * linear in time between its neighbours; `zero` null, or 0 with `zeroPrices`. Counts become 0; `adj_close` is treated
 * as the close (null with `backward`); everything else is null. A run longer than `maxRun` stays empty as a whole. Runs
 * at the border of a session or of the range that lack the neighbour they need stay empty.
 *
 * `backward` and `interpolate` look ahead: never use them in a backtest.
 * @param columns bars, sorted
 * @throws {ConfigError} `config/option` for a method, `maxRun` or `tolerance` that is none, or a column that it needs
 *   and that was not read
 */
export function fillColumns(columns: Columns, input: FillInput): Columns {
  check(columns, input)
  const times = timestampsMs(columns.timestamp, 'us')
  const plan = planFill(times, {
    slotsMs: input.slotsMs,
    sessionOf: input.sessionOf,
    stepMs: INTERVALS[input.interval].ms,
    toleranceMs: INTERVALS[input.interval].ms * (input.tolerance ?? 0.1),
    needs: {
      before: input.method === 'forward' || input.method === 'interpolate',
      after: input.method === 'backward' || input.method === 'interpolate',
    },
    ...limits(input),
  })
  const rows = rowCount(columns)
  if (plan.slot.length === 0) return { ...columns, filled: new Uint8Array(rows) }
  const out: Record<string, Column> = {}
  for (const [name, column] of Object.entries(columns)) {
    if (name === 'timestamp') out[name] = mergeTimes(columns.timestamp, plan, input.slotsMs)
    else out[name] = mergeColumn(column, plan, fillerOf(name, columns, times, plan, input))
  }
  const filled = new Uint8Array(rows + plan.slot.length)
  for (const place of plan.place) filled[place] = FILLED[input.method]
  out['filled'] = filled
  return out as unknown as Columns
}

function check(columns: Columns, { method, maxRun, tolerance }: FillInput): void {
  const refuse = (field: string, value: unknown, why: string): never => {
    throw new ConfigError('config/option', `fill.${field}: ${JSON.stringify(value) ?? String(value)} ${why}`, {
      field: `fill.${field}`,
      value,
    })
  }
  if (!Object.hasOwn(FILLED, method)) refuse('method', method, `is no method: use ${Object.keys(FILLED).join(', ')}`)
  if (maxRun !== undefined && !(Number.isInteger(maxRun) && maxRun >= 1))
    refuse('maxRun', maxRun, 'is no number of slots from 1 on')
  if (tolerance !== undefined && !(tolerance >= 0 && tolerance <= 0.5))
    refuse('tolerance', tolerance, 'is not between 0 and 0.5')
  for (const name of NEEDS[method]) {
    if (!Object.hasOwn(columns, name)) refuse('method', method, `needs the column ${name}: read it too`)
  }
}

function limits(input: FillInput): { readonly maxRun: number; readonly across: boolean } {
  const longest = longestSession(input)
  const aDay = Math.max(1, Math.ceil(DAY_MS / INTERVALS[input.interval].ms))
  const maxRun = input.maxRun ?? (isLabelled(input.interval) ? 1 : Math.min(longest, aDay))
  const isAsked = isLabelled(input.interval) || (input.maxRun !== undefined && input.maxRun > longest)
  return { maxRun, across: input.acrossSessions ?? isAsked }
}

function longestSession({ slotsMs, sessionOf }: FillInput): number {
  if (sessionOf === undefined) return slotsMs.length
  let longest = 0
  let run = 0
  for (let i = 0; i < slotsMs.length; i++) {
    run = i > 0 && sessionOf[i] === sessionOf[i - 1] ? run + 1 : 1
    longest = Math.max(longest, run)
  }
  return longest
}

/** Calls back for each block of real rows that stand together: first row, one past the last, and the place of the first. */
function eachBlock(rows: number, { place }: FillPlan, visit: (start: number, end: number, at: number) => void): void {
  let start = 0
  for (let fill = 0; fill <= place.length; fill++) {
    const end = fill < place.length ? (place[fill] as number) - fill : rows
    if (end > start) visit(start, end, start + fill)
    start = end
  }
}

function mergeTimes(timestamp: BigInt64Array, plan: FillPlan, slotsMs: Float64Array): BigInt64Array {
  const filled = ticksFromMs(
    Float64Array.from(plan.slot, (i) => slotsMs[i] as number),
    'us',
  )
  const out = new BigInt64Array(timestamp.length + filled.length)
  eachBlock(timestamp.length, plan, (start, end, at) => copyRows(timestamp, start, end, out, at))
  for (let fill = 0; fill < filled.length; fill++) out[plan.place[fill] as number] = filled[fill] as bigint
  return out
}

/** Value of a filled row, or null. */
type Filler = (fill: number) => number | null

function mergeColumn(column: Column, plan: FillPlan, filler: Filler): Column {
  const source = valuesOf(column)
  const rows = columnLength(column)
  const values = emptyLike(source, rows + plan.slot.length)
  const [into, from] =
    isDictionary(values) && isDictionary(source) ? [values.indices, source.indices] : [values, source]
  const [target, real] = [into as Float64Array, from as Float64Array]
  let valid = isNullable(column) ? bitmap(target.length, true) : undefined
  eachBlock(rows, plan, (start, end, at) => {
    copyRows(real, start, end, target, at)
    if (!isNullable(column)) return
    for (let row = start; row < end; row++) {
      if (!isValid(column, row)) setBit(valid as Uint8Array, at + row - start, false)
    }
  })
  for (let fill = 0; fill < plan.slot.length; fill++) {
    const [row, value] = [plan.place[fill] as number, filler(fill)]
    if (value !== null) target[row] = value
    else {
      valid ??= bitmap(target.length, true)
      setBit(valid, row, false)
      if (target instanceof Float64Array) target[row] = Number.NaN
    }
  }
  const isText = isDictionary(values) && isDictionary(source)
  const merged = isText ? { indices: values.indices, dictionary: source.dictionary } : values
  return valid === undefined ? merged : { values: merged, valid }
}

/** Rows from which on a block is copied at once; a view costs as much as a few dozen single rows. */
const LONG_BLOCK = 48

function copyRows<T extends Float64Array | BigInt64Array>(
  from: T,
  start: number,
  end: number,
  into: T,
  at: number,
): void {
  if (end - start >= LONG_BLOCK) into.set(from.subarray(start, end) as never, at)
  else for (let row = start; row < end; row++) into[at + row - start] = from[row] as never
}

function fillerOf(name: string, columns: Columns, times: Float64Array, plan: FillPlan, input: FillInput): Filler {
  const isPrice = (PRICES as readonly string[]).includes(name)
  if (COUNTS.has(name)) return () => 0
  if (!isPrice && name !== 'adj_close') return () => null
  if (input.method === 'zero') return () => (input.zeroPrices === true ? 0 : null)
  if (input.method === 'backward')
    return isPrice ? (fill) => numberAt(columns['open'], plan.after[fill] as number) : () => null
  const level = columns[isPrice ? 'close' : 'adj_close']
  if (input.method === 'forward') return (fill) => numberAt(level, plan.before[fill] as number)
  return (fill) => {
    const [before, after] = [plan.before[fill] as number, plan.after[fill] as number]
    const [first, last] = [numberAt(level, before), numberAt(level, after)]
    if (first === null || last === null) return null
    const [start, end] = [times[before] as number, times[after] as number]
    const share = ((input.slotsMs[plan.slot[fill] as number] as number) - start) / (end - start)
    return first + (last - first) * share
  }
}

function numberAt(column: Column | undefined, row: number): number | null {
  return column === undefined ? null : (valueAt(column, row) as number | null)
}
