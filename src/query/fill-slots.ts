/**
 * The slots of a calendar as a fill wants them.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { type Interval, isLabelled } from '../contract/interval.ts'
import type { Range } from '../contract/range.ts'
import { type Anchor, type DayBoundary, slotsOf } from '../contract/slots.ts'

/** Openings that a calendar expects, with the session of each. */
export interface FillSlots {
  /** Ascending; epoch milliseconds. */
  readonly slotsMs: Float64Array
  /** Equal numbers side by side are one session; sessions that follow each other at once count as one. */
  readonly sessionOf?: Int32Array
}

/**
 * Slots of a range. A slot that has not closed should lie outside of it, or a fill would invent its bar.
 * Bars of a day and longer have no session, since each is one.
 */
export function fillSlots(
  calendar: Calendar,
  range: Range,
  interval: Interval,
  anchor: Anchor,
  dayBoundary: DayBoundary,
): FillSlots {
  const slots = slotsOf(calendar, range, interval, anchor, dayBoundary)
  const slotsMs = new Float64Array(slots.total)
  const sessionOf = new Int32Array(slots.total)
  let session = 0
  let at = 0
  for (let run = 0; run < slots.n; run++) {
    const first = slots.first[run] as number
    const isSame =
      (slots.firstSession[run] as number) <= (slots.lastSession[run - 1] ?? -1) || first === slots.end[run - 1]
    if (!isSame) session++
    for (let k = 0; k < (slots.count[run] as number); k++) {
      slotsMs[at] = first + k * slots.stepMs
      sessionOf[at++] = session
    }
  }
  return isLabelled(interval) ? { slotsMs } : { slotsMs, sessionOf }
}
