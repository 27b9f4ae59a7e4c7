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
  /** When the last slot of each run is complete: `end`; of a day and longer, the close of its last session. */
  readonly complete: Float64Array
  /** First session of each run, as its place among the sessions around the range: subtract to count sessions. */
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
  const draft = draftOf(sessions.n * 2, INTERVALS[interval].ms)
  if (anchor === 'session') anchorToSessions(sessions, range, draft)
  else anchorToClock(sessions, range, draft)
  return finish(draft)
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
  return known === null
    ? NO_SESSIONS
    : calendar.sessions({ start: new Date(known.startMs), end: new Date(known.endMs) })
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

/** Slots while they are listed: columns longer than needed, `n` runs so far. */
interface Draft {
  readonly stepMs: number
  readonly first: Float64Array
  readonly count: Float64Array
  readonly end: Float64Array
  readonly session: Float64Array
  n: number
  total: number
}

function draftOf(capacity: number, stepMs: number): Draft {
  const column = (): Float64Array => new Float64Array(capacity)
  return { stepMs, first: column(), count: column(), end: column(), session: column(), n: 0, total: 0 }
}

function addRun(draft: Draft, first: EpochMs, count: number, end: EpochMs, session: number): void {
  if (count <= 0) return
  const { n } = draft
  draft.first[n] = first
  draft.count[n] = count
  draft.end[n] = end
  draft.session[n] = session
  draft.total += count
  draft.n = n + 1
}

function finish({ n, stepMs, total, first, count, end, session }: Draft, complete = end, lastSession = session): Slots {
  const cut = (column: Float64Array): Float64Array => column.subarray(0, n)
  return {
    n,
    stepMs,
    total,
    first: cut(first),
    count: cut(count),
    end: cut(end),
    complete: cut(complete),
    firstSession: cut(session),
    lastSession: cut(lastSession),
  }
}

function anchorToSessions(sessions: Sessions, range: Range, draft: Draft): void {
  const { stepMs } = draft
  eachPiece(sessions, (open, close, session) => {
    const skipped = Math.max(0, Math.ceil((range.startMs - open) / stepMs))
    const slots = Math.ceil((Math.min(close, range.endMs) - open) / stepMs)
    addRun(draft, open + skipped * stepMs, slots - skipped, Math.min(close, open + slots * stepMs), session)
  })
}

function anchorToClock(sessions: Sessions, range: Range, draft: Draft): void {
  const { stepMs } = draft
  let free = -Infinity
  let [open, close, session] = [NaN, NaN, 0]
  const place = (nextOpensAt: EpochMs): void => {
    const start = Math.max(Math.floor(open / stepMs) * stepMs, free)
    const slots = Math.ceil((close - start) / stepMs)
    if (!(slots > 0)) return
    free = start + slots * stepMs
    const skipped = Math.max(0, Math.ceil((range.startMs - start) / stepMs))
    const kept = Math.min(slots, Math.ceil((range.endMs - start) / stepMs))
    // Where the next piece follows inside the last slot, trading goes on to the end of that slot.
    const end = Math.min(start + kept * stepMs, nextOpensAt < free ? Infinity : close)
    addRun(draft, start + skipped * stepMs, kept - skipped, end, session)
  }
  eachPiece(sessions, (nextOpen, nextClose, nextSession) => {
    place(nextOpen)
    open = nextOpen
    close = nextClose
    session = nextSession
  })
  place(NaN)
}

function labelSlots(calendar: Calendar, range: Range, interval: Interval, dayBoundary: DayBoundary): Slots {
  const sessions = labelled(calendar, ceilOpen(interval, range.startMs), ceilOpen(interval, range.endMs))
  const draft = draftOf(sessions.n, INTERVALS[interval].ms)
  const [complete, lastSession] = [new Float64Array(sessions.n), new Float64Array(sessions.n)]
  for (let i = 0; i < sessions.n;) {
    const label = barOpen(interval, sessions.session[i] as number)
    const end = nextOpen(interval, label)
    const firstSession = i
    while (i < sessions.n && (sessions.session[i] as number) < end) i++
    if (label < range.startMs || label >= range.endMs) continue
    complete[draft.n] = dayBoundary === 'utc' ? end : (sessions.close[i - 1] as number)
    lastSession[draft.n] = i - 1
    addRun(draft, label, 1, end, firstSession)
  }
  return finish(draft, complete, lastSession)
}
