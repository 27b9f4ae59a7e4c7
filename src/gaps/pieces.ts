/**
 * Holes cut into pieces of one verdict, and pieces joined to gaps.
 * @module
 */
import type { MissingKind } from '../contract/coverage.ts'
import type { Gap } from '../contract/gap-detector.ts'
import type { Slots } from '../contract/slots.ts'
import type { EpochMs } from '../contract/time.ts'
import type { OnHole } from './scan.ts'
import type { Stretch, Verdict } from './verdict.ts'

/** Neighbouring slots without rows and with one verdict. */
export interface Piece {
  verdict: Verdict
  startMs: EpochMs
  endMs: EpochMs
  slots: number
  /** Place of the first slot among all slots. */
  ordinal: number
  firstSession: number
  lastSession: number
}

/** What cuts a hole. */
export interface Cuts {
  readonly slots: Slots
  readonly stretches: readonly Stretch[]
  /** Ascending. */
  readonly rejectedMs: Float64Array
  /** Share of the step by which a rejected row may lie beside its slot. */
  readonly tolerance: number
  /** Slots complete at or before this instant are final. */
  readonly finalMs: EpochMs
}

/**
 * Takes holes in ascending order and cuts them; neighbours with the same verdict are joined, across sessions too.
 * Slots without trades are only counted.
 */
export function createCutter(cuts: Cuts): { readonly onHole: OnHole; readonly pieces: Piece[]; noTrades(): number } {
  const { slots, stretches, rejectedMs, finalMs } = cuts
  const { stepMs } = slots
  const jitter = stepMs * cuts.tolerance
  const before = ordinals(slots)
  const pieces: Piece[] = []
  let noTrades = 0
  let stretch = 0
  let reject = 0

  const emit = (verdict: Verdict, run: number, slot: number, endSlot: number): void => {
    if (verdict === 'no-trades') {
      noTrades += endSlot - slot
      return
    }
    const open = slots.first[run] as number
    const ordinal = (before[run] as number) + slot
    const endMs = endSlot === slots.count[run] ? (slots.end[run] as number) : open + endSlot * stepMs
    const lastSession = slots.lastSession[run] as number
    const last = pieces.at(-1)
    if (last !== undefined && last.verdict === verdict && last.ordinal + last.slots === ordinal) {
      last.endMs = endMs
      last.slots += endSlot - slot
      last.lastSession = lastSession
      return
    }
    const firstSession = slots.firstSession[run] as number
    pieces.push({ verdict, startMs: open + slot * stepMs, endMs, slots: endSlot - slot, ordinal, firstSession, lastSession })
  }

  /** The next slot from `slot` on, before `endSlot`, that a rejected row belongs to; `endSlot` where there is none. */
  const nextRejected = (open: EpochMs, slot: number, endSlot: number): number => {
    for (; reject < rejectedMs.length; reject++) {
      const time = rejectedMs[reject] as number
      const nearest = Math.round((time - open) / stepMs)
      if (nearest >= endSlot) return endSlot
      if (nearest >= slot && Math.abs(time - (open + nearest * stepMs)) <= jitter) return nearest
    }
    return endSlot
  }

  const onHole: OnHole = (run, firstSlot, endSlot) => {
    const open = slots.first[run] as number
    const finals = finalSlots(slots, run, finalMs)
    let slot = firstSlot
    while (slot < endSlot) {
      const time = open + slot * stepMs
      while (stretch < stretches.length - 1 && (stretches[stretch] as Stretch).endMs <= time) stretch++
      const { verdict, mayPend, endMs } = stretches[stretch] as Stretch
      let stop = Math.min(endSlot, slot + Math.max(1, Math.ceil((endMs - time) / stepMs)))
      const pending = mayPend && slot >= finals
      if (mayPend && slot < finals) stop = Math.min(stop, finals)
      const rejected = nextRejected(open, slot, stop)
      if (rejected === slot) {
        emit('rejected', run, slot, slot + 1)
        slot++
      } else {
        emit(pending ? 'pending' : verdict, run, slot, rejected)
        slot = rejected
      }
    }
  }
  return { onHole, pieces, noTrades: () => noTrades }
}

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

/** Joins pieces of one kind that follow each other without a slot between them. */
export function gapsOf(pieces: readonly (Piece & { readonly verdict: MissingKind })[]): Gap[] {
  const gaps: Gap[] = []
  let last: { kind: MissingKind; end: number; firstSession: number } | null = null
  for (const { verdict: kind, startMs, endMs, slots, ordinal, firstSession, lastSession } of pieces) {
    if (last !== null && last.kind === kind && last.end === ordinal) {
      const gap = gaps[gaps.length - 1] as Gap
      const sessions = lastSession - last.firstSession + 1
      gaps[gaps.length - 1] = { ...gap, endMs, slots: gap.slots + slots, sessions }
    } else {
      gaps.push({ startMs, endMs, kind, slots, sessions: lastSession - firstSession + 1 })
      last = { kind, end: ordinal, firstSession }
    }
    last.end = ordinal + slots
  }
  return gaps
}
