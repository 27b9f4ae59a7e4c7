/**
 * The common case in one cheap pass: a row in every slot and nothing beside.
 * @module
 */
import type { Slots } from '../contract/slots.ts'

const TWO_32 = 4_294_967_296

/**
 * Are these openings exactly the slots, one row each? Nothing is allocated, so ten years of minutes take milliseconds.
 * @param timestamp microseconds after the epoch
 */
export function isUnbroken(timestamp: BigInt64Array, slots: Slots): boolean {
  const { n, stepMs, first, count, total } = slots
  if (timestamp.length !== total) return false
  // Microseconds of any date are exact in a number; two halves are read faster than one bigint.
  const halves = new Int32Array(timestamp.buffer, timestamp.byteOffset, 2 * total)
  const step = stepMs * 1000
  // Of bars of a day and longer, every run is one slot.
  if (n === total) return isEach(halves, first)
  let at = 0
  for (let run = 0; run < n; run++) {
    let expected = (first[run] as number) * 1000
    for (const end = at + 2 * (count[run] as number); at < end; at += 2, expected += step) {
      if ((halves[at + 1] as number) * TWO_32 + ((halves[at] as number) >>> 0) !== expected) return false
    }
  }
  return true
}

function isEach(halves: Int32Array, openings: Float64Array): boolean {
  for (let row = 0; row < openings.length; row++) {
    const found = (halves[2 * row + 1] as number) * TWO_32 + ((halves[2 * row] as number) >>> 0)
    if (found !== (openings[row] as number) * 1000) return false
  }
  return true
}
