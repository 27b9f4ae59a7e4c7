/**
 * Holes in proven ranges of a source that does not say whether it sends bars without trades.
 * @module
 */
import { HOUR_MS } from '../contract/time.ts'
import type { Slots } from '../contract/slots.ts'
import type { Unsure } from './cutter.ts'

/** Shorter holes of minutes are ordinary in quiet markets. */
const SHORTEST_GAP = 3
/** Fewer holes say nothing about what is usual in an hour of the day. */
const ENOUGH_HOLES = 100
const USUAL_SHARE = 0.99

/**
 * Decides which of these pieces are gaps: those that are long, and all of a session that has less than half its rows.
 * Long is `minGapSlots`, else longer than 99 % of the holes that begin in the same hour of the UTC day, and at least 3.
 */
export function isGapRule(
  unsure: readonly Unsure[],
  slots: Slots,
  minGapSlots: number | undefined,
): (piece: Unsure) => boolean {
  if (unsure.length === 0) return () => false
  const thresholds = minGapSlots === undefined ? usualLengths(unsure) : null
  const missing = missingBySession(unsure, slots)
  return (piece) => {
    if (piece.slots >= (thresholds?.get(hourOf(piece)) ?? minGapSlots ?? SHORTEST_GAP)) return true
    for (let session = piece.firstSession; session <= piece.lastSession; session++) {
      const { expected, absent } = missing.get(session) ?? { expected: 0, absent: 0 }
      if (absent * 2 > expected) return true
    }
    return false
  }
}

function hourOf(piece: Unsure): number {
  return Math.floor(piece.startMs / HOUR_MS) % 24
}

function usualLengths(unsure: readonly Unsure[]): Map<number, number> {
  const lengths = new Map<number, number[]>()
  for (const piece of unsure) {
    const hour = hourOf(piece)
    const known = lengths.get(hour)
    if (known === undefined) lengths.set(hour, [piece.slots])
    else known.push(piece.slots)
  }
  const usual = new Map<number, number>()
  for (const [hour, found] of lengths) {
    if (found.length < ENOUGH_HOLES) continue
    found.sort((a, b) => a - b)
    const longest = found[Math.ceil(found.length * USUAL_SHARE) - 1] as number
    usual.set(hour, Math.max(SHORTEST_GAP, longest + 1))
  }
  return usual
}

/** Slots and slots without rows of each session that has unsure holes. */
function missingBySession(unsure: readonly Unsure[], slots: Slots): Map<number, { expected: number; absent: number }> {
  const out = new Map<number, { expected: number; absent: number }>()
  let run = 0
  let ordinal = 0
  for (const piece of unsure) {
    const end = piece.ordinal + piece.slots
    while (run < slots.n && ordinal < end) {
      const count = slots.count[run] as number
      const overlap = Math.min(end, ordinal + count) - Math.max(piece.ordinal, ordinal)
      if (overlap > 0) {
        const session = slots.firstSession[run] as number
        const entry = out.get(session) ?? { expected: 0, absent: 0 }
        entry.absent += overlap
        out.set(session, entry)
      }
      if (ordinal + count > end) break
      ordinal += count
      run++
    }
  }
  for (let i = 0; i < slots.n; i++) {
    const entry = out.get(slots.firstSession[i] as number)
    if (entry !== undefined) entry.expected += slots.count[i] as number
  }
  return out
}
