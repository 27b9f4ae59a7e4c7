/**
 * Which empty slots are filled, and from which rows: one pass over slots and rows, values unseen.
 * @module
 */

/** What decides. */
export interface FillRules {
  readonly slotsMs: Float64Array
  readonly sessionOf: ArrayLike<number> | undefined
  readonly stepMs: number
  readonly toleranceMs: number
  /** Longest run that is filled. */
  readonly maxRun: number
  /** May the rows that a slot is filled from lie in another session? */
  readonly across: boolean
  /** Which neighbours the method computes from. */
  readonly needs: { readonly before: boolean; readonly after: boolean }
}

/** What each filled row is made of, and where it stands. */
export interface FillPlan {
  /** For each filled row: its place in the view; real rows take the places between, in order. */
  readonly place: Int32Array
  /** For each filled row: its slot. */
  readonly slot: Int32Array
  /** For each filled row: the last real row before it; -1 where there is none that counts. */
  readonly before: Int32Array
  /** For each filled row: the first real row after it; -1 where there is none that counts. */
  readonly after: Int32Array
}

/**
 * Plans a fill.
 * @param times openings of the real rows, ascending; epoch milliseconds
 */
export function planFill(times: Float64Array, rules: FillRules): FillPlan {
  const { slotsMs, toleranceMs, maxRun } = rules
  const slot: number[] = []
  const before: number[] = []
  const after: number[] = []
  const sessions = sessionBorders(rules)
  let row = 0
  let s = 0
  while (s < slotsMs.length) {
    const at = slotsMs[s] as number
    while (row < times.length && (times[row] as number) < at - toleranceMs) row++
    if (row < times.length && (times[row] as number) <= at + toleranceMs) {
      s++
      continue
    }
    // A run ends at the next real row, on a slot or beside all, and at the border of its session.
    const nextMs = row < times.length ? (times[row] as number) : Number.POSITIVE_INFINITY
    let end = s + 1
    while (end < slotsMs.length && (slotsMs[end] as number) + toleranceMs < nextMs && !sessions.isBorder(end)) end++
    const previous = row > 0 && sessions.isSame(times[row - 1] as number, s) ? row - 1 : -1
    const next = row < times.length && sessions.isSame(nextMs, end - 1) ? row : -1
    const isMade = (!rules.needs.before || previous >= 0) && (!rules.needs.after || next >= 0)
    if (isMade && end - s <= maxRun) {
      for (; s < end; s++) {
        slot.push(s)
        before.push(previous)
        after.push(next)
      }
    }
    s = end
  }
  return {
    place: placesOf(times, slotsMs, slot),
    slot: Int32Array.from(slot),
    before: Int32Array.from(before),
    after: Int32Array.from(after),
  }
}

interface Borders {
  /** Does a session begin with this slot, so that a run may not go on? */
  isBorder(slot: number): boolean
  /** Does this instant lie in the session of this slot? */
  isSame(ms: number, slot: number): boolean
}

function sessionBorders({ slotsMs, sessionOf, stepMs, toleranceMs, across }: FillRules): Borders {
  if (sessionOf === undefined || across) return { isBorder: () => false, isSame: () => true }
  const startOf = new Int32Array(slotsMs.length)
  const endOf = new Int32Array(slotsMs.length)
  for (let i = 1; i < slotsMs.length; i++)
    startOf[i] = sessionOf[i] === sessionOf[i - 1] ? (startOf[i - 1] as number) : i
  for (let i = slotsMs.length - 1; i >= 0; i--) {
    endOf[i] = i + 1 < slotsMs.length && sessionOf[i] === sessionOf[i + 1] ? (endOf[i + 1] as number) : i
  }
  return {
    isBorder: (i) => startOf[i] === i,
    isSame: (ms, i) =>
      ms >= (slotsMs[startOf[i] as number] as number) - toleranceMs &&
      ms < (slotsMs[endOf[i] as number] as number) + stepMs,
  }
}

/** Where each filled row stands among the real ones. */
function placesOf(times: Float64Array, slotsMs: Float64Array, slot: readonly number[]): Int32Array {
  const out = new Int32Array(slot.length)
  let row = 0
  for (let fill = 0; fill < slot.length; fill++) {
    const at = slotsMs[slot[fill] as number] as number
    while (row < times.length && (times[row] as number) <= at) row++
    out[fill] = row + fill
  }
  return out
}
