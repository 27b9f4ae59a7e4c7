/**
 * When a bar is closed, and when it is final.
 * @module
 */
import type { Calendar } from '../contract/calendar.ts'
import { INTERVALS, barOpen, isLabelled, nextOpen } from '../contract/interval.ts'
import type { ProviderCapabilities } from '../contract/provider.ts'
import type { Series } from '../contract/series.ts'
import type { EpochMs } from '../contract/time.ts'

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
  return barOpen(interval, firstOpenLabel(clock.calendar, instantMs))
}

function closedIntraday({ series, calendar, capabilities }: BarClock, instantMs: EpochMs): EpochMs {
  const interval = series.interval as NonNullable<Series['interval']>
  if (capabilities.anchor === 'clock' || !calendar.isOpen(instantMs)) return barOpen(interval, instantMs)
  // Inside a session its bars count from the opening, so a clock grid would call a running bar closed.
  const length = INTERVALS[interval].ms
  const open = sessionOpen(calendar, instantMs)
  return open + Math.floor((instantMs - open) / length) * length
}

function sessionOpen(calendar: Calendar, instantMs: EpochMs): EpochMs {
  const previous = lookUp(() => calendar.previousSession(instantMs))
  const current = lookUp(() => calendar.nextSession(previous === null ? instantMs - 86_400_000 : previous.close - 1))
  return current !== null && current.open <= instantMs ? current.open : instantMs
}

function firstOpenLabel(calendar: Calendar, instantMs: EpochMs): EpochMs {
  const previous = lookUp(() => calendar.previousSession(instantMs))
  const day = barOpen('1d', instantMs)
  if (previous === null) return day
  const running = lookUp(() => calendar.nextSession(previous.close - 1))
  // Days without a session between the last close and the next label count as closed up to today.
  return running === null ? day : Math.max(previous.session + 1, Math.min(running.session, day + 86_400_000))
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

/** Is the bar that opens here closed at this instant? */
export function isClosed(clock: BarClock, openMs: EpochMs, instantMs: EpochMs): boolean {
  const { interval } = clock.series
  if (interval === undefined) return openMs <= instantMs
  if (isLabelled(interval)) return openMs < closedEnd(clock, instantMs)
  return nextOpen(interval, openMs) <= instantMs || openMs < closedEnd(clock, instantMs)
}
