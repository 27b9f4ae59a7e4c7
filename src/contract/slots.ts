/**
 * Slots: the openings of the bars that a series without holes has, by calendar and interval.
 * @module
 */
import type { Calendar, Segments, Sessions } from './calendar.ts'
import { INTERVALS, type Interval, barOpen, ceilOpen, isLabelled, nextOpen } from './interval.ts'
import { type Range, intersect } from './range.ts'
import { DAY_MS, type EpochMs } from './time.ts'

/** Where intraday bars begin: on the UTC clock, or at the opening of each session and after its break. */
export type Anchor = 'clock' | 'session'

/** Where a day is complete: at the close of its session, or at 24:00 UTC. */
export type DayBoundary = 'session' | 'utc'

/** Runs of equally spaced slots, ascending and disjoint; arrays of equal length `n`. */
export interface Slots {
  /** Runs. */
  readonly n: number
  /** Distance of slots inside a run, milliseconds; of months, the mean. */
  readonly stepMs: number
  /** Opening of the first slot of each run. */
  readonly first: Float64Array
  /** Slots in each run, at least 1. */
  readonly count: Float64Array
  /** Where the last slot of each run ends, exclusive; it may be shorter than `stepMs`. */
  readonly end: Float64Array
  /** When the last slot of each run is complete: `end`, but the close of the last session for bars of a day and longer. */
  readonly complete: Float64Array
  /** First session of each run, as its place among the sessions around the range; sessions are counted by subtraction. */
  readonly firstSession: Float64Array
  /** Last session of each run, likewise. */
  readonly lastSession: Float64Array
  /** Slots in all runs. */
  readonly total: number
}

/** Sessions may begin or end this many days beside their label. */
const LABEL_MARGIN_DAYS = 3

/**
 * All slots whose opening lies in the range. Nothing outside `calendar.valid`, where no slot is known.
 * Sessions are cut at their breaks, and each piece begins anew with the anchor `session`; on the clock, a slot that two
 * pieces share belongs to the first. Of bars of a day and longer, a slot is a label whose period has a session.
 */
export function slotsOf(
  calendar: Calendar,
  range: Range,
  interval: Interval,
  anchor: Anchor,
  dayBoundary: DayBoundary = 'session',
): Slots {
  if (isLabelled(interval)) return labelSlots(calendar, range, interval, dayBoundary)
  const sessions = sessionsAround(calendar, range)
  const runs = createRuns(sessions.n * 2, INTERVALS[interval].ms)
  if (anchor === 'session') anchorToSessions(sessions, range, runs)
  else anchorToClock(sessions, range, runs)
  return runs.finish()
}

/** Number of slots whose opening lies in the range: the rows of an unbroken series. Builds no list of them. */
export function countSlots(calendar: Calendar, range: Range, interval: Interval, anchor: Anchor): number {
  return slotsOf(calendar, range, interval, anchor).total
}

/** Openings of all slots in the range, ascending; epoch milliseconds. */
export function expectedSlots(calendar: Calendar, range: Range, interval: Interval, anchor: Anchor): Float64Array {
  const { n, stepMs, first, count, total } = slotsOf(calendar, range, interval, anchor)
  const out = new Float64Array(total)
  let at = 0
  for (let run = 0; run < n; run++) {
    const [open, slots] = [first[run] as number, count[run] as number]
    for (let k = 0; k < slots; k++) out[at++] = open + k * stepMs
  }
  return out
}

/** Stretches of the range in which the market trades. Nothing outside `calendar.valid`. */
export function segmentsOf(calendar: Calendar, range: Range): Segments {
  const sessions = sessionsAround(calendar, range)
  const out = new Float64Array(sessions.n * 4)
  let n = 0
  eachPiece(sessions, (open, close) => {
    const [start, end] = [Math.max(open, range.startMs), Math.min(close, range.endMs)]
    if (start >= end) return
    if (n > 0 && out[n - 1] === start) out[n - 1] = end
    else {
      out[n++] = start
      out[n++] = end
    }
  })
  return out.slice(0, n)
}

const NONE = new Float64Array(0)
const NO_SESSIONS: Sessions = { n: 0, session: NONE, open: NONE, close: NONE, breakStart: NONE, breakEnd: NONE }

/** Sessions with these labels, as far as the calendar reaches. */
function labelled(calendar: Calendar, startMs: EpochMs, endMs: EpochMs): Sessions {
  const known = intersect({ startMs, endMs }, calendar.valid)
  // Dates, since a plain number before 1973 is taken for seconds.
  return known === null ? NO_SESSIONS : calendar.sessions({ start: new Date(known.startMs), end: new Date(known.endMs) })
}

/** Sessions that may trade inside a range of instants. */
function sessionsAround(calendar: Calendar, range: Range): Sessions {
  if (intersect(range, calendar.valid) === null) return NO_SESSIONS
  const margin = LABEL_MARGIN_DAYS * DAY_MS
  return labelled(calendar, range.startMs - margin, range.endMs + margin)
}

/** Walks the pieces of sessions between breaks; `session` counts from 0. */
function eachPiece(sessions: Sessions, visit: (open: EpochMs, close: EpochMs, session: number) => void): void {
  const { n, open, close, breakStart, breakEnd } = sessions
  for (let i = 0; i < n; i++) {
    const pause = breakStart[i] as number
    if (Number.isNaN(pause)) visit(open[i] as number, close[i] as number, i)
    else {
      visit(open[i] as number, pause, i)
      visit(breakEnd[i] as number, close[i] as number, i)
    }
  }
}

interface Runs {
  readonly stepMs: number
  add(first: EpochMs, count: number, end: EpochMs, complete: EpochMs, firstSession: number, lastSession?: number): void
  finish(): Slots
}

function createRuns(capacity: number, stepMs: number): Runs {
  const column = (): Float64Array => new Float64Array(capacity)
  const [first, count, end, complete] = [column(), column(), column(), column()]
  const [firstSession, lastSession] = [column(), column()]
  let n = 0
  let total = 0
  return {
    stepMs,
    add(opens, slots, ends, completes, session, last = session) {
      if (slots <= 0) return
      first[n] = opens
      count[n] = slots
      end[n] = ends
      complete[n] = completes
      firstSession[n] = session
      lastSession[n] = last
      total += slots
      n++
    },
    finish: () => ({
      n,
      stepMs,
      first: first.subarray(0, n),
      count: count.subarray(0, n),
      end: end.subarray(0, n),
      complete: complete.subarray(0, n),
      firstSession: firstSession.subarray(0, n),
      lastSession: lastSession.subarray(0, n),
      total,
    }),
  }
}

function anchorToSessions(sessions: Sessions, range: Range, runs: Runs): void {
  const { stepMs } = runs
  eachPiece(sessions, (open, close, session) => {
    const skipped = Math.max(0, Math.ceil((range.startMs - open) / stepMs))
    const slots = Math.ceil((Math.min(close, range.endMs) - open) / stepMs)
    const end = Math.min(close, open + slots * stepMs)
    runs.add(open + skipped * stepMs, slots - skipped, end, end, session)
  })
}

function anchorToClock(sessions: Sessions, range: Range, runs: Runs): void {
  const { stepMs } = runs
  let free = -Infinity
  let piece: { open: EpochMs; close: EpochMs; session: number } | null = null
  const place = (nextOpensAt: EpochMs): void => {
    if (piece === null) return
    const start = Math.max(Math.floor(piece.open / stepMs) * stepMs, free)
    const slots = Math.ceil((piece.close - start) / stepMs)
    if (slots <= 0) return
    free = start + slots * stepMs
    const skipped = Math.max(0, Math.ceil((range.startMs - start) / stepMs))
    const kept = Math.min(slots, Math.ceil((range.endMs - start) / stepMs))
    // Where the next piece follows inside the last slot, trading goes on to the end of that slot.
    const end = Math.min(start + kept * stepMs, nextOpensAt < free ? Infinity : piece.close)
    runs.add(start + skipped * stepMs, kept - skipped, end, end, piece.session)
  }
  eachPiece(sessions, (open, close, session) => {
    place(open)
    piece = { open, close, session }
  })
  place(NaN)
}

function labelSlots(calendar: Calendar, range: Range, interval: Interval, dayBoundary: DayBoundary): Slots {
  const sessions = labelled(calendar, ceilOpen(interval, range.startMs), ceilOpen(interval, range.endMs))
  const runs = createRuns(sessions.n, INTERVALS[interval].ms)
  for (let i = 0; i < sessions.n; ) {
    const label = barOpen(interval, sessions.session[i] as number)
    const end = nextOpen(interval, label)
    const firstSession = i
    while (i < sessions.n && (sessions.session[i] as number) < end) i++
    if (label < range.startMs || label >= range.endMs) continue
    const complete = dayBoundary === 'utc' ? end : (sessions.close[i - 1] as number)
    runs.add(label, 1, end, complete, firstSession, i - 1)
  }
  return runs.finish()
}
