/**
 * The common case in one cheap pass: a row in every slot and nothing beside.
 * @module
 */
import type { Slots } from '../contract/slots.ts'

const TWO_32 = 4_294_967_296

/**
 * Are these openings exactly the slots, one row each? Compares halves of 64 bits: nothing is converted or allocated, so
 * ten years of minutes take milliseconds.
 * @param timestamp microseconds after the epoch
 */
export function isUnbroken(timestamp: BigInt64Array, slots: Slots): boolean {
  const { n, stepMs, first, count, total } = slots
  if (timestamp.length !== total || stepMs * 1000 > Number.MAX_SAFE_INTEGER) return false
  const halves = new Int32Array(timestamp.buffer, timestamp.byteOffset, 2 * total)
  const step = stepMs * 1000
  const stepHigh = Math.floor(step / TWO_32)
  const stepLow = step - stepHigh * TWO_32
  let at = 0
  for (let run = 0; run < n; run++) {
    const open = (first[run] as number) * 1000
    let high = Math.floor(open / TWO_32)
    let low = open - high * TWO_32
    for (const end = at + 2 * (count[run] as number); at < end; at += 2) {
      if ((halves[at] as number) >>> 0 !== low || halves[at + 1] !== high) return false
      low += stepLow
      high += stepHigh
      if (low >= TWO_32) {
        low -= TWO_32
        high++
      }
    }
  }
  return true
}
