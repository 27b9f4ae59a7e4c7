/**
 * Splits and dividends as factors that hold for everything before their ex-date.
 * @module
 */
import { type Column, type Columns, isValid, rowCount, valueAt } from '../contract/columns.ts'
import { timestampsMs } from '../contract/ticks.ts'
import { DataError } from '../contract/errors.ts'
import type { Basis } from '../contract/provider.ts'
import type { Range } from '../contract/range.ts'
import { type EpochMs, formatTime } from '../contract/time.ts'

/** Closes of sessions, ascending; several rows of one session are its bars, of which the last counts. */
export interface Closes {
  /** Session date of each row at 00:00 UTC. */
  readonly sessionDateMs: Float64Array
  readonly close: Column
  /** Session dates for which these are all closes there are. */
  readonly range: Range
}

/** What all actions after a date come to. */
export interface ActionFactors {
  /** Ex-dates of splits, ascending. */
  readonly splitDates: readonly EpochMs[]
  /**
   * New shares per old share, and share of the price, by all actions whose ex-date is after this session date; the same
   * for all dates up to `untilMs`, exclusive.
   */
  after(sessionDateMs: EpochMs): { readonly split: number; readonly dividend: number; readonly untilMs: EpochMs }
}

/** What the factors are made from. */
export interface ActionInput {
  readonly basis: Basis
  readonly basisAsOfMs: EpochMs
  readonly actions: Columns
}

interface Split {
  readonly exMs: EpochMs
  readonly ratio: number
}

interface Dividend {
  readonly exMs: EpochMs
  readonly cash: number
}

/**
 * Makes the factors of all actions up to the date of the basis.
 * @param dates session dates of the rows that are adjusted, ascending; of bars of several days the last: dividends not
 *   after the first change nothing
 * @param firstMs first day of the first row: splits not after it change nothing
 * @throws {DataError} `data/basis-unavailable`
 */
export function actionFactors(
  input: ActionInput,
  needs: { readonly splits: boolean; readonly dividends: boolean },
  closes: Closes | undefined,
  dates: Float64Array,
  firstMs: EpochMs,
): ActionFactors {
  const splits = readSplits(input.actions, activeRows(input, firstMs))
  const dividends = needs.dividends ? readDividends(input.actions, activeRows(input, dates[0] as number)) : []
  const shares = dividendShares(input.basis, dividends, splits, closes)
  const exDates = [...new Set([...splits, ...dividends].map(({ exMs }) => exMs))].toSorted((a, b) => a - b)
  // Products from the last ex-date backwards: entry i holds for rows before exDates[i].
  const split = new Float64Array(exDates.length + 1).fill(1)
  const dividend = new Float64Array(exDates.length + 1).fill(1)
  for (let i = exDates.length - 1; i >= 0; i--) {
    const exMs = exDates[i] as number
    const ratio = needs.splits ? product(splits, exMs) : 1
    split[i] = (split[i + 1] as number) * ratio
    dividend[i] = (dividend[i + 1] as number) * (shares.get(exMs) ?? 1)
  }
  return {
    splitDates: splits.map(({ exMs }) => exMs),
    after(ms) {
      const i = firstAfter(exDates, ms)
      return { split: split[i] as number, dividend: dividend[i] as number, untilMs: exDates[i] ?? Infinity }
    },
  }
}

function product(splits: readonly Split[], exMs: EpochMs): number {
  return splits.filter((split) => split.exMs === exMs).reduce((all, { ratio }) => all * ratio, 1)
}

/** Index of the first entry above this one, or the length. */
function firstAfter(ascending: ArrayLike<number>, ms: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] as number) > ms) high = middle
    else low = middle + 1
  }
  return low
}

/** Rows of actions that change a stored price: not superseded, after the first row, not later than the basis. */
function activeRows({ actions, basisAsOfMs }: ActionInput, firstMs: EpochMs): number[] {
  const exMs = timestampsMs(actions.timestamp, 'us')
  const superseded = actions['superseded']
  return Array.from({ length: rowCount(actions) }, (_, row) => row)
    .filter((row) => (exMs[row] as number) > firstMs && (exMs[row] as number) <= basisAsOfMs)
    .filter((row) => superseded === undefined || !isValid(superseded, row))
    .toSorted((a, b) => (exMs[a] as number) - (exMs[b] as number))
}

function exDateOf(actions: Columns, row: number): EpochMs {
  return Number((actions.timestamp[row] as bigint) / 1000n)
}

function readSplits(actions: Columns, rows: readonly number[]): Split[] {
  return rows
    .filter((row) => text(actions, 'kind', row) === 'split')
    .map((row) => {
      const exMs = exDateOf(actions, row)
      const ratio = valueAt(actions['value'] as Column, row)
      if (typeof ratio === 'number' && Number.isFinite(ratio) && ratio > 0) return { exMs, ratio }
      throw unavailable(`the split of ${formatTime(exMs)} has the ratio ${String(ratio)}`)
    })
}

/** Dividends, those of one day added up. */
function readDividends(actions: Columns, rows: readonly number[]): Dividend[] {
  const byDate = new Map<EpochMs, { cash: number; kinds: Set<string> }>()
  for (const row of rows) {
    const kind = text(actions, 'kind', row) ?? ''
    if (kind === 'split') continue
    const exMs = exDateOf(actions, row)
    const cash = valueAt(actions['value'] as Column, row)
    const currency = text(actions, 'currency', row)
    if (currency !== null) throw unavailable(`the ${kind} of ${formatTime(exMs)} is in ${currency}, the prices are not`)
    if (typeof cash !== 'number' || !(cash >= 0))
      throw unavailable(`the ${kind} of ${formatTime(exMs)} is ${String(cash)}`)
    const day = byDate.get(exMs) ?? { cash: 0, kinds: new Set() }
    day.cash += cash
    day.kinds.add(kind)
    // Some sources count a gain in the dividend of the same day as well, others do not, and none says which.
    if (day.kinds.size > 1)
      throw unavailable(`the capital gain of ${formatTime(exMs)} may be part of the dividend of that day`)
    byDate.set(exMs, day)
  }
  return [...byDate].map(([exMs, { cash }]) => ({ exMs, cash }))
}

function text(actions: Columns, name: string, row: number): string | null {
  const column = actions[name]
  return column === undefined ? null : (valueAt(column, row) as string | null)
}

/** Share of the price that each dividend leaves, `1 - D / C`, by ex-date. */
function dividendShares(
  basis: Basis,
  dividends: readonly Dividend[],
  splits: readonly Split[],
  closes: Closes | undefined,
): ReadonlyMap<EpochMs, number> {
  const shares = new Map<EpochMs, number>()
  let later = 1
  for (const { exMs, cash } of dividends.toReversed()) {
    const before = closeBefore(exMs, closes)
    const share = shareOf(basis, cash, before, later, sharesPerOld(splits, before.sessionMs, exMs))
    if (!(share > 0 && share <= 1)) {
      throw unavailable(`the dividend of ${formatTime(exMs)} is ${cash} where the close before is ${before.close}`)
    }
    shares.set(exMs, share)
    later *= share
  }
  return shares
}

interface CloseBefore {
  readonly sessionMs: EpochMs
  readonly close: number
}

function shareOf(basis: Basis, cash: number, before: CloseBefore, later: number, splitRatio: number): number {
  // Raw cash is paid on the shares there are on the ex-date, so an old share gets it once for each new one.
  if (basis === 'raw') return 1 - (cash * splitRatio) / before.close
  if (basis === 'splits') return 1 - cash / before.close
  // A fully adjusted close is (C - D) times the later shares; with C - D known, 1 - D / C follows.
  const rest = before.close / later
  return rest / (rest + cash)
}

function sharesPerOld(splits: readonly Split[], afterMs: EpochMs, untilMs: EpochMs): number {
  return splits.filter(({ exMs }) => exMs > afterMs && exMs <= untilMs).reduce((all, { ratio }) => all * ratio, 1)
}

function closeBefore(exMs: EpochMs, closes: Closes | undefined): CloseBefore {
  const day = formatTime(exMs)
  if (closes === undefined)
    throw unavailable(`the dividend of ${day} needs the daily close before it: load the bars of 1d`)
  const { sessionDateMs, close, range } = closes
  // Without knowing all closes up to the ex-date, the last one known may not be the last there was.
  if (exMs > range.endMs)
    throw unavailable(
      `the dividend of ${day} needs the close before it, and closes are known to ${formatTime(range.endMs)} only`,
    )
  let row = firstAfter(sessionDateMs, exMs - 1) - 1
  while (row >= 0 && !isValid(close, row)) row--
  if (row < 0) throw unavailable(`the dividend of ${day} needs the close before it, which is not stored`)
  return { sessionMs: sessionDateMs[row] as number, close: valueAt(close, row) as number }
}

function unavailable(message: string): DataError {
  return new DataError('data/basis-unavailable', message, { field: 'adjust' })
}
