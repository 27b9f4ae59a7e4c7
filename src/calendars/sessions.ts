/**
 * Lists of sessions cut, joined and searched; and the version of the table they come from.
 * @module
 */
import type { Session, Sessions } from '../contract/calendar.ts'
import type { Range } from '../contract/range.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'
import { type EpochDay, isoOf, yearOf } from './day.ts'
import type { CalendarSpec } from './spec.ts'
import type { Overlay } from './year.ts'

/** Index of the first value above this one, or the length. The array must ascend. */
export function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) > value) high = middle
    else low = middle + 1
  }
  return low
}

/** One session of a list. */
export function sessionAt(sessions: Sessions, i: number): Session {
  const pause = sessions.breakStart[i] as number
  const hasBreak = !Number.isNaN(pause)
  return {
    session: sessions.session[i] as EpochMs,
    open: sessions.open[i] as EpochMs,
    close: sessions.close[i] as EpochMs,
    breakStart: hasBreak ? pause : null,
    breakEnd: hasBreak ? (sessions.breakEnd[i] as EpochMs) : null,
  }
}

const MEMBERS = ['session', 'open', 'close', 'breakStart', 'breakEnd'] as const

/** Sessions with a label in the range, from lists by year, in fresh arrays. */
export function sliceSessions(labels: Range, sessionsOf: (year: number) => Sessions): Sessions {
  const parts: { readonly year: Sessions; readonly start: number; readonly end: number }[] = []
  let n = 0
  const lastYear = yearOf(Math.ceil(labels.endMs / DAY_MS) - 1)
  for (let year = yearOf(Math.floor(labels.startMs / DAY_MS)); year <= lastYear; year++) {
    const sessions = sessionsOf(year)
    // Labels are whole milliseconds, so half a millisecond less finds the first label that is not before.
    const start = firstAbove(sessions.session, labels.startMs - 0.5)
    const end = firstAbove(sessions.session, labels.endMs - 0.5)
    if (end > start) parts.push({ year: sessions, start, end })
    n += Math.max(0, end - start)
  }
  const joined = (member: (typeof MEMBERS)[number]): Float64Array => {
    const out = new Float64Array(n)
    let at = 0
    for (const { year, start, end } of parts) {
      out.set(year[member].subarray(start, end), at)
      at += end - start
    }
    return out
  }
  const [session, open, close, breakStart, breakEnd] = MEMBERS.map(joined) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  return { n, session, open, close, breakStart, breakEnd }
}

/** Counts up when the same table gives other sessions than before. */
const ENGINE = 1

/** Names the rules behind a calendar: changes whenever its table or an overlay does. */
export function tableVersion(spec: CalendarSpec, overlays: ReadonlyMap<EpochDay, Overlay>): string {
  const days = [...overlays].map(([day, overlay]) => [isoOf(day), overlay])
  return `${ENGINE}-${hash(JSON.stringify([spec, days]))}`
}

/** 53 bits of a text in base 36: two lanes of FNV-1a with a final mix, enough to tell versions apart. */
function hash(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9e3779b9]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
  }
  a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d) ^ (b >>> 13)
  b = Math.imul(b ^ (b >>> 16), 0x297a2d39) ^ (a >>> 11)
  return (4_294_967_296 * (b & 0x1fffff) + (a >>> 0)).toString(36)
}
