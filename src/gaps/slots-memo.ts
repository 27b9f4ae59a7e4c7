/**
 * Slots of the last few ranges: many series of one market are asked for the same range, one after another.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import type { Interval } from '../contract/interval.ts'
import type { Range } from '../contract/range.ts'
import { type Anchor, type DayBoundary, type Slots, slotsOf } from '../contract/slots.ts'

const ENTRIES = 4
/** Longer lists of slots are not kept: seven numbers a run. */
const MOST_RUNS = 20_000

interface Entry {
  readonly calendar: Calendar
  readonly key: string
  readonly slots: Slots
}

/** `slotsOf` that remembers its last few answers. What it returns is shared: nobody writes to it. */
export function createSlotsMemo(): typeof slotsOf {
  const entries: Entry[] = []
  return (calendar: Calendar, range: Range, interval: Interval, anchor: Anchor, dayBoundary?: DayBoundary) => {
    const key = `${range.startMs} ${range.endMs} ${interval} ${anchor} ${dayBoundary}`
    const known = entries.find((entry) => entry.key === key && entry.calendar === calendar)
    if (known !== undefined) return known.slots
    const slots = slotsOf(calendar, range, interval, anchor, dayBoundary)
    if (slots.n > MOST_RUNS) return slots
    entries.unshift({ calendar, key, slots })
    entries.length = Math.min(entries.length, ENTRIES)
    return slots
  }
}
