/**
 * The common case in one cheap pass: a row in every slot and nothing beside.
 * @module
 */
import type { Slots } from '../contract/slots.ts'
import { MOST_TICKS, TWO_32, asDoubles, doubleOf, keepsTicks } from '../contract/tick-doubles.ts'

/**
 * Are these openings exactly the slots, one row each? Nothing is allocated, so ten years of minutes take milliseconds.
 * @param timestamp microseconds after the epoch
 */
export function isUnbroken(timestamp: BigInt64Array, slots: Slots): boolean {
  const { n, stepMs, first, count, total } = slots
  if (timestamp.length !== total) return false
  // Below 0 and beyond the bound, doubles of the same bits do not count as the times do; 0 has two of them.
  const [from, to] = [first[0] ?? 0, (first[n - 1] ?? 0) + (count[n - 1] ?? 0) * stepMs]
  if (n === total || from <= 0 || to * 1000 >= MOST_TICKS || !keepsTicks()) return isEach(timestamp, slots)
  const found = asDoubles(timestamp)
  const step = doubleOf(stepMs * 1000)
  let row = 0
  for (let run = 0; run < n; run++) {
    let expected = doubleOf((first[run] as number) * 1000)
    for (const end = row + (count[run] as number); row < end; row++, expected += step) {
      if (found[row] !== expected) return false
    }
  }
  return true
}

/** The same for any times; of bars of a day and longer, every run is one slot. */
function isEach(timestamp: BigInt64Array, slots: Slots): boolean {
  const { n, stepMs, first, count, total } = slots
  const openings = OPENINGS.get(slots)
  if (openings !== undefined && keepsTicks()) return isSame(asDoubles(timestamp), openings)
  if (total <= MOST_KEPT && (first[0] ?? 0) > 0) OPENINGS.set(slots, openingsOf(slots))
  // Microseconds of any date are exact in a number; two halves are read faster than one bigint.
  const halves = new Int32Array(timestamp.buffer, timestamp.byteOffset, 2 * timestamp.length)
  let at = 0
  for (let run = 0; run < n; run++) {
    let expected = (first[run] as number) * 1000
    for (const end = at + 2 * (count[run] as number); at < end; at += 2, expected += stepMs * 1000) {
      if ((halves[at + 1] as number) * TWO_32 + ((halves[at] as number) >>> 0) !== expected) return false
    }
  }
  return true
}

/** Openings after 1970 by the slots that they were made of, which a memo hands out for every series of one market. */
const OPENINGS = new WeakMap<Slots, Float64Array>()
const MOST_KEPT = 20_000

function openingsOf({ n, stepMs, first, count, total }: Slots): Float64Array {
  const halves = new Int32Array(2 * total)
  let at = 0
  for (let run = 0; run < n; run++) {
    for (let i = 0; i < (count[run] as number); i++) {
      const ticks = ((first[run] as number) + i * stepMs) * 1000
      halves[at++] = ticks
      halves[at++] = Math.floor(ticks / TWO_32)
    }
  }
  return new Float64Array(halves.buffer)
}

/** Of doubles of the same bits as times: none of these is 0 or no number, so equal values have equal bits. */
function isSame(found: Float64Array, openings: Float64Array): boolean {
  for (let i = 0; i < openings.length; i++) if (found[i] !== openings[i]) return false
  return true
}
