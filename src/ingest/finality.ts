/**
 * When a bar is closed, and when it is final.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { INTERVALS, barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Series } from '../contract/series.ts'
import { DAY_MS, type EpochMs } from '../contract/time.ts'

/** What decides over the close of a bar. */
export interface BarClock {
  readonly series: Series
  readonly calendar: Calendar
  readonly capabilities: Pick<ProviderCapabilities, 'anchor' | 'dayBoundary' | 'finalityLagMs'>
}

/**
 * First opening (or label) whose bar is not closed at this instant: everything before it is closed.
 * Bars of a day and longer close with the last session they hold, where the source counts days by sessions.
 */
export function closedEnd(clock: BarClock, instantMs: EpochMs): EpochMs {
  const { interval } = clock.series
  if (interval === undefined) return instantMs
  if (!isLabelled(interval)) return closedIntraday(clock, instantMs)
  if (clock.capabilities.dayBoundary === 'utc') return barOpen(interval, instantMs)
  return barOpen(interval, firstOpenLabel(clock.calendar, instantMs, interval === '1d'))
}

function closedIntraday({ series, calendar, capabilities }: BarClock, instantMs: EpochMs): EpochMs {
  const interval = series.interval as NonNullable<Series['interval']>
  if (capabilities.anchor === 'clock' || !calendar.isOpen(instantMs)) return barOpen(interval, instantMs)
  // Inside a session its bars count from the opening, so a clock grid would call a running bar closed.
  const length = INTERVALS[interval].ms
  const open = pieceOpen(calendar, instantMs)
  return open + Math.floor((instantMs - open) / length) * length
}

/** Opening of the running session, or the end of its break: there its bars begin anew. */
function pieceOpen(calendar: Calendar, instantMs: EpochMs): EpochMs {
  const previous = lookUp(() => calendar.previousSession(instantMs))
  const current = lookUp(() => calendar.nextSession(previous === null ? instantMs - DAY_MS : previous.close - 1))
  if (current === null || current.open > instantMs) return instantMs
  return current.breakEnd !== null && current.breakEnd <= instantMs ? current.breakEnd : current.open
}

/** Label of the session that is not over yet; `isCapped` keeps it from lying beyond the next day. */
function firstOpenLabel(calendar: Calendar, instantMs: EpochMs, isCapped: boolean): EpochMs {
  const previous = lookUp(() => calendar.previousSession(instantMs))
  const day = barOpen('1d', instantMs)
  if (previous === null) return day
  const running = lookUp(() => calendar.nextSession(previous.close - 1))
  if (running === null) return day
  // Days without a session between the last close and the next label count as closed up to today; a week is closed with
  // its last session, however far the next one is.
  return Math.max(previous.session + 1, isCapped ? Math.min(running.session, day + DAY_MS) : running.session)
}

function lookUp<T>(find: () => T): T | null {
  try {
    return find()
  } catch {
    // Outside the years that the calendar knows, a UTC day is the safe answer.
    return null
  }
}

/** First opening (or label) whose bar may still change at its source. */
export function finalEnd(clock: BarClock, nowMs: EpochMs): EpochMs {
  return Math.min(closedEnd(clock, nowMs), closedEnd(clock, nowMs - clock.capabilities.finalityLagMs))
}

/** Both ends at any instant, counted once for each: the pages of one commit came at a few instants. */
export interface BarEnds {
  closedEnd(atMs: EpochMs): EpochMs
  finalEnd(atMs: EpochMs): EpochMs
}

/** The ends of one clock, remembered. */
export function barEnds(clock: BarClock): BarEnds {
  const remember = (count: (clock: BarClock, atMs: EpochMs) => EpochMs): ((atMs: EpochMs) => EpochMs) => {
    const known = new Map<EpochMs, EpochMs>()
    return (atMs) => {
      const end = known.get(atMs) ?? count(clock, atMs)
      known.set(atMs, end)
      return end
    }
  }
  return { closedEnd: remember(closedEnd), finalEnd: remember(finalEnd) }
}

/** Tells of openings whether their bar is closed at one instant. */
export function closedTest(clock: BarClock, instantMs: EpochMs): (openMs: EpochMs) => boolean {
  const { interval } = clock.series
  if (interval === undefined) return (openMs) => openMs <= instantMs
  const end = closedEnd(clock, instantMs)
  if (isLabelled(interval)) return (openMs) => openMs < end
  return (openMs) => openMs < end || nextOpen(interval, openMs) <= instantMs
}
