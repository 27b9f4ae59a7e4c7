/**
 * One pass over sorted timestamps against slots: what is present, doubled, beside every slot, outside every session.
 * @module
 */
import { DataError } from '../contract/errors.ts'
import type { Slots } from '../contract/slots.ts'
import type { EpochMs } from '../contract/time.ts'

/** What a pass counted. */
export interface Tally {
  present: number
  duplicates: number
  offGrid: number
  outOfSession: number
}

/** Takes slots `[firstSlot, endSlot)` of a run, none of which has a row. */
export type OnHole = (run: number, firstSlot: number, endSlot: number) => void

/**
 * Walks rows and slots together. A row belongs to the latest slot within `tolerance` (share of the step, at most 0.5).
 * Builds no list of slots and allocates nothing; holes are handed over in order.
 * @throws {DataError} `data/invalid` for timestamps that do not ascend
 */
export function scanSlots(slots: Slots, timestampsMs: Float64Array, tolerance: number, onHole: OnHole): Tally {
  const { n, stepMs, first, count, end } = slots
  const rows = timestampsMs.length
  const jitter = stepMs * tolerance
  const tally: Tally = { present: 0, duplicates: 0, offGrid: 0, outOfSession: 0 }
  let row = 0
  for (let run = 0; run < n; run++) {
    const open = first[run] as number
    const slotCount = count[run] as number
    const runEnd = end[run] as number
    // A short last slot may be reached by jitter from behind its end.
    const reach = open + (slotCount - 1) * stepMs + jitter
    const next = run + 1 < n ? (first[run + 1] as number) - jitter : Infinity
    row = skipBefore(timestampsMs, row, open - jitter, tally)
    let slot = 0
    while (row < rows) {
      const matched = exactRows(timestampsMs, row, open + slot * stepMs, stepMs, slotCount - slot)
      row += matched
      slot += matched
      tally.present += matched
      if (row >= rows) break
      const time = timestampsMs[row] as number
      if (!(time >= (row > 0 ? (timestampsMs[row - 1] as number) : -Infinity))) throw unsorted(timestampsMs, row)
      if (time >= next || (time >= runEnd && time > reach)) break
      row++
      const nearest = Math.min(Math.round((time - open) / stepMs), slotCount - 1)
      if (Math.abs(time - (open + nearest * stepMs)) > jitter) tally.offGrid++
      else if (nearest < slot) tally.duplicates++
      else {
        if (nearest > slot) onHole(run, slot, nearest)
        slot = nearest + 1
        tally.present++
      }
    }
    if (slot < slotCount) onHole(run, slot, slotCount)
  }
  skipBefore(timestampsMs, row, Infinity, tally)
  return tally
}

/** Places among all slots of those that have a row, ascending. For few rows: every slot between two holes is listed. */
export function slotsWithRows(slots: Slots, timestampsMs: Float64Array, tolerance: number): number[] {
  const found: number[] = []
  let place = 0
  let run = 0
  let before = 0
  const listUntil = (end: number): void => {
    while (place < end) found.push(place++)
  }
  scanSlots(slots, timestampsMs, tolerance, (holeRun, firstSlot, endSlot) => {
    while (run < holeRun) before += slots.count[run++] as number
    listUntil(before + firstSlot)
    place = before + endSlot
  })
  listUntil(slots.total)
  return found
}

/** Number of rows from `row` on that hit their slots to the millisecond: the common case, four at a time. */
function exactRows(times: Float64Array, row: number, open: EpochMs, stepMs: number, most: number): number {
  const stop = row + Math.min(most, times.length - row)
  const [two, three, four] = [2 * stepMs, 3 * stepMs, 4 * stepMs]
  let at = row
  let expected = open
  for (; at + 3 < stop; at += 4, expected += four) {
    if (
      times[at] !== expected ||
      times[at + 1] !== expected + stepMs ||
      times[at + 2] !== expected + two ||
      times[at + 3] !== expected + three
    )
      break
  }
  for (; at < stop && times[at] === expected; at++) expected += stepMs
  return at - row
}

/** Counts the rows before an instant as out of session; returns the first row that is not. */
function skipBefore(times: Float64Array, row: number, before: EpochMs, tally: Tally): number {
  let at = row
  while (at < times.length && !((times[at] as number) >= before)) {
    const time = times[at] as number
    if (!(time >= (at > 0 ? (times[at - 1] as number) : -Infinity))) throw unsorted(times, at)
    tally.outOfSession++
    at++
  }
  return at
}

function unsorted(times: Float64Array, row: number): DataError {
  const [time, before] = [times[row], times[row - 1]]
  const message = `timestampsMs: row ${row} (${time}) is not at or after the row before (${before}): sort them`
  return new DataError('data/invalid', message, { field: 'timestampsMs', value: time })
}
