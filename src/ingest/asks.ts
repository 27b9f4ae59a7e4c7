/**
 * When a range that a source did not have is asked again. Pure.
 * @module
 */
import type { AskRecord } from '../contract/metadata-tracker.ts'
import { type Range, intersect, subtractRanges, unionRanges } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

const DAILY_ASKS = 4
const LONGEST_PAUSE_DAYS = 30
const GIVE_UP_MS = 90 * DAY_MS

/** Pause after the n-th ask, in days: 1 1 1 1 2 4 8 16 30 30 … */
function pauseDays(count: number): number {
  return count <= DAILY_ASKS ? 1 : Math.min(LONGEST_PAUSE_DAYS, 2 ** (count - DAILY_ASKS))
}

/** The record of a range after it was asked once more without success. Null as next time means never again. */
export function askedAgain(range: Range, before: AskRecord | undefined, nowMs: EpochMs): AskRecord {
  const firstAskMs = before?.firstAskMs ?? nowMs
  const count = (before?.count ?? 0) + 1
  const nextAskMs = nowMs + pauseDays(count) * DAY_MS
  return {
    startMs: range.startMs,
    endMs: range.endMs,
    firstAskMs,
    lastAskMs: nowMs,
    nextAskMs: nextAskMs - firstAskMs > GIVE_UP_MS ? null : nextAskMs,
    count,
  }
}

/**
 * The schedule after some ranges were asked and answered.
 * Holes inside them move on in their schedule, what was filled leaves it, the rest stays as it was.
 */
export function scheduleAsks(
  asks: readonly AskRecord[],
  asked: readonly Range[],
  holes: readonly Range[],
  nowMs: EpochMs,
): AskRecord[] {
  const out: AskRecord[] = []
  for (const ask of asks) {
    for (const rest of subtractRanges([ask], asked)) out.push({ ...ask, ...rest })
  }
  for (const hole of unionRanges(holes)) {
    let rest: Range[] = [hole]
    for (const ask of asks) {
      const known = intersect(ask, hole)
      if (known === null) continue
      out.push(askedAgain(known, ask, nowMs))
      rest = subtractRanges(rest, [known])
    }
    for (const fresh of rest) out.push(askedAgain(fresh, undefined, nowMs))
  }
  return joinAsks(out.toSorted((a, b) => a.startMs - b.startMs))
}

function joinAsks(sorted: readonly AskRecord[]): AskRecord[] {
  const out: AskRecord[] = []
  for (const ask of sorted) {
    const last = out.at(-1)
    const isSame =
      last !== undefined &&
      last.endMs >= ask.startMs &&
      last.count === ask.count &&
      last.lastAskMs === ask.lastAskMs &&
      last.firstAskMs === ask.firstAskMs
    if (isSame) out[out.length - 1] = { ...last, endMs: Math.max(last.endMs, ask.endMs) }
    else out.push(ask)
  }
  return out
}
