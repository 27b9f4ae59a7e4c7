/**
 * Holes cut into gaps of one kind.
 * @module
 */
import type { Gap } from '../contract/gap-detector.ts'
import type { Slots } from '../contract/slots.ts'
import type { EpochMs } from '../contract/time.ts'
import type { OnHole } from './scan.ts'
import type { Stretch, Verdict } from './verdict.ts'

/** A gap while it grows. */
type Growing = { -readonly [Member in keyof Gap]: Gap[Member] }

/** Neighbouring slots without rows, proven, of a source that does not say whether they must have some. */
export interface Unsure {
  startMs: EpochMs
  endMs: EpochMs
  slots: number
  /** Place of the first slot among all slots. */
  readonly ordinal: number
  readonly firstSession: number
  lastSession: number
}

/** What cuts a hole. */
export interface Cuts {
  readonly slots: Slots
  readonly stretches: readonly Stretch[]
  /** Places among all slots of those that have a rejected row, ascending. */
  readonly rejected: readonly number[]
  /** Slots complete at or before this instant are final. */
  readonly finalMs: EpochMs
}

/** Takes holes and gives gaps. */
export interface Cutter {
  readonly onHole: OnHole
  /** Ascending. */
  readonly gaps: Gap[]
  /** Ascending; none of them is among the gaps. */
  readonly unsure: Unsure[]
  /** Slots without a row that are no gap. */
  noTrades(): number
}

/** Takes holes in ascending order and cuts them; neighbours with the same verdict are joined, across sessions too. */
export function createCutter(cuts: Cuts): Cutter {
  const { slots, stretches, rejected, finalMs } = cuts
  const { stepMs, first, count, end, firstSession, lastSession } = slots
  let before: Float64Array | null = null
  const placeOf = (run: number): number => (before ??= ordinals(slots))[run] as number
  const gaps: Growing[] = []
  const unsure: Unsure[] = []
  let noTrades = 0
  let stretch = 0
  let reject = 0
  /** Verdict on the slot before `lastEnd`, and where its piece began. */
  let last: Verdict = 'no-trades'
  let lastEnd = -1
  let lastFirstSession = 0

  const emit = (verdict: Verdict, run: number, slot: number, endSlot: number): void => {
    const ordinal = placeOf(run) + slot
    const joins = verdict === last && ordinal === lastEnd
    last = verdict
    lastEnd = ordinal + endSlot - slot
    if (verdict === 'no-trades') {
      noTrades += endSlot - slot
      return
    }
    const open = first[run] as number
    const endMs = endSlot === count[run] ? (end[run] as number) : open + endSlot * stepMs
    if (joins) grow(endMs, endSlot - slot, lastSession[run] as number)
    else {
      lastFirstSession = firstSession[run] as number
      const [startMs, size] = [open + slot * stepMs, endSlot - slot]
      if (verdict === 'unsure') {
        unsure.push({
          startMs,
          endMs,
          slots: size,
          ordinal,
          firstSession: lastFirstSession,
          lastSession: lastSession[run] as number,
        })
      } else
        gaps.push({
          startMs,
          endMs,
          kind: verdict,
          slots: size,
          sessions: (lastSession[run] as number) - lastFirstSession + 1,
        })
    }
  }

  const grow = (endMs: EpochMs, size: number, session: number): void => {
    const piece = (last === 'unsure' ? unsure : gaps).at(-1) as Unsure | Growing
    piece.endMs = endMs
    piece.slots += size
    if ('kind' in piece) piece.sessions = session - lastFirstSession + 1
    else piece.lastSession = session
  }

  /** The next slot of a run from `slot` on that has a rejected row; `endSlot` where none before it has. */
  const nextRejected = (run: number, slot: number, endSlot: number): number => {
    const offset = placeOf(run)
    while (reject < rejected.length && (rejected[reject] as number) < offset + slot) reject++
    return reject < rejected.length ? Math.min(endSlot, (rejected[reject] as number) - offset) : endSlot
  }

  const onHole: OnHole = (run, firstSlot, endSlot) => {
    const open = first[run] as number
    const finals = finalSlots(slots, run, finalMs)
    let slot = firstSlot
    while (slot < endSlot) {
      const time = open + slot * stepMs
      while (stretch < stretches.length - 1 && (stretches[stretch] as Stretch).endMs <= time) stretch++
      const { verdict, mayPend, endMs } = stretches[stretch] as Stretch
      let stop = Math.min(endSlot, slot + Math.max(1, Math.ceil((endMs - time) / stepMs)))
      const pending = mayPend && slot >= finals
      if (mayPend && slot < finals) stop = Math.min(stop, finals)
      stop = nextRejected(run, slot, stop)
      if (stop === slot) emit('rejected', run, slot, ++stop)
      else emit(pending ? 'pending' : verdict, run, slot, stop)
      slot = stop
    }
  }
  return { onHole, gaps, unsure, noTrades: () => noTrades }
}

/** Place among all slots of the first one of each run. */
function ordinals({ n, count }: Slots): Float64Array {
  const out = new Float64Array(n)
  for (let run = 1; run < n; run++) out[run] = (out[run - 1] as number) + (count[run - 1] as number)
  return out
}

/** Number of slots of a run, from its first on, that are final. */
function finalSlots({ first, count, complete, stepMs }: Slots, run: number, finalMs: EpochMs): number {
  const slots = count[run] as number
  if ((complete[run] as number) <= finalMs) return slots
  return Math.max(0, Math.min(slots - 1, Math.floor((finalMs - (first[run] as number)) / stepMs)))
}
